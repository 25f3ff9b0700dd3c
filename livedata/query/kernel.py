"""What the kernel says of trouble, by kind and with its numbers: the definitions of the view `kernel_event` over `log`, one line each.

A pattern (RE2) is tried on each entry of the kernel, the first that matches gives the kind. A group with a column's name fills that
column, any other stands in `fields`. Source: the formats of printk() in the kernel's own source, versions 3.10 to 6.12.
"""

from __future__ import annotations

from ..model.probe import Column, Probe
from .events import Event, column_sql, group_sql, groups, kind_sql, nth_sql
from .views import literal

EVENTS = (
    # mm/oom_kill.c
    Event("oom", r"^oom-kill:constraint=(?P<constraint>\w+),.*(?:oom_memcg=(?P<limited>[^,]*)|global_oom),task_memcg=(?P<cgroup>[^,]*),task=(?P<process>.*),pid=(?P<pid>\d+),uid=(?P<uid>\d+)"),
    Event("oom_kill", r"Killed process (?P<pid>\d+) \((?P<process>.*)\),?(?: UID \d+,)? total-vm:(?P<total_vm>\d+)kB, anon-rss:(?P<anon_rss>\d+)kB, file-rss:(?P<file_rss>\d+)kB(?:, shmem-rss:(?P<shmem_rss>\d+)kB)?(?:, UID:(?P<uid>\d+))?(?: pgtables:(?P<page_tables_kb>\d+)kB)?(?: oom_score_adj:(?P<oom_score_adj>-?\d+))?"),
    Event("oom_invoked", r"^(?P<process>.*) invoked oom-killer: gfp_mask=(?P<gfp_mask>[^,]+).*order=(?P<order>-?\d+)(?:, oom_score_adj=(?P<oom_score_adj>-?\d+))?"),
    # arch/x86/mm/fault.c, arch/x86/kernel/traps.c, arch/arm64/kernel/traps.c
    Event("segfault", r"^(?P<process>.*)\[(?P<pid>\d+)\]: segfault at (?P<address>[0-9a-f]+) ip (?P<ip>[0-9a-f]+) sp (?P<sp>[0-9a-f]+) error (?P<error>\w+)(?: in (?P<object>[^\[]+)\[)?"),
    Event("segfault", r"^(?P<process>.*)\[(?P<pid>\d+)\]: unhandled .*fault \(11\) at (?P<address>0x[0-9a-f]+)"),
    Event("trap", r"^traps: (?P<process>.*)\[(?P<pid>\d+)\]:? (?:trap )?(?P<detail>[a-z][a-z0-9 ]*) ip:(?P<ip>[0-9a-f]+) sp:(?P<sp>[0-9a-f]+) error:(?P<error>\w+)(?: in (?P<object>[^\[]+)\[)?"),
    # kernel/hung_task.c, kernel/watchdog.c, kernel/rcu/tree_stall.h
    Event("hung_task", r"^INFO: task (?P<process>.*):(?P<pid>\d+) .*blocked.* for more than (?P<seconds>\d+) seconds"),
    Event("soft_lockup", r"BUG: soft lockup - CPU#(?P<cpu>\d+) stuck for (?P<seconds>\d+)s! \[(?P<process>.*):(?P<pid>\d+)\]"),
    Event("hard_lockup", r"hard LOCKUP on cpu (?P<cpu>\d+)"),
    Event("rcu_stall", r"INFO: (?P<flavour>rcu\w*) (?:self-)?detected (?:expedited )?stalls? on (?P<detail>.*)"),
    # kernel/panic.c, lib/bug.c, arch/*/mm/fault.c
    Event("panic", r"^Kernel panic - not syncing: (?P<detail>.*)"),
    Event("bug", r"^(?:BUG: (?P<detail>(?:kernel|unable to handle) .*)|kernel BUG at (?P<place>\S+:\d+)!)"),
    Event("oops", r"^(?:Internal error: )?Oops\b(?P<detail>.*)"),
    Event("warning", r"^WARNING: CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) at (?P<place>\S+:\d+) ?(?P<detail>.*)"),
    # fs/ext4/super.c, fs/xfs/, fs/btrfs/messages.c, fs/f2fs/super.c, net/sunrpc/clnt.c
    Event("filesystem_read_only", r"^EXT[234]-fs (?:error )?\((?:device )?(?P<device>[^)]+)\): (?P<detail>Remounting filesystem read-only)"),
    Event("filesystem_read_only", r"^BTRFS:? (?:info|error) \(device (?P<device>[^)]+)\):? (?P<detail>forced readonly)"),
    Event("filesystem_error", r"^EXT[234]-fs (?:error|warning) \(device (?P<device>[^)]+)\): (?P<detail>.*)"),
    Event("filesystem_error", r"^XFS \((?P<device>[^)]+)\): (?P<detail>.*(?:[Cc]orrupt|[Ee]rror|shut ?down|[Ss]hutting down).*)"),
    Event("filesystem_error", r"^BTRFS:? (?:error|critical|warning) \(device (?P<device>[^)]+)\):? (?P<detail>.*)"),
    Event("filesystem_error", r"^F2FS-fs \((?P<device>[^)]+)\): (?P<detail>.*(?:[Cc]orrupt|[Ee]rror|[Ii]nconsistent).*)"),
    Event("filesystem_error", r"^(?:FAT|ISOFS|SQUASHFS|EROFS)-?fs? (?:error )?\((?:dev |device )?(?P<device>[^)]+)\): (?P<detail>.*)"),
    Event("nfs_timeout", r"^nfs: server (?P<device>\S+) (?P<detail>not responding.*)"),
    # block/blk-core.c, fs/buffer.c, drivers/ata/libata-*.c, drivers/nvme/host/pci.c, drivers/md/
    Event("io_error", r"^(?:blk_update_request: |end_request: |print_req_error: )?(?P<detail>[A-Za-z/]+(?: [a-z]+)* error), dev (?P<device>[^, ]+), sector (?P<sector>\d+)(?: op (?P<operation>\S+))?"),
    Event("io_error", r"^(?P<detail>Buffer I/O error) on dev(?:ice)? (?P<device>[^, ]+), logical block (?P<block>\d+)(?:, (?P<operation>.*))?"),
    Event("ata_error", r"^(?P<device>ata\d+(?:\.\d+)?): (?P<detail>exception Emask .*|failed command: .*|hard resetting link)"),
    Event("io_timeout", r"^nvme (?P<device>nvme\w+): (?P<detail>I/O .*timeout.*|controller is down.*)"),
    Event("raid_failure", r"^md/raid\w*:(?P<array>[^:]+): Disk failure on (?P<device>\S+), (?P<detail>.*)"),
    # drivers/ata/libata-core.c, drivers/net/: each driver has words of its own
    Event("link_up", r"^(?P<device>ata\d+(?:\.\d+)?): SATA link up (?P<speed>[0-9.]+ Gbps)"),
    Event("link_down", r"^(?P<device>ata\d+(?:\.\d+)?): SATA link down"),
    Event("link_up", r"(?:^|[ :])(?P<device>[\w.@-]+):? (?:NIC )?[Ll]ink (?:is )?[Uu]p\b(?:[^0-9]*(?P<speed>[0-9.]+ ?[GM]bps))?"),
    Event("link_down", r"(?:^|[ :])(?P<device>[\w.@-]+):? (?:NIC )?[Ll]ink (?:is )?[Dd]own\b"),
    Event("link_up", r"^(?:IPv6: )?ADDRCONF\(NETDEV_(?:CHANGE|UP)\): (?P<device>\S+): link becomes ready"),
    Event("link_down", r"\(slave (?P<device>\S+)\): link status definitely down"),
    Event("link_up", r"\(slave (?P<device>\S+)\): link status definitely up(?:, (?P<speed>\d+ [GM]bps))?"),
    # arch/x86/kernel/cpu/mce/, drivers/edac/edac_mc.c, drivers/thermal/intel/therm_throt.c
    Event("machine_check", r"^(?:mce: )?\[Hardware Error\]: (?P<detail>.*)"),
    Event("machine_check", r"^EDAC (?P<device>MC\d+): (?P<count>\d+) (?P<detail>[CU]E .*)"),
    Event("thermal_throttle", r"CPU(?P<cpu>\d+): (?P<detail>(?:Core|Package) temperature above threshold), cpu clock throttled \(total events = (?P<count>\d+)\)"),
    # net/netfilter/nf_conntrack_core.c, net/ipv4/tcp_input.c
    Event("conntrack_full", r"nf_conntrack: table full, (?P<detail>dropping packet)"),
    Event("syn_flood", r"Possible SYN flooding on port (?P<port>\S+?)\.? (?P<detail>Sending cookies|Dropping request)"),
)  # fmt: skip

