"""Lines of log files: what each format says, and when a line is from where it does not say all of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.parse.logs.entries import Entry, entries
from livedata.parse.logs.formats import Context, Line, own_format, recognise
from livedata.parse.logs.stamps import Clock, offset_of, without_year, zone_of

BERLIN = zone_of("CET-1CEST,M3.5.0,M10.5.0/3", "+0100")


def us(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1e6)


def at(us: int | None) -> str | None:
    return None if us is None else datetime.fromtimestamp(us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")


NOW = Clock(us("2026-11-24 16:00:00"))


def read(text: str, clock: Clock = NOW, before: int | None = None) -> Line:
    line, _ = recognise(text, Context(clock, before, "web-01"), None)
    assert line, text
    return line


@pytest.mark.parametrize(
    ("text", "ts", "priority", "who", "pid", "message"),
    [
        ("<34>1 2026-11-24T15:14:15.003Z web-01 su - ID47 - 'su root' failed", "2026-11-24 15:14:15", 2, "su", None, "'su root' failed"),
        ("<34>Nov 24 15:14:15 web-01 su: 'su root' failed", "2026-11-24 15:14:15", 2, "su", None, "'su root' failed"),
        ("Nov  4 15:14:15 web-01 sshd[123]: Accepted publickey", "2026-11-04 15:14:15", None, "sshd", 123, "Accepted publickey"),
        ("Nov 24 15:14:15 web-01 daemon.info dropbear[9]: Exit", "2026-11-24 15:14:15", 6, "dropbear", 9, "Exit"),
        ("Nov 24 15:14:15 web-01 kernel: [   12.345678] eth0: up", "2026-11-24 15:14:15", None, "kernel", None, "eth0: up"),
        ("2026-11-24T16:14:15.5+01:00 web-01 systemd[1]: Started x.", "2026-11-24 15:14:15", None, "systemd", 1, "Started x."),
        ("Tue Nov 24 15:14:15 2026 kern.warn kernel: [  12.3] x", "2026-11-24 15:14:15", 4, "kernel", None, "x"),
        ("2026/11/24 15:14:15 [error] 7#7: *9 no such file, client: 192.0.2.1", "2026-11-24 15:14:15", 3, "nginx", 7, "no such file, client: 192.0.2.1"),
        ("[Tue Nov 24 15:14:15.1 2026] [core:error] [pid 7:tid 8] [client 192.0.2.1:9] bad", "2026-11-24 15:14:15", 3, "apache", 7, "bad"),
        ("2026-11-24 15:14:15.1 UTC [7] app@shop ERROR:  it failed", "2026-11-24 15:14:15", 3, "postgres", 7, "it failed"),
        ("2026-11-24T15:14:15.1Z 8 [Warning] [MY-010] [Server] hm", "2026-11-24 15:14:15", 4, "mysqld", None, "hm"),
        ("7:M 24 Nov 2026 15:14:15.123 # out of memory", "2026-11-24 15:14:15", 4, "redis", 7, "out of memory"),
        ("W1124 15:14:15.123456       1 server.go:12] slow", "2026-11-24 15:14:15", 4, None, None, "slow"),
        ("2026-11-24 15:14:15,123 - app.core - WARNING - slow", "2026-11-24 15:14:15", 4, None, None, "- app.core - WARNING - slow"),
        ('{"time":"2026-11-24T15:14:15Z","level":"error","msg":"no","pid":7}', "2026-11-24 15:14:15", 3, None, 7, "no"),
        ('{"ts":1795533255.5,"severity":"WARNING","logger":"a.b","message":"no"}', "2026-11-24 15:14:15", 4, "a.b", None, "no"),
        ('{"time":1795533255123,"level":50,"name":"api","msg":"no"}', "2026-11-24 15:14:15", 3, "api", None, "no"),
    ],
)  # fmt: skip
def test_what_a_line_says(text: str, ts: str, priority: int | None, who: str | None, pid: int | None, message: str) -> None:  # fmt: skip
    line = read(text)
    assert (at(line.ts), line.priority, line.identifier, line.pid, line.message) == (ts, priority, who, pid, message)  # fmt: skip


def test_what_is_taken_out_of_an_access_log() -> None:
    line = read('192.0.2.7 - ann [24/Nov/2026:16:14:15 +0100] "GET /a?b HTTP/1.1" 404 12 "-" "curl \\"x\\""')
    assert line.fields == {
        "client": "192.0.2.7", "user": "ann", "method": "GET", "path": "/a?b", "protocol": "HTTP/1.1", "status": "404", "bytes": "12",
        "agent": 'curl \\"x\\"',
    }  # fmt: skip
    assert (at(line.ts), line.priority) == ("2026-11-24 15:14:15", None)


def test_of_another_host_its_name_is_kept() -> None:
    assert read("Nov 24 15:14:15 db-01 cron[7]: x").fields == {"HOSTNAME": "db-01"}


@pytest.mark.parametrize(
    ("stamp", "now", "written", "is_of"),
    [
        ("Dec 31 23:59:59", "2027-01-01 00:00:05", None, "2026-12-31 23:59:59"),
        ("Jan  1 00:00:01", "2027-01-01 00:00:05", None, "2027-01-01 00:00:01"),
        ("Jan  1 00:00:01", "2026-12-31 23:59:59", None, "2027-01-01 00:00:01"),  # its clock is ahead
        ("Nov 24 15:00:00", "2026-11-24 16:00:00", "2024-11-25 00:00:00", "2024-11-24 15:00:00"),
        ("Feb 29 12:00:00", "2027-03-01 00:00:00", None, "2024-02-29 12:00:00"),
        ("Feb 30 12:00:00", "2027-03-01 00:00:00", None, None),
    ],
)
def test_the_year_is_the_latest_that_can_be(stamp: str, now: str, written: str | None, is_of: str | None) -> None:  # fmt: skip
    clock = Clock(us(now), latest=us(written) if written else 0)
    line, _ = recognise(f"{stamp} web-01 cron: x", Context(clock), None)
    assert at(line.ts if line else None) == is_of


def test_the_hour_that_comes_twice_goes_by_the_line_before() -> None:
    clock = Clock(us("2026-10-26 00:00:00"), BERLIN)
    lines = [
        f"Oct 25 {t} web-01 a: x"
        for t in ("01:59:58", "02:30:00", "02:59:59", "02:00:01", "02:30:00", "03:00:00")
    ]
    found = [at(entry.ts) for entry, _ in entries(lines, "/f", clock, "", None)]
    assert [t and t[11:] for t in found] == [
        "23:59:58",
        "00:30:00",
        "00:59:59",
        "01:00:01",
        "01:30:00",
        "02:00:00",
    ]


def test_in_that_hour_a_line_just_written_is_of_now() -> None:
    second = Clock(us("2026-10-25 01:30:05"), BERLIN, continuing=True)
    first = Clock(us("2026-10-25 00:30:05"), BERLIN, continuing=True)
    assert at(read("Oct 25 02:30:00 web-01 a: x", second).ts) == "2026-10-25 01:30:00"
    assert at(read("Oct 25 02:30:00 web-01 a: x", first).ts) == "2026-10-25 00:30:00"


def test_a_zone_that_is_none_is_the_offset_that_date_told() -> None:
    assert (
        at(without_year(Clock(us("2026-07-02 00:00:00"), zone_of("no zone", "+0200")), 7, 1, "12:00:00"))
        == "2026-07-01 10:00:00"
    )
    assert offset_of("CEST") is None


def test_a_zone_name_that_is_not_the_hosts_is_not_guessed_at() -> None:
    text = "2026-11-24 15:14:15.1 EST [7] ERROR:  it failed"
    known, _ = recognise(text, Context(NOW), None)
    assert known is None or known.identifier != "postgres"
    assert at(read(text.replace("EST", "CET"), Clock(NOW.now, BERLIN)).ts) == "2026-11-24 14:14:15"


def test_a_format_of_ones_own() -> None:
    form = own_format(r"(?P<time>\S+ \S+) (?P<level>\w+) (?P<thread>\w+): (?P<message>.*)")
    ((entry, stamped),) = entries(["2026-11-24 15:14:15 WARN main: slow"], "/f", NOW, "", None, form)
    assert stamped
    assert entry == Entry(us("2026-11-24 15:14:15"), "slow", 4, fields={"FILE": "/f", "thread": "main"})


def test_what_belongs_together_stays_together() -> None:
    lines = [
        "2026-11-24 15:14:15 ERROR it failed", "Traceback (most recent call last):", '  File "a.py", line 1', "ValueError: x",
        "2026-11-24 15:14:16 ERROR Boom", "\tat a.b(C.java:1)", "Caused by: y", "words",
    ]  # fmt: skip
    found = list(entries(lines, "/f", NOW, "", None))
    assert [entry.message.count("\n") for entry, _ in found] == [0, 2, 2, 0]
    assert [stamped for _, stamped in found] == [True, False, True, False]
    assert found[1][0].ts == found[0][0].ts
    assert found[3][0].ts == found[2][0].ts


def test_a_line_made_to_be_slow_is_not() -> None:
    for text in (
        "2026-11-24 15:14:15 " + "|" * 50_000,
        "a " * 50_000,
        "[" * 50_000,
        '"\\' * 50_000,
        "a=" * 50_000,
    ):
        recognise(text, Context(NOW), None)


@given(
    st.text(max_size=80),
    st.sampled_from(
        ["", "2026-11-24 15:14:15 ", "<34>", "Nov 24 15:14:15 ", "{", '{"time":', "Feb 31 99:99:99 x "]
    ),
)
def test_any_line_gives_an_entry(text: str, head: str) -> None:
    found = list(entries([head + text], "/f", NOW, "", None))
    assert len(found) == 1
    assert isinstance(found[0][0].ts, int)
