"""Raw counters that old files leave out (`livedata.store.thin`), given back when a question names them: pure functions to SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..model.batch import increase_name, stored_columns
from ..model.probe import Column, Probe, Type


def named_counters(probe: Probe, columns: Collection[Column]) -> list[Column]:
    """Those of a question's stored columns that may have been left out."""
    wanted = {c.name for c in columns}
    return [c for c in (probe.columns[i] for i in probe.counters) if c.name in wanted]


def needed(probe: Probe, columns: Sequence[Column]) -> list[Column]:
    """The stored columns that are read where counters are to be given back: those of the question, the series' labels, and the
    counters' increments."""
    names = {c.name for c in columns} | {"ts", "host"} | {probe.columns[i].name for i in probe.labels}
    names |= {increase_name(c.name) for c in named_counters(probe, columns)}
    return [c for c in stored_columns(probe) if c.name in names]


def filled_sql(probe: Probe, columns: Sequence[Column], rows: str, types: Mapping[Type, str]) -> str:
    """A SELECT of `columns` over `rows` (what follows FROM, with the columns of `needed`), every counter whole.

    A counter is the last one that is there plus what it grew by since. `types`: a column type's SQL type.
    """
    counters = named_counters(probe, columns)
    series = ", ".join(_name(n) for n in ("host", *(probe.columns[i].name for i in probe.labels)))
    window = f"WINDOW series AS (PARTITION BY {series} ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    grown = ", ".join(
        f"coalesce(sum({_name(increase_name(c.name))}) OVER series, 0) AS {_name('grown ' + c.name)}"
        for c in counters
    )
    whole = {c.name: _whole(c, types[c.type]) for c in counters}
    selected = ", ".join(whole.get(c.name, _name(c.name)) for c in columns)
    return f"SELECT {selected} FROM (SELECT *, {grown} FROM {rows} {window}) {window}"


def _whole(counter: Column, sql_type: str) -> str:
    raw, total, grown = (
        _name(n) for n in (counter.name, increase_name(counter.name), f"grown {counter.name}")
    )
    return (
        f"CASE WHEN {raw} IS NOT NULL OR {total} IS NOT NULL THEN "
        f"(last_value({raw} - {grown} IGNORE NULLS) OVER series + {grown})::{sql_type} END AS {raw}"
    )


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
