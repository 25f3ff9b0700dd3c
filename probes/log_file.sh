#!/bin/sh
# /// probe
# help    = "Lines of log files: those that the inventory names and, where no journal can be read, the system's own."
# source  = "/var/log/syslog, /var/log/messages and others"
# docs    = "https://www.rfc-editor.org/rfc/rfc5424"
# every   = "10s"
# timeout = "20s"
# parse   = "logfile"
# lane    = "log"
# into    = "log"
# ///

# $LIVEDATA_FILES: globs, one a line. $LIVEDATA_CURSOR: `INODE:FROM:SEEN` for each file that is followed, and at most one `back=INODE:FROM:COUNT`; of a file
# whose size is SEEN all was read. What this prints is told in livedata/parse/logs/answer.py: nothing, where nothing is new.
nl='
'
most=100   # files
room=$((LIVEDATA_LIMIT * 1024))
first=65536 # bytes of the end of a file that is new
patterns=$LIVEDATA_FILES
journal=
for file in /var/log/journal/*/system.journal /run/log/journal/*/system.journal; do
  if [ -r "$file" ]; then journal=y; fi
done
followed=" ${LIVEDATA_CURSOR%%back=*} "
back=
case $LIVEDATA_CURSOR in *back=*) back=${LIVEDATA_CURSOR##*back=} ;; esac

written() { # PATH: whether it is there, or was until it was rotated away: the next one may not be there for hours
  [ ! -f "$1" ] || return 0
  for file in "$1".[0-9]* "$1"-[0-9]*; do
    [ -f "$file" ] || continue
    inode=$(ls -di "$file" 2>/dev/null)
    inode=${inode#"${inode%%[0-9]*}"}
    case $followed in *" ${inode%% *}:"*) return 0 ;; esac
  done
  return 1
}

# The system's own files have what the journal has, and /var/log/syslog what the files beside it have.
if [ -z "$journal" ]; then
  if written /var/log/syslog; then patterns="$patterns$nl/var/log/syslog$nl/var/log/auth.log"
  elif written /var/log/messages; then
    patterns="$patterns$nl/var/log/messages$nl/var/log/secure$nl/var/log/auth.log$nl/var/log/maillog$nl/var/log/cron"
  else patterns="$patterns$nl/var/log/kern.log$nl/var/log/auth.log$nl/var/log/daemon.log$nl/var/log/user.log"
  fi
fi

mends() { # PATH: says that it may not be read, and the command that mends that
  IFS=' '
  # shellcheck disable=SC2046 # words on purpose
  set -- "$1" $(ls -ldL "$1" 2>/dev/null)
  user=$(id -un 2>/dev/null) || user=USER
  mend=
  case $2 in
    ????r*) # its group may
      if [ "$5" != root ] && command -v usermod >/dev/null 2>&1; then mend="usermod -aG $5 $user"
      elif [ "$5" != root ]; then mend="addgroup $user $5"
      fi ;;
  esac
  if [ -n "$mend" ]; then :
  elif command -v setfacl >/dev/null 2>&1; then mend="setfacl -m u:$user:rX '$1'"
  else mend="chgrp $(id -gn) '$1' && chmod g+rX '$1'"
  fi
  echo "d $user may not read $1: run, as root there, $mend"
  IFS=$nl
}

