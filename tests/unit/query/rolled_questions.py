"""Random questions that rollups may answer, and near misses that they may not."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from livedata.query.views import EVERYTHING, Scope

from .rolled_store import HOSTS, SECOND, START, TICKS

END = START + TICKS * 10 * SECOND
Draw = st.DrawFn

MEASURES = {
    "disk": (
        "dt_ms", "queue", "size_bytes", "free", "heat", "reads_increase", "busy_seconds_increase", "used_bytes", "busy_pct",
    ),
    "process": ("dt_ms", "cpu_seconds_increase", "rss_bytes"),
}  # fmt: skip
KEYS = {"disk": ("host", "device", "kind"), "process": ("host", "name")}
NOT_KEPT = {
    "disk": ("hidden", "plain", "reads_total", "offset_ms", "reads_per_second"),
    "process": ("pid", "cpu_per_second"),
}
BUCKETS = (
    "time_bucket(INTERVAL 5 MINUTE, ts)", "time_bucket('1 minute', ts)", "time_bucket(INTERVAL 10 MINUTES, ts)",
    "time_bucket(INTERVAL 7 MINUTE, ts)", "time_bucket('1 hour', ts)", "time_bucket(INTERVAL 1 MONTH, ts)",
    "time_bucket(INTERVAL 90 SECOND, ts)", "date_trunc('minute', ts)", "date_trunc('hour', ts)", "date_trunc('day', ts)",
    "hour(ts)", "extract(minute FROM ts)", "ts::DATE", "date_part('second', ts)", "strftime(date_trunc('hour', ts), '%H')",
)  # fmt: skip


def rarely(draw: Draw, times: int) -> bool:
    """Once in so many times. Hypothesis likes the ends of a range, so it is not one of them."""
    return draw(st.integers(0, times - 1)) == times // 2


@st.composite
def moments(draw: Draw) -> str:
    """A time as SQL: on a bucket or beside it, within the store's times or around them."""
    at = draw(st.integers(START - 600 * SECOND, END + 600 * SECOND))
    step = draw(st.sampled_from((1, SECOND, 60 * SECOND, 300 * SECOND)))
    text = f"{datetime.fromtimestamp(at // step * step / SECOND, UTC):%Y-%m-%d %H:%M:%S.%f}"
    form = draw(
        st.sampled_from(
            ("'{}'", "TIMESTAMPTZ '{}+00'", "TIMESTAMP '{}'", "TIMESTAMP '{}' - INTERVAL 2 MINUTE")
        )
    )
    return form.format(text)  # fmt: skip


@st.composite
def aggregates(draw: Draw, table: str) -> str:
    measures, keys = st.sampled_from(MEASURES[table]), st.sampled_from(KEYS[table])
    kind = draw(st.integers(0, 31))
    if kind <= 20:
        sql = f"{draw(st.sampled_from(('count', 'sum', 'avg', 'min', 'max', 'mean')))}({draw(measures)})"
    elif kind <= 24:
        sql = draw(st.sampled_from(("count(*)", "count()", "count(1)", "count(ts)")))
    elif kind <= 27:
        sql = draw(st.sampled_from(("min(ts)", "max(ts)", "count(DISTINCT host)")))
    elif kind <= 29:
        sql = draw(st.sampled_from(("count({})", "min({})", "max(upper({}))", "count(DISTINCT {})"))).format(
            draw(keys)
        )
    elif kind == 30:
        sql = draw(st.sampled_from(("median({})", "sum(DISTINCT {})", "count({0} + 1)", "avg(-{})"))).format(
            draw(measures)
        )
    else:
        sql = f"sum({draw(st.sampled_from(NOT_KEPT[table]))})"
    wanted = draw(st.integers(0, 9))
    if wanted == 0:
        sql += f" FILTER (WHERE {draw(conditions(table))})"
    elif wanted == 1 and sql.startswith(("count(", "sum(", "avg(", "mean(")):
        sql = draw(st.sampled_from(("{} * 2", "coalesce({}, 0)", "-{}", "{}::VARCHAR <> ''"))).format(sql)
    return sql


