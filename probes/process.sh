#!/bin/sh
# /// probe
# help    = "Processes that did something since the sample before, and every 5 minutes all: what each uses and is doing."
# source  = "/proc/PID/stat; the page size from /proc/self/stat and statm of the reader itself"
# docs    = "https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"
# every   = "30s"
# timeout = "10s"
# parse   = "pidstat"
# read    = ["/proc/[0-9]*/stat", "/proc/self/stat", "/proc/self/statm"]
# denied_without = "/proc/1/stat"
# full    = "5m"
# rollup_by = ["name"]
# rollup_keep = ["user_seconds_total", "system_seconds_total", "threads", "rss_bytes", "minor_faults_total", "major_faults_total"]
#
# [columns]
# pid = { id = 1, type = "i64", kind = "label", help = "Process id" }
# start_seconds = { id = 2, type = "d2", kind = "label", help = "Start, as seconds since boot: tells two processes of the same pid apart" }
# ppid = { id = 3, type = "i64", kind = "text", help = "Process id of the parent" }
# name = { id = 4, type = "str", kind = "text", help = "Name, at most 15 bytes (more for kernel threads); the process chooses it, so it may hold anything" }
# state = { id = 5, type = "str", kind = "text", help = "R running, S sleeping, D in a wait that can't be interrupted, Z zombie, T stopped, t traced, I idle kernel thread, X dead" }
# user_seconds_total = { id = 6, type = "d2", kind = "counter", help = "CPU time in the program" }
# system_seconds_total = { id = 7, type = "d2", kind = "counter", help = "CPU time in the kernel for it" }
# children_user_seconds_total = { id = 8, type = "d2", kind = "counter", help = "CPU time in programs, of children that ended and were waited for" }
# children_system_seconds_total = { id = 9, type = "d2", kind = "counter", help = "CPU time in the kernel, of children that ended and were waited for" }
# threads = { id = 10, type = "i64", kind = "gauge", help = "Threads" }
# rss_bytes = { id = 11, type = "i64", kind = "gauge", help = "Memory of it that is resident (approximate, as the kernel says); null where the page size can't be told" }
# vsize_bytes = { id = 12, type = "i64", kind = "gauge", help = "Address space" }
# minor_faults_total = { id = 13, type = "u64", kind = "counter", help = "Page faults that needed no disk" }
# major_faults_total = { id = 14, type = "u64", kind = "counter", help = "Page faults that needed a disk" }
# priority = { id = 15, type = "i64", kind = "gauge", help = "Kernel priority: nice plus 20; negative for real-time processes" }
# nice = { id = 16, type = "i64", kind = "gauge", help = "Nice value, 19 (low priority) to -20" }
# last_cpu = { id = 17, type = "i64", kind = "gauge", help = "Core it last ran on" }
#
# [derived]
# children_cpu_pct = { sql = "100000.0 * (children_user_seconds_increase + children_system_seconds_increase) / nullif(dt_ms, 0)", help = "The same of children that ended since, among them those that no sample saw" }
# cpu_pct = { sql = "100000.0 * (user_seconds_increase + system_seconds_increase) / nullif(dt_ms, 0)", help = "Share of one core since the sample before; above 100 for several threads" }
# ///
