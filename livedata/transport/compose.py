"""What is sent to a host's shell: one prologue a shell, one function a set of due probes, one line a tick.

Besides the probes' own bodies this is all that ever runs on a host. It is POSIX sh (dash, bash, busybox ash, mksh), makes
no file, and forks once for each group of files it reads, or not at all where it has a reader (`reader.py`). Pure text: nothing here knows a connection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2s

from ..model.host import Host
from ..model.probe import Probe

READS = "reads"
"""The section that holds all files with fixed names, one `head` for all probes."""
COMPARED = "="
"""The note's first word where a section has what a reader's `P` prints."""


@dataclass(frozen=True, slots=True)
class Request:
    """One function on the host: `script` defines it, `call` is its name; `probes` in the order of their sections."""

    call: str
    script: str
    probes: tuple[Probe, ...]
    variables: tuple[tuple[str, str], ...] = ()
    """Shell variables for this call alone, such as a journal's cursor."""
    compared: tuple[str, ...] = ()
    """The probes of whose files a reader sends what changed."""
    held: tuple[str, ...] = ()
    """For each of these the nonce of the answer since which; "" for all files."""


def quote(text: str) -> str:
    """Text as one word of POSIX sh (2.2.2 Single-Quotes), whatever it holds but NUL."""
    return "'" + text.replace("\0", "").replace("'", "'\\''") + "'"


def prologue(host: Host) -> str:
    """What a shell is told once: the roots, the C locale, and how to run a body that may hang.

    `livedata_run SECONDS BODY` gives BODY's exit status; 124, 137 or 143 where it was ended. Where `timeout` is missing
    or older than busybox 1.30 (other options), a watcher in the background ends the body instead.
    """
    return f"""\
LC_ALL=C; LANGUAGE=; PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"; unset ENV BASH_ENV CDPATH
LIVEDATA_PROC={quote(host.proc_root)}; LIVEDATA_SYS={quote(host.sys_root)}
export LC_ALL LANGUAGE PATH LIVEDATA_PROC LIVEDATA_SYS
set +e +u +f +x +v; unalias -a 2>/dev/null; IFS=' ''
'; umask 077
livedata_run() {{
  if [ -z "$livedata_timeout" ]; then
    if timeout -k 1 1 true 2>/dev/null; then livedata_timeout=y; else livedata_timeout=n; fi
  fi </dev/null >/dev/null
  if [ $livedata_timeout = y ]; then timeout -k 2 "$@"; return; fi </dev/null 4>&-
  livedata_secs=$1; shift
  "$@" </dev/null 4>&- &
  livedata_job=$!
  (trap 'kill $!; exit' TERM; sleep "$livedata_secs" & wait $!; kill $livedata_job; sleep 2 & wait $!
   kill -9 $livedata_job) </dev/null >/dev/null 2>&1 4>&- &
  livedata_watch=$!
  wait $livedata_job 2>/dev/null; livedata_status=$?
  kill $livedata_watch 2>/dev/null; wait $livedata_watch 2>/dev/null
  return $livedata_status
}}
livedata_begin() {{
  livedata_up=; livedata_boot=
  {{ read -r livedata_up livedata_idle <"$LIVEDATA_PROC/uptime"
    read -r livedata_boot <"$LIVEDATA_PROC/sys/kernel/random/boot_id"; }} 2>/dev/null
  echo "
@$1 B $livedata_up $livedata_boot"
}}
livedata_end() {{
  livedata_up=; {{ read -r livedata_up livedata_idle <"$LIVEDATA_PROC/uptime"; }} 2>/dev/null
  times
  echo "
@$1 S times 0
@$1 E $livedata_up"
}}
livedata_miss() {{
  livedata_missing=
  for livedata_file do
    if [ -r "$livedata_file" ]; then :
    elif [ -e "$livedata_file" ] || {{ [ -d "${{livedata_file%/*}}" ] && [ ! -x "${{livedata_file%/*}}" ]; }}; then
      livedata_missing="$livedata_missing d$livedata_file"
    else livedata_missing="$livedata_missing u$livedata_file"; fi
  done
}}
"""


def is_glob(path: str) -> bool:
    return any(c in path for c in "*?[")


def rooted(path: str, host: Host) -> str:
    """A probe's /proc or /sys path under the host's roots, quoted for sh but for its wildcards."""
    for prefix, root in (("/proc/", host.proc_root), ("/sys/", host.sys_root)):
        if path.startswith(prefix):
            words = re.split(r"([*?]|\[[^]]*\])", path[len(prefix) :])
            tail = "".join(w if i % 2 else quote(w) if w else "" for i, w in enumerate(words))
            return quote(root + "/") + tail
    raise ValueError(f"{path}: not under /proc or /sys")


def roots(host: Host) -> tuple[tuple[str, str], ...]:
    """(as the host has it, as probes say it), for `split_files`."""
    return ((host.proc_root, "/proc"), (host.sys_root, "/sys"))


def _section(name: str, status: str = "$?", note: str = "") -> str:
    return f'echo "\n@$1 S {name} {status}{note}"\n'


def _request(
    probes: tuple[Probe, ...],
    body: str,
    variables: Mapping[str, str] | None = None,
    compared: tuple[str, ...] = (),
) -> Request:
    call = "livedata_" + blake2s(body.encode(), digest_size=8).hexdigest()
    return Request(call, f"{call}() {{\n{body}}}\n", probes, tuple((variables or {}).items()), compared)


def _framed(body: str) -> str:
    return "livedata_begin $1\n" + body + "livedata_end $1\n"


def alone(probe: Probe) -> bool:
    """Whether a probe's files are read by a process of their own: there may be as many as there are processes."""
    return _alone(probe.read)


