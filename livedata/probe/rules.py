"""What a probe's names, ids and kinds must keep to, so that every table can be guessed, queried bare and never clashes."""

from __future__ import annotations

import re

from ..model.columns import TEMPLATE
from ..model.probe import Column, Derived, Probe, Type
from ..model.rollup import WIDTHS, rollups, widths
from .block import Block
from .words import RESERVED

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
COMMON = frozenset({"ts", "host", "boot_id", "offset_ms", "dt_ms"})
"""Columns that every table has by itself; a table of events brings its own `ts` and `boot_id`."""
OWN_TABLES = frozenset({"scrape", "connect", "reads", "inventory"})
"""Names that the collector and bundles use."""
IDS = range(1, 10_000)
TEXTS = frozenset({"fields", "keyvalue", "csv"})
"""Formats whose values are texts."""
KEYS: tuple[Type, ...] = ("str", "i64", "u64", "bool", "d2")
"""What rollups can have a row for each value of."""
TABLE_KEYS = (
    "columns",
    "derived",
    "rollup",
    "rollup_by",
    "rollup_keep",
    "full",
    "snapshot",
    "after",
    "mined",
)
"""What a header says of its own table or samples: nothing, where the rows go into another's."""
UNITS = {
    "kb": "bytes", "kib": "bytes", "mb": "bytes", "mib": "bytes", "gb": "bytes", "gib": "bytes", "tb": "bytes", "tib": "bytes", "sectors": "bytes", "pages": "bytes",
    "sec": "seconds", "secs": "seconds", "ticks": "seconds", "jiffies": "seconds", "usec": "seconds", "usecs": "seconds",
    "msec": "ms", "msecs": "ms", "millis": "ms", "percent": "pct", "perc": "pct", "percentage": "pct",
}  # fmt: skip
"""A unit that a name doesn't carry → the one it carries instead."""


def check(probe: Probe, block: Block) -> None:
    """Raises ProbeError at the first rule that a probe breaks."""
    _name(block, (), probe.name, "probe")
    if probe.name in OWN_TABLES:
        raise block.error((), f"{probe.name!r} is the collector's own", "call the file something else")
    if "into" in block.values:
        _feeds(block, probe)
        return
    if not probe.columns:
        raise block.error(("columns",), "there is no column")
    ids: dict[int, str] = {}
    names: dict[str, str] = dict.fromkeys(COMMON, "a column that every table has")
    if probe.mined:
        names[TEMPLATE] = f"made from {probe.mined}"
        if ("str", "text") not in [(c.type, c.kind) for c in probe.columns if c.name == probe.mined]:
            raise block.error(("mined",), f"there is no column {probe.mined} of type str and kind text")
    for column in probe.columns:
        if column.kind == "counter":
            base = column.name.removesuffix("_total")
            names[f"{base}_increase"] = names[f"{base}_per_second"] = f"made from {column.name}"
    for column in probe.columns:
        place = ("columns", column.name)
        _name(block, place, column.name, "column")
        _event_column(block, probe, column)
        if column.name in names and not _brought(probe, column):
            raise block.error(place, f"{column.name} is already {names[column.name]}")
        names[column.name] = "a column"
        if column.id not in IDS:
            raise block.error(place, f"id {column.id} is not in {IDS[0]} to {IDS[-1]}")
        if column.id in ids:
            raise block.error(
                place, f"id {column.id} is already that of {ids[column.id]}", "an id is used once, for ever"
            )
        ids[column.id] = column.name
        _kind(block, place, column)
        if column.type == "map" and probe.parse in TEXTS:
            raise block.error(place, f"{probe.parse} has no maps", 'only parse = "jsonl" does')
    marked: dict[int, str] = {}
    for derived in probe.derived:
        place = ("derived", derived.name)
        _name(block, place, derived.name, "derived column")
        if derived.name in names:
            raise block.error(place, f"{derived.name} is already {names[derived.name]}")
        _marked(block, probe, derived, marked)
    _rollups(block, probe)


def _feeds(block: Block, probe: Probe) -> None:
    """A probe that feeds another's table says nothing of a table of its own."""
    if not NAME.fullmatch(probe.into) or probe.into == probe.name:
        raise block.error(
            ("into",), f"into can't be {probe.into!r}", "the name of another probe, such as log"
        )
    for key in TABLE_KEYS:
        if key in block.values:
            problem = f"with `into` there is no `{key}`"
            raise block.error((key,), problem, f"the table is that of {probe.into}, and so are its columns")


