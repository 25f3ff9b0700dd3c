"""OpenMetrics and remote write: what a Prometheus is given, and what it says of that itself."""

from __future__ import annotations

import http.client
import io
import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.errors import ReceiverError, UsageError
from livedata.query.views import EVERYTHING, Scope
from livedata.transfer import openmetrics, remote_write, wire
from livedata.transfer.families import families
from livedata.transfer.pieces import Ask
from livedata.transfer.receiver import TRIES, Receiver, receiver, retry_after

from .conftest import DEVICES, DISK, LOG, STEP, TICKS
from .prometheus import Received, fields, number, receiving, samples, unsnappy
from .samples import EVERY_TYPE, NASTY, START

HALF_HOUR_MS = STEP // 1000
TABLES = [(DISK, EVERYTHING), (LOG, EVERYTHING)]
SERIES = 4
"""Two hosts, two devices each."""
ALL = SERIES * (4 * TICKS + TICKS - 1)
"""Each has two counters, two gauges and a time at each tick, but for one gauge that is null at the first."""
REFUSED = r"it refuses: HTTP 400: out of bounds\n  Prometheus takes old samples only"


def text_of(ask: Ask, scope: Scope = EVERYTHING) -> str:
    out = io.BytesIO()
    told: list[int] = []
    count = openmetrics.write(ask, [(DISK, scope), (LOG, scope)], out, told.append)
    text = out.getvalue().decode()
    assert count == sum(told) == sum(not line.startswith("#") for line in text.split("\n") if line)
    return text


def test_families() -> None:
    assert [(f.sample, f.name, f.kind, f.unit) for f in families(DISK)] == [
        ("livedata_disk_reads_total", "livedata_disk_reads", "counter", ""),
        ("livedata_disk_busy_seconds_total", "livedata_disk_busy_seconds", "counter", "seconds"),
        ("livedata_disk_queue", "livedata_disk_queue", "gauge", ""),
        ("livedata_disk_removable", "livedata_disk_removable", "gauge", ""),
        (
            "livedata_disk_attached_timestamp_seconds",
            "livedata_disk_attached_timestamp_seconds",
            "gauge",
            "seconds",
        ),
    ]
    assert families(LOG) == []
    assert [f.column.name for f in families(EVERY_TYPE)] == [
        "ok", "small", "reads_total", "busy_seconds_total", "load", "boot_time",
    ]  # fmt: skip


def test_openmetrics_text(ask: Ask) -> None:
    lines = text_of(ask).split("\n")
    assert lines[:5] == [
        "# TYPE livedata_disk_reads counter",
        "# HELP livedata_disk_reads Reads",
        r'livedata_disk_reads_total{device="s\"d\\a",host="db-01"} 9007199254740992 1795143600.000',
        r'livedata_disk_reads_total{device="s\"d\\a",host="db-01"} 9007199254741092 1795145400.000',
        r'livedata_disk_reads_total{device="s\"d\\a",host="db-01"} 9007199254741192 1795147200.000',
    ]
    assert "# UNIT livedata_disk_busy_seconds seconds" in lines
    assert r'livedata_disk_removable{device="sdb\n",host="web-01"} 0 1795143600.000' in lines
    assert r'livedata_disk_queue{device="sdb\n",host="web-01"} 0.5 1795145400.000' in lines
    assert (
        r'livedata_disk_attached_timestamp_seconds{device="sdb\n",host="web-01"} 1795143600.0 1795143600.000'
        in lines
    )
    assert lines[-2:] == ["# EOF", ""]


def test_families_stand_together_and_series_in_order(ask: Ask) -> None:
    samples = [line for line in text_of(ask).split("\n") if line and not line.startswith("#")]
    assert len(samples) == ALL
    names, series = [], []
    for line in samples:
        labelled, _, stamp = line.rsplit(" ", 2)
        if not series or series[-1][0] != labelled:
            series.append((labelled, []))
        series[-1][1].append(float(stamp))
        name = labelled.split("{")[0]
        if not names or names[-1] != name:
            names.append(name)
    assert len(names) == len(set(names)) == len(families(DISK))
    assert len({s for s, _ in series}) == len(series) == SERIES * len(families(DISK))
    assert all(times == sorted(set(times)) for _, times in series)


