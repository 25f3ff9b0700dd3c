#!/usr/bin/env python3
"""What keeping and searching logs cost, beside ripgrep over plain text, journalctl --grep and lnav, in one run.

    python bench/logs.py [--entries 2000000] [--work DIR] [--json FILE]

bench/README.md says what is measured and how. The numbers go to --json (or standard output), a table for a person to standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
from collecting.report import summary
from searching import peers, report
from searching.measure import search
from searching.questions import questions
from storing.batches import batches
from storing.data import Data
from storing.keeping import Kept, per_million
from storing.meter import Meter
from storing.report import environment

from livedata.model.template import templates
from livedata.probe.header import parse_probe
from livedata.probe.load import find_probe
from livedata.store import manifest
from livedata.store.layout import Layout
from livedata.store.terms import bytes_of_words
from livedata.store.writer import Writer

A_HOST = 11_700
"""Entries of a host in a day, on average."""
INGESTED = 50_000


def options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add(
        "--entries",
        type=int,
        default=2_000_000,
        help="about so many, of one day (default 2000000; 10000000 takes 15 minutes and 8 GB)",
    )
    add(
        "--few", type=int, default=100_000, help="entries that journalctl and lnav are given (default 100000)"
    )
    add("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    add("--alone", action="store_true", help="only livedata, nothing beside it")
    add("--work", type=Path, metavar="DIR", help="where the entries stay for the next run")
    add("--json", type=Path, metavar="FILE", help="where the numbers go")
    return parser.parse_args(argv)


def ingest(place: Path, data: Data) -> dict[str, float]:
    """Entries as a parser gives them, made durable in frames of a second: templates and all."""
    probe = data.probes["log"]
    ticks = [batch for tick in batches(probe, data.hour("log", 0).slice(0, INGESTED)) for batch in tick]
    frames = [ticks[start : start + 1000] for start in range(0, len(ticks), 1000)]
    rows = sum(len(batch.rows) for batch in ticks)
    with Writer.open(place, purpose="bench", now_us=0) as writer:
        writer.register(probe)
        with Meter() as meter:
            for frame in frames:
                if refused := writer.append(frame, frame[0].ts):
                    raise RuntimeError(refused[0].reason)
    log = sum(path.stat().st_size for path in (place / "wal").iterdir())
    return {"rows": rows, "rows_per_cpu_s": rows / meter.cpu_ms * 1e3, "log_bytes_per_row": log / rows}


def keeping(today: Kept, day: Kept, hours: dict[str, float], entries: pa.Table) -> dict[str, float]:
    sizes = day.sizes()["log"]
    with Meter() as mined:
        for chunk in entries["message"].slice(0, 500_000).chunks:
            templates(chunk)
    with manifest.writing(Layout(day.root)) as listed:
        words = sum(bytes_of_words(segment.path) for segment in listed.segments())
    return {
        **sizes,
        "bytes_per_row": sizes["bytes"] / sizes["rows"],
        "words_bytes_per_row": words / sizes["rows"],
        "today_bytes_per_row": hours["bytes"] / hours["rows"],
        "mined_cpu_s": mined.cpu_ms / 1e3 / (min(500_000, entries.num_rows) / 1e6),
        "sealed_cpu_s": per_million(today.loading),
        "hourly_cpu_s": per_million(today.hourly),
        "daily_cpu_s": per_million(day.daily),
        "compaction_peak_mb": max(c.peak_mb for c in (*today.hourly, *day.daily)),
    }


def measure(asked: argparse.Namespace, place: Path) -> dict[str, Any]:
    hosts = max(2, asked.entries // A_HOST)
    probe = parse_probe(find_probe("log", None).read_text(encoding="utf-8"), "log.sh")
    data = Data((asked.work or place) / "rows", {"log": probe}, {"log": hosts}, 24)
    result: dict[str, Any] = {"bench": "logs", "hosts": hosts, "environment": environment()}
    (place / "ingest").mkdir()
    result["ingest"] = ingest(place / "ingest", data)
    today = Kept(place / "hours", data)
    today.live()
    hours = today.sizes()["log"]
    day = today.copy(place / "day")
    day.end_of_day()
    some = data.hour("log", 0).sort_by("ts").slice(0, asked.few)
    hourly = (data.hour("log", number).drop_columns(["fields"]) for number in range(24))
    entries = pa.concat_tables([rows.sort_by("ts") for rows in hourly])
    result["entries"], result["templates"] = entries.num_rows, len(entries["template"].unique())
    result["keeping"] = keeping(today, day, hours, entries)
    looked_for = questions(entries)
    others = [] if asked.alone else peers.installed(entries, some, place)
    del entries, some
    stores = {"livedata, hours": today.root, report.DAY: day.root}
    result["questions"] = {q.key: q.name for q in looked_for}
    result["peers"] = {peer.name: {"entries": peer.entries, "bytes": peer.bytes} for peer in others}
    found = search(looked_for, stores, result["entries"], others, asked.rounds)
    result["search"] = {"hits": found["hits"], "cpu": summary(found["cpu"]), "wall": summary(found["wall"])}
    result["targets"] = [{**asdict(t), "met": t.met} for t in report.targets(result)]
    return result


def main(argv: Sequence[str]) -> int:
    asked = options(argv)
    if asked.work:
        asked.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="livedata-bench-", dir=asked.work) as folder:
        result = measure(asked, Path(folder))
    print(report.table(result), file=sys.stderr)
    text = json.dumps(result, indent=2) + "\n"
    if asked.json:
        asked.json.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
