"""Kernel files: what the recordings can't show, such as every process name there could be."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.model.reading import ParseError, Reading
from livedata.parse import PARSERS
from livedata.parse.diskstats import kind
from livedata.parse.mounts import unescape
from livedata.parse.pidstat import page_bytes
from livedata.probe.load import load_probes
from livedata.transport.framing import split_files

PROBES = load_probes()
REST = "S 0 1 1 0 -1 4194560 11 22 33 44 55 66 77 88 20 -5 3 0 1000 6553600 50 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 2 0 0"
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=15)
NASTY_NAMES = st.one_of(
    NAMES,
    st.text("()\n 1S", max_size=15),
    st.sampled_from(["\n1 (x) S 0 1 1", "\n==> /proc/1 <=", ") S 0", "\n==> ", " <==\n"]),
)


def processes(reading: Reading) -> list[dict[str, object]]:
    names = [column.name for column in PROBES["process"].columns]
    return [dict(zip(names, row, strict=True)) for row in PARSERS["pidstat"](PROBES["process"], reading)]


@given(st.lists(NASTY_NAMES, min_size=1, max_size=5))
def test_no_name_forges_another_process(names: list[str]) -> None:
    files = {f"/proc/{pid}/stat": f"{pid} ({name}) {REST}\n" for pid, name in enumerate(names, 100)}
    rows = processes(Reading(files))
    assert [(row["pid"], row["name"], row["ppid"]) for row in rows] == [
        (pid, name, 0) for pid, name in enumerate(names, 100)
    ]


@given(st.lists(NASTY_NAMES.filter(lambda name: len(name.encode()) < 16), min_size=1, max_size=5))
def test_nor_in_what_head_prints(names: list[str]) -> None:
    """The same through the text of `head FILE…`, whose headers a name may imitate."""
    text = "\n".join(
        f"==> /proc/{pid}/stat <==\n{pid} ({name}) {REST}\n" for pid, name in enumerate(names, 100)
    )
    rows = processes(Reading(split_files(text)))
    assert [(row["pid"], row["name"]) for row in rows] == list(enumerate(names, 100))


def test_a_real_head_over_hostile_names(tmp_path: Path) -> None:
    names = ["plain", "\n1 (x) S 0 1 1", "a) R 1 (b", "\n==> /proc/7\n"]
    for pid, name in enumerate(names, 100):
        (tmp_path / f"{pid}").mkdir()
        (tmp_path / f"{pid}" / "stat").write_text(f"{pid} ({name}) {REST}\n")
    files = sorted(str(file) for file in tmp_path.glob("*/stat"))
    said = subprocess.run(["head", "-n", "99999", *files], capture_output=True, text=True, check=True).stdout
    rows = processes(Reading(split_files(said, [(str(tmp_path), "/proc")])))
    assert [row["name"] for row in rows] == names


def test_one_that_vanished_is_left_out_and_so_is_the_reader() -> None:
    files = {
        "/proc/100/stat": f"100 (a) {REST}\n",
        "/proc/101/stat": "",
        "/proc/102/stat": f"102 (head) {REST}\n",
        "/proc/self/stat": f"102 (head) {REST}\n",
    }
    assert [row["pid"] for row in processes(Reading(files))] == [100]


@pytest.mark.parametrize(
    "text",
    [f"101 (a) {REST}", "100 (a", "100 a S", f"100 (a) {REST[:30]}", f"100 (a) {REST.replace('-1', 'x').replace(' 11 ', ' y ')}",
     f"100 (a) {REST.replace(' 55 ', ' -55 ')}", f"100 (a) {REST.replace('S 0', 'SS 0')}", f"100 (a) {REST.replace(' 55 ', ' 1' + 19 * '0' + ' ')}"],
)  # fmt: skip
def test_a_text_that_is_not_that_of_its_pid_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="100"):
        processes(Reading({"/proc/100/stat": text}))


@pytest.mark.parametrize("page", [4096, 8192, 16384, 65536])
def test_the_page_size_is_told_by_the_reader_itself(page: int) -> None:
    stat = f"5 (head) {REST.replace('6553600', str(732 * page))}"
    reading = Reading(
        {
            "/proc/self/stat": stat,
            "/proc/self/statm": "732 459 432 6 0 89 0\n",
            "/proc/1/stat": f"1 (a) {REST}",
        }
    )
    assert page_bytes(reading) == page
    assert processes(reading)[0]["rss_bytes"] == 50 * page


@pytest.mark.parametrize(
    "files",
    [{}, {"/proc/self/stat": f"5 (a) {REST}"}, {"/proc/self/stat": f"5 (a) {REST}", "/proc/self/statm": "0"},
     {"/proc/self/stat": f"5 (a) {REST}", "/proc/self/statm": "1"}],
)  # fmt: skip
def test_without_it_memory_in_pages_is_unknown(files: dict[str, str]) -> None:
    reading = Reading({**files, "/proc/1/stat": f"1 (a) {REST}"})
    assert page_bytes(reading) is None
    assert processes(reading)[0]["rss_bytes"] is None


@pytest.mark.parametrize(
    ("device", "expected"),
    [("sda", "disk"), ("sda1", "partition"), ("sdaa", "disk"), ("sdb1", "disk"), ("nvme0n1", "disk"), ("nvme0n1p2", "partition"),
     ("dm-1", "dm"), ("dm-12", "dm"), ("loop1", "loop"), ("loop12", "loop"), ("loop1p1", "partition"), ("xvda1", "disk"),
     ("sr0", "optical"), ("srx", "disk"), ("ram0", "ram"), ("zram0", "zram"), ("md_d0", "md"), ("ubiblock0_0", "flash")],
)  # fmt: skip
def test_kinds_of_block_devices(device: str, expected: str) -> None:
    devices = {"sda", "nvme0n1", "dm-1", "loop1", device}
    assert kind(device, devices) == expected


@given(st.text("ab \t\n\\0415", max_size=20))
def test_what_the_kernel_escapes_comes_back(path: str) -> None:
    """mangle_path() in the kernel: blank, tab, newline and backslash as three octal digits."""
    assert unescape("".join(f"\\{ord(c):03o}" if c in " \t\n\\" else c for c in path)) == path


def test_missing_is_not_zero() -> None:
    row = PARSERS["loadavg"](PROBES["load"], Reading({"/proc/loadavg": "0.00 0.01 0.05 1/100 5\n"}))[0]
    values = dict(zip([column.name for column in PROBES["load"].columns], row, strict=True))
    assert values["load5"] == 1
    assert {
        values[name] for name in ("runnable", "forks_total", "open_files", "uptime_seconds", "boot_time")
    } == {None}


def test_guests_time_is_not_counted_twice() -> None:
    row = PARSERS["cpu"](
        PROBES["cpu"], Reading({"/proc/stat": "cpu  10 5 1 1 1 1 1 1 11 2\ncpu0 1 1 1 1\n"})
    )[0]
    values = dict(zip([column.name for column in PROBES["cpu"].columns], row, strict=True))
    assert (values["user_seconds_total"], values["nice_seconds_total"], values["guest_seconds_total"]) == (
        0,
        3,
        11,
    )


READER = {"/proc/self/stat": "5 (head) S" + " 0" * 19 + " 40960 0", "/proc/self/statm": "10 1 1"}


def one(name: str, files: dict[str, str]) -> dict[str, object]:
    """The one row of a table of one row."""
    names = [column.name for column in PROBES[name].columns]
    (row,) = PARSERS[PROBES[name].parse](PROBES[name], Reading(files))
    return dict(zip(names, row, strict=True))


def test_what_is_counted_by_zone_is_summed_and_nothing_else() -> None:
    text = "nr_free_pages 1\npgscan_direct_dma32 3\npgscan_direct_normal 4\npgscan_direct_throttle 9\nallocstall 7\n"
    row = one("vmstat", {"/proc/vmstat": text})
    assert (row["pgscan_direct_total"], row["pgscan_direct_throttle_total"], row["allocstall_total"]) == (
        7,
        9,
        7,
    )
    assert row["pgscan_kswapd_total"] is None


def test_a_number_of_its_own_is_taken_before_those_of_zones() -> None:
    text = "nr_free_pages 1\nallocstall 7\nallocstall_normal 3\n"
    assert one("vmstat", {"/proc/vmstat": text})["allocstall_total"] == 7


def test_volumes_are_bytes_by_the_hosts_page_and_null_without_it() -> None:
    files = {
        "/proc/vmstat": "nr_free_pages 1\npgpgin 5\npswpin 3\nnr_dirty_threshold 2\npswpout 18446744073709551615\n"
    }
    row = one("vmstat", files | READER)
    assert (row["pgpgin_bytes_total"], row["pswpin_bytes_total"], row["nr_dirty_threshold_bytes"]) == (
        5120,
        12288,
        8192,
    )
    assert row["pswpout_bytes_total"] is None  # more bytes than can be counted
    row = one("vmstat", files)
    assert (row["pgpgin_bytes_total"], row["pswpin_bytes_total"], row["nr_dirty_threshold_bytes"]) == (
        5120,
        None,
        None,
    )


@pytest.mark.parametrize(
    "text", ["", "nr_free_pages 1\npgfault\n", "nr_free_pages 1\npgfault -1\n", "pgfault 1\n"]
)
def test_what_is_no_vmstat_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        one("vmstat", {"/proc/vmstat": text})


@pytest.mark.parametrize(
    ("path", "text"),
    [("net/snmp", "Tcp: CurrEstab OutSegs\nTcp: 1\n"), ("net/snmp", "Tcp: CurrEstab\nUdp: 1\n"), ("net/snmp", "Tcp: CurrEstab\n"),
     ("net/snmp", "Tcp: CurrEstab\nTcp: x\n"), ("net/snmp6", "Ip6InOctets\n"), ("net/sockstat", "TCP inuse 1\n"),
     ("net/sockstat", "TCP: inuse\n"), ("net/softnet_stat", "0001 xyz\n"), ("sys/net/netfilter/nf_conntrack_max", "many\n")],
)  # fmt: skip
def test_what_is_no_count_of_a_protocol_is_refused(path: str, text: str) -> None:
    with pytest.raises(ParseError):
        one("protocol", {f"/proc/{path}": text})


def test_a_count_below_zero_or_too_large_is_unknown() -> None:
    row = one("protocol", {"/proc/net/snmp": "Tcp: CurrEstab OutSegs\nTcp: 18446744073709551615 18446744073709551615\n",
                           "/proc/net/sockstat": "sockets: used -2\n"})  # fmt: skip
    assert (row["tcp_curr_estab"], row["tcp_out_segs_total"], row["sockets_used"]) == (None, 2**64 - 1, None)


def test_softnet_is_summed_over_cores_of_any_number_of_columns() -> None:
    text = "0000000a 1 2 0 0 0 0 0 0\nffffffff 1 2 0 0 0 0 0 0\n"
    row = one("protocol", {"/proc/net/softnet_stat": text})
    assert (
        row["softnet_processed_total"],
        row["softnet_dropped_total"],
        row["softnet_time_squeeze_total"],
    ) == (2**32 + 9, 2, 4)
    assert (row["softnet_received_rps_total"], row["softnet_backlog_len"]) == (None, None)


def test_a_host_without_pressure_gives_no_row_and_one_without_a_line_a_null() -> None:
    probe = PROBES["pressure"]
    assert PARSERS["pressure"](probe, Reading({"/proc/pressure/io": "", "/proc/pressure/irq": "\n"})) == []
    row = one("pressure", {"/proc/pressure/irq": "full avg10=1.05 avg60=0.00 avg300=0.00 total=19999\n"})
    assert (row["resource"], row["full_avg10_pct"], row["full_seconds_total"]) == ("irq", 105, 1)
    assert (row["some_avg10_pct"], row["some_seconds_total"]) == (None, None)


@pytest.mark.parametrize(
    "line",
    ["some", "some avg10=1 avg60=0.00 avg300=0.00 total=1", "most avg10=0.00 avg60=0.00 avg300=0.00 total=1"],
)
def test_what_is_no_pressure_is_refused(line: str) -> None:
    with pytest.raises(ParseError):
        one("pressure", {"/proc/pressure/cpu": f"{line}\n"})
