"""`livedata probe …`: see the probes there are; write, check and try one of your own; record what a machine said to it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SOME_HOSTS_FAILED, NoHostReached
from .common import InventoryOption, StoreOption, configure, say
from .query import FormatOption, choose_format, destination, look

if TYPE_CHECKING:
    import pyarrow as pa

    from ..app import Trial
    from ..config import Config
    from ..model.host import Host
    from ..model.probe import Probe

ProbeArgument = Annotated[
    str,
    typer.Argument(metavar="NAME|FILE", help="A probe's name, or the file of one (with a / or .sh in it)"),
]


def list_probes(format_name: FormatOption = None) -> None:
    """List all probes: how often each runs, what it reads, and the file it is. One that can't be used is told (exit code 2)."""
    import pyarrow as pa

    from ..errors import ProbeError
    from ..probe.load import load_probe, probe_files, twice
    from ..query.catalogue import cadence

    config = configure()
    probes: dict[str, Probe] = {}
    mistakes: list[ProbeError] = []
    for file in probe_files(config.probes):
        try:
            probe = load_probe(file, config.probes)
            if probe.name in probes:
                raise twice(probe, probes[probe.name].path)
            probes[probe.name] = probe
        except ProbeError as mistake:
            mistakes.append(mistake)
    found = list(probes.values())
    answer = {
        "name": [p.name for p in found],
        "every": [cadence(p.every) for p in found],
        "source": [p.source or None for p in found],
        "file": [_file(p, config) for p in found],
    }
    _write(pa.table({name: pa.array(values, pa.string()) for name, values in answer.items()}), format_name)
    for why in mistakes:
        say(f"livedata: {why}")
    if mistakes:
        raise typer.Exit(ProbeError.exit_code)


def _file(probe: Probe, config: Config) -> str:
    return probe.path if Path(probe.path).parent == config.probes else "built-in"


def _write(answer: pa.Table, format_name: str | None) -> None:
    from ..query.formats import FORMATS

    form = choose_format(format_name, None, FORMATS)
    with destination(None) as out:
        form.write(answer.schema, answer.to_batches(), out, look(out))


def show(name: ProbeArgument) -> None:
    """Show a probe as its file has it: how it is run, its columns with their ids, and its script.

    `livedata fleet tables NAME` shows what can be asked of it.
    """
    import pyarrow as pa

    from ..probe.load import find_probe, load_probe
    from ..query.catalogue import cadence

    folder = configure().probes
    probe = load_probe(find_probe(name, folder), folder)
    words = {
        "file": probe.path,
        "source": probe.source,
        "docs": probe.docs,
        "every": cadence(probe.every),
        "timeout": cadence(probe.timeout),
        "parse": probe.parse,
        "full": cadence(probe.full),
        "snapshot": cadence(probe.snapshot),
        "into": probe.into,
        "privilege": probe.privilege,
        "read": " ".join(probe.read),
    }
    print(
        f"{probe.name}: {probe.help}",
        *(f"{key}: {word}" for key, word in words.items() if word),
        "",
        sep="\n",
    )
    sys.stdout.flush()
    columns = {
        "id": pa.array([c.id for c in probe.columns], pa.int64()),
        "column": pa.array([c.name for c in probe.columns], pa.string()),
        "type": pa.array([c.type for c in probe.columns], pa.string()),
        "kind": pa.array([c.kind for c in probe.columns], pa.string()),
        "was": pa.array([", ".join(c.was) or None for c in probe.columns], pa.string()),
        "help": pa.array([c.help for c in probe.columns], pa.string()),
    }
    _write(pa.table(columns), None)
    if probe.body:
        print(f"\n{probe.body}", end="")


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What its table is to be called")],
    parse: Annotated[
        str, typer.Option("--parse", metavar="FORMAT", help="What it prints: fields, keyvalue, csv, jsonl")
    ] = "fields",
) -> None:
    """Write a probe to start from into your own folder: a whole file that works as it is. Nothing is overwritten."""
    from ..errors import UsageError
    from ..probe.header import parse_probe
    from ..probe.load import SUFFIX, probe_files
    from ..probe.starter import FORMATS, starter

    if parse not in FORMATS:
        raise UsageError(
            f"there is no format {parse!r}", where="--parse", hint=f"formats: {', '.join(FORMATS)}"
        )
    config = configure()
    path = config.probes / f"{name.removesuffix(SUFFIX)}{SUFFIX}"
    parse_probe(starter(parse), str(path))
    for file in probe_files(config.probes):
        if file.name == path.name:
            raise UsageError(f"there is already a probe {name!r}: {file}", hint="take another name")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as out:
            out.write(starter(parse))
    except OSError as error:
        raise UsageError(f"can't write it: {error.strerror}", where=str(path)) from error
    print(path)
    say(
        f"Written: a probe that works. Edit it, then:\n  livedata probe check {path.stem}\n  livedata probe run {path.stem}"
    )
    say(
        "What collects (livedata up, livedata fleet watch) takes it when it is started again; a snapshot takes it at once."
    )


