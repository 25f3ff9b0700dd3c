"""A probe's header: what it may say, and that every mistake is told with its line and the way out."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.errors import ProbeError
from livedata.parse import PARSERS
from livedata.probe.header import FORMATS, parse_probe

READING = """\
#!/bin/sh
# /// probe
# help    = "A test."
# source  = "/proc/loadavg"
# every   = "10s"
# timeout = "5s"
# parse   = "fields"
# read    = ["/proc/loadavg"]
#
# [columns]
# name  = { id = 1, type = "str", kind = "label" }
# bytes_total = { id = 2, type = "u64", kind = "counter", help = "Bytes", was = ["octets_total"] }
#
# [derived]
# double = { sql = "2 * bytes_total", help = "Twice" }
# ///
"""
SCRIPT = READING.replace('# read    = ["/proc/loadavg"]\n', '# lane    = "slow"\n') + "\necho a 1\n"
LOG = """\
#!/bin/sh
# /// probe
# help    = "Events."
# every   = "1m"
# timeout = "5s"
# parse   = "jsonl"
# lane    = "log"
# [columns]
# ts      = { id = 1, type = "ts", kind = "time" }
# boot_id = { id = 2, type = "str", kind = "text" }
# ///
cat /somewhere
"""


def test_a_probe_that_reads() -> None:
    probe = parse_probe(READING, "/x/thing.sh")
    assert (probe.name, probe.every, probe.timeout, probe.lane, probe.body) == (
        "thing",
        10.0,
        5.0,
        "main",
        "",
    )
    assert probe.read == ("/proc/loadavg",)
    assert [(c.name, c.id, c.type, c.kind, c.was) for c in probe.columns] == [
        ("name", 1, "str", "label", ()),
        ("bytes_total", 2, "u64", "counter", ("octets_total",)),
    ]
    assert [(d.name, d.sql) for d in probe.derived] == [("double", "2 * bytes_total")]
    assert probe.path == "/x/thing.sh"


def test_a_probe_that_is_a_script() -> None:
    probe = parse_probe(SCRIPT.replace('# lane    = "slow"\n', ""), "thing.sh")
    assert (probe.lane, probe.body, probe.read) == ("slow", "echo a 1\n", ())


def test_events_bring_their_own_ts_and_boot_id() -> None:
    assert parse_probe(LOG, "events.sh").is_events


@pytest.mark.parametrize(
    ("text", "seconds"), [("1s", 1), ("90s", 90), ("5m", 300), ("2h", 7200), ("1d", 86400)]
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_probe(READING.replace('"10s"', f'"{text}"'), "x.sh").every == seconds


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("#!/bin/sh\n", "# a comment\n", 1, "no shebang"),
        ("#!/bin/sh\n", "#!/bin/bash\n", 1, "every host's sh runs it"),
        ("#!/bin/sh\n", "#!/usr/bin/env python3\n", 1, "every host's sh runs it"),
        ("# /// probe", "# nothing", 2, "no header"),
        ("# help ", "# help\r", 3, "carriage return"),
        ("# ///\n", "", 2, "no end"),
        ("# [columns]", "[columns]", 10, "no comment"),
        ('# parse   = "fields"', "# parse   = fields", 7, "no TOML"),
        ('# every   = "10s"', '# evry    = "10s"', 5, "did you mean every"),
        ('# help    = "A test."\n', "", 2, "lacks `help`"),
        ('"10s"', '"10 s"', 5, "every can't be '10 s'"),
        ('"10s"', '"0s"', 5, "every can't be"),
        ('"10s"', "10", 5, "text in quotes"),
        ('"5s"', '"-5s"', 6, "timeout can't be"),
        ('"fields"', '"feilds"', 7, "did you mean fields"),
        ('["/proc/loadavg"]', '"/proc/loadavg"', 8, "a list of texts"),
        ('["/proc/loadavg"]', "[1]", 8, "a list of texts"),
        ('"/proc/loadavg"]', '"/etc/passwd"]', 8, "can't be read"),
        ('"/proc/loadavg"]', '"/proc/../etc/passwd"]', 8, "can't be read"),
        ('"/proc/loadavg"]', '"/proc/$(reboot)"]', 8, "can't be read"),
        ('"/proc/loadavg"]', '"/proc/a b"]', 8, "can't be read"),
        ('"/proc/loadavg"]', '"/proc/[a"]', 8, "can't be read"),
        ('# read    = ["/proc/loadavg"]\n', "", 2, "neither `read` nor a script"),
        ('# source  = "/proc/loadavg"', '# lane    = "slow"', 4, "can't be in lane"),
        ('# source  = "/proc/loadavg"', '# lane    = "fast"', 4, "lane can't be 'fast'"),
        ('# source  = "/proc/loadavg"', '# privilege = "root"', 4, "only a script"),
        ('# source  = "/proc/loadavg"', '# denied_without = "/proc/[0-9]"', 4, "names one file"),
        ("# name  =", "# Name  =", 11, "small letters"),
        ("# name  =", "# order =", 11, "SQL keeps that word"),
        ("# name  =", "# host  =", 11, "already a column that every table has"),
        ("# name  =", "# bytes_increase =", 11, "already made from bytes_total"),
        ("# name  =", "# bytes_per_second =", 11, "already made from bytes_total"),
        ("# name  =", "# size_kb =", 11, "call it size_bytes"),
        ("# name  =", "# used_percent =", 11, "call it used_pct"),
        ("id = 1", "id = 0", 11, "id 0 is not in"),
        ("id = 1", "id = 10000", 11, "is not in"),
        ("id = 1", "id = true", 11, "a whole number"),
        ("id = 2", "id = 1", 12, "already that of name"),
        ('type = "str"', 'type = "text"', 11, "type can't be 'text'"),
        ('kind = "label"', 'kind = "lable"', 11, "did you mean label"),
        ('type = "str", kind', 'typ = "str", kind', 11, "did you mean type"),
        ('{ id = 1, type = "str", kind = "label" }', '"str"', 11, "name must be a table"),
        ('{ id = 1, type = "str", kind = "label" }', '{ id = 1, type = "str" }', 11, "lacks `kind`"),
        ("bytes_total =", "bytes =", 12, "counters, and only they, end in _total"),
        ('type = "u64"', 'type = "f64"', 12, "a counter can't be f64"),
        ('kind = "label"', 'kind = "time"', 11, "go together"),
        ('type = "str", kind = "label"', 'type = "f64", kind = "label"', 11, "must be exact"),
        ('type = "str", kind = "label"', 'type = "map", kind = "label"', 11, "a map has kind text"),
        ('type = "str", kind = "label"', 'type = "str", kind = "gauge"', 11, "a gauge can't be str"),
        ('type = "str", kind = "label"', 'type = "map", kind = "text"', 11, "fields has no maps"),
        ("# double =", "# name =", 15, "already a column"),
        ("# double =", "# select =", 15, "SQL keeps that word"),
        ("# double =", "# bytes_per_second =", 15, "already made from"),
        ('sql = "2 * bytes_total", ', "", 15, "lacks `sql`"),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, line: int, says: str) -> None:
    assert READING.count(old) >= 1
    with pytest.raises(ProbeError) as raised:
        parse_probe(READING.replace(old, new, 1), "/x/thing.sh")
    assert raised.value.where == f"/x/thing.sh:{line}"
    assert says in str(raised.value)


ROLLED = (
    READING.replace(
        "# read ", '# rollup = ["5m"]\n# rollup_by = ["name"]\n# rollup_keep = ["bytes_total"]\n# read '
    )
    .replace("double = {", 'double = { id = 7, type = "f64",')
    .replace('"2 * bytes_total"', '"2 * bytes_increase"')
)


def test_what_a_header_says_of_rollups() -> None:
    probe = parse_probe(ROLLED, "thing.sh")
    assert (probe.rollup, probe.rollup_by, probe.rollup_keep) == (("5m",), ("name",), ("bytes_total",))
    assert (probe.derived[0].id, probe.derived[0].type) == (7, "f64")
    plain = parse_probe(READING, "thing.sh")
    assert (plain.rollup, plain.rollup_by, plain.rollup_keep, plain.derived[0].type) == (
        None,
        None,
        None,
        None,
    )
    assert parse_probe(ROLLED.replace('["5m"]', "[]"), "thing.sh").rollup == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('["5m"]', '["2m"]', 8, "rollup can't be '2m'"),
        ('["5m"]', '"5m"', 8, "a list of texts"),
        ('rollup_by = ["name"]', 'rollup_by = ["nam"]', 9, "there is no column 'nam'"),
        ('rollup_by = ["name"]', 'rollup_by = ["bytes_total"]', 9, "rollups can't go by 'bytes_total'"),
        ('rollup_keep = ["bytes_total"]', 'rollup_keep = ["bytes"]', 10, "there is no column 'bytes'"),
        ('rollup_keep = ["bytes_total"]', 'rollup_keep = ["name"]', 10, "no gauge and no counter"),
        ('id = 7, type = "f64",', "id = 7,", 18, "id and type go together"),
        ('id = 7, type = "f64",', 'id = 7, type = "str",', 18, "type can't be 'str'"),
        ('id = 7, type = "f64",', 'id = 0, type = "f64",', 18, "id 0 is not in"),
        ('"2 * bytes_increase"', '"sum(bytes_increase) OVER ()"', 18, "OVER"),
        ("# name  =", "# samples =", 2, "two columns 'samples'"),
    ],
)
def test_a_mistake_about_rollups_is_told_with_its_line(old: str, new: str, line: int, says: str) -> None:
    text = ROLLED.replace(old, new, 1)
    if old == "# name  =":
        text = text.replace('rollup_by = ["name"]', 'rollup_by = ["samples"]')
    with pytest.raises(ProbeError) as raised:
        parse_probe(text, "/x/thing.sh")
    assert raised.value.where == f"/x/thing.sh:{line}"
    assert says in str(raised.value)


def test_an_id_of_a_reckoned_column_is_used_once_and_what_it_goes_by_may_not_be_other_rows() -> None:
    twice = ROLLED.replace("# ///\n\n", "").replace(
        "# double =", '# triple = { id = 7, type = "f64", sql = "3" }\n# double ='
    )
    with pytest.raises(ProbeError, match="id 7 is already that of triple"):
        parse_probe(twice, "thing.sh")
    hidden = ROLLED.replace("# double =", '# before = { sql = "lag(1) over ()" }\n# double =').replace(
        "2 * bytes_increase", "2 * before"
    )
    with pytest.raises(ProbeError, match="OVER"):
        parse_probe(hidden, "thing.sh")


@pytest.mark.parametrize("name", ["cpu_5m", "cpu_1m"])
def test_the_name_of_a_rollup_is_none_of_a_probe(name: str) -> None:
    with pytest.raises(ProbeError, match="the name of a rollup"):
        parse_probe(READING, f"{name}.sh")


def test_a_name_leaves_room_for_that_of_its_rollups() -> None:
    assert parse_probe(READING, f"{'a' * 60}.sh").name == "a" * 60
    with pytest.raises(ProbeError, match="too long"):
        parse_probe(READING, f"{'a' * 61}.sh")
    assert parse_probe(READING.replace("# read ", "# rollup = []\n# read "), f"{'a' * 61}.sh")


def test_a_probe_has_files_or_a_script_but_not_both() -> None:
    with pytest.raises(ProbeError, match="both"):
        parse_probe(READING + "echo too much\n", "x.sh")
    with pytest.raises(ProbeError, match="lane"):
        parse_probe(SCRIPT.replace('"slow"', '"main"'), "x.sh")
    assert parse_probe(READING + "\n# only a comment\n", "x.sh").body == ""


@pytest.mark.parametrize(
    "name", ["Cpu", "select", "scrape", "connect", "reads", "a-b", "9a", "a'; DROP TABLE x", ""]
)
def test_a_probe_has_a_usable_name(name: str) -> None:
    with pytest.raises(ProbeError):
        parse_probe(READING, f"/x/{name}.sh")


def test_an_events_ts_must_be_one() -> None:
    with pytest.raises(ProbeError, match="type ts and kind time"):
        parse_probe(LOG.replace('type = "ts", kind = "time"', 'type = "i64", kind = "gauge"'), "x.sh")
    with pytest.raises(ProbeError, match="boot_id has type str"):
        parse_probe(LOG.replace('type = "str"', 'type = "i64"'), "x.sh")


def test_without_its_own_ts_a_table_may_not_bring_boot_id() -> None:
    with pytest.raises(ProbeError, match="boot_id is already"):
        parse_probe(LOG.replace("# ts ", "# seen "), "x.sh")


def test_the_formats_are_the_parsers() -> None:
    assert set(PARSERS) == FORMATS


@given(st.text(max_size=400))
def test_any_text_is_a_probe_or_a_mistake(text: str) -> None:
    for whole in (
        text,
        READING.replace("# double", text),
        SCRIPT.replace("echo", text),
        "#!\n# /// probe\n" + text,
    ):
        with suppress(ProbeError):
            parse_probe(whole, "x.sh")


def test_the_path_may_be_of_any_folder(tmp_path: Path) -> None:
    assert parse_probe(READING, str(tmp_path / "deep" / "thing.sh")).name == "thing"


def test_cadence_timeout_and_format_have_defaults() -> None:
    text = '#!/bin/sh\n# /// probe\n# help = "x"\n# [columns]\n# n_count = { id = 1, type = "i64", kind = "gauge" }\n# ///\necho 1\n'
    probe = parse_probe(text, "x.sh")
    assert (probe.every, probe.timeout, probe.parse) == (30.0, 5.0, "fields")


def test_full_is_for_what_can_be_told_apart() -> None:
    good = READING.replace('"/proc/loadavg"]', '"/proc/[0-9]*/stat"]').replace(
        "# parse", '# full = "5m"\n# parse'
    )
    assert parse_probe(good, "x.sh").full == 300.0
    with pytest.raises(ProbeError, match=r"x\.sh:7: this works with a script, or with `read` and wild"):
        parse_probe(READING.replace("# parse", '# full = "5m"\n# parse'), "x.sh")


def test_a_snapshot_is_a_scripts() -> None:
    assert parse_probe(SCRIPT.replace("# parse", '# full = "5m"\n# parse'), "x.sh").full == 300.0
    assert parse_probe(SCRIPT.replace("# parse", '# snapshot = "1d"\n# parse'), "x.sh").snapshot == 86400.0
    for wrong, line in ((READING, 7), (SCRIPT.replace("# parse", '# full = "5m"\n# parse'), 8)):
        with pytest.raises(ProbeError, match=rf"x\.sh:{line}: this works with a script that has no `full`"):
            parse_probe(wrong.replace("# parse", '# snapshot = "1d"\n# parse'), "x.sh")
