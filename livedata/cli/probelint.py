"""What `livedata probe check` finds in a probe's file: in its header, its script, its expressions, and beside what the store has."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

from ..errors import LivedataError, ProbeError, QueryError

if TYPE_CHECKING:
    from ..config import Config
    from ..model.probe import Probe
    from ..probe.block import Block


_COMPLAINT = re.compile(r"\b(\d+): (.*)")
"""What dash, bash and busybox say of a script on their standard input: `sh: 3: Syntax error: …`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`wrong`: it would not work; the others are worth a look."""

    where: str
    problem: str
    hint: str = ""
    wrong: bool = True

    def __str__(self) -> str:
        text = f"{self.where}: {'' if self.wrong else 'note: '}{self.problem}"
        return f"{text}\n  {self.hint}" if self.hint else text


def examine(file: Traversable, config: Config) -> tuple[Probe | None, list[Finding]]:
    """The probe of a file, None where it is none, and all that is to be said of it.

    Raises:
        StoreError: what the store has can't be read.
    """
    from ..probe.block import parse_block
    from ..probe.load import load_probe, read_text

    try:
        block = parse_block(read_text(file), str(file))
        probe = load_probe(file, config.probes)
    except ProbeError as error:
        return None, [_of(error)]
    found = [
        *_header(probe, block),
        *_script(probe, block),
        *_derived(probe, block),
        *_store(probe, block, config),
    ]
    return probe, sorted(found, key=lambda f: not f.wrong)


def _of(error: LivedataError, where: str = "") -> Finding:
    return Finding(where or error.where, error.problem, error.hint)


def _at(block: Block, *place: str) -> str:
    return block.error(place, "").where


def _header(probe: Probe, block: Block) -> Iterator[Finding]:
    """What a header may say, and is seldom meant."""
    if probe.timeout > probe.every:
        problem = f"it may take {probe.timeout:g} s and runs every {probe.every:g} s"
        yield Finding(_at(block, "timeout"), problem, "the next runs wait for it", wrong=False)
    for column in () if probe.into else probe.columns:
        if not column.help:
            yield Finding(_at(block, "columns", column.name), f"{column.name} has no help", wrong=False)
    if probe.body and not probe.labels and probe.parse in ("fields", "csv", "jsonl") and not probe.is_events:
        hint = "where it prints more than one row, a column of kind label names each of them"
        yield Finding(_at(block, "columns"), "no column is a label", hint, wrong=False)


def _script(probe: Probe, block: Block) -> Iterator[Finding]:
    from ..probe.script import remarks

    if not probe.body:
        return
    first = block.body_line
    # -n: it is read, nothing of it is run.
    said = subprocess.run(["sh", "-n"], input=probe.body.encode(), capture_output=True, check=False)
    if said.returncode:
        complaint = said.stderr.decode("utf-8", "replace").partition("\n")[0]
        found = _COMPLAINT.search(complaint)
        line, problem = (int(found[1]), found[2]) if found else (1, complaint)
        yield Finding(f"{block.path}:{first + line - 1}", f"sh can't read the script: {problem}")
    for remark in remarks(probe.body):
        yield Finding(f"{block.path}:{first + remark.line - 1}", remark.problem, remark.hint, remark.wrong)


def _derived(probe: Probe, block: Block) -> Iterator[Finding]:
    """The expressions, bound by the engine: each that is wrong is left out for the next one."""
    from ..query.catalogue import column_list

    good = replace(probe, derived=())
    for derived in probe.derived if not _binds(probe) else ():
        more = replace(good, derived=(*good.derived, derived))
        try:
            column_list(more)
            good = more
        except QueryError as error:
            yield Finding(
                _at(block, "derived", derived.name), error.problem.removeprefix("can't be made a view: ")
            )


def _binds(probe: Probe) -> bool:
    from ..query.catalogue import column_list

    try:
        column_list(probe)
    except QueryError:
        return False
    return True


def _store(probe: Probe, block: Block, config: Config) -> Iterator[Finding]:
    """What the store's rows object to: they were written under the headers before this one."""
    from ..store.layout import Layout
    from ..store.registry import check, load

    table = load(Layout(config.store).tables).tables.get(probe.name)
    if table is None or probe.into:
        return
    versions = table.versions.values()
    for column in probe.columns:
        try:
            check(replace(probe, columns=(column,)), versions)
        except ProbeError as error:
            yield Finding(_at(block, "columns", column.name), error.problem, error.hint)
    here = {c.id for c in probe.columns}
    for column in table.versions[table.current].columns:
        if column.id not in here:
            problem = f"the store has a column {column.name!r} (id {column.id}) that is no more here"
            hint = "its rows keep it, and questions do not show it; its id is never used again"
            yield Finding(_at(block, "columns"), problem, hint, wrong=False)
