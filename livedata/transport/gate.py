"""A key that can do nothing but answer livedata's probes: the forced command that stands before it, and how to speak with that. Pure text.

The forced command (sshd(8), AUTHORIZED_KEYS FILE FORMAT) is a small sh that takes requests of three sorts, and whatever else comes ends it:

    D COUNT               the next COUNT lines are a piece of script: run if its SHA-256 is among those in the command, else refused
    V NAME VALUE          a variable for the next call, of a known name and of characters that no script could take for anything else
    C NAME NONCE WORD...  call a function that a piece defined; letters a to f, digits and minus signs only

So the pieces travel on the session, as they do elsewhere, and nothing is installed; but only those that a host's probes are made of
can run. `collect/allowed.py` lists them. Its text holds no single quote, so that it stands in one, whatever the login shell is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256

from ..model.host import Host
from .compose import Request, compose_reads, prologue, quote
from .framing import Section
from .protocol import Answer
from .watchdog import ALONE, DEFINE

COMMAND = "livedata"
"""What is asked for: nothing looks at it, but without the forced command no such program is there, and so nothing runs."""
PIECES = frozenset({"LIVEDATA_FILES"})
"""Variables that name files to read: their values are pieces, to be among those in the command."""
CHARACTERS = {
    "LIVEDATA_LIMIT": "0-9", "LIVEDATA_NEW": "0-9 ", "LIVEDATA_BACKFILL": "0-9", "LIVEDATA_BRIEF": "y", "LIVEDATA_FROM": "y",
    "LIVEDATA_WAY": "a-z", "LIVEDATA_SLASH": "/.", "LIVEDATA_CURSOR": "A-Za-z0-9=;:._ -",
}  # fmt: skip
"""The variables that may be set, and of what characters their values are."""

_GATE = (
    'no() { echo "livedata: this key answers livedata alone: $1" >&2; exit 1; }; '
    'LC_ALL=C; export LC_ALL; PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH; set -f; nl=$(printf "\\n."); nl=${nl%.}; '
    "while read -r verb a b; do case $verb in "
    'D) case $a in ""|*[!0-9]*|?????*) no "no such count";; esac; text=; '
    'while [ "$a" -gt 0 ]; do IFS= read -r line || exit; text=$text$line$nl; a=$((a-1)); done; '
    'sum=$(printf %s "$text" | sha256sum); sum=${sum%% *}; [ "${#sum}" = 64 ] || no "sha256sum is missing"; '
    'case $ok in *" $sum "*) eval "$text";; *) no "a script that is not among those it was authorised for";; esac;; '
    'V) case $a in KINDS *) no "no such variable";; esac; export "$a=$b";; '
    'C) case $a in livedata_*) ;; *) no "no such call";; esac; case ${a#livedata_} in ""|*[!0-9a-f]*) no "no such call";; esac; '
    'case $b in ""|*[!0-9a-f\\ -]*) no "no such nonce";; esac; $a $b;; '
    '*) no "no such request";; esac; done'
).replace(
    "KINDS",
    " ".join(f'{name}) case $b in *[!{allowed.replace(" ", chr(92) + " ").replace(";", chr(92) + ";")}]*) no "no such value";; esac;;' for name, allowed in CHARACTERS.items()),
)  # fmt: skip


def opening(host: Host) -> str:
    """The first piece of every shell."""
    return prologue(host) + DEFINE + ALONE


def files_piece(value: str) -> str:
    """The piece that says which files are to be read."""
    return f"LIVEDATA_FILES={quote(value)}; export LIVEDATA_FILES\n"


def forced_command(pieces: Iterable[str]) -> str:
    """The command that runs these pieces and no others."""
    sums = sorted({sha256(piece.encode()).hexdigest() for piece in pieces})
    return f"exec /bin/sh -c 'ok=\" {' '.join(sums)} \"; {_GATE}'"


def authorized_line(pieces: Iterable[str], public_key: str, source: str = "") -> str:
    """A line of ~/.ssh/authorized_keys.

    Args:
        source: addresses that it may be used from (sshd(8), `from=`); blank: all.
    """
    command = forced_command(pieces).replace('"', '\\"')
    where = f'from="{source}",' if source else ""
    return f'restrict,{where}command="{command}" {public_key.strip()}'


def acceptable(request: Request) -> bool:
    """Whether the forced command would let the variables of a request pass."""
    return all(
        name in PIECES or (name in CHARACTERS and re.fullmatch(f"[{CHARACTERS[name]}]*", value))
        for name, value in request.variables
    )


def apart(request: Request, host: Host) -> list[Request]:
    """A request that reads the files of several probes as one for each: what is due at one time is not known when a key is authorised."""
    if len(request.probes) == 1 or any(probe.body for probe in request.probes):
        return [request]
    return [compose_reads([probe], host) for probe in request.probes]


def together(answers: Sequence[Answer]) -> Answer:
    """The answers to these as one: the sections of one name behind one another, times from the first to the last."""
    first, last = answers[0], answers[-1]
    if len(answers) == 1:
        return first
    sections: dict[str, Section] = {}
    for name, section in ((n, s) for answer in answers for n, s in answer.sections.items()):
        before = sections.get(name)
        if before:
            # head puts a blank line before all headers but its first.
            note = f"{before.note} {section.note}".strip()
            sections[name] = replace(section, data=before.data + b"\n" + section.data, note=note)
        else:
            sections[name] = section
    return replace(
        last, sections=sections, rtt=first.rtt, received=sum(a.received for a in answers),
        wall=sum(a.wall or 0.0 for a in answers), cpu=sum(a.cpu or 0.0 for a in answers),
        failure=next((a.failure for a in answers if a.failure), None),
    )  # fmt: skip


def spoken(begin: str, script: str, request: Request, nonce: str) -> str:
    """What is sent for a request: the pieces that were not sent yet, its variables, its call."""
    pieces = [begin, script, *(files_piece(value) for name, value in request.variables if name in PIECES)]
    lines = "".join(f"D {piece.count(chr(10))}\n{piece}" for piece in pieces if piece)
    lines += "".join(f"V {name} {value}\n" for name, value in request.variables if name not in PIECES)
    held: Sequence[str] = [word or "-" for word in request.held]
    return lines + " ".join(["C", request.call, nonce, *held]) + "\n"
