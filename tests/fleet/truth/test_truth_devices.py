"""Disks, file systems, interfaces and protocols beside node_exporter, psutil, iostat, df, nstat and ss."""

from __future__ import annotations

import re

import pytest

from tests.fleet.references import last_statistics
from tests.fleet.truth.beside import MEBI, Seen, average, counter, gauge


def snake(name: str) -> str:
    """`ActiveOpens` → `active_opens`; `InOctets` → `in_bytes`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.replace("Octets", "Bytes")).lower()


# disk, filesystem


def test_disks(seen: Seen) -> None:
    names = {
        "reads_total": ("reads_completed_total", 1), "reads_merged_total": ("reads_merged_total", 1), "read_bytes_total": ("read_bytes_total", 1),
        "read_ms_total": ("read_time_seconds_total", 1000), "writes_total": ("writes_completed_total", 1),
        "writes_merged_total": ("writes_merged_total", 1), "written_bytes_total": ("written_bytes_total", 1),
        "write_ms_total": ("write_time_seconds_total", 1000), "io_ms_total": ("io_time_seconds_total", 1000),
        "weighted_io_ms_total": ("io_time_weighted_seconds_total", 1000), "discards_total": ("discards_completed_total", 1),
        "discards_merged_total": ("discards_merged_total", 1), "discarded_bytes_total": ("discarded_sectors_total", 512),
        "discard_ms_total": ("discard_time_seconds_total", 1000), "flushes_total": ("flush_requests_total", 1),
        "flush_ms_total": ("flush_requests_time_seconds_total", 1000),
    }  # fmt: skip
    for column, (name, scale) in names.items():
        moved = counter(
            seen,
            "disk",
            column,
            "node",
            f'node_disk_{name}{{{{device="{{device}}"}}}}',
            scale,
            slack=0.001,
        )
        assert moved or column not in ("writes_total", "written_bytes_total", "write_ms_total", "io_ms_total")
    gauge(
        seen,
        "disk",
        "in_flight",
        "node",
        'node_disk_io_now{{device="{device}"}}',
        slack=8,
    )
    for column, name in (
        ("reads_total", "read_count"), ("writes_total", "write_count"), ("read_bytes_total", "read_bytes"), ("io_ms_total", "busy_time"),
    ):  # fmt: skip
        counter(seen, "disk", column, "psutil", f"disk {{device}} {name}")


def busiest(answer: str) -> dict[str, float]:
    found: dict[str, float] = max(last_statistics(answer)["disk"], key=lambda disk: disk["aqu-sz"])
    return found


def test_what_a_disk_did_as_iostat(seen: Seen) -> None:
    """Averages over the same 8 seconds but for their ends: within a third."""
    tool = seen.averages["iostat"]
    theirs = busiest(tool.answer)
    time_share = average(seen, "disk", tool, "dt_ms", device=theirs["disk_device"])
    mine = {
        "w/s": 1000 * time_share("writes_increase"), "r/s": 1000 * time_share("reads_increase"),
        "wkB/s": 1000 * time_share("written_bytes_increase") / 1024, "util": 100 * time_share("io_ms_increase"),
        "aqu-sz": time_share("weighted_io_ms_increase"),
    }  # fmt: skip
    assert theirs["w/s"] > 10
    assert mine == pytest.approx({name: theirs[name] for name in mine}, rel=0.33, abs=5)
    writes = average(seen, "disk", tool, "writes_increase", device=theirs["disk_device"])
    assert writes("write_ms_increase") == pytest.approx(theirs["w_await"], rel=0.4, abs=0.5)
    assert writes("written_bytes_increase") / 1024 == pytest.approx(theirs["wareq-sz"], rel=0.33, abs=2)
    short = seen.averages["iostat -s"]
    theirs = busiest(short.answer)
    assert 1000 * time_share("reads_increase") + 1000 * time_share("writes_increase") + 1000 * time_share(
        "discards_increase"
    ) == pytest.approx(theirs["tps"], rel=0.33, abs=5)


def test_file_systems_as_df(seen: Seen) -> None:
    for column, name in (
        ("size_bytes", "size"), ("used_bytes", "used"), ("available_bytes", "avail"), ("inodes", "inodes"),
        ("inodes_used", "inodes used"), ("inodes_free", "inodes free"),
    ):  # fmt: skip
        slack = 0 if name == "size" else 64 * MEBI if name in ("used", "avail") else 2000
        gauge(seen, "filesystem", column, "df", f"{{mount}} {name}", slack=slack)
    assert {row["mount"] for row in seen.rows["filesystem"]} >= {"/"}
    assert {row["state"] for row in seen.rows["filesystem"]} == {"ok"}


# network, protocol


def test_interfaces(seen: Seen) -> None:
    names = {
        "bytes": "bytes", "packets": "packets", "errors": "errs", "dropped": "drop", "fifo_errors": "fifo", "compressed": "compressed",
    }  # fmt: skip
    for way, told in (("rx", "receive"), ("tx", "transmit")):
        for column, name in names.items():
            moved = counter(
                seen, "network", f"{way}_{column}_total", "node",
                f'node_network_{told}_{name}_total{{{{device="{{interface}}"}}}}',
            )  # fmt: skip
            assert moved or column not in ("bytes", "packets")
    for column, name in (
        ("rx_frame_errors_total", "receive_frame_total"), ("rx_multicast_total", "receive_multicast_total"),
        ("tx_collisions_total", "transmit_colls_total"), ("tx_carrier_errors_total", "transmit_carrier_total"),
        ("carrier_changes_total", "carrier_changes_total"),
    ):  # fmt: skip
        counter(
            seen,
            "network",
            column,
            "node",
            f'node_network_{name}{{{{device="{{interface}}"}}}}',
        )
    gauge(
        seen,
        "network",
        "mtu_bytes",
        "node",
        'node_network_mtu_bytes{{device="{interface}"}}',
    )
    for column, name in (
        ("rx_bytes_total", "bytes_recv"),
        ("tx_packets_total", "packets_sent"),
        ("rx_dropped_total", "dropin"),
    ):
        counter(seen, "network", column, "psutil", f"net {{interface}} {name}")


def test_protocols(seen: Seen) -> None:
    """Every counter that nstat and node_exporter have under the same name; sockets as ss counts them."""
    columns = set(seen.rows["protocol"][0])
    nstat = {name: f"{snake(name)}_total" for name in seen.records["nstat"].numbers[0]}
    same = {name: column for name, column in nstat.items() if column in columns}
    assert len(same) > 60
    moved = {column: counter(seen, "protocol", column, "nstat", name) for name, column in same.items()}
    assert (
        min(
            moved[f"{name}_total"]
            for name in (
                "tcp_in_segs",
                "tcp_out_segs",
                "udp_in_datagrams",
                "udp_out_datagrams",
                "ip_in_receives",
            )
        )
        > 100
    )
    for name in seen.records["node"].numbers[0]:
        group = re.match(r"node_netstat_(Tcp|Udp|Ip|Icmp|Udp6|Ip6|Icmp6)(?:Ext)?_(\w+)", name)
        column = f"{group[1].lower()}_{snake(group[2].removeprefix('TCP'))}_total" if group else ""
        if column in columns:
            counter(seen, "protocol", column, "node", name)
    for column, name in (
        ("tcp_curr_estab", "estab"), ("sockets_tcp_orphan", "orphaned"), ("sockets_tcp_tw", "timewait"), ("sockets_tcp_inuse", "TCP"),
        ("sockets_udp_inuse", "UDP"), ("sockets_raw_inuse", "RAW"), ("sockets_frag_inuse", "FRAG"), ("sockets_tcp6_inuse", "TCP6"),
        ("sockets_udp6_inuse", "UDP6"), ("sockets_raw6_inuse", "RAW6"),
    ):  # fmt: skip
        gauge(seen, "protocol", column, "ss", name, slack=20 if name == "timewait" else 6)
    gauge(seen, "protocol", "sockets_used", "node", "node_sockstat_sockets_used", slack=20)
    gauge(
        seen,
        "protocol",
        "sockets_tcp_mem_bytes",
        "node",
        "node_sockstat_TCP_mem_bytes",
        slack=8 * MEBI,
    )


def test_soft_interrupts_of_the_network(seen: Seen) -> None:
    record = seen.records["node"]
    for numbers in record.numbers:
        for name in ("processed", "dropped", "times_squeezed"):
            numbers[f"softnet {name}"] = sum(
                v for k, v in numbers.items() if k.startswith(f"node_softnet_{name}_total")
            )
    for column, name in (
        ("processed", "processed"),
        ("dropped", "dropped"),
        ("time_squeeze", "times_squeezed"),
    ):
        counter(seen, "protocol", f"softnet_{column}_total", "node", f"softnet {name}")
