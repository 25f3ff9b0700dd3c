#!/bin/sh
# /// probe
# help    = "What memory management does: paging, swapping, reclaim, compaction, NUMA, huge pages, OOM kills."
# source  = "/proc/vmstat; the page size from /proc/self/stat and statm of the reader itself"
# docs    = "https://docs.kernel.org/admin-guide/mm/concepts.html"
# every   = "30s"
# timeout = "5s"
# parse   = "vmstat"
# read    = ["/proc/vmstat", "/proc/self/stat", "/proc/self/statm"]
#
# [columns]
# pgpgin_bytes_total = { id = 1, type = "u64", kind = "counter", help = "Bytes read from block devices (vmstat: bi)" }
# pgpgout_bytes_total = { id = 2, type = "u64", kind = "counter", help = "Bytes written to block devices (vmstat: bo)" }
# pswpin_bytes_total = { id = 3, type = "u64", kind = "counter", help = "Bytes read from swap (vmstat: si)" }
# pswpout_bytes_total = { id = 4, type = "u64", kind = "counter", help = "Bytes written to swap (vmstat: so)" }
# pgfault_total = { id = 5, type = "u64", kind = "counter", help = "Page faults of every kind" }
# pgmajfault_total = { id = 6, type = "u64", kind = "counter", help = "Page faults that needed a disk" }
# oom_kill_total = { id = 7, type = "u64", kind = "counter", help = "Processes killed because memory had run out; null before Linux 4.13" }
# pgalloc_total = { id = 8, type = "u64", kind = "counter", help = "Pages allocated, of all zones" }
# pgfree_total = { id = 9, type = "u64", kind = "counter", help = "Pages freed" }
# pgactivate_total = { id = 10, type = "u64", kind = "counter", help = "Pages moved to the active list" }
# pgdeactivate_total = { id = 11, type = "u64", kind = "counter", help = "Pages moved to the inactive list" }
# pgrefill_total = { id = 12, type = "u64", kind = "counter", help = "Pages of the active list that were looked at for moving" }
# allocstall_total = { id = 13, type = "u64", kind = "counter", help = "Allocations that had to reclaim memory themselves, and waited for it" }
# pageoutrun_total = { id = 14, type = "u64", kind = "counter", help = "Times kswapd set out to reclaim" }
# kswapd_low_wmark_hit_quickly_total = { id = 15, type = "u64", kind = "counter", help = "Times kswapd was called again at once: free memory was below low" }
# kswapd_high_wmark_hit_quickly_total = { id = 16, type = "u64", kind = "counter", help = "Times kswapd was called again at once: free memory was below high" }
# pgscan_kswapd_total = { id = 17, type = "u64", kind = "counter", help = "Pages that kswapd looked at for reclaiming" }
# pgscan_direct_total = { id = 18, type = "u64", kind = "counter", help = "Pages that allocating tasks looked at for reclaiming" }
# pgscan_khugepaged_total = { id = 19, type = "u64", kind = "counter", help = "Pages that khugepaged looked at for reclaiming; null before Linux 6.3" }
# pgscan_proactive_total = { id = 20, type = "u64", kind = "counter", help = "Pages looked at because a program asked to reclaim; null before Linux 6.16" }
# pgscan_direct_throttle_total = { id = 21, type = "u64", kind = "counter", help = "Times a task was held up since reclaim did not keep pace" }
# pgscan_anon_total = { id = 22, type = "u64", kind = "counter", help = "Pages of programs looked at; null before Linux 5.8" }
# pgscan_file_total = { id = 23, type = "u64", kind = "counter", help = "Pages of files looked at; null before Linux 5.8" }
# pgsteal_kswapd_total = { id = 24, type = "u64", kind = "counter", help = "Pages that kswapd reclaimed" }
# pgsteal_direct_total = { id = 25, type = "u64", kind = "counter", help = "Pages that allocating tasks reclaimed" }
# pgsteal_khugepaged_total = { id = 26, type = "u64", kind = "counter", help = "Pages that khugepaged reclaimed; null before Linux 6.3" }
# pgsteal_proactive_total = { id = 27, type = "u64", kind = "counter", help = "Pages reclaimed because a program asked for it; null before Linux 6.16" }
# pgsteal_anon_total = { id = 28, type = "u64", kind = "counter", help = "Pages of programs reclaimed; null before Linux 5.8" }
# pgsteal_file_total = { id = 29, type = "u64", kind = "counter", help = "Pages of files reclaimed; null before Linux 5.8" }
# slabs_scanned_total = { id = 30, type = "u64", kind = "counter", help = "Kernel objects looked at for reclaiming" }
# zone_reclaim_failed_total = { id = 31, type = "u64", kind = "counter", help = "Times a NUMA node could not reclaim in itself" }
# nr_vmscan_write_total = { id = 32, type = "u64", kind = "counter", help = "Pages that reclaim wrote to disk itself" }
# drop_pagecache_total = { id = 33, type = "u64", kind = "counter", help = "Times somebody had the file cache dropped (vm.drop_caches)" }
# drop_slab_total = { id = 34, type = "u64", kind = "counter", help = "Times somebody had kernel caches dropped (vm.drop_caches)" }
# workingset_refault_anon_total = { id = 35, type = "u64", kind = "counter", help = "Pages of programs that were needed again soon after reclaim; null before Linux 5.9" }
# workingset_refault_file_total = { id = 36, type = "u64", kind = "counter", help = "Pages of files that were needed again soon after reclaim: rising means that the cache is too small" }
# workingset_activate_anon_total = { id = 37, type = "u64", kind = "counter", help = "Those of programs that went to the active list at once; null before Linux 5.9" }
# workingset_activate_file_total = { id = 38, type = "u64", kind = "counter", help = "Those of files that went to the active list at once" }
# workingset_restore_anon_total = { id = 39, type = "u64", kind = "counter", help = "Those of programs that had been active before; null before Linux 5.9" }
# workingset_restore_file_total = { id = 40, type = "u64", kind = "counter", help = "Those of files that had been active before" }
# nr_dirty_threshold_bytes = { id = 41, type = "i64", kind = "gauge", help = "Dirty memory at which programs that write are made to wait" }
# nr_dirty_background_threshold_bytes = { id = 42, type = "i64", kind = "gauge", help = "Dirty memory at which writing to disk begins" }
# nr_dirtied_bytes_total = { id = 43, type = "u64", kind = "counter", help = "Bytes that were made dirty" }
# nr_written_bytes_total = { id = 44, type = "u64", kind = "counter", help = "Dirty bytes that were written out" }
# swap_ra_total = { id = 45, type = "u64", kind = "counter", help = "Pages read from swap ahead" }
# swap_ra_hit_total = { id = 46, type = "u64", kind = "counter", help = "Pages read ahead that were needed" }
# zswpin_bytes_total = { id = 47, type = "u64", kind = "counter", help = "Bytes taken back out of zswap, before compression" }
# zswpout_bytes_total = { id = 48, type = "u64", kind = "counter", help = "Bytes put into zswap, before compression" }
# zswpwb_bytes_total = { id = 49, type = "u64", kind = "counter", help = "Bytes that zswap wrote to swap; null before Linux 6.8" }
# nr_zspages_bytes = { id = 50, type = "i64", kind = "gauge", help = "Memory that zsmalloc takes: compressed swap of zram and zswap" }
# compact_stall_total = { id = 51, type = "u64", kind = "counter", help = "Allocations that had to compact memory themselves, and waited for it" }
# compact_fail_total = { id = 52, type = "u64", kind = "counter", help = "Those that were no success" }
# compact_success_total = { id = 53, type = "u64", kind = "counter", help = "Those that were" }
# compact_migrate_scanned_total = { id = 54, type = "u64", kind = "counter", help = "Pages that compaction looked at for moving" }
# compact_free_scanned_total = { id = 55, type = "u64", kind = "counter", help = "Pages that compaction looked at as places to move to" }
# compact_daemon_wake_total = { id = 56, type = "u64", kind = "counter", help = "Times kcompactd was woken" }
# pgmigrate_success_total = { id = 57, type = "u64", kind = "counter", help = "Pages moved in memory" }
# pgmigrate_fail_total = { id = 58, type = "u64", kind = "counter", help = "Pages that could not be moved" }
# numa_hit_total = { id = 59, type = "u64", kind = "counter", help = "Pages allocated on the node that was wanted" }
# numa_miss_total = { id = 60, type = "u64", kind = "counter", help = "Pages allocated on a node that was not wanted" }
# numa_foreign_total = { id = 61, type = "u64", kind = "counter", help = "Pages wanted here and allocated elsewhere; as many as numa_miss" }
# numa_local_total = { id = 62, type = "u64", kind = "counter", help = "Pages allocated on the node of the task" }
# numa_other_total = { id = 63, type = "u64", kind = "counter", help = "Pages allocated on another node than the task's" }
# numa_hint_faults_total = { id = 64, type = "u64", kind = "counter", help = "Faults taken to learn which node uses a page" }
# numa_hint_faults_local_total = { id = 65, type = "u64", kind = "counter", help = "Those on the node of the task" }
# numa_pages_migrated_total = { id = 66, type = "u64", kind = "counter", help = "Pages moved to the node that uses them" }
# pgpromote_success_total = { id = 67, type = "u64", kind = "counter", help = "Pages moved from slow to fast memory" }
# pgdemote_kswapd_total = { id = 68, type = "u64", kind = "counter", help = "Pages moved from fast to slow memory by kswapd" }
# pgdemote_direct_total = { id = 69, type = "u64", kind = "counter", help = "Pages moved from fast to slow memory by allocating tasks" }
# thp_fault_alloc_total = { id = 70, type = "u64", kind = "counter", help = "Huge pages given at a fault" }
# thp_fault_fallback_total = { id = 71, type = "u64", kind = "counter", help = "Faults that got small pages where a huge one was wanted" }
# thp_collapse_alloc_total = { id = 72, type = "u64", kind = "counter", help = "Huge pages that khugepaged made of small ones" }
# thp_collapse_alloc_failed_total = { id = 73, type = "u64", kind = "counter", help = "Huge pages that khugepaged got no memory for" }
# thp_split_page_total = { id = 74, type = "u64", kind = "counter", help = "Huge pages split into small ones" }
# thp_swpout_total = { id = 75, type = "u64", kind = "counter", help = "Huge pages swapped out whole" }
# thp_swpout_fallback_total = { id = 76, type = "u64", kind = "counter", help = "Huge pages that had to be split to be swapped out" }
# htlb_buddy_alloc_success_total = { id = 77, type = "u64", kind = "counter", help = "Pages added to the pool of huge pages" }
# htlb_buddy_alloc_fail_total = { id = 78, type = "u64", kind = "counter", help = "Pages that could not be added to the pool of huge pages" }
# balloon_inflate_total = { id = 79, type = "u64", kind = "counter", help = "Pages given back to the hypervisor" }
# balloon_deflate_total = { id = 80, type = "u64", kind = "counter", help = "Pages taken back from the hypervisor" }
#
# [derived]
# vmeff_pct = { sql = "100.0 * (pgsteal_kswapd_increase + pgsteal_direct_increase) / nullif(pgscan_kswapd_increase + pgscan_direct_increase, 0)", help = "Reclaimed share of the pages that were looked at (sar -B: %vmeff); low means that memory is hard to get; null without reclaim" }
# ///
