"""Finds the probes: those that come with livedata, then the user's own folder, through the same reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ..errors import ProbeError, UsageError
from ..model.host import Settings
from ..model.probe import Probe
from .header import parse_probe

SUFFIX = ".sh"


def built_in() -> Traversable:
    """The folder of the probes that come with livedata: in the package, or beside it in a checkout."""
    packaged = files("livedata") / "_probes"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "probes"


def load_probes(user_dir: Path | None = None) -> dict[str, Probe]:
    """Every probe by name: built-in ones in alphabetical order, then the user's.

    Args:
        user_dir: a folder with probes `NAME.sh`; it need not exist.

    Raises:
        ProbeError: a file that can't be read or is no probe, or two of the same name.
    """
    probes: dict[str, Probe] = {}
    for file in probe_files(user_dir):
        probe = _parsed(file)
        if probe.name in probes:
            raise twice(probe, probes[probe.name].path)
        probes[probe.name] = probe
    return {name: with_table(probe, probes) for name, probe in probes.items()}


def with_table(probe: Probe, probes: Mapping[str, Probe]) -> Probe:
    """A probe with the columns of the table that it feeds; one with a table of its own as it is.

    Raises:
        ProbeError: there is no such table, or none of events.
    """
    if not probe.into:
        return probe
    table = probes.get(probe.into)
    if table is None or table.into or not table.is_events or table.counters:
        problem = f"into can't be {probe.into!r}: that is no table of events"
        raise ProbeError(problem, where=probe.path, hint="one whose probe has a column ts, such as log")
    return replace(probe, columns=table.columns)


def own_tables(probes: Mapping[str, Probe]) -> dict[str, Probe]:
    """Those of the probes that have a table of their own."""
    return {name: probe for name, probe in probes.items() if not probe.into}


def probe_files(user_dir: Path | None = None) -> Iterator[Traversable]:
    """The files that are loaded, in the order of `load_probes`."""
    for folder in (built_in(), user_dir):
        if folder is None or not folder.is_dir():
            continue
        for file in sorted(folder.iterdir(), key=lambda f: f.name):
            if file.name.endswith(SUFFIX) and not file.name.startswith("."):
                yield file


def load_probe(file: Traversable, user_dir: Path | None = None) -> Probe:
    """The probe of one file; the table that it may feed is looked for among those of `load_probes`.

    Raises:
        ProbeError: it can't be read, or is no probe.
    """
    probe = _parsed(file)
    if not probe.into:
        return probe
    near = [_parsed(other) for other in probe_files(user_dir) if other.name == f"{probe.into}{SUFFIX}"]
    return with_table(probe, {other.name: other for other in near})


def _parsed(file: Traversable) -> Probe:
    return parse_probe(read_text(file), str(file))


def read_text(file: Traversable) -> str:
    """Raises ProbeError: it can't be read."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ProbeError(f"can't read it: {error.strerror}", where=str(file)) from error
    except UnicodeDecodeError as error:
        raise ProbeError(f"can't read it: {error}", where=str(file)) from error


def find_probe(name: str, user_dir: Path | None = None) -> Traversable:
    """The file that a person means: a path (with a / or .sh in it), or the name of a probe.

    Raises:
        UsageError: there is no such probe, with the nearest one.
    """
    if "/" in name or name.endswith(SUFFIX):
        return Path(name)
    files = {file.name.removesuffix(SUFFIX): file for file in probe_files(user_dir)}
    if name not in files:
        near = get_close_matches(name, files, 1)
        hint = f"did you mean {near[0]}?" if near else "livedata probe list shows all there are"
        raise UsageError(f"there is no probe {name!r}", hint=hint)
    return files[name]


def twice(probe: Probe, other: str) -> ProbeError:
    """The error of a second probe of one name."""
    return ProbeError(
        f"there is already a probe {probe.name!r}: {other}",
        where=probe.path,
        hint="give one of the two files another name",
    )


def apply_settings(probe: Probe, settings: Settings) -> Probe:
    """The probe as one host runs it: with the cadence and time-out that the inventory says, where it says any."""
    if settings.every is None and settings.timeout is None:
        return probe
    every = probe.every if settings.every is None else settings.every
    return replace(
        probe, every=every, timeout=probe.timeout if settings.timeout is None else settings.timeout
    )
