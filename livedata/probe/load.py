"""Finds the probes: those that come with livedata, then the user's own folder, through the same reader."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ..errors import ProbeError
from ..model.host import Settings
from ..model.probe import Probe
from .header import parse_probe


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
    for folder in (built_in(), user_dir):
        if folder is None or not folder.is_dir():
            continue
        for file in sorted(folder.iterdir(), key=lambda f: f.name):
            if file.name.endswith(".sh") and not file.name.startswith("."):
                probe = _load(file)
                if probe.name in probes:
                    raise ProbeError(
                        f"there is already a probe {probe.name!r}: {probes[probe.name].path}",
                        where=probe.path, hint="give one of the two files another name",
                    )  # fmt: skip
                probes[probe.name] = probe
    return probes


def _load(file: Traversable) -> Probe:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProbeError(f"can't read it: {error}", where=str(file)) from error
    return parse_probe(text, str(file))


def apply_settings(probe: Probe, settings: Settings) -> Probe:
    """The probe as one host runs it: with the cadence and time-out that the inventory says, where it says any."""
    if settings.every is None and settings.timeout is None:
        return probe
    every = probe.every if settings.every is None else settings.every
    return replace(
        probe, every=every, timeout=probe.timeout if settings.timeout is None else settings.timeout
    )