@given(NASTY)
def test_labels_are_escaped(text: str) -> None:
    escaped = openmetrics.escaped(text)
    assert "\n" not in escaped
    assert re.fullmatch(r'(?:[^"\\]|\\["\\n])*', escaped, re.DOTALL)
    assert re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), escaped, flags=re.DOTALL) == text


@given(st.integers(-(2**63), 2**63 - 1))
def test_varint(value: int) -> None:
    data = wire.varint(value)
    assert len(data) <= 10
    assert number(data + b"more", 0) == (value % 2**64, len(data))


@given(
    st.lists(
        st.tuples(NASTY, st.lists(st.tuples(st.floats(allow_nan=False), st.integers(0, 2**42)), min_size=1))
    )
)
def test_a_request_says_what_was_put_in(content: list[tuple[str, list[tuple[float, int]]]]) -> None:
    series = [
        wire.label("__name__", "x") + wire.label("host", host)
        + b"".join(wire.sample(value, wire.sample_time(ms)) for value, ms in found)
        for host, found in content
    ]  # fmt: skip
    assert samples(wire.request(series)) == [
        ((("__name__", "x"), ("host", host)), ms, value) for host, found in content for value, ms in found
    ]


def send(ask: Ask, to: Receiver, scope: Scope = EVERYTHING) -> int:
    try:
        return remote_write.send(ask, [(DISK, scope), (LOG, scope)], to.post, lambda total: lambda rows: None)
    finally:
        to.close()


@pytest.fixture
def waits() -> list[float]:
    return []


Connect = Callable[..., Receiver]


@pytest.fixture
def connect(waits: list[float]) -> Connect:
    def connected(received: Received, **environ: str) -> Receiver:
        to = receiver(received.url, environ, lambda sentence: None)
        to.sleep = waits.append
        return to

    return connected


def test_remote_write_sends_every_sample_once_in_order(ask: Ask, connect: Connect) -> None:
    with receiving() as received:
        assert send(ask, connect(received)) == ALL
    found = received.samples
    assert len(found) == ALL == len({(series, ms) for series, ms, _ in found})
    assert [ms for _, ms, _ in found] == sorted(ms for _, ms, _ in found), "a tick a slice here"
    values = {(dict(series)["__name__"], dict(series)["device"]): value for series, ms, value in found}
    assert values["livedata_disk_busy_seconds_total", DEVICES[0]] == 0.25 * (TICKS - 1)
    assert values["livedata_disk_attached_timestamp_seconds", DEVICES[1]] == START / 1e6
    head = received.headers[0]
    assert head["Content-Encoding"] == "snappy"
    assert head["Content-Type"] == "application/x-protobuf"
    assert head["X-Prometheus-Remote-Write-Version"] == "0.1.0"
    assert "Authorization" not in head


def test_remote_write_says_who_asks(ask: Ask, connect: Connect) -> None:
    scope = Scope(until_us=START + STEP)
    with receiving() as received:
        send(ask, connect(received, LIVEDATA_REMOTE_WRITE_TOKEN="abc"), scope)
        send(
            ask,
            connect(received, LIVEDATA_REMOTE_WRITE_USER="me", LIVEDATA_REMOTE_WRITE_PASSWORD="p:w"),
            scope,
        )
    assert [h["Authorization"] for h in received.headers] == ["Bearer abc", "Basic bWU6cDp3"]


def test_what_may_succeed_later_is_tried_again(ask: Ask, connect: Connect, waits: list[float]) -> None:
    with receiving() as received:
        received.answers = [(503, {}), (500, {"Connection": "close"}), (429, {"Retry-After": "7"})]
        assert send(ask, connect(received)) == ALL
    assert waits == [0.5, 1.0, 7.0]
    assert len(received.samples) == ALL


def test_what_is_refused_is_not(ask: Ask, connect: Connect, waits: list[float]) -> None:
    with receiving() as received:
        received.answers = [(204, {}), (204, {}), (400, {})]
        with pytest.raises(ReceiverError, match=REFUSED) as error:
            send(ask, connect(received))
    assert waits == []
    assert error.value.exit_code == 3
    since = re.search(r"--since (\S+) goes on", error.value.hint)
    assert since
    assert since[1] == "2026-11-20T04:00:00Z"
    assert max(ms for _, ms, _ in received.samples) == START // 1000 + HALF_HOUR_MS


