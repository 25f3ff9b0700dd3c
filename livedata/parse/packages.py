"""What is installed, as each package manager's own database or query tells it: one row for each package.

Source: deb-control(5) for dpkg and opkg; apk's installed database (wiki.alpinelinux.org, "Apk spec"); rpm(8) --queryformat; pacman(8)
-Q. The first line names the manager.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..model.probe import Probe
from ..model.reading import ParseError, Reading
from .text import bad

if TYPE_CHECKING:
    from ..model.batch import Row

Package = dict[str, Any]

COLUMNS = ("name", "version", "architecture", "source", "state", "held", "manager")
_GONE = frozenset({"not-installed", "config-files"})
_SOURCE_RPM = re.compile(r"(.+)-[^-]+-[^-]+\.(?:no)?src\.rpm")


def packages(probe: Probe, reading: Reading) -> list[Row]:
    """A row a package; none for what was removed and left its configuration behind."""
    names = [column.name for column in probe.columns]
    if unknown := [name for name in names if name not in COLUMNS]:
        raise ParseError(f"a package has {', '.join(COLUMNS)}; not {', '.join(unknown)}")
    manager, _, text = reading.text.partition("\n")
    read = MANAGERS.get(manager)
    if read is None:
        raise bad("no package manager is called so", manager)
    return [tuple([{**package, "manager": manager}.get(name) for name in names]) for package in read(text)]


def _stanzas(text: str, first: str, mark: str) -> Iterator[dict[str, str]]:
    """`Name: value` lines; a stanza begins with its line `first`."""
    stanza: dict[str, str] = {}
    for line in text.split("\n"):
        name, found, value = line.partition(mark)
        if name == first and stanza:
            yield stanza
            stanza = {}
        if found:
            stanza[name] = value.strip()
        elif line:
            raise bad("a line without a name", line)
    if stanza:
        yield stanza


def _control(text: str) -> Iterator[Package]:
    for stanza in _stanzas(text, "Package", ": "):
        wanted, _, state = stanza.get("Status", "").rpartition(" ")
        if "Package" not in stanza:
            raise bad("a package without a name", str(stanza))
        if state not in _GONE:
            yield {
                "name": stanza["Package"], "version": stanza.get("Version"), "architecture": stanza.get("Architecture"),
                "source": stanza.get("Source", stanza["Package"]).partition(" ")[0], "state": state or None,
                "held": "hold" in wanted.replace(",", " ").split(),
            }  # fmt: skip


def _apk(text: str) -> Iterator[Package]:
    for stanza in _stanzas(text, "P", ":"):
        if "P" not in stanza:
            raise bad("a package without a name", str(stanza))
        yield {
            "name": stanza["P"], "version": stanza.get("V"), "architecture": stanza.get("A"),
            "source": stanza.get("o", stanza["P"]), "state": "installed",
        }  # fmt: skip


def _rpm(text: str) -> Iterator[Package]:
    for line in filter(None, text.split("\n")):
        words = line.split("\t")
        if len(words) != 5:
            raise bad("a line of rpm's without its five words", line)
        name, epoch, version, architecture, source = words
        if name == "gpg-pubkey":  # a key, which rpm keeps among its packages
            continue
        built = _SOURCE_RPM.fullmatch(source)
        yield {
            "name": name, "version": version if epoch == "(none)" else f"{epoch}:{version}",
            "architecture": architecture, "source": built[1] if built else name, "state": "installed",
        }  # fmt: skip


def _pacman(text: str) -> Iterator[Package]:
    for line in filter(None, text.split("\n")):
        name, _, version = line.partition(" ")
        if not version:
            raise bad("a line of pacman's without a version", line)
        yield {"name": name, "version": version, "state": "installed"}


MANAGERS: Mapping[str, Callable[[str], Iterator[Package]]] = MappingProxyType({
    "dpkg": _control, "opkg": _control, "apk": _apk, "rpm": _rpm, "pacman": _pacman,
})  # fmt: skip
