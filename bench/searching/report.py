"""From what was measured to the budget's targets and a table for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from collecting.report import Target

DAY = "livedata, day"
Result = Mapping[str, Any]


def targets(result: Result) -> Iterator[Target]:
    kept, cpu = result["keeping"], result["search"]["cpu"]
    yield Target("bytes an entry, files of the day", kept["bytes_per_row"], 20)
    yield Target("memory of compaction, MB", kept["compaction_peak_mb"], 400)
    ours = {key: m["median"] for key, m in cpu[DAY].items()}
    for peer, limits in {
        "ripgrep": {"rare": 1.0, "substring": 4.0, "regex": 4.0},
        "journalctl --grep": {"substring": 1 / 20, "regex": 1 / 20},
    }.items():
        for key, most in limits.items() if peer in cpu else ():
            yield Target(
                f"{result['questions'][key]}: CPU / {peer}", ours[key] / cpu[peer][key]["median"], most
            )
    if "ripgrep" in result["peers"]:
        yield Target("bytes / plain text", kept["bytes"] / result["peers"]["ripgrep"]["bytes"], 1 / 7)


def table(result: Result) -> str:
    """The whole result for a person."""
    env, kept = result["environment"], result["keeping"]
    lines = [
        f"{env['cpu']}, {env['cores']} cores, Linux {env['kernel']}, Python {env['python']}, pyarrow {env['pyarrow']}, DuckDB {env['duckdb']}, "
        f"livedata {env['commit']}, load {env['load'][0]:.1f}",
        "",
        f"{result['entries']:,} entries of {result['hosts']} hosts in a day, {result['templates']:,} templates",
        f"ingest to durable: {result['ingest']['rows_per_cpu_s']:,.0f} entries/CPU-s, {result['ingest']['log_bytes_per_row']:.0f} B an entry in the log",
        f"CPU-s per million: mined {kept['mined_cpu_s']:.2f}, sealed {kept['sealed_cpu_s']:.2f}, hours {kept['hourly_cpu_s']:.2f}, day {kept['daily_cpu_s']:.2f}; "
        f"at most {kept['compaction_peak_mb']:.0f} MB",
        f"bytes an entry: {kept['bytes_per_row']:.2f} of the day (its words {kept['words_bytes_per_row']:.2f}), {kept['today_bytes_per_row']:.2f} of hours; "
        + ", ".join(
            f"{name} {p['bytes'] / p['entries']:.0f} ({p['entries']:,})"
            for name, p in result["peers"].items()
        ),
    ]
    for what in ("cpu", "wall"):
        of = result["search"][what]
        lines += ["", f"{what} ms, median{'':20}" + "".join(f"{name:>22}" for name in of)]
        for key, name in result["questions"].items():
            cells = (f"{m[key]['median']:>22,.1f}" if key in m else f"{'':22}" for m in of.values())
            lines.append(f"{name:35}" + "".join(cells) + f"   {result['search']['hits'].get(key, '')}")
    lines += ["", f"{'budget':70}{'seen':>10}{'target':>12}"]
    lines += [
        f"{t['what']:70}{t['value']:>10,.3f}   ≤ {t['target']:<8.3g}{'' if t['met'] else 'MISSED'}"
        for t in result["targets"]
    ]
    return "\n".join(lines)
