"""Writes tables as OpenMetrics text (https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md).

Families are contiguous, a series' samples stand together in the order of time, and times are those of the rows: what
`promtool tsdb create-blocks-from openmetrics` takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import IO

import pyarrow as pa

from ..model.probe import Probe
from ..query.cells import Cells
from ..query.views import Scope, identifier
from .families import Family, families, label_names, label_sql, value_sql
from .pieces import Ask, series_order

END = b"# EOF\n"
NUMBERS = {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}


def escaped(text: str) -> str:
    """A label's value or a help text: backslash, quote and line feed are escaped, everything else stands as it is."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def head(family: Family) -> str:
    """The lines that say what a family is."""
    lines = [f"# TYPE {family.name} {family.kind}\n"]
    if family.unit:
        lines.append(f"# UNIT {family.name} {family.unit}\n")
    if family.help:
        lines.append(f"# HELP {family.name} {escaped(family.help)}\n")
    return "".join(lines)


def question(probe: Probe, family: Family) -> str:
    """The SELECT of a family's samples: `ts`, its value, and each of `label_names`, a series after the other."""
    labels = ", ".join(map(label_sql, label_names(probe)))
    return (
        f"SELECT ts, {value_sql(family)}, {labels} FROM {identifier(probe.name)}"
        f" WHERE {identifier(family.column.name)} IS NOT NULL ORDER BY {series_order(probe)}"
    )


def lines(
    name: str, labels: Sequence[str], schema: pa.Schema, batches: Iterator[pa.RecordBatch]
) -> Iterator[list[str]]:
    """A batch's samples as lines. A second one of a series within a millisecond is left out: Prometheus has room for one."""
    cells = [Cells(field.type) for field in list(schema)[1:]]
    series: tuple[str | None, ...] = ()
    prefix = ""
    last = None
    for batch in batches:
        texts = [c.texts(batch.column(i)) for i, c in enumerate(cells, 1)]
        times = batch.column(0).view(pa.int64()).to_pylist()
        out = []
        for us, value, *key in zip(times, *texts, strict=True):
            ms = us // 1000
            if tuple(key) != series or not prefix:
                series, last = tuple(key), None
                pairs = [f'{n}="{escaped(v)}"' for n, v in zip(labels, series, strict=True) if v]
                prefix = f"{name}{{{','.join(pairs)}}} "
            if ms != last:
                last = ms
                out.append(f"{prefix}{NUMBERS.get(value, value)} {ms / 1000:.3f}\n")
        yield out


def write(
    ask: Ask, tables: Sequence[tuple[Probe, Scope]], out: IO[bytes], tell: Callable[[int], None]
) -> int:
    """All metrics of the tables, ended by `# EOF`; how many samples they were. `tell` is told of each batch's.

    Raises what `stream` does.
    """
    samples = 0
    for probe, scope in tables:
        for family in families(probe):
            headed = False
            with ask(question(probe, family), scope) as (schema, batches):
                for batch in lines(family.sample, label_names(probe), schema, batches):
                    if batch and not headed:
                        out.write(head(family).encode())
                        headed = True
                    out.write("".join(batch).encode())
                    samples += len(batch)
                    tell(len(batch))
    out.write(END)
    return samples
