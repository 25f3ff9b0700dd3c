"""Whatever a host says: a parser gives rows that a table can take, or raises ParseError, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.collect.increase import with_increases
from livedata.model.batch import Batch, to_arrow
from livedata.model.probe import Column, Kind, Probe, Type
from livedata.model.reading import ParseError, Reading
from livedata.parse import CURSORS, PARSERS
from livedata.probe.load import load_probes

PROBES = load_probes()
TYPES: tuple[Type, ...] = ("str", "bool", "i64", "u64", "f64", "d2", "ts")
KINDS: dict[Type, Kind] = {"ts": "time"}
DECLARED = {
    name: Probe(
        "declared",
        "",
        tuple(Column(f"c_{t}", i, t, KINDS.get(t, "text")) for i, t in enumerate(types, 1)),
        parse=name,
    )
    for name, types in (
        ("fields", TYPES),
        ("keyvalue", TYPES),
        ("csv", TYPES),
        ("jsonl", (*TYPES, "map")),
    )
}
READERS = [p for p in PROBES.values() if p.read]
SAYERS = [p for p in (*PROBES.values(), *DECLARED.values()) if not p.read]

LINES = (
    "cpu  1 2 3 4 5 6 7 8 9 10", "cpu0 1 2 3 4", "intr 5 6", "btime 1700000000", "MemTotal: 5 kB", "0.10 0.20 0.30 1/2 3",
    "1 (a) S 0 1 1 0 -1 4 1 2 3 4 5 6 7 8 20 0 3 0 1000 6553600 50 1 1 1 0 0 0 0 0 0 0 0 0 0 17 2 0 0", "100 1 1 1 1 1 1",
    "8 0 sda 1 2 3 4 5 6 7 8 9 10 11", "Inter-| Receive\n face |bytes\n lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
    "m 1 1 8:1 / / rw - ext4 /dev/sda1 rw", "s 1 2 3 4 5 6 /", r"a /a\040b 1 2 3 4 5 6 /", "h /x", "os-release:", "ID=a",
    "online=0-3", "cpu 1 2 3 -1 100000 /a", "pids 1 max /", "= 7 9", "Id=a.service\nExecMainCode=1\nExecMainStatus=7", "CPUUsageNSec=9",
    "ActiveEnterTimestamp=Tue 2026-11-24 12:02:36 UTC", "f 15 384", "0000384 07 00 00 00", "*", "0000768", "dpkg", "Package: a",
    "Status: install ok installed", "apk\nP:a\nV:1", "rpm", "a\t(none)\t1-1\tx86_64\ta-1-1.src.rpm", "kernel=6.1.0-9-amd64",
    "running=6.1.0-8-amd64", "booted=1", "installed=a 2", '{"__REALTIME_TIMESTAMP":"1","MESSAGE":[1,2,[3]],"_BOOT_ID":"0"}', "c_i64=5", "c_str,c_i64\n\"a\",1",
    "some avg10=0.00 avg60=1.50 avg300=100.00 total=9999999", "full avg10=0.00 avg60=0.00 avg300=0.00 total=1", "nr_free_pages 1",
    "pswpin 18446744073709551615", "Tcp: CurrEstab OutSegs\nTcp: 1 2", "Ip6InOctets 5", "TCP: inuse 1 mem 2", "sockets: used -3",
    "00ff 10 0 0 0 0 0 0 0 0 0 1", "5 (head) S 0 1 1 0 -1 4 1 2 3 4 5 6 7 8 20 0 3 0 1000 4096", "1 1 1",
    '{"c_map":{"a":1},"c_f64":1e400,"c_ts":"2024-02-30"}', "9" * 30, "9" * 5000, "-1", "1e5", "NaN", "inf", "٣", "\x00", "\\ud800",
)  # fmt: skip
NASTY = st.one_of(
    st.text(max_size=60),
    st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=12)), max_size=6).map("\n".join),
    st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=12)), max_size=6).map(" ".join),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
            ["MESSAGE", "_PID", "PRIORITY", "_BOOT_ID", "__REALTIME_TIMESTAMP", "__CURSOR", "c_str", "c_map", "c_u64", "x"]
        ), inner, max_size=5),
        max_leaves=8,
    ).map(lambda value: json.dumps(value) + "\n"),
)  # fmt: skip


def paths(probe: Probe) -> Iterator[str]:
    """Files as the reader would bring them."""
    for pattern in probe.read:
        yield pattern.replace("[0-9]*", "1").replace("*", "lo")


def table_or_parse_error(probe: Probe, reading: Reading) -> None:
    with suppress(ParseError):
        rows = PARSERS[probe.parse](probe, reading)
        if rows:
            to_arrow([Batch(probe, "h", 0, with_increases(probe, rows, None))])
    with suppress(ParseError):
        if probe.parse in CURSORS:
            CURSORS[probe.parse](reading, None, None)


@pytest.mark.parametrize("probe", READERS, ids=lambda probe: probe.name)
@given(data=st.data())
def test_any_text_in_any_file(probe: Probe, data: st.DataObject) -> None:
    files = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(paths(probe), NASTY)))
    table_or_parse_error(probe, Reading(files))


@pytest.mark.parametrize("probe", READERS, ids=lambda probe: probe.name)
@given(data=st.data())
def test_one_odd_word_in_sane_files(probe: Probe, data: st.DataObject) -> None:
    """Each file is the matching sane one, but for a word that was replaced."""
    files = {}
    for path in paths(probe):
        words = data.draw(st.sampled_from(LINES)).split(" ")
        i = data.draw(st.integers(0, len(words) - 1))
        words[i] = data.draw(st.one_of(st.sampled_from(LINES), st.integers().map(str), st.text(max_size=5)))
        files[path] = " ".join(words)
    table_or_parse_error(probe, Reading(files))


@pytest.mark.parametrize("probe", SAYERS, ids=lambda probe: f"{probe.name}-{probe.parse}")
@given(text=NASTY)
def test_any_answer_of_a_script(probe: Probe, text: str) -> None:
    table_or_parse_error(probe, Reading(text=text))


@pytest.mark.parametrize("probe", PROBES.values(), ids=lambda probe: probe.name)
def test_nothing_at_all_is_no_crash(probe: Probe) -> None:
    table_or_parse_error(probe, Reading())


def test_an_error_quotes_what_it_met_and_stays_short() -> None:
    with pytest.raises(ParseError) as raised:
        PARSERS["cpu"](PROBES["cpu"], Reading({"/proc/stat": "no \x1b[31m stat" + "x" * 10_000}))
    assert "no \\x1b[31m stat" in str(raised.value)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    "probe",
    [p for p in PROBES.values() if p.parse not in ("meminfo", "vmstat", "protocol")],
    ids=lambda probe: probe.name,
)
def test_a_column_that_a_format_does_not_give_is_told(probe: Probe) -> None:
    """A user's probe may use a kernel file's parser, and ask it for something it has not."""
    odd = Probe("odd", "", (Column("nonsense", 1, "str", "text"),), parse=probe.parse)
    said = {
        "pidstat": {"/proc/1/stat": LINES[6]}, "cpu": {"/proc/stat": LINES[0]}, "core": {"/proc/stat": LINES[0]},
        "loadavg": {"/proc/loadavg": LINES[5]}, "diskstats": {"/proc/diskstats": LINES[8]}, "netdev": {"/proc/net/dev": LINES[9]},
        "pressure": {"/proc/pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n"},
    }  # fmt: skip
    text = "m 1 1 8:1 / / rw - ext4 /dev/sda1 rw" if probe.parse == "mounts" else "os-release:\n"
    with pytest.raises(ParseError, match=r"nonsense|nothing else"):
        PARSERS[probe.parse](odd, Reading(said.get(probe.parse, {}), text=text))
