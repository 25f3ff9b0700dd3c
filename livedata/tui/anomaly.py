"""What is out of the ordinary, and when: one question over a stretch of time, to walk from one such moment to the next.

docs/top.md says what counts. Values are means of a minute; what has been over its limit before is not told again until it was under it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from .limits import BUSY_PCT, ERRORS_A_MINUTE, FULL_PCT, PRESSURE_PCT, USED_MEMORY_PCT
from .records import records

if TYPE_CHECKING:
    import pyarrow as pa

BEFORE = "10 MINUTE"
"""What is looked at before the stretch, to know what was so already."""

SINCE, UNTIL = "{since}", "{until}"
"""Stand in the SQL where the stretch begins (included) and ends (excluded)."""

_TIMES = f"ts >= {SINCE} - INTERVAL {BEFORE} AND ts < {UNTIL}"

_CROSSING = """
SELECT ts + INTERVAL 1 MINUTE, host, '{what}', round(value)::BIGINT || ' %' || coalesce(' ' || of, '') FROM (
  SELECT *, lag(value) OVER (PARTITION BY host{by} ORDER BY ts) AS before FROM (
    SELECT host, time_bucket(INTERVAL 1 MINUTE, ts) AS ts, {of} AS of, avg({value}) AS value
    FROM {table} WHERE {times} AND {condition} GROUP BY ALL))
WHERE value >= {limit} AND before < {limit}"""


def _crossing(what: str, table: str, value: str, limit: int, of: str = "", condition: str = "true") -> str:
    return _CROSSING.format(
        what=what, table=table, value=value, limit=limit, times=_TIMES, condition=condition,
        of=of or "NULL::VARCHAR", by=", of" if of else "",
    )  # fmt: skip


KINDS: Mapping[str, tuple[str, str]] = {
    "gone": ("scrape", f"""
SELECT ts, host, 'gone', outcome || coalesce(': ' || detail, '') FROM (
  SELECT *, lag(outcome) OVER w AS before, lag(ts) OVER w AS last FROM scrape
  WHERE {_TIMES} AND probe = 'connect' AND outcome NOT IN ('missed', 'offline') WINDOW w AS (PARTITION BY host ORDER BY ts))
WHERE outcome <> 'ok' AND (before = 'ok' OR coalesce(last, {SINCE} - INTERVAL {BEFORE}) < ts - INTERVAL 9 MINUTE)"""),
    "cpu": ("cpu", _crossing("cpu", "cpu", "busy_pct", BUSY_PCT)),
    "memory": ("memory", _crossing(
        "memory", "memory", "100 - 100.0 * available_bytes / nullif(total_bytes, 0)", USED_MEMORY_PCT)),
    "pressure": ("pressure", _crossing("pressure", "pressure", "some_pct", PRESSURE_PCT, "resource", "resource <> 'irq'")),
    "full": ("filesystem", _crossing("full", "filesystem", "used_pct", FULL_PCT, "mount", "NOT coalesce(readonly, false)")),
    "oom": ("vmstat", f"""
SELECT ts, host, 'oom', oom_kill_increase || ' killed' FROM vmstat WHERE {_TIMES} AND oom_kill_increase > 0"""),
    "reboot": ("vmstat", f"""
SELECT ts, host, 'reboot', NULL FROM (
  SELECT host, min(ts) AS ts, lag(host) OVER (PARTITION BY host ORDER BY min(ts)) AS before
  FROM vmstat WHERE {_TIMES} AND boot_id IS NOT NULL GROUP BY host, boot_id)
WHERE before IS NOT NULL"""),
    "errors": ("log", f"""
SELECT ts + INTERVAL 1 MINUTE, host, 'errors', n || ' in a minute' FROM (
  SELECT *, lag(n) OVER w AS before, lag(ts) OVER w AS last FROM (
    SELECT host, time_bucket(INTERVAL 1 MINUTE, ts) AS ts, count(*) AS n FROM log WHERE {_TIMES} AND priority <= 3 GROUP BY ALL)
  WINDOW w AS (PARTITION BY host ORDER BY ts))
WHERE n >= {ERRORS_A_MINUTE} AND (coalesce(before, 0) < {ERRORS_A_MINUTE} OR last < ts - INTERVAL 1 MINUTE)"""),
}  # fmt: skip
"""By kind: the table, and a SELECT of (ts, host, what, detail)."""


class Anomaly(NamedTuple):
    ts: int
    host: str
    what: str
    detail: str


def anomaly_sql(tables: Mapping[str, object], since: str, until: str, order: str = "ts") -> str:
    """The question over those of its tables that there are: (ts, host, what, detail), in `order`, from `since` on and before `until`
    (SQL); empty where there are none."""
    parts = [sql for table, sql in KINDS.values() if table in tables]
    if not parts:
        return ""
    found = " UNION ALL".join(
        ["\nSELECT NULL::TIMESTAMPTZ AS ts, '' AS host, '' AS what, '' AS detail WHERE false", *parts]
    )
    sql = f"SELECT ts, host, what, detail FROM ({found}) WHERE ts >= {SINCE} AND ts < {UNTIL} ORDER BY {order}, host, what"
    return sql.replace(SINCE, since).replace(UNTIL, until)


def anomalies(answer: pa.Table) -> list[Anomaly]:
    return [Anomaly(r["ts"], r["host"], r["what"], r["detail"] or "") for r in records(answer)]