def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME|FILE]...", help="Probes, or files of probes; default: your own folder"),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Look for what is wrong in probes: in header and script, in what is reckoned, beside what the store has. Exit code 2 if anything is."""
    from ..errors import ProbeError
    from ..probe.load import find_probe, probe_files, twice
    from .probelint import Finding, examine

    config = configure(store=store)
    known = list(probe_files(config.probes))
    files = [find_probe(name, config.probes) for name in names or ()] or [
        file for file in known if Path(str(file)).parent == config.probes
    ]
    wrong = False
    for file in files:
        probe, found = examine(file, config)
        for other in known:
            if probe and other.name == Path(probe.path).name and not _same(str(other), probe.path):
                error = twice(probe, str(other))
                found.insert(0, Finding(error.where, error.problem, error.hint))
        wrong = wrong or any(f.wrong for f in found)
        for finding in found:
            print(finding)
        if probe and not any(f.wrong for f in found):
            what = f"{len(probe.columns)} columns, {len(probe.derived)} reckoned"
            print(f"{probe.path}: {f'feeds {probe.into}' if probe.into else what}: good")
    if not files:
        say(
            f"livedata: there is no probe in {config.probes}\n  livedata probe new NAME writes one to start from"
        )
    for file in sorted(config.probes.iterdir()) if not names and config.probes.is_dir() else ():
        if file.is_file() and file.suffix != ".sh" and not file.name.startswith("."):
            print(f"{file}: note: it does not end in .sh, so it is no probe")
    if wrong:
        raise typer.Exit(ProbeError.exit_code)


def _same(one: str, other: str) -> bool:
    return Path(one).resolve() == Path(other).resolve()


def run(
    name: ProbeArgument,
    hosts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[HOST]...", help="As for fleet check; default: this machine, without SSH"),
    ] = None,
    *,
    format_name: FormatOption = None,
    raw: Annotated[bool, typer.Option("--raw", help="Also show, on stderr, what the hosts sent")] = False,
    inventory: InventoryOption = None,
) -> None:
    """Run a probe once on hosts, now, and show its rows, reckoned columns too. Nothing is stored, nothing is left on a host.

    What came of each host is told on stderr. Exit code: 0 all is well, 1 not on every host, 3 no host could be asked.
    """
    from ..query.formats import FORMATS

    choose_format(format_name, None, FORMATS)
    config = configure(inventory=inventory)
    probe, trials = _try(config, name, hosts)
    for trial in trials if raw else ():
        _show_raw(trial)
    _write_rows(config, probe, trials, format_name)
    for trial in trials:
        _tell(trial)
    failed = [t for t in trials if t.scrape.outcome != "ok"]
    if failed and all(t.reading is None for t in trials):
        raise NoHostReached("not one host could be asked")
    if failed:
        raise typer.Exit(SOME_HOSTS_FAILED)


def _try(config: Config, name: str, hosts: list[str] | None) -> tuple[Probe, list[Trial]]:
    """The probe, and what came of it on each host, in the order of their names."""
    import asyncio

    from .. import app
    from ..probe.load import find_probe, load_probe

    probe = load_probe(find_probe(name, config.probes), config.probes)
    trials: list[Trial] = []
    asyncio.run(app.run_probe(config, _hosts(config, hosts), probe, trials.append))
    return probe, sorted(trials, key=lambda t: t.host.name)


