"""What kernels say is recognised. The messages are written by hand after the formats in the kernel's source, of the versions named."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from livedata.errors import QueryError
from livedata.model.batch import Batch
from livedata.model.columns import stored_columns
from livedata.model.probe import Column, Probe
from livedata.query.above import standing
from livedata.query.engine import ask
from livedata.query.kernel import EVENTS, KERNEL_EVENT
from livedata.store.writer import Writer

START = 1_785_024_000_000_000
LOG = Probe(
    "log",
    "Messages.",
    (
        Column("ts", 1, "ts", "time"),
        Column("transport", 2, "str", "text"),
        Column("identifier", 3, "str", "text"),
        Column("message", 4, "str", "text"),
    ),
    mined="message",
)

SAID: list[tuple[str, str, dict[str, Any]]] = [
    ("oom", "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/system.slice/shop.service,task_memcg=/system.slice/shop.service/w,task=python3,pid=4242,uid=1000",
     {"process": "python3", "pid": 4242, "uid": 1000, "cgroup": "/system.slice/shop.service/w", "constraint": "CONSTRAINT_MEMCG", "limited": "/system.slice/shop.service"}),  # 6.1
    ("oom", "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=init.scope,mems_allowed=0,global_oom,task_memcg=/user.slice/user-0.slice,task=a,b=(x),pid=7,uid=0",
     {"process": "a,b=(x)", "pid": 7, "cgroup": "/user.slice/user-0.slice"}),  # 5.10
    ("oom_kill", "Memory cgroup out of memory: Killed process 4242 (python3) total-vm:1048576kB, anon-rss:524288kB, file-rss:1024kB, shmem-rss:0kB, UID:1000 pgtables:1100kB oom_score_adj:0",
     {"process": "python3", "pid": 4242, "uid": 1000, "total_vm_bytes": 2**30, "anon_rss_bytes": 2**29, "file_rss_bytes": 2**20, "shmem_rss_bytes": 0, "page_tables_kb": "1100"}),  # 6.1
    ("oom_kill", "Out of memory: Killed process 1 (a (b) c) total-vm:8kB, anon-rss:4kB, file-rss:0kB, shmem-rss:4kB, UID:0 pgtables:40kB oom_score_adj:-900", {"process": "a (b) c", "oom_score_adj": "-900"}),  # 5.15
    ("oom_kill", "Killed process 300 (java) total-vm:900kB, anon-rss:800kB, file-rss:0kB", {"process": "java", "anon_rss_bytes": 819_200, "shmem_rss_bytes": None}),  # 3.10
    ("oom_kill", "Killed process 300 (java), UID 1000, total-vm:900kB, anon-rss:800kB, file-rss:0kB, shmem-rss:0kB", {"process": "java", "total_vm_bytes": 921_600}),  # RHEL 7's 3.10
    ("oom_invoked", "python3 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0", {"process": "python3", "order": "0"}),
    ("segfault", "nginx[812]: segfault at 7f12 ip 00007f1200 sp 00007ffd00 error 4 in libc.so.6[7f1200000000+195000] likely on CPU 1 (core 1, socket 0)",
     {"process": "nginx", "pid": 812, "object": "libc.so.6", "address": "7f12"}),  # 6.1
    ("segfault", "a[b][9]: segfault at 0 ip 0000000000401136 sp 00007ffe error 6", {"process": "a[b]", "pid": 9, "object": None}),
    ("segfault", "app[77]: unhandled level 2 translation fault (11) at 0x00000000, esr 0x92000006", {"process": "app", "pid": 77}),  # arm64, 4.14
    ("trap", "traps: chrome[55] trap invalid opcode ip:55d0 sp:7ffe error:0 in chrome[55d0+1000]", {"process": "chrome", "pid": 55, "detail": "invalid opcode"}),  # 6.1
    ("trap", "traps: x[1] general protection fault ip:7f sp:7e error:0 in libc.so.6[7f+1]", {"detail": "general protection fault"}),  # 5.10
    ("hung_task", "INFO: task jbd2/sda1-8:210 blocked for more than 120 seconds.", {"process": "jbd2/sda1-8", "pid": 210, "seconds": "120"}),
    ("soft_lockup", "watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kworker/3:1:123]", {"process": "kworker/3:1", "pid": 123, "cpu": "3"}),  # 5.10
    ("soft_lockup", "NMI watchdog: BUG: soft lockup - CPU#0 stuck for 23s! [mysqld:9]", {"process": "mysqld"}),  # 3.10
    ("hard_lockup", "NMI watchdog: Watchdog detected hard LOCKUP on cpu 1", {"cpu": "1"}),
    ("rcu_stall", "rcu: INFO: rcu_sched self-detected stall on CPU", {"flavour": "rcu_sched"}),
    ("rcu_stall", "INFO: rcu_preempt detected stalls on CPUs/tasks:", {"flavour": "rcu_preempt"}),
    ("panic", "Kernel panic - not syncing: Fatal exception in interrupt", {"detail": "Fatal exception in interrupt"}),
    ("bug", "BUG: kernel NULL pointer dereference, address: 0000000000000008", {"detail": "kernel NULL pointer dereference, address: 0000000000000008"}),
    ("bug", "kernel BUG at mm/slub.c:305!", {"place": "mm/slub.c:305"}),
    ("oops", "Oops: 0000 [#1] PREEMPT SMP PTI", {}),
    ("warning", "WARNING: CPU: 1 PID: 123 at net/core/dev.c:12 netif_x+0x1/0x2 [mod]", {"pid": 123, "place": "net/core/dev.c:12"}),
    ("filesystem_error", "EXT4-fs error (device sda1): ext4_lookup:1785: inode #2: comm ls: deleted inode referenced: 12", {"device": "sda1"}),
    ("filesystem_read_only", "EXT4-fs (dm-0): Remounting filesystem read-only", {"device": "dm-0"}),
    ("filesystem_error", "XFS (dm-1): Metadata corruption detected at xfs_agi_verify, block 0x2", {"device": "dm-1"}),
    ("filesystem_error", "XFS (sdb1): log I/O error -5", {"detail": "log I/O error -5"}),
    ("filesystem_error", "BTRFS error (device sda2): bdev /dev/sda2 errs: wr 1, rd 0, flush 0, corrupt 0, gen 0", {"device": "sda2"}),
    ("filesystem_error", "BTRFS: error (device dm-0) in btrfs_commit_transaction:2418: errno=-5 IO failure", {"device": "dm-0"}),
    ("filesystem_read_only", "BTRFS info (device dm-0): forced readonly", {"device": "dm-0"}),
    ("nfs_timeout", "nfs: server 10.0.0.9 not responding, still trying", {"device": "10.0.0.9"}),
    ("io_error", "I/O error, dev sda, sector 2048 op 0x1:(WRITE) flags 0x800 phys_seg 1 prio class 2", {"device": "sda", "sector": "2048", "operation": "0x1:(WRITE)"}),  # 6.1
    ("io_error", "blk_update_request: critical medium error, dev sdb, sector 9 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 0", {"detail": "critical medium error", "device": "sdb"}),  # 5.10
    ("io_error", "end_request: I/O error, dev fd0, sector 0", {"device": "fd0", "operation": None}),  # 3.10
    ("io_error", "Buffer I/O error on dev sda1, logical block 5, lost async page write", {"device": "sda1", "block": "5", "operation": "lost async page write"}),
    ("ata_error", "ata1.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x6 frozen", {"device": "ata1.00"}),
    ("io_timeout", "nvme nvme0: I/O 128 QID 4 timeout, aborting", {"device": "nvme0"}),
    ("raid_failure", "md/raid1:md0: Disk failure on sdb1, disabling device.", {"device": "sdb1", "array": "md0"}),
    ("link_up", "e1000e 0000:00:19.0 eno1: NIC Link is Up 1000 Mbps Full Duplex, Flow Control: Rx/Tx", {"device": "eno1", "speed": "1000 Mbps"}),
    ("link_down", "e1000e 0000:00:19.0 eno1: NIC Link is Down", {"device": "eno1"}),
    ("link_up", "igb 0000:01:00.0 eno2: igb: eno2 NIC Link is Up 1000 Mbps Full Duplex", {"device": "eno2"}),
    ("link_up", "r8169 0000:03:00.0 enp3s0: Link is Up - 1Gbps/Full - flow control rx/tx", {"device": "enp3s0", "speed": "1Gbps"}),
    ("link_down", "mlx5_core 0000:3b:00.0 ens1f0: Link down", {"device": "ens1f0"}),
    ("link_up", "ata1: SATA link up 6.0 Gbps (SStatus 133 SControl 300)", {"device": "ata1", "speed": "6.0 Gbps"}),
    ("link_down", "bond0: (slave eth1): link status definitely down, disabling slave", {"device": "eth1"}),
    ("link_up", "IPv6: ADDRCONF(NETDEV_CHANGE): eth0: link becomes ready", {"device": "eth0"}),
    ("machine_check", "mce: [Hardware Error]: Machine check events logged", {"detail": "Machine check events logged"}),
    ("machine_check", "EDAC MC0: 1 CE memory read error on CPU_SrcID#0_Ha#0_Chan#1_DIMM#0", {"device": "MC0", "count": "1"}),
    ("thermal_throttle", "mce: CPU3: Core temperature above threshold, cpu clock throttled (total events = 12)", {"cpu": "3", "count": "12"}),
    ("conntrack_full", "nf_conntrack: nf_conntrack: table full, dropping packet", {}),
    ("syn_flood", "TCP: request_sock_TCP: Possible SYN flooding on port 80. Sending cookies.", {"port": "80"}),
]  # fmt: skip
QUIET = [
    "Linux version 6.1.0-25-amd64 (debian-kernel@lists.debian.org)",
    "EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.",
    "XFS (dm-0): Ending clean mount",
    'audit: type=1400 apparmor="DENIED"',
    "",
]
COLUMNS = {column.name for column in KERNEL_EVENT.columns}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every message as the kernel's own; then one with its time before it, as a file has it, and what another program says."""
    root = tmp_path_factory.mktemp("kernel") / "store"
    said = [message for _, message, _ in SAID] + QUIET
    rows: list[tuple[int, str | None, str, str]] = [
        (START + n, "kernel", "kernel", m) for n, m in enumerate(said)
    ]
    rows.append((START + len(rows), None, "kernel", f"[12345.678901] {SAID[2][1]}"))
    rows.append((START + len(rows), "syslog", "app", SAID[2][1]))
    with Writer.open(root, purpose="test", now_us=START) as writer:
        assert writer.append([Batch(LOG, "web-01", START, rows[:20])], START) == []
        writer.seal(START)
        assert writer.append([Batch(LOG, "web-01", START, rows[20:])], START) == []
    return root


