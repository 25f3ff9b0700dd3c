"""What bounds the life of our shells on a host whose link was cut: its sshd would keep them, and itself, for hours. Pure text.

A cut link sends no end of file. So beside the main shell sleeps a watcher, which every 25 seconds looks whether that shell was woken
since (`voluntary_ctxt_switches`, proc_pid_status(5)): it is by each request, and where there is none for a while by an empty line. If it
slept through, nobody is there any more, and the watcher ends all shells of the connection and what they run: under a minute after the
cut. They are known by a word that only this connection's have behind `sh -s`. The parent is never signalled: it may serve others too.

A server that grants one channel has one shell for all, which may be at one probe for longer: there the watcher looks at its parent, the
server's process of this connection, which keepalives wake. Where there is no such file there is no watcher; it ends with its shell.
"""

from __future__ import annotations

LOOK_SECONDS = 25
"""Twice this is how long a shell may outlive its link."""
BEAT_SECONDS = 15.0
"""A main shell that was asked nothing for so long is sent an empty line: at least one falls between two looks."""

DEFINE = f"""\
livedata_woken() {{
  livedata_count=
  while read -r livedata_line; do
    case $livedata_line in voluntary_ctxt_switches:*) livedata_count=$livedata_line;; esac
  done </proc/$1/status
}} 2>/dev/null
livedata_guard() {{
  trap 'kill $!; exit' TERM
  while livedata_woken $2; [ -n "$livedata_count" ] && [ -d /proc/$$ ] && [ "$livedata_count" != "$livedata_before" ]; do
    livedata_before=$livedata_count
    sleep {LOOK_SECONDS} & wait $!
  done
  [ -n "$livedata_count" ] && [ -d /proc/$$ ] || exit
  trap '' TERM
  [ -n "$1" ] || kill -TERM -$$
  [ -n "$1" ] || exit
  for livedata_file in /proc/[0-9]*/cmdline; do
    livedata_line=; read -r livedata_line <"$livedata_file"
    case $livedata_line in *"$1"*)
      livedata_file=${{livedata_file#/proc/}}; livedata_file=${{livedata_file%/*}}
      kill -TERM -$livedata_file || kill -TERM $livedata_file
    esac
  done
}} </dev/null >/dev/null 2>&1
livedata_unguard() {{ [ -z "$livedata_guarding" ] || kill $livedata_guarding; }} 2>/dev/null
trap livedata_unguard EXIT; trap exit PIPE
"""
MAIN = 'livedata_guard "$1" $$ & livedata_guarding=$!\n'
"""For the main shell."""
SHARED = 'livedata_unguard; livedata_guard "$1" $PPID & livedata_guarding=$!\n'
"""For the shell that turns out to be the only one."""
ALONE = 'livedata_guard "" $PPID & livedata_guarding=$!\n'
"""For a shell that knows no word of its connection: it minds, and ends, itself."""
