"""Log entries as lines: nothing that a host says can forge one, move the cursor or change a colour."""

import io
import re
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.query.logline import LogLines
from livedata.query.table import Look

PIPE = Look()
SCREEN = Look(terminal=True, columns=80, colour=True)
US = 1_785_000_000_123_456


def entry(**values: Any) -> dict[str, Any]:
    return {
        "ts": US, "host": "web-1", "priority": 6, "identifier": "sshd", "unit": "ssh.service", "pid": 7, "transport": "syslog",
        "message": "hello",
    } | values  # fmt: skip


def written(*entries: dict[str, Any], look: Look = PIPE) -> str:
    out = io.BytesIO()
    columns: dict[str, pa.Array] = {
        "ts": pa.array([e["ts"] for e in entries], pa.timestamp("us", tz="UTC")),
        "priority": pa.array([e["priority"] for e in entries], pa.int64()),
        "pid": pa.array([e["pid"] for e in entries], pa.int64()),
    }
    texts = ("host", "identifier", "unit", "transport", "message")
    columns |= {name: pa.array([e[name] for e in entries], pa.string()) for name in texts}
    LogLines(out, look).write(pa.table(columns))
    return out.getvalue().decode()


def test_a_line_says_when_where_who_and_what() -> None:
    assert written(entry()) == "2026-07-25T17:20:00.123456Z web-1 sshd[7]: hello\n"


def test_hosts_are_padded_so_that_lines_align() -> None:
    lines = written(entry(), entry(host="database-1")).splitlines()
    assert [line.index("sshd") for line in lines] == [39, 39]


@pytest.mark.parametrize(
    ("values", "who"),
    [
        ({"identifier": None}, "ssh.service[7]"),
        ({"identifier": None, "unit": None, "pid": None}, "syslog"),
        ({"identifier": None, "unit": None, "transport": None, "pid": None}, "-"),
        ({"identifier": "a\nb"}, "a\\nb[7]"),
    ],
)
def test_who_is_the_best_name_there_is(values: dict[str, Any], who: str) -> None:
    assert f" {who}: hello" in written(entry(**values))


def test_an_entry_of_several_lines_keeps_them_under_its_first() -> None:
    assert written(entry(message="Traceback\n  File x\nOops\n")).splitlines()[1:] == [
        "      File x",
        "    Oops",
    ]


def test_a_terminal_has_local_times_a_line_a_day_and_colours_by_severity() -> None:
    text = written(entry(priority=3), look=SCREEN)
    assert re.match(
        r"-- 2026-07-2[456] --\n\d\d:\d\d:\d\d\.123 \x1b\[38;5;\d+mweb-1\x1b\[0m sshd\[7\]: ", text
    )
    assert text.endswith("\x1b[1;31mhello\x1b[0m\n")
    assert "\x1b[1;31m" not in written(entry(priority=6), look=SCREEN)


def test_a_host_keeps_its_colour() -> None:
    colours = {re.search(r"38;5;(\d+)m", written(entry(pid=n), look=SCREEN)).group(1) for n in range(5)}
    assert len(colours) == 1


HOSTILE = st.text(alphabet=st.sampled_from("ab:[]\n\r\t\x1b\x07\x9b\u202e\u2028 0123456789m"), max_size=30)


@given(message=HOSTILE, identifier=HOSTILE, host=HOSTILE)
def test_no_text_of_a_host_forges_a_line_or_reaches_the_terminal(
    message: str, identifier: str, host: str
) -> None:
    lines = written(entry(message=message, identifier=identifier, host=host)).split("\n")
    assert lines.pop() == ""
    assert lines[0].startswith("2026-07-25T17:20:00.123456Z ")
    assert all(line.startswith("    ") for line in lines[1:])
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e\u2028]", "".join(lines))