def _name(block: Block, place: tuple[str, ...], name: str, what: str) -> None:
    if not NAME.fullmatch(name):
        hint = "small letters a to z, digits and _; a letter first"
        raise block.error(place, f"a {what} can't be called {name!r}", hint)
    if name in RESERVED:
        raise block.error(place, f"a {what} can't be called {name!r}: SQL keeps that word for itself")
    base, _, unit = name.removesuffix("_total").rpartition("_")
    if base and unit in UNITS:
        raise block.error(
            place,
            f"{name}: a name carries the base unit",
            f"give it in {UNITS[unit]}, call it {base}_{UNITS[unit]}",
        )


def _brought(probe: Probe, column: Column) -> bool:
    """Whether this is a column that a table of events brings itself."""
    return probe.is_events and column.name in ("ts", "boot_id")


def _event_column(block: Block, probe: Probe, column: Column) -> None:
    place = ("columns", column.name)
    if column.name == "ts" and (column.type, column.kind) != ("ts", "time"):
        raise block.error(place, "an event's ts has type ts and kind time")
    if column.name == "boot_id" and probe.is_events and column.type != "str":
        raise block.error(place, "an event's boot_id has type str")


def _kind(block: Block, place: tuple[str, ...], column: Column) -> None:
    """What a kind asks of the type and the name."""
    counter = column.kind == "counter"
    if counter and column.type not in ("u64", "d2"):
        raise block.error(place, f"a counter can't be {column.type}", "u64, or d2 for hundredths")
    if counter != column.name.endswith("_total"):
        raise block.error(
            place, f"{column.name} is a {column.kind}", "counters, and only they, end in _total"
        )
    if (column.kind == "time") != (column.type == "ts"):
        raise block.error(
            place, f"a {column.kind} can't be {column.type}", "kind time and type ts go together"
        )
    if column.type == "map" and column.kind != "text":
        raise block.error(place, f"a {column.kind} can't be map", "a map has kind text")
    if column.kind == "label" and column.type == "f64":
        raise block.error(place, "a label can't be f64", "what names a series must be exact")
    if column.kind == "gauge" and column.type == "str":
        raise block.error(place, "a gauge can't be str", "a text has kind text, or label")


def _marked(block: Block, probe: Probe, derived: Derived, ids: dict[int, str]) -> None:
    """A derived column's id is that of its rollup's columns, so it is permanent, too. It must go by one row alone."""
    place = ("derived", derived.name)
    if derived.type is None:
        return
    if derived.id not in IDS:
        raise block.error(place, f"id {derived.id} is not in {IDS[0]} to {IDS[-1]}")
    if derived.id in ids:
        raise block.error(
            place, f"id {derived.id} is already that of {ids[derived.id]}", "an id is used once, for ever"
        )
    ids[derived.id] = derived.name
    text = derived.sql
    for other in reversed(probe.derived[: probe.derived.index(derived)]):
        text += f" {other.sql}" if other.name in text else ""
    if re.search(r"\bover\b", text, re.IGNORECASE):
        raise block.error(
            place, "rollups can't keep what goes by other rows: OVER", "leave its id and type out"
        )


def _rollups(block: Block, probe: Probe) -> None:
    """What a header says of rollups, and whether their names clash with others."""
    if probe.name.endswith(tuple(f"_{width}" for width in WIDTHS)):
        raise block.error((), f"{probe.name!r} is the name of a rollup", "call the file something else")
    for width in probe.rollup or ():
        if width not in WIDTHS:
            raise block.error(("rollup",), f"rollup can't be {width!r}", f"known are: {', '.join(WIDTHS)}")
    columns = {column.name: column for column in probe.columns}
    for key in ("rollup_by", "rollup_keep"):
        for name in block.values.get(key, ()):
            if name not in columns:
                raise block.error((key,), f"there is no column {name!r}", "it names columns of the header")
    for name in probe.rollup_keep or ():
        if columns[name].kind not in ("gauge", "counter"):
            raise block.error(("rollup_keep",), f"{name} is no gauge and no counter")
    for name in probe.rollup_by or ():
        column = columns[name]
        if column.kind not in ("label", "text") or column.type not in KEYS:
            raise block.error(
                ("rollup_by",), f"rollups can't go by {name!r}", f"by a label or text, of {', '.join(KEYS)}"
            )
    if not widths(probe):
        return
    if not NAME.fullmatch(f"{probe.name}_1m"):
        raise block.error(
            (), f"the name {probe.name!r} is too long", "at most 60 letters: its rollups' have 3 more"
        )
    names: set[str] = set()
    for column in rollups(probe)[0].probe.columns:
        if column.name in names:
            raise block.error(
                (),
                f"its rollups would have two columns {column.name!r}",
                "call a label or gauge something else",
            )
        names.add(column.name)
