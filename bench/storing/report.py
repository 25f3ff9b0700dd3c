"""From what was measured to medians, the budget's targets, JSON and a table for a person. Pure but for asking versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from collecting.report import Target, first_line, machine, summary

Result = Mapping[str, Any]
FRESH_MEASURES = ("cpu_ms", "wall_ms", "rows_per_s")


def environment() -> dict[str, Any]:
    return {
        **machine("livedata", "pyarrow", "duckdb", "msgspec"),
        "prometheus": first_line("prometheus", "--version"),
        "victoria_metrics": first_line("victoria-metrics", "--version"),
    }


def summed_up(part: Mapping[str, Any]) -> dict[str, Any]:
    """A part of the result with medians in place of its rounds."""
    return {**part, "rounds": summary(part["rounds"])} if "rounds" in part else dict(part)


def targets(result: Result) -> list[dict[str, Any]]:
    """What the budget wants, beside what came, of the parts that were measured."""
    rows = [row for part, of in TARGETS.items() if part in result for row in of(result[part])]
    return [{**asdict(row), "value": round(row.value, 3), "met": row.met} for row in rows]


def _ingest_targets(part: Result) -> Iterator[Target]:
    rate = part["rounds"]["livedata"]["rows_per_cpu_s"]["median"]
    yield Target("ingest to durable, rows/s of a core, parse excluded", rate, 500_000, True)


TARGETS = {"ingest": _ingest_targets}


def _fresh_lines(part: Result) -> Iterator[str]:
    yield (
        f"fresh tier: {part['rows_a_tick']:,} rows of {part['columns']} columns made durable, "
        "by tick, median (least to most)"
    )
    yield f"{'':28}{'CPU ms':>24}{'wall ms':>26}{'rows/CPU-s':>12}{'B/row':>8}  another process reads meanwhile"
    for name, measures in part["rounds"].items():
        once = part["once"][name]
        yield (
            f"{name:28}{_cell(measures['cpu_ms']):>24}{_cell(measures['wall_ms']):>26}"
            f"{measures['rows_per_s']['median']:>12,.0f}{once['bytes_per_row']:>8.1f}  "
            f"{once['unreadable_meanwhile'][:60] or 'yes'}"
        )


def _ingest_lines(part: Result) -> Iterator[str]:
    m = part["rounds"]["livedata"]
    yield (
        f"ingest: {part['rows_a_tick']:,} rows a tick of the standard mix of {part['hosts']} hosts: "
        f"{m['rows_per_cpu_s']['median']:,.0f} rows/CPU-s, {m['rows_per_s']['median']:,.0f} rows/s, "
        f"{m['bytes_per_row']['median']:.0f} B/row in the log"
    )


LINES = {"fresh": _fresh_lines, "ingest": _ingest_lines}


def _cell(m: Mapping[str, float]) -> str:
    return f"{m['median']:.2f} ({m['min']:.2f} to {m['max']:.2f})"


def table(result: Result) -> str:
    """The whole result for a person."""
    env = result["environment"]
    lines = [
        f"{env['cpu']}, {env['cores']} cores, Linux {env['kernel']}, {env['system']}, Python {env['python']}, "
        f"pyarrow {env['pyarrow']}, DuckDB {env['duckdb']}, livedata {env['commit']}, load {env['load'][0]:.1f}",
    ]
    for part, lines_of in LINES.items():
        if part in result:
            lines += ["", *lines_of(result[part])]
    lines += ["", f"{'budget':76}{'seen':>12}{'target':>12}"]
    for t in result["targets"]:
        sign = "≥" if t["more"] else "≤"
        lines.append(
            f"{t['what']:76}{t['value']:>12,.2f}{sign:>4} {t['target']:<8g}{'' if t['met'] else 'MISSED'}"
        )
    return "\n".join(lines)
