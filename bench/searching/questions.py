"""What is looked for in the made-up entries, as livedata, ripgrep and journalctl are asked it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, slots=True)
class Question:
    """`pattern` is a regular expression for peers; None: they can't be asked, or it would not be the same question."""

    key: str
    name: str
    sql: str
    pattern: str | None = None
    fixed: bool = True
    rows: bool = True
    """Whether the answer has a row an entry, which peers answer with a line each."""


COUNT = "SELECT count(*) AS n FROM log WHERE "


def questions(entries: pa.Table) -> list[Question]:
    """Of entries in their order; ids and hosts are taken out of them."""
    said = entries["message"]
    traced = entries.filter(pc.match_substring(said, " trace_id="))
    rare = traced["message"][traced.num_rows // 2].as_py().rpartition("trace_id=")[2]
    last = pc.max(entries["ts"].cast(pa.int64())).as_py()
    counts = entries["host"].value_counts().to_pylist()
    host = max(counts, key=lambda c: (c["counts"], c["values"]))["values"]
    hour = f"host = '{host}' AND ts >= make_timestamptz({last - 3_600_000_000})"
    return [
        Question("rare", "a rare id, its rows", f"SELECT ts, host, message FROM log WHERE has_term(message, '{rare}')", rare),
        Question("absent", "an id that never came", f"{COUNT}has_term(message, '{rare[::-1]}')", rare[::-1], rows=False),
        Question("term", "a frequent word, counted", f"{COUNT}has_term(message, 'refused')", "refused", rows=False),
        Question("substring", "part of a word, counted", f"{COUNT}contains(message, 'uplicate ke')", "uplicate ke", rows=False),
        Question("insensitive", "the same whatever its case", f"{COUNT}message ILIKE '%UPLICATE ke%'", None, rows=False),
        Question("regex", "a regular expression, counted", rf"{COUNT}regexp_matches(message, 'took=0\.1[0-9]+5')", r"took=0\.1[0-9]+5", fixed=False, rows=False),
        Question("templates", "entries by template", "SELECT template, count(*) AS n FROM log GROUP BY template ORDER BY n DESC LIMIT 20"),
        Question("hour", "one host's last hour, its rows", f"SELECT ts, unit, message FROM log WHERE {hour} ORDER BY ts"),
    ]  # fmt: skip
