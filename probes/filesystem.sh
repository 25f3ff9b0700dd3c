#!/bin/sh
# /// probe
# help    = "Space and inodes of each mounted file system, one row a device."
# source  = "/proc/self/mountinfo; statfs(2) by stat -f, or df where there is no stat"
# docs    = "https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html"
# every   = "30s"
# timeout = "15s"
# parse   = "mounts"
# rollup_by = ["mount", "device", "type"]
#
# [columns]
# mount = { id = 1, type = "str", kind = "label", help = "Where it is mounted" }
# device = { id = 2, type = "str", kind = "text", help = "What is mounted there" }
# type = { id = 3, type = "str", kind = "text", help = "Type of file system" }
# state = { id = 4, type = "str", kind = "text", help = "ok; hanging: it did not answer in time; null: it was not asked, or this user may not ask" }
# readonly = { id = 5, type = "bool", kind = "text", help = "Mounted read-only" }
# size_bytes = { id = 6, type = "i64", kind = "gauge", help = "Size" }
# used_bytes = { id = 7, type = "i64", kind = "gauge", help = "In use" }
# available_bytes = { id = 8, type = "i64", kind = "gauge", help = "Free for users other than root" }
# inodes = { id = 9, type = "i64", kind = "gauge", help = "Inodes it can have; null where they are not limited" }
# inodes_used = { id = 10, type = "i64", kind = "gauge", help = "Inodes in use" }
# inodes_free = { id = 11, type = "i64", kind = "gauge", help = "Inodes that are free" }
#
# [derived]
# used_pct = { id = 1, type = "f64", sql = "100.0 * used_bytes / nullif(used_bytes + available_bytes, 0)", help = "In use, as df reckons it: of what users other than root can have" }
# inodes_used_pct = { sql = "100.0 * inodes_used / nullif(inodes, 0)", help = "Inodes in use" }
# ///

# Prints `m LINE of mountinfo` for each file system with room of its own, then `s ANSWER` or `a MOUNT ANSWER`, and `h MOUNT` for
# one that hangs. MOUNT is escaped as in mountinfo (so no echo here, which may undo that); an ANSWER is a line of stat or df.
mounts=$LIVEDATA_PROC/self/mountinfo
[ -r "$mounts" ] || exit 69
format='%S %b %f %a %c %d'
newline='
'

# stat -f asks about exactly the file systems it is given, with their inodes, in one process. df may look at others on
# its way (busybox), and has inodes apart. By env, so that busybox too makes it a process that shows what it asks.
if env stat -f -c "$format" / >/dev/null 2>&1; then
  ask() { env stat -f -c "$format %n" "$@"; }
  ask_one() { env stat -f -c "$format /" "$1"; }
else
  ask() { env df -P -k "$@" | grep -v ^Filesystem; }
  ask_one() { ask "$1"; }
fi

# Ends the output of a round after some seconds: whoever answers later writes to a pipe that nobody reads any more.
# With no process left behind when all have answered in time.
watch() { (trap 'kill $!; exit' TERM; sleep 4 & wait $!; echo late) & echo "watch $!"; }

set -f
seen='' triggers='' together='' alone=''
while read -r id parent dev root mount options rest; do
  type=" $rest"
  type=${type#* - }
  type=${type%% *}
  case $type in
    autofs) triggers="$triggers $mount"; continue ;;
    proc | sysfs | cgroup | cgroup2 | devpts | devtmpfs | mqueue | debugfs | tracefs | securityfs | pstore | bpf) continue ;;
    configfs | fusectl | hugetlbfs | binfmt_misc | rpc_pipefs | nsfs | efivarfs | selinuxfs | ramfs | rootfs) continue ;;
    nfsd | smackfs | resctrl | functionfs | binder | fuse.lxcfs | fuse.gvfsd-fuse | fuse.portal) continue ;;
    overlay) [ "$mount" = / ] || continue ;; # a container's: the room is that of the file system below
    tmpfs) case $mount in /var/lib/* | /run/containerd/* | /run/credentials/* | /sys/*) continue ;; esac ;;
  esac
  case " $seen " in *" $dev "*) continue ;; esac # a second mount of the same
  seen="$seen $dev"
  printf 'm %s\n' "$id $parent $dev $root $mount $options $rest"
  for trigger in $triggers; do # asking keeps what was mounted on demand from being unmounted
    case $mount in "$trigger" | "$trigger"/*) continue 2 ;; esac
  done
  case $type in
    nfs | nfs4 | cifs | smb3 | smbfs | ncpfs | afs | 9p | virtiofs | ceph | glusterfs | lustre | gpfs | beegfs | orangefs | \
      pvfs2 | gfs2 | ocfs2 | davfs | coda | fuse | fuseblk | fuse.*) alone="$alone $mount" ;;
    *) case $mount in *\\*) alone="$alone $mount" ;; *) together="$together $mount" ;; esac ;;
  esac
done <"$mounts"

if [ -n "$together" ]; then
  # shellcheck disable=SC2086 # words on purpose: what holds a blank is asked alone
  { exec 2>/dev/null; watch; { ask $together; echo end; } & } | (
    watcher=
    while read -r line; do
      case $line in
        watch\ *) watcher=${line#* } ;;
        end) kill "$watcher"; exit 0 ;;
        late) exit 1 ;;
        *) printf 's %s\n' "$line" ;;
      esac
    done
  ) || alone="$alone $together" # one of them hangs; which?
fi
[ -n "$alone" ] || exit 0

# At most one question to each is under way: where an earlier one never came back, the file system still hangs.
set +f
stuck=$(grep -lsE '^[0-9]+ \((stat|df|busybox)\) [SD]' "$LIVEDATA_PROC"/[0-9]*/stat)
set -f
# shellcheck disable=SC2046 # paths under /proc, a word each
[ -z "$stuck" ] || stuck=$(cat $(echo "$stuck" | sed 's/stat$/cmdline/') 2>/dev/null | tr '\0' '\n')
waiting=
for mount in $alone; do
  path=$(printf '%b.' "$mount")
  case $newline$stuck$newline in
    *"$newline${path%.}$newline"*) printf 'h %s\n' "$mount" ;;
    *) waiting="$waiting $mount" ;;
  esac
done
[ -n "$waiting" ] || exit 0

{
  exec 2>/dev/null
  watch
  for each in $waiting; do
    (
      path=$(printf '%b.' "$each")
      printf 'a %s\n' "$each $(ask_one "${path%.}")"
    ) &
  done
} | (
  waiting="$waiting "
  watcher=
  while [ "$waiting" != ' ' ] && read -r line; do
    case $line in
      watch\ *) watcher=${line#* }; continue ;;
      late) watcher=; break ;;
    esac
    printf '%s\n' "$line"
    answered=${line#a }
    answered=${answered%% *}
    waiting="${waiting%%" $answered "*} ${waiting#*" $answered "}"
  done
  [ -z "$watcher" ] || kill "$watcher"
  for silent in $waiting; do printf 'h %s\n' "$silent"; done
)
exit 0
