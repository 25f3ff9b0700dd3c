#!/bin/sh
# /// probe
# help    = "Of hosts without a journal and log files: syslogd's ring buffer or, without one, the kernel's."
# source  = "logread, dmesg"
# docs    = "https://man7.org/linux/man-pages/man1/dmesg.1.html"
# every   = "10s"
# timeout = "20s"
# parse   = "logring"
# lane    = "log"
# into    = "log"
# ///

# $LIVEDATA_CURSOR is the last line that came: nothing is printed while it is the last one still, else the end of the ring; without it the whole.
# First `t NOW OFFSET logread|dmesg BOOT_ID UPTIME whole|end HOST`, then `z TZ`, then the lines.
# Files have the same. Where only older generations are, the next file is still to be made.
for other in /var/log/journal/*/system.journal /run/log/journal/*/system.journal /var/log/syslog /var/log/messages /var/log/kern.log \
  /var/log/syslog[.-][0-9]* /var/log/messages[.-][0-9]*; do
  if [ -e "$other" ]; then exit 69; fi
done
nl='
'
say() { # mksh has no printf of its own, and no other program may be given so long a text
  # shellcheck disable=SC2154,SC3044 # its own variable and command
  if [ -n "$KSH_VERSION" ]; then print -r -- "$1"; else printf '%s\n' "$1"; fi
}
part=end
room=16384
if [ -z "$LIVEDATA_CURSOR" ]; then
  part=whole
  room=1048576
fi
if lines=$(logread 2>/dev/null | tail -c $room) && [ -n "$lines" ]; then kind=logread
elif lines=$(dmesg -r 2>/dev/null || dmesg 2>/dev/null) && [ -n "$lines" ]; then
  kind=dmesg
  if [ ${#lines} -gt $room ]; then lines=$(say "$lines" | tail -c $room); fi
elif command -v dmesg >/dev/null 2>&1; then
  user=$(id -un 2>/dev/null) || user=USER
  echo "$user may not read the kernel's log: run, as root there, sysctl -w kernel.dmesg_restrict=0" >&2
  exit 77
else
  exit 69
fi
[ "${lines##*"$nl"}" != "$LIVEDATA_CURSOR" ] || exit 0
# shellcheck disable=SC2046 # words on purpose
set -- $(date '+%s %z')
boot='' up='' rest='' name=''
{
  read -r boot <"$LIVEDATA_PROC/sys/kernel/random/boot_id"
  read -r up rest <"$LIVEDATA_PROC/uptime"
  read -r name <"$LIVEDATA_PROC/sys/kernel/hostname"
} 2>/dev/null
echo "t $1 $2 $kind ${boot:--} ${up:-0} $part $name"
printf 'z '
cat /etc/TZ 2>/dev/null || tail -n 1 /etc/localtime 2>/dev/null || echo
say "$lines"