def test_a_receiver_that_is_not_there(ask: Ask, waits: list[float]) -> None:
    with receiving() as received:
        gone = received.url
    said: list[str] = []
    to = receiver(gone, {}, said.append)
    to.sleep = waits.append
    with pytest.raises(ReceiverError, match=f"in {TRIES} tries"):
        send(ask, to)
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    assert "again in 0.5 s" in said[0]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("3", 3.0),
        ("soon", None),
        ("Fri, 20 Nov 2026 03:00:09 GMT", 9.0),
        ("Fri, 20 Nov 2026 02:00:00 GMT", 0.0),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, START / 1e6) == seconds


@pytest.mark.parametrize(
    "url", ["ftp://x/", "/api/v1/write", "http://", "http://x:port/", "http://[::1", "http://u:p@x/"]
)
def test_no_urls(url: str) -> None:
    with pytest.raises(UsageError):
        receiver(url, {}, lambda sentence: None)


def test_a_second_sample_within_a_millisecond_is_left_out() -> None:
    found = families(DISK)[2:3]
    times = pa.array([START, START + 999, START + 1_000], pa.timestamp("us", "UTC"))
    labels = [pa.array(["sda"] * 3), pa.array(["web-01"] * 3)]
    values = pa.array([1.0, 2.0, 3.0])
    wanted = [(START // 1000, 1.0), (START // 1000 + 1, 3.0)]
    batch = pa.record_batch([times, *labels, values], ["ts", "device", "host", "queue"])
    (sent,) = remote_write.series(DISK, found, batch)
    assert [(ms, value) for _, ms, value in samples(wire.request([sent[0]]))] == wanted
    assert sent[1] == 2
    batch = pa.record_batch([times, values, *labels], ["ts", "queue", "device", "host"])
    (lines,) = openmetrics.lines("x", ["device", "host"], batch.schema, iter([batch]))
    assert [line.split()[1:] for line in lines] == [[str(v), f"{ms / 1000:.3f}"] for ms, v in wanted]


@pytest.mark.slow
def test_promtool_makes_blocks_of_it(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "x.om").write_text(text_of(ask))
    made = subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", "x.om", "blocks"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    blocks = [line.split() for line in made.stdout.splitlines()[1:]]
    assert sum(int(b[4]) for b in blocks) == ALL


@pytest.mark.slow
def test_prometheus_takes_it(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text("global: {scrape_interval: 1h}\n")
    with receiving() as free:
        port = free.url.split(":")[2].split("/")[0]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            ["prometheus", "--config.file=p.yml", "--storage.tsdb.path=data", f"--web.listen-address=127.0.0.1:{port}",
             "--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=100y"],
            cwd=tmp_path, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        _wait_for(port)
        to = receiver(f"http://127.0.0.1:{port}/api/v1/write", {}, lambda sentence: None)
        assert send(ask, to) == ALL
        end = (START + TICKS * STEP) // 1_000_000
        counted = _get(
            port, f"/api/v1/query?query=sum(count_over_time(livedata_disk_reads_total%5B40h%5D))&time={end}"
        )
        assert counted["data"]["result"][0]["value"][1] == str(SERIES * TICKS)
    finally:
        server.terminate()
        server.wait()


def _get(port: str, path: str) -> dict[str, dict[str, list[dict[str, list[str]]]]]:
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
    try:
        connection.request("GET", path)
        found: dict[str, dict[str, list[dict[str, list[str]]]]] = json.loads(connection.getresponse().read())
        return found
    finally:
        connection.close()


def _wait_for(port: str) -> None:
    for _ in range(600):
        try:
            _get(port, "/api/v1/status/buildinfo")
        except (OSError, ValueError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError("prometheus did not start")


def test_the_tests_own_decoder() -> None:
    body = b"abcabcabcabcabcabc" * 50 + bytes(range(256))
    assert unsnappy(pa.Codec("snappy").compress(body, asbytes=True)) == body
    assert list(fields(b"\x08\x96\x01")) == [(1, 150)]
