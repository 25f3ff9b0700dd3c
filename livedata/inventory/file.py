"""The inventory's file: TOML to hosts, and every mistake answered with its line, plain words and the nearest key."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..errors import InventoryError, UsageError
from ..model.host import Host, Logs, Route, Settings
from .lines import key_lines, line_of
from .names import expand_range, name_fault
from .resolve import Overrides, Warn, resolve, silent
from .schema import GroupModel, HostKeys, HostModel, InventoryModel, LogsModel, ProbeModel
from .sshconfig import SshConfig
from .text import nearest, quoted, shown

Loc = tuple[int | str, ...]
Layers = tuple[HostKeys, ...]
"""A host's own table, its groups' in order, the defaults."""

_WORDS = {
    "address": "hostname",
    "user": "user",
    "port": "port",
    "jump": "proxyjump",
    "connect_timeout": "connecttimeout",
}
_FILES = {"identity_file": "identityfile", "known_hosts": "userknownhostsfile"}
"""Our keys → the keywords of ssh_config they override."""


@dataclass(frozen=True, slots=True)
class _Text:
    """The file's text, to find the line of a mistake in."""

    path: Path
    text: str

    def where(self, loc: Loc) -> str:
        line = line_of(key_lines(self.text), loc)
        return shown(f"{self.path}:{line}" if line else str(self.path))

    def error(self, problem: str, loc: Loc, hint: str = "") -> InventoryError:
        return InventoryError(problem, where=self.where(loc), hint=hint)


