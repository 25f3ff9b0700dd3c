"""What the `reboot` probe prints: facts, `name=value` each, that tell whether the host is to be rebooted. One row.

Source: Debian Policy 9.3.5 ("Signalling that a reboot is required"); needs-restarting(1) for what counts with rpm.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..model.probe import Probe
from ..model.reading import ParseError, Reading
from .text import bad, natural

if TYPE_CHECKING:
    from ..model.batch import Row

COLUMNS = ("required", "running_kernel", "newest_kernel", "packages")
SAME = frozenset({"deb", "bpo", "rc"})
"""Letters in a release that make no other flavour of it."""


def reboot(probe: Probe, reading: Reading) -> list[Row]:
    """One row."""
    names = [column.name for column in probe.columns]
    if unknown := [name for name in names if name not in COLUMNS]:
        raise ParseError(f"this format gives {', '.join(COLUMNS)}; not {', '.join(unknown)}")
    facts: dict[str, list[str]] = {}
    for line in filter(None, reading.text.split("\n")):
        name, equals, value = line.partition("=")
        if equals:
            facts.setdefault(name, []).append(value)
        elif not line.endswith("is not installed"):  # what rpm says of a package
            raise bad("a line without a name", line)
    running = facts.get("running", [None])[0]
    newest = newest_kernel(facts.get("kernel", []), running)
    updated = _since_boot(facts)
    packages = sorted({*facts.get("package", []), *(updated or [])})
    newer = running is not None and newest is not None and _order(newest) > _order(running)
    known = newest is not None or updated is not None
    values: dict[str, Any] = {
        "required": True if "required" in facts or packages or newer else False if known else None,
        "running_kernel": running,
        "newest_kernel": newest,
        "packages": " ".join(packages) or None,
    }
    return [tuple([values[name] for name in names])]


def newest_kernel(installed: list[str], running: str | None) -> str | None:
    """The newest of the installed kernels that are of the running one's flavour: amd64 is none of cloud-amd64."""
    same = [kernel for kernel in installed if running and _flavour(kernel) == _flavour(running)]
    return max(same, key=_order, default=None)


def _flavour(release: str) -> frozenset[str]:
    return frozenset(re.findall(r"[A-Za-z]+", release)) - SAME


def _order(release: str) -> list[int]:
    """6.1.0-9 comes before 6.1.0-13."""
    return [int(number[:18]) for number in re.findall(r"[0-9]+", release)]


def _since_boot(facts: dict[str, list[str]]) -> list[str] | None:
    """Names of the packages that were installed since the boot; None where rpm or the time of the boot are missing."""
    if "installed" not in facts or "booted" not in facts:
        return None
    booted = natural(facts["booted"][0], "the time of the boot")
    found = []
    for line in facts["installed"]:
        name, _, time = line.partition(" ")
        if natural(time, "the time of an installation") > booted:
            found.append(name)
    return found