@st.composite
def conditions(draw: Draw, table: str) -> str:
    """A condition over a row; most are over keys."""
    measure = draw(st.sampled_from(MEASURES[table]))
    key = draw(st.sampled_from(KEYS[table]))
    if rarely(draw, 10):
        near = (
            "EXISTS (SELECT 1 FROM os WHERE cores < t.{})",
            "{} > 10",
            "{} IS NOT NULL",
            "({} > 3 OR host = 'db-1')",
        )
        return draw(st.sampled_from((*near, "(host = 'web-2' OR ts > '2026-11-20 03:00')"))).format(measure)
    return draw(
        st.sampled_from(
            (
                f"host = '{draw(st.sampled_from(HOSTS))}'", "host IN ('web-1', 'db-1')", "host LIKE 'web-%'",
                "NOT (host = 'web-1')", f"{key} IS NULL", f"{key} IS NOT NULL", f"lower({key}) <> 'sdb'",
                "host IN (SELECT host FROM os WHERE distribution = 'debian')", "minute(ts) < 30", "hour(ts) = 3",
                "EXISTS (SELECT 1 FROM os WHERE os.host = t.host AND cores = 4)",
                f"(host = 'web-2' OR {key} = 'sda')",
            )
        )
    )  # fmt: skip


@st.composite
def wheres(draw: Draw, table: str) -> str:
    terms = [draw(conditions(table)) for _ in range(draw(st.sampled_from((0, 0, 0, 1, 1, 2))))]
    for _ in range(draw(st.sampled_from((0, 1, 1, 2)))):
        at = draw(moments())
        form = draw(
            st.sampled_from(
                ("ts >= {}", "ts < {}", "ts > {}", "ts <= {}", "{} <= t.ts", "ts BETWEEN {} AND now()")
            )
        )
        terms.append(form.format(at))
    return f" WHERE {' AND '.join(draw(st.permutations(terms)))}" if terms else ""


@st.composite
def selects(draw: Draw) -> tuple[str, int]:
    """A SELECT, and how many columns it has."""
    table = draw(st.sampled_from(("disk", "disk", "process")))
    groups = draw(st.lists(st.sampled_from(KEYS[table]), max_size=2, unique=True))
    groups += draw(st.lists(st.sampled_from(BUCKETS), max_size=1))
    if rarely(draw, 30):
        groups.append(draw(st.sampled_from(("ts", *NOT_KEPT[table]))))
    found = draw(st.lists(aggregates(table), min_size=0 if groups else 1, max_size=4))
    items = [f"{sql} AS g{n}" if draw(st.booleans()) else sql for n, sql in enumerate(groups)]
    items += [f"{sql} AS a{n}" if draw(st.booleans()) else sql for n, sql in enumerate(found)]
    if found and rarely(draw, 10):
        items.append("sum(count(*)) OVER ()")
    where = draw(wheres(table))
    distinct = "DISTINCT " if not found or rarely(draw, 10) else ""
    sql = f"SELECT {distinct}{', '.join(items)} FROM {table} AS t{where}"
    if groups and not (distinct and not found):
        numbers = ", ".join(str(n + 1) for n in range(len(groups)))
        forms = ["ALL", numbers, ", ".join(groups)]
        if "OVER" not in sql:
            forms.append(f"ROLLUP ({', '.join(groups)})")
        sql += f" GROUP BY {draw(st.sampled_from(forms))}"
    if found and rarely(draw, 5):
        sql += f" HAVING {draw(st.sampled_from(('count(*) > 3', f'{found[0]} IS NOT NULL')))}"
    if rarely(draw, 5):
        sql += f" ORDER BY {draw(st.integers(1, len(items)))}"
    return sql, len(items)


@st.composite
def questions(draw: Draw) -> str:
    """A SELECT by itself, within another, beside another."""
    sql, width = draw(selects())
    match draw(st.integers(0, 9)):
        case 0:
            return f"WITH q AS ({sql}) SELECT * FROM q"
        case 1:
            return f"SELECT count(*) FROM ({sql}) AS q"
        case 2:
            nulls = ", ".join(["NULL"] * width)
            return f"({sql}) UNION ALL SELECT {nulls}"
        case 3:
            return f"DESCRIBE {sql}"
        case 4:
            return f"SELECT os.host, (SELECT count(*) FROM disk AS t WHERE t.host = os.host) AS n FROM os, ({sql}) AS q"
    return sql


@st.composite
def scopes(draw: Draw) -> Scope:
    if not rarely(draw, 5):
        return EVERYTHING
    since, until = sorted(draw(st.tuples(*[st.integers(START, END)] * 2)))
    return Scope(
        draw(st.sampled_from((None, since))), draw(st.sampled_from((None, until))), draw(st.sampled_from((None, ("web-*",))))
    )  # fmt: skip
