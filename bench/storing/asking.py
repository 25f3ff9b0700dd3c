"""Asking: the same questions of livedata, of DuckDB over the same files, and of the peers over the same samples; first whether they agree.

livedata is asked in this process, of a store whose day is not over yet (files of hours) and of one whose day is (files of the day), with its
rollups and without. The peers are asked over HTTP on loopback and answer in JSON. Answers are never taken from a cache of answers.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from livedata.query.engine import Pool, ask
from livedata.query.views import EVERYTHING, columns_named, view_sql
from livedata.store.layout import Layout, lake_files
from livedata.store.reader import Span, open_store

from .meter import forget
from .peers import Peer, values
from .questions import Question

COLD_ROUNDS = 3
Ask = Callable[[Question], object]
Chill = Callable[[], None]
HOURS, DAY = "files of hours", "files of the day"


def _bare(root: Path, opened: ExitStack) -> Ask:
    """DuckDB as it comes over the files that the manifest names, nothing reckoned beside: what of livedata's time is not its own."""
    connections: dict[str, duckdb.DuckDBPyConnection] = {}

    def answer(question: Question) -> pa.Table:
        if question.key not in connections:
            span = Span(question.first_ts, hosts=question.hosts)
            table = opened.enter_context(open_store(root, {"cpu": span}))["cpu"]
            connection = opened.enter_context(duckdb.connect(":memory:"))
            connection.execute("SET TimeZone = 'UTC'")
            files = [str(part.path) for part in table.parts]
            connection.execute(
                view_sql("cpu", columns_named(table.probe, question.sql), files, None, EVERYTHING)
            )
            connections[question.key] = connection
        return connections[question.key].sql(question.sql).to_arrow_table()

    return answer


def _contenders(
    stores: Mapping[str, Path], peers: Sequence[Peer], opened: ExitStack
) -> dict[str, tuple[Ask, Chill]]:
    """Name → how it is asked, and how what it reads is put out of memory."""
    found: dict[str, tuple[Ask, Chill]] = {}
    for state, root in stores.items():

        def livedata(question: Question, root: Path, **how: Any) -> pa.Table:
            return ask(root, question.sql, **how).table

        def chill(root: Path) -> None:
            forget(lake_files(Layout(root).lake))

        cold = partial(chill, root)
        kept = opened.enter_context(Pool())
        raw = opened.enter_context(Pool())
        found[f"livedata, {state}"] = (partial(livedata, root=root, pool=kept), cold)
        found[f"livedata, {state}, no rollups"] = (partial(livedata, root=root, pool=raw, rewrite=None), cold)
        found[f"livedata, {state}, each by itself"] = (partial(livedata, root=root), cold)
        found[f"DuckDB, {state}"] = (_bare(root, opened), cold)
    for peer in peers:
        found[peer.name] = (partial(_over_http, peer), peer.cold)
    return found


def _over_http(peer: Peer, question: Question) -> bytes:
    return peer.get(question.path)


def _number(question: Question, answer: object) -> float:
    if isinstance(answer, pa.Table):
        return question.answer(answer)
    assert isinstance(answer, bytes)
    return question.peers_answer(values(answer))


def _agree(
    asked: Sequence[Question], contenders: Mapping[str, tuple[Ask, Chill]]
) -> dict[str, dict[str, float]]:
    """question → contender → its number by livedata's. Raises RuntimeError where one is not the same."""
    found: dict[str, dict[str, float]] = {}
    for question in asked:
        numbers = {name: _number(question, of(question)) for name, (of, _) in contenders.items()}
        ours = next(iter(numbers.values()))
        found[question.key] = {name: round(number / ours, 5) for name, number in numbers.items()}
        for name, ratio in found[question.key].items():
            if abs(ratio - 1) > question.tolerance:
                raise RuntimeError(f"{question.name}: {name} says {numbers[name]}, livedata {ours}")
    return found


def _timed(of: Ask, question: Question) -> float:
    begun = time.perf_counter()
    of(question)
    return (time.perf_counter() - begun) * 1e3


def measure(
    asked: Sequence[Question], stores: Mapping[str, Path], peers: Sequence[Peer], rounds: int
) -> dict[str, Any]:
    """`rounds` and `cold`: contender → question → milliseconds a round; `answers`: how far they agree."""
    warm: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    cold: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with ExitStack() as opened:
        contenders = _contenders(stores, peers, opened)
        answers = _agree(asked, contenders)
        for _ in range(rounds):
            for question in asked:
                for name, (of, _) in contenders.items():
                    warm[name][question.key].append(_timed(of, question))
        for _ in range(min(rounds, COLD_ROUNDS)):
            for question in asked:
                for name, (of, chill) in contenders.items():
                    chill()
                    cold[name][question.key].append(_timed(of, question))
    return {"questions": {q.key: q.name for q in asked}, "rounds": warm, "cold": cold, "answers": answers}
