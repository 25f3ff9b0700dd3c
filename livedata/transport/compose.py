"""What is sent to a host's shell: one prologue a shell, one function a set of due probes, one line a tick.

Besides the probes' own bodies this is all that ever runs on a host. It is POSIX sh (dash, bash, busybox ash, mksh), makes
no file, and forks once for each group of files it reads. Pure text: nothing here knows a connection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2s

from ..model.host import Host
from ..model.probe import Probe

READS = "reads"
"""The section that holds all files with fixed names, one `head` for all probes."""


@dataclass(frozen=True, slots=True)
class Request:
    """One function on the host: `script` defines it, `call` is its name; `probes` in the order of their sections."""

    call: str
    script: str
    probes: tuple[Probe, ...]
    variables: tuple[tuple[str, str], ...] = ()
    """Shell variables for this call alone, such as a journal's cursor."""


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
  if [ $livedata_timeout = y ]; then timeout -k 2 "$@"; return; fi </dev/null
  livedata_secs=$1; shift
  "$@" </dev/null &
  livedata_job=$!
  (trap 'kill $!; exit' TERM; sleep "$livedata_secs" & wait $!; kill $livedata_job; sleep 2 & wait $!
   kill -9 $livedata_job) </dev/null >/dev/null 2>&1 &
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
    elif [ -e "$livedata_file" ]; then livedata_missing="$livedata_missing d$livedata_file"
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


def _head(paths: Sequence[str]) -> str:
    # /dev/null: with a single file head would print no header line.
    return f"head -n 99999 {' '.join(paths)} /dev/null 2>/dev/null\n"


def _section(name: str, status: str = "$?", note: str = "") -> str:
    return f'echo "\n@$1 S {name} {status}{note}"\n'


def _request(probes: tuple[Probe, ...], body: str, variables: Mapping[str, str] | None = None) -> Request:
    text = "livedata_begin $1\n" + body + "livedata_end $1\n"
    call = "livedata_" + blake2s(text.encode(), digest_size=8).hexdigest()
    return Request(call, f"{call}() {{\n{text}}}\n", probes, tuple((variables or {}).items()))


def alone(probe: Probe) -> bool:
    """Whether a probe's files are read by a process of their own: there may be as many as there are processes."""
    return any(is_glob(path) and path.startswith("/proc/") for path in probe.read)


def compose_reads(probes: Sequence[Probe], host: Host) -> Request:
    """One request that reads the files of all these probes by one process, and of each that reads `alone` by one more.

    A file with a fixed name that isn't there or may not be read stands in its mark's note, as uPATH and dPATH.
    """
    body = ""
    together = [probe for probe in probes if not alone(probe)]
    if together:
        body += _reads(READS, together, host)
    for probe in probes:
        if alone(probe):
            body += _reads(probe.name, [probe], host)
    return _request(tuple(probes), body)


def _reads(section: str, probes: Sequence[Probe], host: Host) -> str:
    paths = sorted({path for probe in probes for path in probe.read})
    watched = sorted(
        {p for p in paths if not is_glob(p)} | {p.denied_without for p in probes if p.denied_without}
    )
    head, miss = ([rooted(p, host) for p in names] for names in (paths, watched))
    return _head(head) + f"livedata_miss {' '.join(miss)}\n" + _section(section, "0", "$livedata_missing")


def compose_body(
    probe: Probe, timeout: float, sudo: bool, variables: Mapping[str, str] | None = None
) -> Request:
    """A request that runs one probe's body in a shell of its own, with a time-out and nothing on its standard input."""
    words = ["livedata_run", f"{timeout:g}"]
    if sudo and probe.privilege == "root":
        words += ["sudo", "-n", "--preserve-env=LIVEDATA_PROC,LIVEDATA_SYS,LC_ALL"]
    body = " ".join([*words, "sh", "-c", quote(probe.body)]) + "\n" + _section(probe.name)
    return _request((probe,), body, variables)


def call_line(request: Request, nonce: str) -> str:
    """The line that asks: variables for this call only, then the function and its nonce."""
    if not request.variables:
        return f"{request.call} {nonce}\n"
    names = " ".join(name for name, _ in request.variables)
    sets = "; ".join(f"{name}={quote(value)}" for name, value in request.variables)
    return f"{sets}; export {names}; {request.call} {nonce}\n"
