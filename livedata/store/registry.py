"""Every table's columns in every version they had, in `tables.json`: enough to read the store without a probe file.

A probe's header may add columns, drop them, rename them (`was`) and widen them; a column's id is permanent. A header whose stored
columns differ becomes a new version; its words (help, derived columns) are brought up to date in place.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from ..errors import ProbeError, StoreError
from ..model.probe import Column, Probe, Type
from ..model.rollup import rollups
from .files import disk, replace_durably
from .layout import TABLE_NAME, Layout

FORMAT = 1
WIDER: set[tuple[Type, Type]] = {("i64", "f64"), ("u64", "f64"), ("d2", "f64")}
"""What a column's type may become: (before, after)."""

Signature = tuple[tuple[str, int, Type, str], ...]


class Table(msgspec.Struct, frozen=True):
    """`versions` by number; `current` is the one that the last header had."""

    current: int
    versions: dict[int, Probe]


class Tables(msgspec.Struct, frozen=True):
    """The content of `tables.json`."""

    format: int
    tables: dict[str, Table]


def describe(probe: Probe) -> Probe:
    """What the store keeps of a probe: its columns and its words, not how it is run."""
    return Probe(
        probe.name,
        probe.help,
        probe.columns,
        probe.derived,
        source=probe.source,
        docs=probe.docs,
        every=probe.every,
        rollup=probe.rollup,
        rollup_by=probe.rollup_by,
        rollup_keep=probe.rollup_keep,
        rollup_of=probe.rollup_of,
        mined=probe.mined,
    )


def signature(probe: Probe) -> Signature:
    """What makes a version: the stored columns, in order."""
    from ..model.batch import stored_columns

    return tuple((c.name, c.id, c.type, c.kind) for c in stored_columns(probe))


def _objection(new: Column, old: Column) -> tuple[str, str] | None:
    """What forbids `new` beside an `old` of the store: problem and hint."""
    if new.id == old.id:
        if new.name != old.name and old.name not in new.was and new.name not in old.was:
            return (
                f"column {new.name!r} has id {new.id}, which is {old.name!r} in the store",
                f"an id is permanent: if {old.name!r} was renamed, say so with `was`; otherwise take a new id",
            )
        if new.type != old.type and (old.type, new.type) not in WIDER:
            return (
                f"column {new.name!r} is {new.type}, the store has it as {old.type}",
                "a type may only widen to f64: give the column a new name and id",
            )
    elif new.name == old.name:
        return (f"column {new.name!r} has id {new.id}, the store has it as {old.id}", f"keep id {old.id}")
    return None


def check(probe: Probe, versions: Iterable[Probe]) -> None:
    """Whether a header agrees with every version that the store has rows of.

    Raises:
        ProbeError: an id was given to another column, or a type changed that can't be widened.
    """
    if TABLE_NAME.fullmatch(probe.name) is None:
        raise ProbeError(
            f"{probe.name!r} can't be a table", where=probe.path, hint="small letters, digits and _"
        )
    for column in probe.columns:
        if column.kind == "label" and column.type == "map":
            raise ProbeError(
                f"{probe.name}: label {column.name!r} is a map", where=probe.path, hint="make it a text"
            )
    olds = {c for version in versions for c in version.columns}
    for new in probe.columns:
        for old in sorted(olds, key=lambda c: (c.id, c.name)):
            objection = _objection(new, old)
            if objection:
                raise ProbeError(f"{probe.name}: {objection[0]}", where=probe.path, hint=objection[1])


def load(path: Path) -> Tables:
    """Raises StoreError: it is damaged, or a newer livedata's."""
    with disk("read the tables' columns", path):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return Tables(FORMAT, {})
    return decode(data, path)


def encode(tables: Tables) -> bytes:
    """The bytes of a tables.json."""
    return msgspec.json.format(msgspec.json.encode(tables), indent=1) + b"\n"


def decode(data: bytes, path: Path) -> Tables:
    """Raises StoreError: it is damaged, or a newer livedata's."""
    try:
        tables = msgspec.json.decode(data, type=Tables)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreError(
            f"it is damaged: {error}", where=str(path), hint="livedata store verify --repair puts it back"
        ) from error
    if tables.format > FORMAT:
        raise StoreError("a newer livedata wrote it", where=str(path), hint="use that one")
    return tables


def table_definitions(root: Path) -> dict[str, Probe]:
    """Every table of a store as its last header described it: name → probe. Reads one small file. Raises StoreError."""
    return {name: table.versions[table.current] for name, table in load(Layout(root).tables).tables.items()}


class Registry:
    """The tables as the writer sees them; whatever it admits is durable before a row of it is."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._known: dict[str, tuple[Probe, int]] = {}
        self.content = load(layout.tables)

    def probe(self, table: str, version: int) -> Probe:
        """Raises StoreError: a row's version is not in the registry."""
        return lookup(self.content, table, version)

    def admit(self, probe: Probe) -> int:
        """The version of a probe's columns; a new one is written down first.

        Raises:
            ProbeError: see `check`.
            StoreError: it can't be written.
        """
        known = self._known.get(probe.name)
        if known is None or known[0] is not probe:
            known = self._known[probe.name] = (probe, self._admit(probe))
        return known[1]

    def _admit(self, probe: Probe) -> int:
        """A table and its rollups are written down together: compaction, in another process, makes the rollups."""
        tables = dict(self.content.tables)
        version = _enter(tables, probe)
        for rollup in rollups(probe):
            _enter(tables, rollup.probe)
        if tables != self.content.tables:
            content = Tables(FORMAT, tables)
            with disk("write down the tables' columns", self._layout.tables):
                replace_durably(self._layout.tables, encode(content), self._layout.aside)
            self.content = content
        return version


def _enter(tables: dict[str, Table], probe: Probe) -> int:
    """Enter a probe's columns among the tables; their version. Raises ProbeError: see `check`."""
    table = tables.get(probe.name, Table(0, {}))
    wanted = signature(probe)
    same = [v for v, p in table.versions.items() if signature(p) == wanted]
    if not same:
        check(probe, table.versions.values())
    version = same[-1] if same else max(table.versions, default=0) + 1
    tables[probe.name] = Table(version, table.versions | {version: describe(probe)})
    return version


def lookup(tables: Tables, table: str, version: int) -> Probe:
    """The probe of a version. Raises StoreError: there is none."""
    try:
        return tables.tables[table].versions[version]
    except KeyError as error:
        raise StoreError(
            f"rows of {table!r} have version {version}, which tables.json does not have",
            hint="tables.json was lost or replaced: livedata store verify --repair puts it back",
        ) from error