def load_inventory(path: Path, ssh_config: SshConfig, warn: Warn = silent) -> tuple[Host, ...]:
    """The hosts of an inventory, resolved, in the file's order.

    Raises:
        InventoryError: the file can't be read or says something that can't be meant.
    """
    source = _Text(path, _read(path))
    model = _checked(source)
    members = _members(source, model)
    _distinct(source, members)
    _addresses(source, model)
    stacks = {
        name: (entry, *(model.groups[g] for g in entry.groups), model.defaults)
        for name, entry in members.items()
    }
    reached = {
        name: layers for name, layers in stacks.items() if _value(layers, "transport", name) in (None, "ssh")
    }
    known = {name: _overrides(source, name, layers) for name, layers in reached.items()}
    return tuple(
        _host(
            source, name, layers, _route(source, name, known, ssh_config, warn), tuple(members[name].groups)
        )
        for name, layers in stacks.items()
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InventoryError(
            f"it is no UTF-8 text: {error.reason} at byte {error.start}", where=shown(str(path))
        ) from error
    except OSError as error:
        raise InventoryError(f"can't read it: {error.strerror}", where=shown(str(path))) from error


def _checked(source: _Text) -> InventoryModel:
    try:
        data = tomllib.loads(source.text)
        return InventoryModel.model_validate(data)
    except ValidationError as error:
        # Where a key takes a text or a list, one complaint is that it isn't the other: the one about its content counts.
        details = min(error.errors(), key=lambda e: e["type"].endswith("_type"))
        raise _explained(source, details, data) from error
    except RecursionError as error:
        raise InventoryError("its values are nested too deep", where=shown(str(source.path))) from error
    except ValueError as error:
        raise _toml_error(source, str(error)) from error


def _toml_error(source: _Text, message: str) -> InventoryError:
    """tomllib's message in plain words, its line in front."""
    place = re.search(r" \((?:at line (\d+), column \d+|at end of document)\)$", message)
    problem = message[: place.start()] if place else message
    line = place[1] if place and place[1] else str(source.text.count("\n") + 1)
    twice = re.fullmatch(r"Cannot declare \((.*)\) twice", problem)
    if twice:
        table = ".".join(re.findall(r"'([^']*)'", twice[1]))
        problem = f"the table [{shown(table)}] stands here a second time"
    elif problem == "Cannot overwrite a value":
        key = source.text.split("\n")[int(line) - 1].partition("=")[0].strip()
        problem = f"{quoted(key)} stands here a second time"
    else:
        problem = f"this is no TOML: {shown(problem[:1].lower() + problem[1:])}"
    return InventoryError(problem, where=shown(f"{source.path}:{line}"))


_KINDS = {
    "string_type": "it must be text, in quotes",
    "int_type": "it must be a whole number, without quotes",
    "float_type": 'it must be seconds without quotes, or a duration such as "30s" or "5m"',
    "bool_type": "it must be true or false, without quotes",
    "list_type": "it must be a list, in [ ]",
    "dict_type": "it must be a table",
    "mapping_type": "it must be a table",
    "model_type": "it must be a table",
}


def _explained(source: _Text, details: ErrorDetails, data: Any) -> InventoryError:
    """The first fault pydantic found, for a person."""
    loc = tuple(p for p in details["loc"] if _in_data(p, details["loc"], data))
    name = quoted(str(loc[-1])) if loc else "the inventory"
    kind = details["type"]
    if kind == "extra_forbidden":
        return source.error(f"there is no key {name}{_place(loc)}", loc, nearest(str(loc[-1]), _keys(loc)))
    if kind == "value_error":
        return source.error(details["msg"].removeprefix("Value error, "), loc)
    value = details["input"]
    what = quoted(value) if isinstance(value, str) else shown(repr(value))[:60]
    hint = _KINDS.get(kind, shown(details["msg"].replace("Input should be", "it must be")))
    if loc == ("hosts",):
        hint = "it must be a list of names, in [ ], or tables [hosts.NAME]"
    return source.error(f"{name}{_place(loc)} is {what}", loc, hint)


def _in_data(part: int | str, loc: Loc, data: Any) -> bool:
    """Whether a part of pydantic's location is the file's (it puts in names of types and `[key]`)."""
    for p in loc:
        inside = (isinstance(data, dict) and p in data) or (isinstance(data, list) and isinstance(p, int))
        if p is part:
            return inside
        if inside:
            data = data[p]
    return False


def _place(loc: Loc) -> str:
    return f" in [{shown('.'.join(map(str, loc[:-1])))}]" if len(loc) > 1 else ""


def _keys(loc: Loc) -> list[str]:
    """The keys that may stand where a location ends."""
    if "logs" in loc[:-1]:
        return list(LogsModel.model_fields)
    if "probes" in loc[:-1]:
        return list(ProbeModel.model_fields)
    model: type[Any] = InventoryModel
    if len(loc) > 1:
        model = {"defaults": HostKeys, "groups": GroupModel}.get(str(loc[0]), HostModel)
    return list(model.model_fields)


def _members(source: _Text, model: InventoryModel) -> dict[str, HostModel]:
    """Every host with its own table, and the groups it is in (its own first, then those that list it)."""
    own = model.hosts.items() if isinstance(model.hosts, Mapping) else [(n, HostModel()) for n in model.hosts]
    hosts: dict[str, HostModel] = {}
    for text, entry in own:
        for name in _names(source, text, ("hosts", text)):
            if name in hosts:
                raise source.error(f"the host {quoted(name)} stands here a second time", ("hosts", text))
            hosts[name] = entry
    for group, table in model.groups.items():
        for text in table.hosts:
            loc = ("groups", group, "hosts")
            if _is_glob(text):
                names = [n for n in hosts if fnmatchcase(n, text)]
                if not names:
                    raise source.error(f"{quoted(text)} matches no host", loc, nearest(text, hosts))
            else:
                names = _names(source, text, loc)
            for name in names:
                entry = hosts.get(name, HostModel())
                if group not in entry.groups:
                    hosts[name] = entry.model_copy(update={"groups": [*entry.groups, group]})
    for name, entry in hosts.items():
        if name in model.groups:
            raise source.error(f"{quoted(name)} is both a host and a group", ("hosts", name))
        for group in entry.groups:
            if group not in model.groups:
                raise source.error(
                    f"there is no group {quoted(group)}",
                    ("hosts", name, "groups"),
                    nearest(group, model.groups),
                )
    return hosts


def _is_glob(text: str) -> bool:
    return "*" in text or "?" in text


def _names(source: _Text, text: str, loc: Loc) -> list[str]:
    try:
        names = expand_range(text) or [text]
    except UsageError as error:
        raise source.error(error.problem, loc) from error
    for name in names:
        if fault := name_fault(name):
            raise source.error(fault, loc)
    return names


def _distinct(source: _Text, hosts: Mapping[str, HostModel]) -> None:
    """Names that differ only in case would share a folder on some disks."""
    seen: dict[str, str] = {}
    for name in hosts:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise source.error(
                f"the hosts {quoted(other)} and {quoted(name)} differ only in case", ("hosts", name)
            )


def _addresses(source: _Text, model: InventoryModel) -> None:
    """An address for several hosts must tell them apart."""
    for loc, layer in (
        (("defaults",), model.defaults),
        *((("groups", g), t) for g, t in model.groups.items()),
    ):
        if layer.address is not None and "{name}" not in layer.address:
            raise source.error(
                f"{quoted(layer.address)} would be the address of several hosts",
                (*loc, "address"),
                "put {name} in it, as in '{name}.example.com'",
            )


def _value(layers: Layers, key: str, name: str) -> Any:
    """What the first layer that speaks of a key says; `{name}` in a text is the host's."""
    found = next((v for layer in layers if (v := getattr(layer, key)) is not None), None)
    return found.replace("{name}", name) if isinstance(found, str) else found


def _host(source: _Text, name: str, layers: Layers, route: Route, groups: tuple[str, ...]) -> Host:
    transport = _value(layers, "transport", name) or "ssh"
    recording = _paths(source.path, _value(layers, "recording", name))
    if transport == "replay" and not recording:
        raise source.error(
            f"{quoted(name)} is a replay without a recording",
            ("hosts", name),
            "recording = 'FOLDER' says which",
        )
    labels: dict[str, str] = {}
    for layer in reversed(layers):
        labels |= layer.labels
    return Host(
        name=name,
        transport=transport,
        route=route,
        labels=MappingProxyType(dict(sorted(labels.items()))),
        groups=groups,
        probes=MappingProxyType(_probes(layers)),
        logs=_logs(layers),
        proc_root=_value(layers, "proc_root", name) or "/proc",
        sys_root=_value(layers, "sys_root", name) or "/sys",
        restricted=bool(_value(layers, "restricted", name)),
        recording=recording[0] if recording else "",
    )


def _overrides(source: _Text, name: str, layers: Layers) -> Overrides:
    """What the inventory says of a host's route, as keywords of ssh_config."""
    found: dict[str, Sequence[str]] = {}
    for key, keyword in _WORDS.items():
        if (said := _value(layers, key, name)) is not None:
            found[keyword] = [str(said)]
    for key, keyword in _FILES.items():
        if paths := _paths(source.path, _value(layers, key, name)):
            found[keyword] = paths
    return found


def _route(
    source: _Text, name: str, known: Mapping[str, Overrides], ssh_config: SshConfig, warn: Warn
) -> Route:
    """A host's route; jumps by hosts of the inventory go by what it says of them. None is needed without ssh."""
    if name not in known:
        return Route("")
    try:
        return resolve(ssh_config, name, known[name], warn, known=known)
    except InventoryError as error:
        if error.where:
            raise
        raise source.error(error.problem, ("hosts", name), error.hint) from error


def _paths(inventory: Path, value: Any) -> list[str]:
    """Paths as the inventory has them: `~` is the home folder, relative ones start at the inventory's own folder."""
    texts = value if isinstance(value, list) else [value] if value else []
    return [os.path.join(inventory.absolute().parent, os.path.expanduser(t)) for t in texts]


def _logs(layers: Layers) -> tuple[Logs, ...]:
    """All that any layer names, each path once: the first that names it counts."""
    found: dict[str, Logs] = {}
    for said in (said for layer in layers for said in layer.logs):
        logs = Logs(said) if isinstance(said, str) else Logs(said.path, said.pattern)
        found.setdefault(logs.path, logs)
    return tuple(found.values())


def _probes(layers: Layers) -> dict[str, Settings]:
    """Each probe's settings, key by key, the first layer that says it."""
    names = sorted({probe for layer in layers for probe in layer.probes})
    found: dict[str, Settings] = {}
    for probe in names:
        said: dict[str, Any] = {}
        for layer in reversed(layers):
            if probe in layer.probes:
                said |= layer.probes[probe].model_dump(exclude_none=True)
        found[probe] = Settings(**said)
    return found
