#!/bin/sh
# /// probe
# help    = "CPU time of the whole host, by what it was spent on."
# source  = "/proc/stat"
# docs    = "https://man7.org/linux/man-pages/man5/proc_stat.5.html"
# every   = "10s"
# timeout = "5s"
# parse   = "cpu"
# read    = ["/proc/stat"]
#
# [columns]
# cores = { id = 1, type = "i64", kind = "gauge", help = "Cores online" }
# user_seconds_total = { id = 2, type = "d2", kind = "counter", help = "Running programs, without the guests' share" }
# nice_seconds_total = { id = 3, type = "d2", kind = "counter", help = "Running programs of low priority, without the guests' share" }
# system_seconds_total = { id = 4, type = "d2", kind = "counter", help = "Running in the kernel" }
# idle_seconds_total = { id = 5, type = "d2", kind = "counter", help = "Doing nothing" }
# iowait_seconds_total = { id = 6, type = "d2", kind = "counter", help = "Doing nothing while a disk was waited for; the kernel's own warning: not reliable" }
# irq_seconds_total = { id = 7, type = "d2", kind = "counter", help = "Serving interrupts" }
# softirq_seconds_total = { id = 8, type = "d2", kind = "counter", help = "Serving soft interrupts" }
# steal_seconds_total = { id = 9, type = "d2", kind = "counter", help = "Taken by the hypervisor for others" }
# guest_seconds_total = { id = 10, type = "d2", kind = "counter", help = "Running virtual machines" }
# guest_nice_seconds_total = { id = 11, type = "d2", kind = "counter", help = "Running virtual machines of low priority" }
#
# [derived]
# all_seconds_increase = { sql = "user_seconds_increase + nice_seconds_increase + system_seconds_increase + idle_seconds_increase + coalesce(iowait_seconds_increase, 0) + coalesce(irq_seconds_increase, 0) + coalesce(softirq_seconds_increase, 0) + coalesce(steal_seconds_increase, 0) + coalesce(guest_seconds_increase, 0) + coalesce(guest_nice_seconds_increase, 0)", help = "CPU time of every kind since the sample before" }
# busy_pct = { id = 1, type = "f64", sql = "100 - 100 * (idle_seconds_increase + coalesce(iowait_seconds_increase, 0)) / nullif(all_seconds_increase, 0)", help = "Share of the time not idle and not waiting for a disk" }
# user_pct = { sql = "100 * user_seconds_increase / nullif(all_seconds_increase, 0)", help = "Share of the time: running programs, without the guests' share" }
# nice_pct = { sql = "100 * nice_seconds_increase / nullif(all_seconds_increase, 0)", help = "Share of the time: running programs of low priority, without the guests' share" }
# system_pct = { sql = "100 * system_seconds_increase / nullif(all_seconds_increase, 0)", help = "Share of the time: running in the kernel" }
# idle_pct = { sql = "100 * idle_seconds_increase / nullif(all_seconds_increase, 0)", help = "Share of the time: doing nothing" }
# iowait_pct = { sql = "100 * iowait_seconds_increase / nullif(all_seconds_increase, 0)", help = "Share of the time: doing nothing while a disk was waited for" }
# irq_pct = { sql = "100 * irq_seconds_increase / nullif(all_seconds_increase, 0)", help = "Share of the time: serving interrupts" }
# softirq_pct = { sql = "100 * softirq_seconds_increase / nullif(all_seconds_increase, 0)", help = "Share of the time: serving soft interrupts" }
# steal_pct = { sql = "100 * steal_seconds_increase / nullif(all_seconds_increase, 0)", help = "Share of the time: taken by the hypervisor for others" }
# guest_pct = { sql = "100 * guest_seconds_increase / nullif(all_seconds_increase, 0)", help = "Share of the time: running virtual machines" }
# guest_nice_pct = { sql = "100 * guest_nice_seconds_increase / nullif(all_seconds_increase, 0)", help = "Share of the time: running virtual machines of low priority" }
# ///
