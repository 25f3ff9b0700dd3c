"""The reader of a host: an awk that lives as long as the main shell, reads files without a fork, and tells only what changed.

It takes instructions from the shell by a pipe, a line each, and prints an answer in one piece:

    B NONCE                       the begin mark, with uptime and boot id
    R FILE...                     these files, each below `==> FILE <==`; of the line `intr` of /proc/stat only the sum, not each
                                  interrupt: that is most of the file
    P NAME HELD N TAIL DIR...     of NAME's files DIR TAIL those that changed since the answer whose nonce was HELD; all of them
                                  where that is not the last answer that had them
    E NONCE                       the CPU it took so far, the uptime, the end mark
    anything else                 as it is

What `P` prints is a line a file: what DIR is called from its Nth character on, a blank, the text; at last `since` and what is
gone, or `whole`. A text of several lines goes on in lines that begin with a blank, so no process name, which may hold newlines,
can begin a record. mawk, gawk, busybox's and the original awk run it. Pure text: nothing here knows a connection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..model.host import Host
from .compose import Request, prologue, quote

SINCE, WHOLE = "since", "whole"
READER = "times.reader"
"""The section, called as no probe can be, that says whether there is one (status 0), and in its answers the hundredths of seconds of CPU it took so far (note)."""

PROGRAM = r"""
function add(text) {
  part = part text
  if (length(part) > 4000) { out = out part; part = "" }
}
function text_of(file,  text, line) {
  text = ""
  while ((getline line < file) > 0) {
    if (line ~ /^intr /) { match(line, /^intr [0-9]+/); line = substr(line, 1, RLENGTH) }
    text = text line "\n"
  }
  close(file)
  return text
}
function word_of(file,  line) {
  line = ""
  getline line < file
  close(file)
  sub(/ .*/, "", line)
  return line
}
function changes(name, held, from, tail,  i, key, file, text, line, whole) {
  whole = held != last[name]
  if (whole) for (key in owner) if (owner[key] == name) { delete owner[key]; delete at[key]; delete was[key] }
  last[name] = nonce
  for (i = 6; i <= NF; i++) {
    file = $i tail
    if ((getline text < file) > 0) {
      while ((getline line < file) > 0) text = text "\n " line
      key = name " " substr($i, from)
      at[key] = nonce
      owner[key] = name
      if (text != was[key]) { was[key] = text; add(substr($i, from) " " text "\n") }
    }
    close(file)
  }
  if (whole) { add("whole\n"); return }
  add("since")
  for (key in owner) if (owner[key] == name && at[key] != nonce) {
    add(substr(key, length(name) + 1))
    delete owner[key]; delete at[key]; delete was[key]
  }
  add("\n")
}
BEGIN { proc = ENVIRON["LIVEDATA_PROC"] }
$1 == "B" {
  nonce = $2; out = ""
  part = "\n@" nonce " B " word_of(proc "/uptime") " " word_of(proc "/sys/kernel/random/boot_id") "\n"
  next
}
$1 == "R" { for (i = 2; i <= NF; i++) if ($i !~ /[*?[]/) add("==> " $i " <==\n" text_of($i) "\n"); next }
$1 == "P" { changes($2, $3, $4, $5); next }
$1 == "E" {
  own = text_of("/proc/self/stat"); sub(/.*\) /, "", own); split(own, field, " ")
  print out part "\n@" nonce " S times.reader 0 " (field[12] + field[13]) "\n@" nonce " E " word_of(proc "/uptime")
  fflush()
  out = part = ""
  next
}
{ add($0 "\n") }
"""


_START = """\
livedata_start() {{
  livedata_begin $1
  livedata_program={program}
  case $(awk -W version </dev/null 2>&1) in mawk*) livedata_awk="awk -W interactive" ;; *) livedata_awk=awk ;; esac
  case $(echo "B $1
E $1" | $livedata_awk "$livedata_program" 2>&1) in *"@$1 E "*) : ;; *) false ;; esac
  livedata_status=$?
  echo "
@$1 S {section} $livedata_status"
  livedata_end $1
  [ $livedata_status = 0 ] || return
  exec 3>&1
  {shell} 4>&1 1>&3 3>&- | $livedata_awk "$livedata_program" 3>&-
  exit
}}
"""
_PLAIN = re.compile(r"[A-Za-z0-9/_.+-]+")


@dataclass(frozen=True, slots=True)
class Start:
    """How a shell gets a reader: `request` answers whether the host's awk will do (section `READER`), and where it will puts another shell
    in its place, which takes what is sent from then on, first `opening`, and gives the reader its instructions.

    Nothing may be sent before the answer: the first shell could have read it. Nobody outlives the channel: its end ends the second shell,
    that one's the reader, and both the first shell.
    """

    request: Request
    opening: str


def start_reader(host: Host, shell: str = "/bin/sh") -> Start | None:
    """How `shell` gets a reader; None where the host's roots are spelled so that a line can't name a file of theirs."""
    if not (_PLAIN.fullmatch(host.proc_root) and _PLAIN.fullmatch(host.sys_root)):
        return None
    script = _START.format(program=quote(PROGRAM), section=READER, shell=shell)
    return Start(Request("livedata_start", script, ()), prologue(host) + "livedata_reader=y\n")


@dataclass(frozen=True, slots=True)
class Changes:
    """What `P` printed: `texts` by name, `gone` names; `whole` where it is all there is."""

    texts: dict[str, str]
    gone: frozenset[str]
    whole: bool


def split_changes(text: str) -> Changes | None:
    """What `P` printed, taken apart; None where it is something else."""
    body, _, last = text.rpartition("\n") if not text.endswith("\n") else text[:-1].rpartition("\n")
    kind, *gone = last.split(" ")
    if kind not in (SINCE, WHOLE) or (gone and kind == WHOLE):
        return None
    texts = {}
    # Few texts have lines that go on, and a split at a pattern takes ten times as long.
    for record in (re.split(r"\n(?! )", body) if "\n " in body else body.split("\n")) if body else ():
        name, blank, content = record.partition(" ")
        if not blank:
            return None
        texts[name] = content.replace("\n ", "\n") + "\n"
    return Changes(texts, frozenset(gone), kind == WHOLE)