KILOBYTES = ("total_vm", "anon_rss", "file_rss", "shmem_rss")
"""Groups whose column ends in `_bytes`."""

KERNEL_EVENT = Probe(
    "kernel_event",
    "What the kernel said of trouble in `log`: out of memory, crashes, hangs, disks, links, hardware.",
    (
        Column("ts", 1, "ts", "time", "When it was logged"),
        Column("boot_id", 2, "str", "text", "The boot it is from"),
        Column("kind", 3, "str", "text", ", ".join(dict.fromkeys(event.kind for event in EVENTS))),
        Column("process", 4, "str", "text", "Name of the process (as the kernel has it: 15 characters)"),
        Column("pid", 5, "i64", "text", "Its process id"),
        Column("uid", 6, "i64", "text", "Its user"),
        Column("cgroup", 7, "str", "text", "Its control group"),
        Column("device", 8, "str", "text", "Disk, filesystem, network card or controller"),
        Column("total_vm_bytes", 9, "i64", "gauge", "Address space of the process that was killed"),
        Column("anon_rss_bytes", 10, "i64", "gauge", "Its memory that is no file's"),
        Column("file_rss_bytes", 11, "i64", "gauge", "Its memory that is files'"),
        Column("shmem_rss_bytes", 12, "i64", "gauge", "Its shared memory"),
        Column("detail", 13, "str", "text", "What went wrong, in the kernel's words"),
        Column("fields", 14, "map", "text", "What else the message tells, by name"),
        Column("message", 15, "str", "text", "The whole message"),
        Column(
            "transport",
            16,
            "str",
            "text",
            "How it came: `kernel`; anything else was written by who calls itself so, as into a file",
        ),
    ),
    source="log",
    every=0.0,
)
NEEDS = ("transport", "identifier", "message")
"""The columns of `log` without which there is no such view."""