@pytest.fixture(scope="module")
def found(store: Path) -> dict[str, dict[str, Any]]:
    rows = ask(store, "SELECT * FROM kernel_event ORDER BY ts").table.to_pylist()
    return {row["message"]: {**row, **dict(row["fields"])} for row in rows}


@pytest.mark.parametrize(("kind", "message", "fields"), SAID, ids=[message[:40] for _, message, _ in SAID])
def test_a_message(found: dict[str, dict[str, Any]], kind: str, message: str, fields: dict[str, Any]) -> None:
    row = found[message]
    assert {"kind": row["kind"]} | {name: row[name] for name in fields} == {"kind": kind} | fields


def test_nothing_else_is_an_event(found: dict[str, dict[str, Any]]) -> None:
    assert found.keys() == {message for _, message, _ in SAID} | {f"[12345.678901] {SAID[2][1]}"}
    assert found[f"[12345.678901] {SAID[2][1]}"]["anon_rss_bytes"] == 2**29


def test_every_kind_is_tried() -> None:
    assert {kind for kind, _, _ in SAID} == {event.kind for event in EVENTS}


def test_the_view_has_the_columns_that_it_says(store: Path) -> None:
    described = ask(store, "DESCRIBE kernel_event").table.to_pylist()
    assert [row["column_name"] for row in described] == [c.name for c in stored_columns(KERNEL_EVENT)]
    assert "kernel_event" in ask(store, "SHOW TABLES").table["name"].to_pylist()


def names(sql: str, store: Path) -> Sequence[Any]:
    return ask(store, sql).table.columns[0].to_pylist()


def test_it_can_be_narrowed_and_joined(store: Path) -> None:
    assert names(f"SELECT count(*) FROM kernel_event WHERE ts < make_timestamptz({START})", store) == [0]
    sql = (
        "SELECT k.kind FROM kernel_event k JOIN log l USING (host, ts) WHERE kind = 'oom' AND host = 'web-01'"
    )
    assert names(sql, store) == ["oom", "oom"]
    assert names("WITH kernel_event AS (SELECT 1 AS one) SELECT one FROM kernel_event", store) == [1]


def test_without_a_log_there_is_none(tmp_path: Path) -> None:
    bare = Probe("log", "Messages.", (Column("ts", 1, "ts", "time"), Column("message", 2, "str", "text")))
    with Writer.open(tmp_path / "store", purpose="test", now_us=START) as writer:
        writer.append([Batch(bare, "h", START, [(START, "x")])], START)
    with pytest.raises(QueryError, match="there is no table kernel_event"):
        ask(tmp_path / "store", "FROM kernel_event")
    assert standing({"log": LOG, "kernel_event": LOG}) == {}
