"""From what was measured to medians, the budget's targets, JSON and a table for a person. Pure but for asking versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from collecting.report import Target, first_line, machine, summary

from .asking import DAY, HOURS

Result = Mapping[str, Any]


def environment() -> dict[str, Any]:
    return {
        **machine("livedata", "pyarrow", "duckdb", "msgspec"),
        "prometheus": first_line("prometheus", "--version"),
        "victoria_metrics": first_line("victoria-metrics", "--version"),
    }


def summed_up(part: Mapping[str, Any]) -> dict[str, Any]:
    """A part of the result with medians in place of its rounds."""
    return {name: summary(value) if name in ("rounds", "cold") else value for name, value in part.items()}


def targets(result: Result) -> list[dict[str, Any]]:
    """What the budget wants, beside what came, of the parts that were measured."""
    rows = [row for part, of in TARGETS.items() if part in result for row in of(result[part])]
    return [{**asdict(row), "value": round(row.value, 3), "met": row.met} for row in rows]


def _ingest_targets(part: Result) -> Iterator[Target]:
    rate = part["rounds"]["livedata"]["rows_per_cpu_s"]["median"]
    yield Target("ingest to durable, rows/s of a core, parse excluded", rate, 500_000, True)


def _seal_targets(part: Result) -> Iterator[Target]:
    yield Target("memory of sealing, MB", part["peak_mb"], 400)


def _bytes_targets(part: Result) -> Iterator[Target]:
    for what in ("hourly", "daily"):
        cost = part["tables"]["cpu"]["cpu_s_per_million"][what]
        yield Target(f"compaction of cpu, {what}, CPU-s per million rows", cost, 0.8)
    yield Target("memory of compaction, MB", part["compaction_peak_mb"], 400)
    ours = part["tables"]["cpu"]["bytes_per_counter_sample"]
    for peer, most in (("VictoriaMetrics", 1.0), ("Prometheus", 0.36)):
        if peer in part["peers"]:
            theirs = part["peers"][peer]["bytes_per_sample"]
            yield Target(f"bytes of a sample of cpu, files of the day / {peer}", ours / theirs, most)
    yield Target("bytes of a row of log, files of the day", part["tables"]["log"]["bytes_per_row"], 20)


ROLLED = ("p95", "top10", "fleet_rate")
LIMITS: tuple[tuple[str, str, tuple[str, ...], str, float], ...] = (
    (HOURS, "", ("last_hour",), "VictoriaMetrics", 0.6),
    (DAY, "", ROLLED, "VictoriaMetrics", 0.2),
    (DAY, ", no rollups", ROLLED, "VictoriaMetrics", 2.0),
    (DAY, ", no rollups", ROLLED, "Prometheus", 0.4),
    (DAY, "", ("one_host",), "VictoriaMetrics", 2.0),
)
"""livedata's files, how it was asked, the questions, beside whom, and how much of their time it may take."""


def _queries_targets(part: Result) -> Iterator[Target]:
    rounds = part["rounds"]
    for state, how, keys, peer, most in LIMITS:
        for key in keys if peer in rounds else ():
            ratio = rounds[f"livedata, {state}{how}"][key]["median"] / rounds[peer][key]["median"]
            yield Target(f"{part['questions'][key]}, {state}{how} / {peer}", ratio, most)


TARGETS = {
    "seal": _seal_targets,
    "ingest": _ingest_targets,
    "bytes": _bytes_targets,
    "queries": _queries_targets,
}


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


def _seal_lines(part: Result) -> Iterator[str]:
    yield (
        f"sealing of ten minutes of {part['hosts']} hosts, {part['rows']:,} rows: {part['cpu_s_per_million']:.2f} CPU-s per "
        f"million, {part['peak_mb']:.0f} MB, {part['log_bytes_per_row']:.0f} → {part['bytes_per_row']:.0f} B/row, "
        f"{part['files']} files"
    )


def _bytes_lines(part: Result) -> Iterator[str]:
    cpu = part["cpu_s"]
    yield (
        f"a day of {part['hosts']['cpu']} hosts in {part['sealed_files']:,} sealed files: {cpu['sealed']:.0f} CPU-s to write them, "
        f"{cpu['hourly']:.0f} to compact each hour, {cpu['daily']:.0f} the day; at most {part['compaction_peak_mb']:.0f} MB"
    )
    yield (
        f"{'':14}{'rows':>12}{'bytes':>14}{'B/row':>8}{'hours':>8}{'files':>7}{'hours':>7}{'B/counter':>11}"
        f"{'kB/host,day':>13}{'CPU-s/M rows: sealed, hourly, daily':>37}"
    )
    for table, t in part["tables"].items():
        sample = f"{t['bytes_per_counter_sample']:.3f}" if "bytes_per_counter_sample" in t else ""
        costs = "".join(f"{cost:>9.2f}" if cost else f"{'':9}" for cost in t["cpu_s_per_million"].values())
        yield (
            f"{table:14}{t['rows']:>12,}{t['bytes']:>14,}{t['bytes_per_row']:>8.2f}{t['today_bytes_per_row']:>8.2f}"
            f"{t['files']:>7}{t['today_files']:>7}{sample:>11}{part['year']['by_host_and_day'][table] / 1e3:>13.1f}"
            f"{costs:>37}"
        )
    for peer, f in part["peers"].items():
        yield (
            f"{peer}: {f['bytes_per_sample']:.3f} B/sample ({f['bytes']['samples']:,} bytes of samples, {f['bytes']['all']:,} "
            f"with the index), loaded in {f['load_seconds']:.0f} s"
        )
    yield "a year by size, GB (raw 30 days, 5-minute rollups 2 years):"
    for fleet, sizes in part["year"]["fleets"].items():
        yield f"{fleet:>6} hosts  " + ", ".join(
            f"{what.replace('_', ' ')} {size / 1e9:.2f}" for what, size in sizes.items()
        )


def _queries_lines(part: Result) -> Iterator[str]:
    for which, title in (("rounds", "warm"), ("cold", "cold")):
        yield f"{'questions, ms, median, ' + title:40}" + "".join(f"{key:>11}" for key in part["questions"])
        for name, of in part[which].items():
            yield f"{name:40}" + "".join(f"{of[key]['median']:>11.1f}" for key in part["questions"])
    for key, name in part["questions"].items():
        yield f"{key}: {name}"


LINES = {
    "fresh": _fresh_lines, "ingest": _ingest_lines, "seal": _seal_lines, "bytes": _bytes_lines, "queries": _queries_lines,
}  # fmt: skip


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
