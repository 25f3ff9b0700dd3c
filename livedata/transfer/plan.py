"""Decides which column of the store each column of a file becomes: of a table that there is, or of a new one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ..errors import UsageError
from ..model.batch import increase_name, increase_type, stored_columns
from ..model.probe import Column, Kind, Probe, Type
from ..probe.rules import NAME
from ..probe.words import RESERVED
from ..query.problems import did_you_mean
from ..query.views import reckoned_columns
from .convert import PREFERRED

KINDS: Mapping[Type, Kind] = {"str": "text", "map": "text", "ts": "time"}
"""The kind of a new column that is neither a label nor a counter; `gauge` where it is not named."""

Fitting = Mapping[str, frozenset[Type]]
"""The columns of all files, in order, with the types that hold every value of each."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line says: the table, the column of the time, that of the host (or the host), the labels."""

    table: str
    ts: str = "ts"
    host: str = "host"
    labels: tuple[str, ...] = ()

    @property
    def one_host(self) -> str | None:
        """The host that all rows are of, where `--host =NAME` names it."""
        return self.host[1:] if self.host.startswith("=") else None


@dataclass(frozen=True, slots=True)
class Plan:
    """`probe`: the table. `source`: a stored column's name → the file's; others are null. `renamed`: what is called anew."""

    probe: Probe
    source: Mapping[str, str]
    renamed: Mapping[str, str]


def _required(wanted: Wanted, columns: Collection[str]) -> dict[str, str]:
    """Where `ts` and `host` come from. Raises UsageError: there is no such column."""
    needed = {"ts": wanted.ts} if wanted.one_host is not None else {"ts": wanted.ts, "host": wanted.host}
    for option, name in needed.items():
        if name not in columns:
            said = ", ".join(columns) or "none"
            alternative = " or --host =NAME" if option == "host" else ""
            raise UsageError(
                f"there is no column {name!r}",
                where=f"--{option}",
                hint=f"columns: {said}; name it with --{option} COLUMN{alternative}",
            )
    return needed


def into(probe: Probe, wanted: Wanted, columns: Sequence[str]) -> Plan:
    """The plan for a table whose columns are known: each column of the file must be one of them, by name.

    A column that livedata reckons when it is asked is passed over; one that had another name before is taken by that, too.

    Raises:
        UsageError: the file has another column, or lacks `ts` or `host`.
    """
    source = _required(wanted, columns)
    stored = stored_columns(probe)
    today = {old: c.name for c in stored for old in c.was} | {c.name: c.name for c in stored}
    reckoned = {d.name for d in reckoned_columns(probe)}
    for name in columns:
        if name in source.values() or (name in reckoned and name not in today):
            continue
        target = today.get(name)
        if target is None:
            raise UsageError(
                f"the table {probe.name} has no column {name!r}",
                where=f"--table {probe.name}",
                hint=did_you_mean(name, today, "name another table, and one is made of these columns"),
            )
        if target in source:
            raise UsageError(
                f"{source[target]!r} and {name!r} are both {target!r}", where=f"--table {probe.name}"
            )
        source[target] = name
    return Plan(probe, source, {})


def column_name(text: str) -> str:
    """A name as a table's column may have it: `CPU Usage (%)` → `cpu_usage`."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:60]
    name = name if name[:1].isalpha() else f"c_{name}".rstrip("_")
    return f"{name}_" if name in RESERVED else name


def _kind(name: str, fits: frozenset[Type], is_label: bool) -> tuple[Type, Kind]:
    """A new column's type and kind. A counter is whole numbers, or hundredths, under a name that ends in `_total`."""
    if is_label:
        return next(t for t in PREFERRED if t in fits and t not in ("f64", "map", "ts", "bool")), "label"
    if name.endswith("_total") and len(fits) < len(PREFERRED):
        for counting in ("u64", "d2"):
            if counting in fits:
                return ("u64" if counting == "u64" else "d2"), "counter"
    of: Type = "str" if len(fits) == len(PREFERRED) else next(t for t in PREFERRED if t in fits)
    return of, KINDS.get(of, "gauge")


def invent(wanted: Wanted, fitting: Fitting) -> Plan:
    """The plan for a table that there is not: its header is made of the files' columns, with ids in their order.

    Raises:
        UsageError: the table or a column can't be called so, two columns come to one name, or `ts` or `host` is missing.
    """
    if not NAME.fullmatch(wanted.table) or wanted.table in RESERVED:
        raise UsageError(
            f"a table can't be called {wanted.table!r}", where="--table", hint="small letters, digits and _"
        )
    source = _required(wanted, fitting)
    names = {name: column_name(name) for name in fitting if name not in source.values()}
    for label in wanted.labels:
        if label not in names:
            raise UsageError(
                f"there is no column {label!r}", where="--label", hint=f"columns: {', '.join(names)}"
            )
    types = {
        name: _kind(name, fitting[original], original in wanted.labels) for original, name in names.items()
    }
    increases = {increase_name(n): n for n, (_, kind) in types.items() if kind == "counter"}
    columns: list[Column] = []
    for original, name in names.items():
        if name in source or name in ("ts", "host"):
            raise UsageError(f"{original!r} and another column would both be {name!r}", where="--table")
        source[name] = original
        if name == "boot_id" and "str" in fitting[original]:
            continue  # a column that every table has
        if (
            name in increases
            and increase_type(Column("", 0, types[increases[name]][0], "counter")) in fitting[original]
        ):
            continue  # one that comes with its counter
        columns.append(Column(name, len(columns) + 1, *types[name]))
    probe = Probe(wanted.table, "Imported.", tuple(columns), source="an import", every=0.0)
    if len({c.name for c in stored_columns(probe)}) < len(stored_columns(probe)):
        raise UsageError("a column has the name of a counter's increase and not its type", where="--table")
    return Plan(probe, source, {o: n for o, n in names.items() if o != n})
