#!/bin/sh
# /// probe
# help    = "Memory of the host: every field of /proc/meminfo, in bytes."
# source  = "/proc/meminfo"
# docs    = "https://man7.org/linux/man-pages/man5/proc_meminfo.5.html"
# every   = "10s"
# timeout = "5s"
# parse   = "meminfo"
# read    = ["/proc/meminfo"]
# rollup  = ["5m"]
# rollup_keep = ["total_bytes", "free_bytes", "available_bytes", "buffers_bytes", "cached_bytes", "active_bytes", "inactive_bytes", "swap_total_bytes", "swap_free_bytes", "dirty_bytes", "writeback_bytes", "anon_pages_bytes", "shmem_bytes", "slab_bytes", "sreclaimable_bytes", "page_tables_bytes", "commit_limit_bytes", "committed_as_bytes", "hardware_corrupted_bytes", "hugepages", "hugepages_free"]
#
# [columns]
# total_bytes = { id = 1, type = "i64", kind = "gauge", help = "Usable memory (MemTotal)" }
# free_bytes = { id = 2, type = "i64", kind = "gauge", help = "Used for nothing at all (MemFree)" }
# available_bytes = { id = 3, type = "i64", kind = "gauge", help = "What programs could still take without swapping, as the kernel reckons it (MemAvailable); null before Linux 3.14" }
# buffers_bytes = { id = 4, type = "i64", kind = "gauge", help = "Cache of raw disk blocks" }
# cached_bytes = { id = 5, type = "i64", kind = "gauge", help = "Cache of files, shared memory and tmpfs included" }
# swap_cached_bytes = { id = 6, type = "i64", kind = "gauge", help = "In memory and in swap both" }
# active_bytes = { id = 7, type = "i64", kind = "gauge", help = "Used lately" }
# inactive_bytes = { id = 8, type = "i64", kind = "gauge", help = "Not used lately, the first to be taken back" }
# active_anon_bytes = { id = 9, type = "i64", kind = "gauge", help = "Memory of programs, used lately" }
# inactive_anon_bytes = { id = 10, type = "i64", kind = "gauge", help = "Memory of programs, not used lately" }
# active_file_bytes = { id = 11, type = "i64", kind = "gauge", help = "File cache, used lately" }
# inactive_file_bytes = { id = 12, type = "i64", kind = "gauge", help = "File cache, not used lately" }
# unevictable_bytes = { id = 13, type = "i64", kind = "gauge", help = "Must stay in memory" }
# mlocked_bytes = { id = 14, type = "i64", kind = "gauge", help = "Locked in memory by mlock(2)" }
# swap_total_bytes = { id = 15, type = "i64", kind = "gauge", help = "Size of swap" }
# swap_free_bytes = { id = 16, type = "i64", kind = "gauge", help = "Swap that is unused" }
# zswap_bytes = { id = 17, type = "i64", kind = "gauge", help = "Memory that zswap takes" }
# zswapped_bytes = { id = 18, type = "i64", kind = "gauge", help = "Memory of programs that zswap holds, before compression" }
# dirty_bytes = { id = 19, type = "i64", kind = "gauge", help = "Waiting to be written to disk" }
# writeback_bytes = { id = 20, type = "i64", kind = "gauge", help = "Being written to disk" }
# anon_pages_bytes = { id = 21, type = "i64", kind = "gauge", help = "Memory of programs with no file behind it" }
# mapped_bytes = { id = 22, type = "i64", kind = "gauge", help = "Files mapped into programs" }
# shmem_bytes = { id = 23, type = "i64", kind = "gauge", help = "Shared memory and tmpfs" }
# kreclaimable_bytes = { id = 24, type = "i64", kind = "gauge", help = "Kernel memory that can be taken back" }
# slab_bytes = { id = 25, type = "i64", kind = "gauge", help = "The kernel's own structures" }
# sreclaimable_bytes = { id = 26, type = "i64", kind = "gauge", help = "Part of slab that can be taken back" }
# sunreclaim_bytes = { id = 27, type = "i64", kind = "gauge", help = "Part of slab that can't be taken back" }
# kernel_stack_bytes = { id = 28, type = "i64", kind = "gauge", help = "Kernel stacks of all tasks" }
# page_tables_bytes = { id = 29, type = "i64", kind = "gauge", help = "Page tables" }
# sec_page_tables_bytes = { id = 30, type = "i64", kind = "gauge", help = "Page tables of virtual machines and IOMMUs" }
# nfs_unstable_bytes = { id = 31, type = "i64", kind = "gauge", help = "Sent to NFS servers and not yet on their disk; 0 in new kernels" }
# bounce_bytes = { id = 32, type = "i64", kind = "gauge", help = "Bounce buffers of block devices" }
# writeback_tmp_bytes = { id = 33, type = "i64", kind = "gauge", help = "Buffers for FUSE writeback" }
# commit_limit_bytes = { id = 34, type = "i64", kind = "gauge", help = "What could be promised to programs under strict overcommit" }
# committed_as_bytes = { id = 35, type = "i64", kind = "gauge", help = "What is promised to programs" }
# vmalloc_total_bytes = { id = 36, type = "i64", kind = "gauge", help = "Size of the kernel's vmalloc area" }
# vmalloc_used_bytes = { id = 37, type = "i64", kind = "gauge", help = "Part of it in use" }
# vmalloc_chunk_bytes = { id = 38, type = "i64", kind = "gauge", help = "Largest free part of it; 0 in new kernels" }
# percpu_bytes = { id = 39, type = "i64", kind = "gauge", help = "Per-CPU memory of the kernel" }
# early_memtest_bad_bytes = { id = 40, type = "i64", kind = "gauge", help = "Found bad by the memory test at boot" }
# hardware_corrupted_bytes = { id = 41, type = "i64", kind = "gauge", help = "Pages with uncorrectable errors, taken out of use" }
# anon_huge_pages_bytes = { id = 42, type = "i64", kind = "gauge", help = "Memory of programs in huge pages" }
# shmem_huge_pages_bytes = { id = 43, type = "i64", kind = "gauge", help = "Shared memory in huge pages" }
# shmem_pmd_mapped_bytes = { id = 44, type = "i64", kind = "gauge", help = "Shared memory mapped as huge pages" }
# file_huge_pages_bytes = { id = 45, type = "i64", kind = "gauge", help = "File cache in huge pages" }
# file_pmd_mapped_bytes = { id = 46, type = "i64", kind = "gauge", help = "File cache mapped as huge pages" }
# cma_total_bytes = { id = 47, type = "i64", kind = "gauge", help = "Reserved for contiguous allocations" }
# cma_free_bytes = { id = 48, type = "i64", kind = "gauge", help = "Part of that which is free" }
# unaccepted_bytes = { id = 49, type = "i64", kind = "gauge", help = "Not yet accepted by this confidential guest" }
# balloon_bytes = { id = 50, type = "i64", kind = "gauge", help = "Given back to the hypervisor" }
# hugepages = { id = 51, type = "i64", kind = "gauge", help = "Huge pages in the pool (a number of pages)" }
# hugepages_free = { id = 52, type = "i64", kind = "gauge", help = "Pool pages not in use" }
# hugepages_rsvd = { id = 53, type = "i64", kind = "gauge", help = "Pool pages promised but not yet taken" }
# hugepages_surp = { id = 54, type = "i64", kind = "gauge", help = "Pages above the pool's configured size" }
# hugepagesize_bytes = { id = 55, type = "i64", kind = "gauge", help = "Size of one huge page" }
# hugetlb_bytes = { id = 56, type = "i64", kind = "gauge", help = "Memory in huge pages of every size" }
# direct_map4k_bytes = { id = 57, type = "i64", kind = "gauge", help = "Kernel mapping in 4 KiB pages" }
# direct_map64k_bytes = { id = 58, type = "i64", kind = "gauge", help = "Kernel mapping in 64 KiB pages (POWER)" }
# direct_map2m_bytes = { id = 59, type = "i64", kind = "gauge", help = "Kernel mapping in 2 MiB pages" }
# direct_map4m_bytes = { id = 60, type = "i64", kind = "gauge", help = "Kernel mapping in 4 MiB pages" }
# direct_map1m_bytes = { id = 61, type = "i64", kind = "gauge", help = "Kernel mapping in 1 MiB pages (s390)" }
# direct_map1g_bytes = { id = 62, type = "i64", kind = "gauge", help = "Kernel mapping in 1 GiB pages" }
# direct_map2g_bytes = { id = 63, type = "i64", kind = "gauge", help = "Kernel mapping in 2 GiB pages (s390)" }
# quicklists_bytes = { id = 64, type = "i64", kind = "gauge", help = "Page table cache of old kernels" }
# high_total_bytes = { id = 65, type = "i64", kind = "gauge", help = "Memory that the kernel does not map for good (32 bits)" }
# high_free_bytes = { id = 66, type = "i64", kind = "gauge", help = "Part of it used for nothing at all" }
# low_total_bytes = { id = 67, type = "i64", kind = "gauge", help = "Memory that the kernel maps for good (32 bits)" }
# low_free_bytes = { id = 68, type = "i64", kind = "gauge", help = "Part of it used for nothing at all" }
# mmap_copy_bytes = { id = 69, type = "i64", kind = "gauge", help = "Copies for mmap(2), where there is no memory management unit" }
# shadow_call_stack_bytes = { id = 70, type = "i64", kind = "gauge", help = "Shadow call stacks of all tasks (arm64)" }
# gpu_active_bytes = { id = 71, type = "i64", kind = "gauge", help = "In use by GPU drivers" }
# gpu_reclaim_bytes = { id = 72, type = "i64", kind = "gauge", help = "Kept by GPU drivers, can be taken back" }
# direct_map16m_bytes = { id = 73, type = "i64", kind = "gauge", help = "Kernel mapping in 16 MiB pages (POWER)" }
# direct_map16g_bytes = { id = 74, type = "i64", kind = "gauge", help = "Kernel mapping in 16 GiB pages (POWER)" }
#
# [derived]
# buff_cache_bytes = { sql = "buffers_bytes + cached_bytes + coalesce(sreclaimable_bytes, 0)", help = "Buffers, file cache and kernel memory that can be taken back (free: buff/cache)" }
# used_bytes = { id = 1, type = "i64", sql = "total_bytes - CASE WHEN available_bytes IS NULL THEN free_bytes + buff_cache_bytes WHEN available_bytes > total_bytes THEN free_bytes ELSE available_bytes END", help = "In use as free(1) reckons it since procps 4: total less available; where the kernel does not tell that, as free did then" }
# used_pct = { id = 2, type = "f64", sql = "100.0 * used_bytes / nullif(total_bytes, 0)", help = "The same as a share of the total" }
# used_procps3_bytes = { sql = "CASE WHEN free_bytes + buff_cache_bytes > total_bytes THEN total_bytes - free_bytes ELSE total_bytes - free_bytes - buff_cache_bytes END", help = "In use as free(1) of procps 3.3 reckons it: total less free and buff/cache; shared memory counts as cache" }
# swap_used_bytes = { sql = "swap_total_bytes - swap_free_bytes", help = "Swap in use" }
# swap_used_pct = { sql = "100.0 * (swap_total_bytes - swap_free_bytes) / nullif(swap_total_bytes, 0)", help = "The same as a share; null without swap" }
# ///