@lru_cache(maxsize=512)
def _alone(read: tuple[str, ...]) -> bool:
    return any(is_glob(path) and path.startswith("/proc/") for path in read)


_FOLDERS = re.compile(r"(/proc/)([^/]*)(/[^*?[]*)")


def folders(probe: Probe) -> tuple[str, str, str] | None:
    """(/proc/, glob, /tail) where a probe's one path with wildcards names a file of each of some folders in /proc: those that changed
    can be told from the others on the host."""
    return _folders(probe.read)


@lru_cache(maxsize=512)
def _folders(read: tuple[str, ...]) -> tuple[str, str, str] | None:
    globs = [path for path in read if is_glob(path)]
    found = _FOLDERS.fullmatch(globs[0]) if len(globs) == 1 else None
    return (found[1], found[2], found[3]) if found and is_glob(found[2]) else None


def compose_reads(probes: Sequence[Probe], host: Host) -> Request:
    """One request that reads the files of all these probes by one process, and of each that reads `alone` by one more; or all of them by
    the host's reader, where there is one.

    A file with a fixed name that isn't there or may not be read stands in its mark's note, as uPATH and dPATH.
    """
    apart = [probe for probe in probes if alone(probe)]
    together = [probe for probe in probes if not alone(probe)]
    body = _reads(READS, together, host) if together else ""
    body += "".join(_reads(probe.name, [probe], host) for probe in apart)
    compared = [probe for probe in apart if folders(probe)]
    read = _read_by_reader(together, apart, compared, host)
    return _request(
        tuple(probes), f'if [ "$livedata_reader" ]; then\n{read}return; fi\n' + _framed(body),
        compared=tuple(probe.name for probe in compared),
    )  # fmt: skip


def _read_by_reader(
    together: Sequence[Probe], apart: Sequence[Probe], compared: Sequence[Probe], host: Host
) -> str:
    """The shell's part where a reader reads: it names files, and no program is run. One `echo` holds all, so that one write does."""
    fixed = [path for probe in compared for path in probe.read if not is_glob(path)]
    lines = _miss([*together, *compared], host) + "livedata_fixed=$livedata_missing\n"
    words = f'{{ echo "B $1\nR" {_words([*_paths(together), *fixed], host)} "\n@$1 S {READS} 0$livedata_fixed'
    for number, probe in enumerate(apart):
        lines += _miss([probe], host) + f"livedata_missing{number}=$livedata_missing\n"
        if probe in compared:
            proc, glob, tail = folders(probe) or ("", "", "")
            held = f"${{{compared.index(probe) + 2}:--}}"
            top = rooted(proc + glob, host)
            words += f'\nP {probe.name} {held} {len(host.proc_root) + 2} {tail}" {top} "'
        else:
            words += f'\nR" {_words(_paths([probe]), host)} "'
        words += (
            f"\n@$1 S {probe.name} 0{' ' + COMPARED if probe in compared else ''}$livedata_missing{number}"
        )
    return lines + words + '"; times; echo "\n@$1 S times 0\nE $1"; } >&4\n'


def _paths(probes: Sequence[Probe]) -> list[str]:
    return sorted({path for probe in probes for path in probe.read})


def _words(paths: Sequence[str], host: Host) -> str:
    return " ".join(rooted(path, host) for path in sorted(set(paths)))


def _miss(probes: Sequence[Probe], host: Host) -> str:
    watched = {p for p in _paths(probes) if not is_glob(p)}
    watched |= {p.denied_without for p in probes if p.denied_without}
    return f"livedata_miss {_words([*watched], host)}\n"


def _reads(section: str, probes: Sequence[Probe], host: Host) -> str:
    head = f"head -n 99999 {_words(_paths(probes), host)} /dev/null 2>/dev/null\n"  # with a single file head would print no header line
    return head + _miss(probes, host) + _section(section, "0", "$livedata_missing")


def compose_body(
    probe: Probe, timeout: float, sudo: bool, variables: Mapping[str, str] | None = None
) -> Request:
    """A request that runs one probe's body in a shell of its own, with a time-out and nothing on its standard input."""
    words = ["livedata_run", f"{timeout:g}"]
    if sudo and probe.privilege == "root":
        words += ["sudo", "-n", "--preserve-env=LIVEDATA_PROC,LIVEDATA_SYS,LC_ALL"]
    body = " ".join([*words, "sh", "-c", quote(probe.body)]) + "\n" + _section(probe.name)
    return _request((probe,), _framed(body), variables)


def compose_follow(probe: Probe, variables: Mapping[str, str] | None = None) -> Request:
    """A request that runs a probe's body until a line comes on the shell's standard input, or that ends: with the connection, however
    it does, also where it was stopped (SIGSTOP). Where the body ends by itself, its mark comes, and the line is still awaited.
    """
    body = f"""\
(trap '{{ kill $!; kill -CONT $!; }} 2>/dev/null' TERM
  sh -c {quote(probe.body)} </dev/null &
  wait $!; livedata_status=$?
  wait $! 2>/dev/null
  echo "
@$1 S {probe.name} $livedata_status") &
livedata_job=$!
{{ read -r livedata_word
kill $livedata_job && kill -CONT $livedata_job; wait $livedata_job
}} 2>/dev/null
"""
    return _request((probe,), _framed(body), variables)


def call_line(request: Request, nonce: str) -> str:
    """The line that asks: variables for this call only, then the function, its nonce, and what is held."""
    held = "".join(f" {word or '-'}" for word in request.held)
    if not request.variables:
        return f"{request.call} {nonce}{held}\n"
    names = " ".join(name for name, _ in request.variables)
    sets = "; ".join(f"{name}={quote(value)}" for name, value in request.variables)
    return f"{sets}; export {names}; {request.call} {nonce}{held}\n"
