#!/bin/sh
# /// probe
# help    = "Reads and writes of each block device."
# source  = "/proc/diskstats, /sys/block/dm-*/dm/name"
# docs    = "https://docs.kernel.org/admin-guide/iostats.html"
# every   = "10s"
# timeout = "5s"
# parse   = "diskstats"
# read    = ["/proc/diskstats", "/sys/block/dm-*/dm/name"]
# rollup_by = ["device", "kind", "mapper"]
#
# [columns]
# device = { id = 1, type = "str", kind = "label", help = "Name of the device without /dev/" }
# kind = { id = 2, type = "str", kind = "text", help = "disk, partition, or what it is built on: loop, ram, zram, md, dm, optical, floppy, nbd, rbd, drbd, bcache, zvol, flash" }
# mapper = { id = 20, type = "str", kind = "text", help = "Name of a device mapper's volume, as in /dev/mapper; null for all others" }
# reads_total = { id = 3, type = "u64", kind = "counter", help = "Reads completed" }
# reads_merged_total = { id = 4, type = "u64", kind = "counter", help = "Reads that were merged into one beside them" }
# read_bytes_total = { id = 5, type = "u64", kind = "counter", help = "Bytes read" }
# read_ms_total = { id = 6, type = "u64", kind = "counter", help = "Time all reads took together" }
# writes_total = { id = 7, type = "u64", kind = "counter", help = "Writes completed" }
# writes_merged_total = { id = 8, type = "u64", kind = "counter", help = "Writes that were merged into one beside them" }
# written_bytes_total = { id = 9, type = "u64", kind = "counter", help = "Bytes written" }
# write_ms_total = { id = 10, type = "u64", kind = "counter", help = "Time all writes took together" }
# in_flight = { id = 11, type = "i64", kind = "gauge", help = "Requests that are under way now" }
# io_ms_total = { id = 12, type = "u64", kind = "counter", help = "Time with at least one request under way" }
# weighted_io_ms_total = { id = 13, type = "u64", kind = "counter", help = "Time all requests were under way together" }
# discards_total = { id = 14, type = "u64", kind = "counter", help = "Discards (trims) completed; null before Linux 4.18" }
# discards_merged_total = { id = 15, type = "u64", kind = "counter", help = "Discards that were merged" }
# discarded_bytes_total = { id = 16, type = "u64", kind = "counter", help = "Bytes discarded" }
# discard_ms_total = { id = 17, type = "u64", kind = "counter", help = "Time all discards took together" }
# flushes_total = { id = 18, type = "u64", kind = "counter", help = "Flushes completed; null before Linux 5.5, and for partitions always 0" }
# flush_ms_total = { id = 19, type = "u64", kind = "counter", help = "Time all flushes took together" }
#
# [derived]
# iops = { sql = "1000.0 * (reads_increase + writes_increase + coalesce(discards_increase, 0)) / nullif(dt_ms, 0)", help = "Reads, writes and discards by second (iostat: tps)" }
# read_iops = { sql = "1000.0 * reads_increase / nullif(dt_ms, 0)", help = "Reads by second (iostat: r/s)" }
# write_iops = { sql = "1000.0 * writes_increase / nullif(dt_ms, 0)", help = "Writes by second (iostat: w/s)" }
# await_ms = { sql = "1.0 * (read_ms_increase + write_ms_increase + coalesce(discard_ms_increase, 0)) / nullif(reads_increase + writes_increase + coalesce(discards_increase, 0), 0)", help = "What a read, write or discard took, waiting included (iostat -s: await); null without any" }
# read_await_ms = { sql = "1.0 * read_ms_increase / nullif(reads_increase, 0)", help = "What a read took, waiting included (iostat: r_await); null without reads" }
# write_await_ms = { sql = "1.0 * write_ms_increase / nullif(writes_increase, 0)", help = "What a write took, waiting included (iostat: w_await); null without writes" }
# discard_await_ms = { sql = "1.0 * discard_ms_increase / nullif(discards_increase, 0)", help = "What a discard took (iostat: d_await); null without discards" }
# flush_await_ms = { sql = "1.0 * flush_ms_increase / nullif(flushes_increase, 0)", help = "What a flush took (iostat: f_await); null without flushes" }
# read_size_bytes = { sql = "1.0 * read_bytes_increase / nullif(reads_increase, 0)", help = "Size of a read (iostat: rareq-sz); null without reads" }
# write_size_bytes = { sql = "1.0 * written_bytes_increase / nullif(writes_increase, 0)", help = "Size of a write (iostat: wareq-sz); null without writes" }
# discard_size_bytes = { sql = "1.0 * discarded_bytes_increase / nullif(discards_increase, 0)", help = "Size of a discard (iostat: dareq-sz); null without discards" }
# read_merged_pct = { sql = "100.0 * reads_merged_increase / nullif(reads_merged_increase + reads_increase, 0)", help = "Share of the reads asked for that were merged into others (iostat: %rrqm)" }
# write_merged_pct = { sql = "100.0 * writes_merged_increase / nullif(writes_merged_increase + writes_increase, 0)", help = "Share of the writes asked for that were merged into others (iostat: %wrqm)" }
# discard_merged_pct = { sql = "100.0 * discards_merged_increase / nullif(discards_merged_increase + discards_increase, 0)", help = "Share of the discards asked for that were merged into others (iostat: %drqm)" }
# util_pct = { id = 1, type = "f64", sql = "100.0 * io_ms_increase / nullif(dt_ms, 0)", help = "Share of the time with a request under way (iostat: %util); 100 is not full for a device that serves many at once" }
# queue = { sql = "1.0 * weighted_io_ms_increase / nullif(dt_ms, 0)", help = "Requests under way on average (iostat: aqu-sz)" }
# ///