_STAMP = r"^\[ *[0-9]+\.[0-9]+\] "
"""Kernel time at the beginning of a line, as syslog daemons leave it there."""


def _fields() -> str:
    """The groups that have no column, of each pattern."""
    columns = {column.name for column in KERNEL_EVENT.columns} | {*KILOBYTES}
    cases = []
    for n, event in enumerate(EVENTS):
        own = {name: at for name, at in groups(event).items() if name not in columns}
        values = (f"nullif(regexp_extract(said, {literal(event.pattern)}, {at}), '')" for at in own.values())
        if own:
            keys = ", ".join(map(literal, own))
            cases.append(f"WHEN {n} THEN map([{keys}], [{', '.join(values)}])")
    return f"CASE nth {' '.join(cases)} ELSE MAP {{}}::MAP(VARCHAR, VARCHAR) END"


def _column(column: Column) -> str:
    if column.name in ("ts", "boot_id", "message", "transport"):
        return column.name
    if column.name == "kind":
        return f"{kind_sql(EVENTS)} AS kind"
    if column.name == "fields":
        return f"{_fields()} AS fields"
    group = column.name.removesuffix("_bytes")
    if group in KILOBYTES:
        return f"TRY_CAST({group_sql(EVENTS, 'said', group)} AS BIGINT) * 1024 AS {column.name}"
    return column_sql(EVENTS, "said", column)


def kernel_event_sql() -> str:
    """The SELECT over `log` that the view is."""
    return (
        f"SELECT host, {', '.join(map(_column, KERNEL_EVENT.columns))} FROM (SELECT *, {nth_sql(EVENTS, 'said')} AS nth FROM "
        f"(SELECT ts, host, boot_id, message, transport, regexp_replace(message, {literal(_STAMP)}, '') AS said FROM log "
        "WHERE transport = 'kernel' OR identifier = 'kernel')) WHERE nth IS NOT NULL"
    )