split() { # LINE of ls: its inode, size, stamp and path; false for what is no regular file
  path=/${1#*/}
  IFS=' '
  # shellcheck disable=SC2086 # words on purpose, no wildcards in force
  set -- ${1%%/*}
  IFS=$nl
  inode=$1 size=$6 stamp="$7 $8 $9"
  case $2 in -*) ;; *) return 1 ;; esac
}

known() { # INODE: from where a file that is followed is to be read, and its size when all of it was
  case $followed in *" $1:"*) ;; *) return 1 ;; esac
  from=${followed#*" $1:"}
  from=${from%% *}
  seen=${from#*:}
  from=${from%%:*}
}

rotated() { # PATH: whether it is the name of an older generation
  case $1 in *.gz | *.[0-9] | *.[0-9][0-9] | *.[0-9][0-9][0-9] | *-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]*) ;; *) return 1 ;; esac
}

send() { # f or b, INODE, START, COUNT, PATH. NULs behind make it as long as it says, whatever happens to the file meanwhile.
  echo "$1 $2 $3 $4 $5"
  {
    case $5 in
      *.gz) gzip -dc <"$5" | tail -c "+$(($3 + 1))" ;;
      *) dd if="$5" bs=4096 skip=$(($3 / 4096)) count=$((($4 + 4095) / 4096)) ;;
    esac
    head -c "$4" /dev/zero
  } 2>/dev/null | head -c "$4"
  IFS=' '
  # shellcheck disable=SC2046 # words on purpose
  set -- $(ls -inLd "$5" 2>/dev/null)
  IFS=$nl
  echo
  echo "a $1 $6"
}

IFS=$nl
set --
more=0
for path in $patterns; do
  if [ -e "$path" ]; then
    case $path in *"$nl"*) continue ;; esac
    if [ $# -lt $most ]; then set -- "$@" "$path"; else more=$((more + 1)); fi
    continue
  fi
  # What a folder that may not be read holds, nobody can tell.
  folder=${path%%[*?[]*}
  folder=${folder%/*}
  if [ -n "$folder" ] && [ -d "$folder" ] && { [ ! -r "$folder" ] || [ ! -x "$folder" ]; }; then mends "$folder"; fi
done
[ $more -eq 0 ] || echo "m $more"
[ $# -gt 0 ] || [ -n "$LIVEDATA_CURSOR" ] || exit 0
files="$nl$*$nl"
lines=
[ $# -eq 0 ] || lines=$(ls -inLd "$@" 2>/dev/null)

set -f
IFS=' '
# shellcheck disable=SC2086 # words on purpose
set -- $followed
missing=$#
if [ -n "$back" ]; then missing=$((missing + 1)); fi
IFS=$nl
work='' new='' met=' '
for line in $lines; do
  split "$line" || continue
  case $met in *" $inode "*) continue ;; esac
  met="$met$inode "
  if [ "$inode" = "${back%%:*}" ]; then missing=$((missing - 1)); fi
  if known "$inode"; then
    missing=$((missing - 1))
    [ "$seen" = "$size" ] || work=y
  elif [ ! -r "$path" ]; then :
  elif ! rotated "$path"; then work=y new=y
  fi
  [ -r "$path" ] || mends "$path"
done
[ -n "$work$back" ] || [ $missing -gt 0 ] || exit 0

IFS=' '
# shellcheck disable=SC2046 # words on purpose
set -- $(date '+%s %z')
IFS=$nl
name=
{ read -r name <"$LIVEDATA_PROC/sys/kernel/hostname"; } 2>/dev/null
echo "t $1 $2 $LIVEDATA_BACKFILL $name"
printf 'z '
cat /etc/TZ 2>/dev/null || tail -n 1 /etc/localtime 2>/dev/null || echo

# Where a file is new, or not where it was, its older generations are looked at, too.
if [ -n "$new" ] || [ $missing -gt 0 ]; then
  echo r
  set --
  for pattern in $patterns; do
    set +f
    # shellcheck disable=SC2231 # a pattern is a glob
    for path in $pattern.[0-9]* $pattern-[0-9]*; do
      case $files in *"$nl$path$nl"*) continue ;; esac
      case $path in *"$nl"*) continue ;; esac
      if [ -e "$path" ] && [ $# -lt $((most * 5)) ]; then set -- "$@" "$path"; fi
    done
    set -f
  done
  [ $# -eq 0 ] || lines="$lines$nl$(ls -inLd "$@" 2>/dev/null)"
fi

met=' '
for line in $lines; do
  split "$line" || continue
  case $met in *" $inode "*) continue ;; esac
  met="$met$inode "
  echo "l $inode $size $stamp $path"
  [ -r "$path" ] || continue
  count=0
  if known "$inode"; then
    [ "$seen" != "$size" ] || continue
    case $path in
      *.gz) start=$from count=1048576 ;;
      *) start=$((from / 4096 * 4096)) count=$((size - from / 4096 * 4096)) ;;
    esac
  elif ! rotated "$path"; then
    start=$((size > first ? (size - first) / 4096 * 4096 : 0))
    count=$((size - start))
  fi
  [ $count -le $room ] || count=$room
  if [ $count -le 0 ] || { [ $room -le 8192 ] && [ $count -ge $room ]; }; then continue; fi
  room=$((room - count))
  send f "$inode" "$start" "$count" "$path"
done
[ -n "$back" ] && [ $room -gt 16384 ] || exit 0
end=${back#*:}
end=$((${end%%:*} + ${end#*:}))
for line in $lines; do
  split "$line" || continue
  [ "$inode" = "${back%%:*}" ] && [ -r "$path" ] || continue
  start=${back#*:}
  start=${start%%:*}
  [ $((end - start)) -lt $((room - 4096)) ] || start=$((end - room + 8192))
  start=$((start / 4096 * 4096))
  send b "$inode" $start $((end - start)) "$path"
  break
done
