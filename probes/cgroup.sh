#!/bin/sh
# /// probe
# help    = "What each control group uses: services, sessions, containers and the slices that hold them. Idle ones give rows every 5 minutes only."
# source  = "cgroup v2 in /sys/fs/cgroup; the controllers of cgroup v1 where that is what there is"
# docs    = "https://docs.kernel.org/admin-guide/cgroup-v2.html"
# every   = "30s"
# timeout = "10s"
# parse   = "cgroup"
# full    = "5m"
#
# [columns]
# path = { id = 1, type = "str", kind = "label", help = "The group below /sys/fs/cgroup (or below each controller's root); / is the whole host, or container" }
# unit = { id = 2, type = "str", kind = "text", help = "The systemd unit it belongs to" }
# container = { id = 3, type = "str", kind = "text", help = "Id of the container it belongs to: of docker, podman, containerd, CRI-O; a name for LXC and systemd-nspawn" }
# pod = { id = 4, type = "str", kind = "text", help = "Uid of the Kubernetes pod it belongs to" }
# cpu_seconds_total = { id = 5, type = "d2", kind = "counter", help = "CPU time of it and all below it" }
# user_seconds_total = { id = 6, type = "d2", kind = "counter", help = "Part of that in programs" }
# system_seconds_total = { id = 7, type = "d2", kind = "counter", help = "Part of that in the kernel" }
# periods_total = { id = 8, type = "u64", kind = "counter", help = "Periods of its CPU limit in which it ran; 0 without one" }
# throttled_periods_total = { id = 9, type = "u64", kind = "counter", help = "Periods in which it used up its CPU limit" }
# throttled_seconds_total = { id = 10, type = "d2", kind = "counter", help = "Time its tasks were kept from running by its CPU limit, over all cores" }
# cpu_limit_pct = { id = 11, type = "f64", kind = "gauge", help = "Its CPU limit, 100 for each core; null without one" }
# memory_bytes = { id = 12, type = "i64", kind = "gauge", help = "Memory of it and all below it, file cache included; null of the whole host with v2" }
# memory_limit_bytes = { id = 13, type = "i64", kind = "gauge", help = "Its own limit of that; null without one" }
# memory_peak_bytes = { id = 14, type = "i64", kind = "gauge", help = "The most memory it ever had; null before Linux 5.19 with cgroup v2" }
# anon_bytes = { id = 15, type = "i64", kind = "gauge", help = "Memory of programs with no file behind it" }
# file_bytes = { id = 16, type = "i64", kind = "gauge", help = "File cache, tmpfs included" }
# inactive_file_bytes = { id = 17, type = "i64", kind = "gauge", help = "File cache that was not used lately" }
# swap_bytes = { id = 18, type = "i64", kind = "gauge", help = "Its memory that is swapped out" }
# memory_max_hits_total = { id = 19, type = "u64", kind = "counter", help = "Times its memory reached the limit" }
# oom_kills_total = { id = 20, type = "u64", kind = "counter", help = "Processes of it or below it that were killed for lack of memory" }
# read_bytes_total = { id = 21, type = "u64", kind = "counter", help = "Bytes read from disks; of disks on disks (LVM, RAID) one level counts" }
# written_bytes_total = { id = 22, type = "u64", kind = "counter", help = "Bytes written to disks" }
# reads_total = { id = 23, type = "u64", kind = "counter", help = "Reads from disks" }
# writes_total = { id = 24, type = "u64", kind = "counter", help = "Writes to disks" }
# tasks = { id = 25, type = "i64", kind = "gauge", help = "Processes and threads" }
# tasks_limit = { id = 26, type = "i64", kind = "gauge", help = "Their limit; null without one" }
# cpu_some_seconds_total = { id = 27, type = "d2", kind = "counter", help = "Time in which some task of it waited for a CPU" }
# cpu_full_seconds_total = { id = 28, type = "d2", kind = "counter", help = "Time in which all tasks of it did" }
# memory_some_seconds_total = { id = 29, type = "d2", kind = "counter", help = "Time in which some task of it waited for memory" }
# memory_full_seconds_total = { id = 30, type = "d2", kind = "counter", help = "Time in which all tasks of it did" }
# io_some_seconds_total = { id = 31, type = "d2", kind = "counter", help = "Time in which some task of it waited for a disk" }
# io_full_seconds_total = { id = 32, type = "d2", kind = "counter", help = "Time in which all tasks of it did" }
#
# [derived]
# cpu_pct = { sql = "100000.0 * cpu_seconds_increase / nullif(dt_ms, 0)", help = "Share of one core since the sample before; above 100 for several" }
# throttled_pct = { sql = "100.0 * throttled_periods_increase / nullif(periods_increase, 0)", help = "Share of its periods in which it used up its CPU limit" }
# working_set_bytes = { sql = "memory_bytes - inactive_file_bytes", help = "Memory less the file cache not used lately, as docker stats and kubectl top reckon it" }
# memory_used_pct = { sql = "100.0 * memory_bytes / nullif(memory_limit_bytes, 0)", help = "Memory as a share of its limit" }
# cpu_some_pct = { sql = "100000.0 * cpu_some_seconds_increase / nullif(dt_ms, 0)", help = "Share of the time in which some task of it waited for a CPU" }
# memory_some_pct = { sql = "100000.0 * memory_some_seconds_increase / nullif(dt_ms, 0)", help = "Share of the time in which some task of it waited for memory" }
# io_some_pct = { sql = "100000.0 * io_some_seconds_increase / nullif(dt_ms, 0)", help = "Share of the time in which some task of it waited for a disk" }
# ///

