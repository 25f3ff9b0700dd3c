#!/bin/sh
# /// probe
# help    = "Pools of ZFS: how full, and how sound."
# source  = "zpool list, zpool status"
# docs    = "https://openzfs.github.io/openzfs-docs/man/master/8/zpool-list.8.html"
# every   = "5m"
# timeout = "20s"
# parse   = "fields"
#
# [columns]
# pool = { id = 1, type = "str", kind = "label", help = "Name of the pool" }
# state = { id = 2, type = "str", kind = "text", help = "ONLINE, DEGRADED, FAULTED, OFFLINE, UNAVAIL, SUSPENDED" }
# size_bytes = { id = 3, type = "i64", kind = "gauge", help = "All of it, parity too" }
# used_bytes = { id = 4, type = "i64", kind = "gauge", help = "What is allocated" }
# free_bytes = { id = 5, type = "i64", kind = "gauge", help = "What is not" }
# fragmented_pct = { id = 6, type = "i64", kind = "gauge", help = "How much the free space is in pieces; null where that is not known" }
# read_errors = { id = 7, type = "i64", kind = "gauge", help = "Read errors of its devices since they were cleared" }
# write_errors = { id = 8, type = "i64", kind = "gauge", help = "Write errors" }
# checksum_errors = { id = 9, type = "i64", kind = "gauge", help = "Blocks that were not what they should be" }
# scan = { id = 10, type = "str", kind = "text", help = "What the last, or the running, scrub or resilver says" }
#
# [derived]
# used_pct = { sql = "100.0 * used_bytes / nullif(size_bytes, 0)", help = "How full it is" }
# ///
command -v zpool >/dev/null 2>&1 || exit 69
[ -e "$LIVEDATA_PROC/spl" ] || exit 69 # without the module zpool would wait for it, or load it

list=$(zpool list -H -p -o name,health,size,allocated,free,fragmentation) || exit 1
[ -n "$list" ] || exit 0
status=$(zpool status -p 2>/dev/null) || status=$(zpool status) || exit 1
{ printf '%s\n' "$status"; echo "= list"; printf '%s\n' "$list"; } | awk '
  function add(sum, text) { return sum == "-" || text !~ /^[0-9]+$/ ? "-" : sum + text }
  function value(of, name) { return name in of ? of[name] : "-" }
  # Only what nothing else hangs from is a device: the line below it is not further to the right.
  function device() {
    if (!counted) return
    reads[pool] = add(reads[pool], r); writes[pool] = add(writes[pool], w); checksums[pool] = add(checksums[pool], c)
    counted = 0
  }
  $0 == "= list" { listing = 1; next }
  listing {
    sub(/%$/, "", $6)
    print $1, $2, $3, $4, $5, $6, value(reads, $1), value(writes, $1), value(checksums, $1), value(scans, $1)
    next
  }
  $1 == "pool:" { pool = $2; table = 0; reads[pool] = writes[pool] = checksums[pool] = 0; next }
  $1 == "scan:" { sub(/^ *scan: */, ""); scans[pool] = $0; next }
  $1 == "NAME" && $3 == "READ" { table = 1; counted = 0; next }
  !table { next }
  NF < 5 || $1 == "errors:" { device(); if (!NF || $1 == "errors:") table = 0; next }
  {
    match($0, /^[ \t]*/)
    if (RLENGTH <= indent) device()
    indent = RLENGTH; r = $3; w = $4; c = $5; counted = 1
  }'
