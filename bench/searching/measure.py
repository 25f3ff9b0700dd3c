"""Searching: the same questions of livedata and of what a user would search with instead, in rounds that take turns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from storing.meter import Meter

from livedata.query.engine import Pool, ask

from .peers import Peer
from .questions import Question


def _ours(root: Path, pool: Pool, question: Question) -> tuple[float, float, pa.Table]:
    with Meter() as meter:
        answer = ask(root, question.sql, pool=pool).table
    return meter.cpu_ms, meter.wall_ms, answer


def _count(question: Question, answer: pa.Table) -> int:
    return answer.num_rows if question.rows else int(answer["n"][0].as_py())


def search(
    asked: Sequence[Question], stores: Mapping[str, Path], entries: int, peers: Sequence[Peer], rounds: int
) -> dict[str, Any]:
    """`cpu` and `wall`: contender → question → milliseconds a round, for as many `entries`. Raises RuntimeError: an answer differs."""
    found: dict[str, Any] = {what: defaultdict(lambda: defaultdict(list)) for what in ("cpu", "wall")}
    hits: dict[str, int] = {}
    with Pool() as pool:
        ours = {name: partial(_ours, root, pool) for name, root in stores.items()}
        for number in range(rounds + 1):
            for question in asked:
                for name, of in ours.items():
                    cpu, wall, answer = of(question)
                    if question.key != "templates":
                        count = _count(question, answer)
                        if hits.setdefault(question.key, count) != count:
                            raise RuntimeError(
                                f"{question.name}: {name} gives {count}, not {hits[question.key]}"
                            )
                    if number:
                        found["cpu"][name][question.key].append(cpu)
                        found["wall"][name][question.key].append(wall)
                for peer in peers if question.pattern is not None else ():
                    if number > 1 and peer.entries < entries:
                        continue  # the slow ones once
                    said = peer.ask(question)
                    if question.rows and peer.entries == entries and said.lines != hits[question.key]:
                        raise RuntimeError(
                            f"{question.name}: {peer.name} gives {said.lines}, livedata {hits[question.key]}"
                        )
                    if number:
                        found["cpu"][peer.name][question.key].append(said.cpu_ms * entries / peer.entries)
                        found["wall"][peer.name][question.key].append(said.wall_ms * entries / peer.entries)
    return {"hits": hits, **found}
