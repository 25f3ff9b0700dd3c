#!/bin/sh
# /// probe
# help    = "How busy the host is as a whole: load averages, tasks, interrupts, open files, uptime."
# source  = "/proc/loadavg, /proc/stat, /proc/uptime, /proc/sys/fs/file-nr"
# docs    = "https://man7.org/linux/man-pages/man5/proc_loadavg.5.html"
# every   = "10s"
# timeout = "5s"
# parse   = "loadavg"
# read    = ["/proc/loadavg", "/proc/stat", "/proc/uptime", "/proc/sys/fs/file-nr"]
# rollup_keep = ["load1", "load5", "load15", "runnable", "blocked", "threads", "forks_total", "context_switches_total", "interrupts_total", "soft_interrupts_total", "open_files"]
#
# [columns]
# load1 = { id = 1, type = "d2", kind = "gauge", help = "Tasks running, runnable or waiting for a disk, averaged over 1 minute" }
# load5 = { id = 2, type = "d2", kind = "gauge", help = "The same over 5 minutes" }
# load15 = { id = 3, type = "d2", kind = "gauge", help = "The same over 15 minutes" }
# runnable = { id = 4, type = "i64", kind = "gauge", help = "Tasks that run or could run now" }
# blocked = { id = 5, type = "i64", kind = "gauge", help = "Tasks that wait for a disk now" }
# threads = { id = 6, type = "i64", kind = "gauge", help = "Threads of all processes, the kernel's included" }
# forks_total = { id = 7, type = "u64", kind = "counter", help = "Processes and threads started since boot" }
# context_switches_total = { id = 8, type = "u64", kind = "counter", help = "Switches from one task to another" }
# interrupts_total = { id = 9, type = "u64", kind = "counter", help = "Interrupts served" }
# soft_interrupts_total = { id = 10, type = "u64", kind = "counter", help = "Soft interrupts served" }
# open_files = { id = 11, type = "i64", kind = "gauge", help = "Open files of the whole host" }
# open_files_max = { id = 12, type = "i64", kind = "gauge", help = "Their limit (fs.file-max); 9223372036854775807 where there is none" }
# uptime_seconds = { id = 13, type = "d2", kind = "gauge", help = "Time since boot" }
# boot_time = { id = 14, type = "ts", kind = "time", help = "When it was booted, by the host's clock" }
#
# [derived]
# open_files_pct = { sql = "100.0 * open_files / nullif(open_files_max, 0)", help = "Open files as a share of their limit" }
# ///
