#!/bin/sh
# /// probe
# help    = "Entries of the systemd journal."
# source  = "journalctl"
# docs    = "https://www.freedesktop.org/software/systemd/man/latest/systemd.journal-fields.html"
# every   = "10s"
# timeout = "20s"
# parse   = "journal"
# lane    = "log"
# mined   = "message"
#
# [columns]
# ts = { id = 1, type = "ts", kind = "time", help = "When the journal took it, by the host's clock" }
# boot_id = { id = 2, type = "str", kind = "text", help = "The boot it is from" }
# priority = { id = 3, type = "i64", kind = "text", help = "0 emergency, 1 alert, 2 critical, 3 error, 4 warning, 5 notice, 6 info, 7 debug" }
# facility = { id = 4, type = "i64", kind = "text", help = "Syslog facility, 0 to 23; null where it did not come by syslog" }
# unit = { id = 5, type = "str", kind = "text", help = "The systemd unit it is from or, where the service manager speaks, about" }
# identifier = { id = 6, type = "str", kind = "text", help = "Syslog identifier, or the program's name" }
# pid = { id = 7, type = "i64", kind = "text", help = "Process id" }
# uid = { id = 8, type = "i64", kind = "text", help = "User id" }
# transport = { id = 9, type = "str", kind = "text", help = "How it came: journal, syslog, stdout, kernel, audit, driver" }
# message = { id = 10, type = "str", kind = "text", help = "The message; bytes that are no UTF-8 stand as backslash escapes" }
# fields = { id = 11, type = "map", kind = "text", help = "Every further field of the entry by its journal name; several values of one stand on lines of their own" }
#
# [derived]
# template_id = { sql = "left(md5(template), 12)", help = "A short name for the template" }
# ///

# At most $LIVEDATA_LIMIT entries: those after $LIVEDATA_CURSOR, oldest first, or the newest where there is no cursor. $LIVEDATA_WAY: back, those
# before it, newest first; follow, those after it as they come, without end. With $LIVEDATA_FROM the first is the cursor's own, if it is still there.
# With $LIVEDATA_BRIEF fields of over 4 KiB are left out: so comes past an entry that is larger than an answer may be.
# Never with a filter: with one, --after-cursor loses the first match (systemd 252).
command -v journalctl >/dev/null 2>&1 || exit 69

# Who may not read the system journal gets no entries and no error, so silence must not be taken for "nothing happened".
journal=
readable=
for folder in /var/log/journal /run/log/journal /var/log/journal/* /run/log/journal/*; do
  [ -d "$folder" ] || continue
  for file in "$folder"/system*.journal; do
    if [ -r "$file" ]; then readable=y; elif [ -e "$file" ]; then journal=y; fi
  done
  [ -r "$folder" ] && [ -x "$folder" ] || journal=y
done
if [ -z "$readable" ]; then
  [ -n "$journal" ] || exit 69
  user=$(id -un 2>/dev/null) || user=USER
  echo "$user may not read the system's journal: run, as root there, usermod -aG systemd-journal $user" >&2
  exit 77
fi

set -- -o json --no-pager -q
[ -n "$LIVEDATA_BRIEF" ] || set -- "$@" --all
if [ -z "$LIVEDATA_CURSOR" ]; then
  exec journalctl "$@" -n "$LIVEDATA_LIMIT"
fi
if [ -n "$LIVEDATA_FROM" ]; then set -- "$@" --cursor="$LIVEDATA_CURSOR"; else set -- "$@" --after-cursor="$LIVEDATA_CURSOR"; fi
case $LIVEDATA_WAY in
  follow) exec journalctl "$@" --follow --no-tail ;;
  back) set -- "$@" --reverse ;;
esac
# journalctl's own status decides; that it is ended early because head has enough (141: SIGPIPE) is as it should be.
exec 4>&1
status=$({ { journalctl "$@"; echo $? >&3; } |
  head -n "$LIVEDATA_LIMIT" >&4; } 3>&1)
case $status in 0 | 141) exit 0 ;; *) exit 1 ;; esac
