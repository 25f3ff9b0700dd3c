#!/bin/sh
# /// probe
# help    = "Who each process is: a row when it was first seen, one at its end, and one every 6 hours."
# source  = "/proc/PID/cmdline, status, stat and cgroup; /etc/passwd"
# docs    = "https://man7.org/linux/man-pages/man5/proc_pid_cmdline.5.html"
# every   = "30s"
# timeout = "5s"
# parse   = "process_info"
# after   = "process"
# full    = "6h"
# rollup  = []
#
# [columns]
# pid = { id = 1, type = "i64", kind = "label", help = "Process id" }
# start_seconds = { id = 2, type = "d2", kind = "label", help = "Start, as seconds since boot: tells two processes of the same pid apart" }
# started = { id = 3, type = "ts", kind = "time", help = "Start, by the host's clock; its boot time is known to the second" }
# ended = { id = 4, type = "ts", kind = "time", help = "The sample that was the first without it: in a row of its own, in which all else is null" }
# ppid = { id = 5, type = "i64", kind = "text", help = "Process id of the parent, as of this row" }
# uid = { id = 6, type = "i64", kind = "text", help = "Effective user id" }
# user = { id = 7, type = "str", kind = "text", help = "Its name in the host's /etc/passwd; null where it is not there (LDAP)" }
# command = { id = 8, type = "str", kind = "text", help = "Command line, its first 4,096 bytes, words parted by blanks, secrets as ***; null of kernel threads and zombies" }
# cgroup = { id = 9, type = "str", kind = "text", help = "Control group; with cgroup v1 the longest of its paths" }
# unit = { id = 10, type = "str", kind = "text", help = "The systemd unit it belongs to" }
# container = { id = 11, type = "str", kind = "text", help = "Id of the container it belongs to; a name for LXC and systemd-nspawn" }
# pod = { id = 12, type = "str", kind = "text", help = "Uid of the Kubernetes pod it belongs to" }
# ///

# Of the processes $LIVEDATA_NEW, or of all: the boot time; a line for each that is still there, PID PPID START UID USER CGROUP, the
# start in hundredths of seconds since boot, `-` for a name that is not known; an empty line. Then their command lines, last because
# the kernel may not give that of a process that hangs, as head prints files. A command line could hold what looks like a header of
# head; but $LIVEDATA_SLASH, told first, is a `/` in a spelling that is another one each time.
cd "$LIVEDATA_PROC" 2>/dev/null || exit 69
slash=${LIVEDATA_SLASH:-/}
if [ -z "$LIVEDATA_NEW" ]; then
  set -- [0-9]*
  LIVEDATA_NEW=$*
  export LIVEDATA_NEW
fi
echo "$slash"
awk '
BEGIN {
  while ((getline line < "/etc/passwd") > 0) { split(line, part, ":"); if (!(part[3] in name)) name[part[3]] = part[1] }
  boot = "-"
  while ((getline line < "stat") > 0) if (line ~ /^btime /) { split(line, part, " "); boot = part[2]; break }
  print boot
  count = split(ENVIRON["LIVEDATA_NEW"], pids, " ")
  for (i = 1; i <= count; i++) {
    stat = uid = ""
    path = "/"
    file = pids[i] "/stat"
    while ((getline line < file) > 0) stat = stat line # a name may hold newlines
    close(file)
    file = pids[i] "/status"
    while ((getline line < file) > 0) if (line ~ /^Uid:/) { split(line, part, "\t"); uid = part[3]; break }
    close(file)
    if (stat == "" || uid == "") continue
    file = pids[i] "/cgroup"
    while ((getline line < file) > 0) {
      sub("^[^:]*:[^:]*:", "", line)
      if (length(line) > length(path)) path = line
    }
    close(file)
    sub(".*[)] ", "", stat)
    split(stat, part, " ")
    print pids[i], part[2], part[20], uid, (uid in name ? name[uid] : "-"), path
  }
  print ""
}' </dev/null
files=
for pid in $LIVEDATA_NEW; do files="$files $pid${slash}cmdline"; done
# head complains of each that vanished, and ends with 1 then.
# shellcheck disable=SC2086 # a word for each file
head -c 4096 $files "${slash}dev/null" 2>/dev/null
exit 0