def _hosts(config: Config, hosts: list[str] | None) -> tuple[Host, ...]:
    from ..inventory.adhoc import this_machine
    from .collect import chosen

    return chosen(config, hosts, say) if hosts else (this_machine(),)


def _show_raw(trial: Trial) -> None:
    from ..query.text import plain

    files = trial.reading.files if trial.reading else {}
    texts = [(f"{trial.host.name}: {path}", text) for path, text in files.items()]
    if trial.said:
        texts.append((f"{trial.host.name}: standard output", trial.said.decode("utf-8", "backslashreplace")))
    if trial.errors:
        texts.append((f"{trial.host.name}: standard error", trial.errors))
    for title, text in texts:
        say(f"== {title}")
        for line in text.removesuffix("\n").split("\n"):
            say(plain(line) if sys.stderr.isatty() else line)


def _write_rows(config: Config, probe: Probe, trials: list[Trial], format_name: str | None) -> None:
    """The rows of all hosts as questions will see them: the header's columns and the reckoned ones."""
    import pyarrow as pa

    from ..model.batch import arrow_schema, to_arrow
    from ..query.engine import Limits, stream
    from ..query.formats import FORMATS
    from ..query.source import rows_source
    from ..query.views import identifier

    batches = [to_arrow([batch]) for t in trials for batch in t.batches]
    rows = pa.Table.from_batches(batches, arrow_schema(probe))
    names = ["host", *(c.name for c in probe.columns), *(d.name for d in probe.derived)]
    question = f"SELECT {', '.join(map(identifier, names))} FROM {identifier(probe.name)}"
    limits = Limits(config.query_seconds, config.query_memory)
    form = choose_format(format_name, None, FORMATS)
    with (
        stream(rows_source(probe, rows), question, limits=limits) as (schema, answer),
        destination(None) as out,
    ):
        form.write(schema, answer, out, look(out))
    sys.stdout.flush()
    if empty := [c.name for c in probe.columns if rows.num_rows and rows[c.name].null_count == rows.num_rows]:
        say(f"null in every row: {', '.join(empty)}")


def _tell(trial: Trial) -> None:
    """What came of one host, in a line."""
    scrape = trial.scrape
    took = f" in {scrape.wall_ms:.0f} ms" if scrape.wall_ms is not None else ""
    came = f"{_rows(trial)}, {scrape.bytes or 0} bytes{took}"
    detail = f": {scrape.detail}" if scrape.detail else ""
    say(f"{trial.host.name}: {scrape.outcome}{detail}" + (f" ({came})" if trial.reading else ""))
    if trial.errors and trial.errors != scrape.detail:
        say(f"    it said on standard error: {trial.errors}")


def _rows(trial: Trial) -> str:
    count = sum(len(batch.rows) for batch in trial.batches)
    return f"{count} row{'' if count == 1 else 's'}"


def record(
    name: ProbeArgument,
    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            metavar="HOST",
            help="One of the inventory, or user@host:port; default: this machine, without SSH",
        ),
    ] = None,
    to: Annotated[
        Path, typer.Option("--to", metavar="FOLDER", help="Where the folder NAME/HOST is made")
    ] = Path(),
    *,
    inventory: InventoryOption = None,
) -> None:
    """Record what a machine says to a probe, and the rows it gives, as a folder NAME/HOST: a test. Nothing is overwritten.

    Read it before you give it away: it holds what that machine said word for word, secrets in command lines too.
    """
    from ..errors import UsageError
    from ..probe.recording import write_recording

    probe, trials = _try(configure(inventory=inventory), name, [host] if host else None)
    if len(trials) != 1:
        raise UsageError(
            f"{host!r} means {len(trials)} hosts", where="--host", hint="a recording is of one machine"
        )
    trial = trials[0]
    if trial.reading is None or not trial.batches or trial.scrape.outcome != "ok":
        _tell(trial)
        if trial.reading is None:
            raise NoHostReached("nothing is recorded")
        raise typer.Exit(SOME_HOSTS_FAILED)
    folder = to / probe.name / trial.host.name
    write_recording(folder, trial.reading, trial.said, trial.batches[0])
    print(folder)
    say(f"{_rows(trial)}. Read it before you give it away: it holds what {trial.host.name} said.")
