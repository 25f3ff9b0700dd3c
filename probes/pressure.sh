#!/bin/sh
# /// probe
# help    = "How much of the time tasks had to wait for CPU, memory, disks or interrupts (PSI)."
# source  = "/proc/pressure/*"
# docs    = "https://docs.kernel.org/accounting/psi.html"
# every   = "10s"
# timeout = "5s"
# parse   = "pressure"
# read    = ["/proc/pressure/cpu", "/proc/pressure/memory", "/proc/pressure/io", "/proc/pressure/irq"]
#
# [columns]
# resource = { id = 1, type = "str", kind = "label", help = "cpu, memory, io, irq" }
# some_avg10_pct = { id = 2, type = "d2", kind = "gauge", help = "Share of the last 10 seconds in which one task at least waited; null for irq" }
# some_avg60_pct = { id = 3, type = "d2", kind = "gauge", help = "Share of the last minute in which one task at least waited; null for irq" }
# some_avg300_pct = { id = 4, type = "d2", kind = "gauge", help = "Share of the last 5 minutes in which one task at least waited; null for irq" }
# some_seconds_total = { id = 5, type = "d2", kind = "counter", help = "Time in which one task at least waited" }
# full_avg10_pct = { id = 6, type = "d2", kind = "gauge", help = "Share of the last 10 seconds in which all tasks waited at once; null for cpu before Linux 5.13" }
# full_avg60_pct = { id = 7, type = "d2", kind = "gauge", help = "Share of the last minute in which all tasks waited at once" }
# full_avg300_pct = { id = 8, type = "d2", kind = "gauge", help = "Share of the last 5 minutes in which all tasks waited at once" }
# full_seconds_total = { id = 9, type = "d2", kind = "counter", help = "Time in which all tasks waited at once; of cpu 0 for a host as a whole" }
#
# [derived]
# some_pct = { id = 1, type = "f64", sql = "100000.0 * some_seconds_increase / nullif(dt_ms, 0)", help = "Share of the time since the sample before in which one task at least waited" }
# full_pct = { id = 2, type = "f64", sql = "100000.0 * full_seconds_increase / nullif(dt_ms, 0)", help = "Share of the time since the sample before in which all tasks waited at once" }
# ///
