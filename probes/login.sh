#!/bin/sh
# /// probe
# help    = "Logins, logouts and boots as wtmp has them. Sessions without a terminal (ssh HOST COMMAND) and refused logins are not in it: ssh_login has these."
# source  = "/var/log/wtmp"
# docs    = "https://man7.org/linux/man-pages/man5/wtmp.5.html"
# every   = "1m"
# timeout = "20s"
# parse   = "wtmp"
#
# [columns]
# ts = { id = 1, type = "ts", kind = "time", help = "When it happened, by the host's clock" }
# boot_id = { id = 2, type = "str", kind = "text", help = "Null: wtmp does not tell the boot" }
# event = { id = 3, type = "str", kind = "text", help = "login, logout, boot, shutdown, clock_from and clock_to (it was set)" }
# user = { id = 4, type = "str", kind = "text", help = "Who logged in; null of a logout, which is told by its terminal" }
# tty = { id = 5, type = "str", kind = "text", help = "Terminal" }
# source = { id = 6, type = "str", kind = "text", help = "Where from: the name or address that was recorded" }
# address = { id = 7, type = "str", kind = "text", help = "IP address it came from" }
# pid = { id = 8, type = "i64", kind = "text", help = "Process id of the login" }
# kernel = { id = 9, type = "str", kind = "text", help = "Kernel that was booted or shut down" }
#
# [derived]
# ended = { sql = "CASE WHEN event = 'login' THEN least(min(CASE WHEN event IN ('login', 'logout') THEN ts END) OVER (PARTITION BY host, tty ORDER BY ts ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), min(CASE WHEN event IN ('boot', 'shutdown') THEN ts END) OVER (PARTITION BY host ORDER BY ts ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)) END", help = "When the session ended: its logout, or a shutdown or boot; null of what is no login, and while it lasts" }
# ///

# Prints, of what lies behind $LIVEDATA_CURSOR (inode and offset; without one of the last 500 records), `f INODE OFFSET` and what od
# says of the bytes; of a file that was rotated away first its rest. A record has 384 or 400 bytes, so 25 of either sort fill a block.
file=/var/log/wtmp
[ -e "$file" ] || exit 69
if [ ! -r "$file" ]; then
  echo "may not read $file" >&2
  exit 77
fi
block=9600
most=$((LIVEDATA_LIMIT / 25))
[ $most -gt 0 ] || most=1
most=$((most * block))
inode=${LIVEDATA_CURSOR%% *}
offset=${LIVEDATA_CURSOR##* }

say() { # FILE INODE FROM SIZE
  [ "$3" -lt "$4" ] || return 0
  echo "f $2 $3"
  od -A d -t x1 -j "$3" -N $most "$1"
}

# Inode, mode, links, owner, group, size, a date of three words, name: of wtmp first, as names are sorted.
# shellcheck disable=SC2046 # words on purpose, and no name holds a blank
set -- $(ls -inL "$file" "$file".1 "$file"-[0-9]* 2>/dev/null)
now=$1 size=$6
if [ -z "$inode" ]; then
  from=$((size / block * block - 20 * block + size % block))
  [ "$from" -ge 0 ] || from=0
elif [ "$inode" = "$now" ]; then
  from=$offset
  [ "$from" -le "$size" ] || from=0 # it was emptied
else
  from=0
  while [ $# -gt 10 ]; do
    shift 10
    [ "$1" = "$inode" ] || continue
    say "${10}" "$1" "$offset" "$6"
    # What there is no room for comes with the next answer.
    [ $(($6 - offset)) -le $most ] || exit 0
  done
fi
say "$file" "$now" "$from" "$size"