# Prints `=` and the numbers of the drivers of block devices that lie on others. Then a line for each group, or with v1 for each
# controller's: the controller (`.` is v2), a word for each thing it is asked, `-` where it has none, then the path, which may hold
# blanks but (the kernel sees to it) no newline. The first 2,000.
cd "$LIVEDATA_SYS/fs/cgroup" 2>/dev/null || exit 69
if [ -e cgroup.controllers ]; then
  set -- .
else
  for controller in cpu cpuacct memory blkio pids unified; do
    [ ! -e "$controller/cgroup.procs" ] || set -- "$@" "$controller"
  done
  [ $# -gt 0 ] || exit 69
fi

# FILE: its first word. FILE:KEY,...: those of its lines, the number at their end. FILE*: all of its lines as one word, `,` without any.
find -H "$@" -type d 2>/dev/null | awk '
BEGIN {
  v2 = "cpu.stat:usage_usec,user_usec,system_usec,nr_periods,nr_throttled,throttled_usec cpu.max* memory.current memory.max"
  v2 = v2 " memory.peak memory.stat:anon,file,inactive_file memory.swap.current memory.events:max,oom_kill io.stat*"
  ask["."] = v2 " pids.current pids.max cpu.pressure:some,full memory.pressure:some,full io.pressure:some,full"
  ask["unified"] = ask["."]
  ask["cpu"] = "cpu.stat:nr_periods,nr_throttled,throttled_time cpu.cfs_quota_us cpu.cfs_period_us"
  ask["cpuacct"] = "cpuacct.usage cpuacct.stat:user,system"
  ask["memory"] = "memory.usage_in_bytes memory.limit_in_bytes memory.max_usage_in_bytes"
  ask["memory"] = ask["memory"] " memory.stat:total_rss,total_cache,total_inactive_file,total_swap memory.failcnt memory.oom_control:oom_kill"
  ask["blkio"] = "blkio.throttle.io_service_bytes_recursive* blkio.throttle.io_serviced_recursive*"
  ask["blkio"] = ask["blkio"] " blkio.throttle.io_service_bytes* blkio.throttle.io_serviced*"
  ask["pids"] = "pids.current pids.max"
  stacked = "="
  while ((getline line < (ENVIRON["LIVEDATA_PROC"] "/devices")) > 0)
    if (line ~ /^ *[0-9]+ (device-mapper|mdp?|loop|drbd|bcache)$/) { split(line, part, " "); stacked = stacked " " part[1] }
  print stacked
}
NR <= 2000 {
  group = $0
  controller = group
  sub("/.*", "", controller)
  count = split(ask[controller], files, " ")
  said = ""
  for (i = 1; i <= count; i++) {
    keys = split(files[i], words, "[:,*]")
    file = group "/" words[1]
    one = "-"
    for (k = 2; k <= keys; k++) found[words[k]] = "-"
    while ((got = (getline line < file)) > 0) {
      if (keys == 1) { split(line, part, " "); one = part[1] }
      else if (files[i] ~ /\*$/) { gsub(" ", ",", line); one = (one == "-" ? "" : one ";") line }
      else {
        key = line
        sub(" .*", "", key)
        if (key in found) { sub(".*[ =]", "", line); found[key] = line }
      }
    }
    close(file)
    if (got == 0 && one == "-" && files[i] ~ /\*$/) one = "," # it is there, and empty
    if (keys == 1 || words[2] == "") said = said one " "
    else for (k = 2; k <= keys; k++) said = said found[words[k]] " "
    for (k = 2; k <= keys; k++) delete found[words[k]]
  }
  path = substr(group, length(controller) + 1)
  print controller " " said (path == "" ? "/" : path)
}'
