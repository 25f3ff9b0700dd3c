"""What bounds the life of a shell on a host whose link was cut: its sshd would keep it, and itself, for hours. Pure text.

A cut link sends no end of file. So beside each shell sleeps a watcher of it, which every 27 seconds looks whether the shell's parent, the
server's process of this connection, was woken since (`voluntary_ctxt_switches`, proc_pid_status(5)): it is by each request and each
keepalive, on whatever channel. If it slept through, nobody is there any more, and the watcher ends the shell and what it runs: under a
minute after the cut. Where there is no such file, or another user's is hidden, there is no watcher. It ends with the shell.

The group is signalled only where the shell leads one (sshd sees to that); never the parent, which may serve others too.
"""

from __future__ import annotations

LOOK_SECONDS = 27
"""Twice this is how long a shell may outlive its link; more than two keepalives of an idle connection."""

WATCHDOG = f"""\
livedata_woken() {{
  livedata_count=
  while read -r livedata_name livedata_value; do
    case $livedata_name in voluntary_ctxt_switches:) livedata_count=$livedata_value;; esac
  done </proc/$PPID/status
}} 2>/dev/null
livedata_guard() {{
  trap 'kill $!; exit' TERM
  while livedata_woken; [ -n "$livedata_count" ] && [ -d /proc/$$ ] && [ "$livedata_count" != "$livedata_before" ]; do
    livedata_before=$livedata_count
    sleep {LOOK_SECONDS} & wait $!
  done
  [ -n "$livedata_count" ] && [ -d /proc/$$ ] || exit
  read -r livedata_pid livedata_name livedata_state livedata_parent livedata_group livedata_rest </proc/$$/stat
  trap '' TERM
  if [ "$livedata_group" = $$ ]; then kill -TERM 0; else kill -TERM $$; fi
}} </dev/null >/dev/null 2>&1
livedata_guard & livedata_guarding=$!
trap 'kill $livedata_guarding 2>/dev/null' EXIT; trap exit PIPE
"""
