"""From a host's answer to one reading a probe: which section is whose, and what its status means. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import chain

from ..model.host import Host
from ..model.probe import Probe
from ..model.reading import Reading
from ..model.scrape import Failure, Outcome
from ..transport.compose import COMPARED, READS, Request, alone, folders, is_glob, roots
from ..transport.framing import Section, split_files
from ..transport.protocol import Answer
from ..transport.reader import split_changes

STATUS: Mapping[int, Outcome] = {
    0: Outcome.OK,
    69: Outcome.UNSUPPORTED,
    77: Outcome.DENIED,
    124: Outcome.TIMEOUT,
    137: Outcome.TIMEOUT,
    143: Outcome.TIMEOUT,
}
"""Exit status of a body (sysexits(3); timeout(1) of coreutils and of busybox) → outcome; all else is `failed`."""


def readings(answer: Answer, request: Request, host: Host) -> dict[str, Reading]:
    """One reading for every probe of the request, by name; what is missing gets the answer's failure."""
    failure = answer.failure or Failure(Outcome.MALFORMED, "the answer lacks this probe's section")
    together, note = _files(answer.sections.get(READS), host)
    shared = {p.name: _of(p, together) for p in request.probes if p.read and not alone(p)}
    readers = Counter(chain.from_iterable(shared.values()))
    result: dict[str, Reading] = {}
    for probe in request.probes:
        section = answer.sections.get(probe.name)
        if probe.body:
            result[probe.name] = _body(section, answer, failure)
        elif probe.name in shared and READS in answer.sections:
            files = shared[probe.name]
            # A file that several probes read came once: its bytes are shared out.
            share = sum(len(text) // readers[path] for path, text in files.items())
            result[probe.name] = _read(probe, files, note, share)
        elif section is not None and section.note.startswith(COMPARED):
            result[probe.name] = _compared(probe, section, answer, _of(probe, together), host)
        elif section is not None:
            result[probe.name] = _read(probe, *_files(section, host), len(section.data))
        else:
            result[probe.name] = Reading(outcome=failure.outcome, detail=failure.detail)
    return result


@lru_cache(maxsize=512)
def _wanted(read: tuple[str, ...]) -> tuple[tuple[str, ...], re.Pattern[str] | None]:
    """The paths without wildcards; and what matches those that the globs name as sh does: no wildcard goes past a slash (POSIX XCU 2.13.3)."""
    wild = {"*": "[^/]*", "?": "[^/]"}
    parts = [re.split(r"([*?]|\[[^]]*\])", path) for path in read if is_glob(path)]
    globs = [
        "".join(wild.get(w, w) if i % 2 else re.escape(w) for i, w in enumerate(words)) for words in parts
    ]
    return tuple([p for p in read if not is_glob(p)]), re.compile("|".join(globs)) if globs else None


def _of(probe: Probe, files: Mapping[str, str]) -> dict[str, str]:
    """Those of the files that a probe names."""
    fixed, globs = _wanted(probe.read)
    found = {path: files[path] for path in fixed if path in files}
    if globs:
        found |= {name: files[name] for name in filter(globs.fullmatch, files)}
    return found


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _files(section: Section | None, host: Host) -> tuple[dict[str, str], dict[str, str]]:
    """The files of a section, and for those that did not come why: u (there is none) or d (not readable)."""
    if section is None:
        return {}, {}
    files, note = split_files(_text(section.data), roots(host)), _missing(section, host)
    files.pop("/dev/null", None)
    return {path: text for path, text in files.items() if path not in note} if note else files, note


def _missing(section: Section, host: Host) -> dict[str, str]:
    note = {}
    for word in section.note.split():
        path = word[1:]
        for there, here in roots(host):
            if path.startswith(there + "/"):
                path = here + path[len(there) :]
                break
        note[path] = word[0]
    return note


def _compared(
    probe: Probe, section: Section, answer: Answer, fixed: Mapping[str, str], host: Host
) -> Reading:
    """What a host's reader says of files that it compares with those it sent before."""
    changes, shape = split_changes(_text(section.data)), folders(probe)
    if changes is None or shape is None:
        return Reading(outcome=Outcome.MALFORMED, detail="that is not what the host's reader prints")
    top, _, tail = shape
    files = {f"{top}{name}{tail}": text for name, text in changes.texts.items()}
    reading = _read(probe, {**files, **fixed}, _missing(section, host), len(section.data), not changes.whole)
    return replace(reading, kept=answer.nonce, since=not changes.whole, gone=changes.gone)


def _read(
    probe: Probe, files: dict[str, str], note: Mapping[str, str], size: int, since: bool = False
) -> Reading:
    gone = {p: note[p] for p in probe.read if p in note}
    if (not files and not since) or probe.read[0] in gone:
        denied = [p for p, why in gone.items() if why == "d"]
        if denied:
            return Reading(outcome=Outcome.DENIED, detail=f"may not read {denied[0]}")
        return Reading(outcome=Outcome.UNSUPPORTED, detail=f"there is no {probe.read[0]}")
    if probe.denied_without in note and probe.denied_without:
        return Reading(
            files, outcome=Outcome.DENIED, bytes=size,
            detail=f"{probe.denied_without} is hidden from this user (hidepid?): only its own are seen",
        )  # fmt: skip
    return Reading(files, bytes=size)


def _body(section: Section | None, answer: Answer, failure: Failure) -> Reading:
    if section is None:
        return Reading(
            text=_text(answer.partial),
            data=answer.partial,
            status=None,
            outcome=failure.outcome,
            detail=failure.detail,
            bytes=answer.received,
        )
    status = section.status
    outcome = Outcome.FAILED if status is None else STATUS.get(status, Outcome.FAILED)
    said = "there is no such thing here" if outcome is Outcome.UNSUPPORTED else f"exit status {status}"
    detail = None if outcome is Outcome.OK else answer.errors or said
    return Reading(
        text=_text(section.data), data=section.data, status=status, outcome=outcome, detail=detail,
        bytes=len(section.data),
    )  # fmt: skip
