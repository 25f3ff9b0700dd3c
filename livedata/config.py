"""One frozen configuration: a flag beats the environment, which beats config.toml, which beats the default."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from .errors import ConfigError


def _xdg(variable: str, fallback: str, environ: Mapping[str, str]) -> Path:
    """A folder of the XDG Base Directory Specification."""
    base = environ.get(variable, "")
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    return (Path(base) if base.startswith("/") else home / fallback) / "livedata"


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting; each is `LIVEDATA_<NAME>` in the environment and `name = ...` in config.toml."""

    store: Path
    """Where everything is kept."""
    inventory: Path
    """The hosts; it need not exist."""
    probes: Path
    """Your own probes; it need not exist."""
    ssh_config: Path
    """OpenSSH's client configuration; it need not exist."""
    flush_seconds: float = 1.0
    """How often rows become durable and visible to other processes."""
    seal_seconds: float = 600.0
    """How often the write-ahead log is turned into Parquet."""
    keep: str = "30d, 5m=2y"
    """How long rows are kept: an age for all tables, others by table (`log=90d`); `1m` and `5m` are the rollups."""
    keep_bytes: str = "50GB"
    """The most the store may take; beyond it the oldest rows go."""
    host_cpu_pct: float = 1.0
    """The share of one core that asking may take on a host; above it the host is asked more rarely."""
    host_bytes: int = 3_000_000
    """Bytes a minute that its answers may have, logs apart; likewise."""
    memory_bytes: int = 1_000_000_000
    """Memory of the collector beyond which logs wait on their hosts and everything is asked half as often."""
    connect_concurrency: int = 50
    """Connections being set up at one time."""
    answer_bytes: int = 16_000_000
    """The most one probe may answer; more is cut off and called `truncated`."""
    query_seconds: float = 60.0
    """The longest a query may take."""
    query_memory: str = "1GB"
    """The most memory a query may take."""
    backfill: str = "24h"
    """How far back the journal of a host is read that was never asked before: `24h`, `30d`, `all`, `none`."""
    lookups: Path = Path()
    """CSV files that a search can look things up in; it need not exist."""
    searches: Path = Path()
    """Macros and saved searches; it need not exist."""
    redact: tuple[str, ...] = ()
    """Regular expressions, a list of texts (lines in the environment): what they match is taken out of command lines, besides what
    docs/secrets.md names; of one with groups, what these match."""


def _convert(name: str, value: Any, default: Any, where: str) -> Any:
    kind = type(default)
    if issubclass(kind, Path):
        if isinstance(value, str | Path) and str(value):
            return Path(value).expanduser().absolute()
    elif kind is tuple:
        lines = value.splitlines() if isinstance(value, str) else value
        if isinstance(lines, list | tuple) and all(isinstance(line, str) for line in lines):
            return tuple(_expression(name, line, where) for line in lines if line)
    elif kind is str:
        if isinstance(value, str) and value:
            return value
    elif not isinstance(value, bool):
        try:
            number = kind(value)
        except (TypeError, ValueError):
            number = 0
        if number > 0:
            return number
    wanted = {
        "tuple": "a list of texts",
        "float": "a number above 0",
        "int": "a whole number above 0",
        "str": "text",
    }.get(kind.__name__, "a path")
    raise ConfigError(f"{name} is {value!r}", where=where, hint=f"it must be {wanted}")


def _expression(name: str, text: str, where: str) -> str:
    """A regular expression that can be used."""
    try:
        re.compile(text)
    except re.error as error:
        raise ConfigError(f"{name}: {text!r} is no regular expression: {error}", where=where) from error
    return text


def load_config(environ: Mapping[str, str] = os.environ, **flags: Any) -> Config:
    """The configuration of this run; `flags` that are None leave it to the environment, the file and the defaults.

    Raises:
        ConfigError: a file or a value that can't be used, with its place.
    """
    home = _xdg("XDG_CONFIG_HOME", ".config", environ)
    config = Config(
        store=_xdg("XDG_DATA_HOME", ".local/share", environ),
        inventory=home / "inventory.toml",
        probes=home / "probes",
        lookups=home / "lookups",
        searches=home / "searches.toml",
        ssh_config=Path(environ.get("HOME") or os.path.expanduser("~")) / ".ssh" / "config",
    )
    defaults = {f.name: getattr(config, f.name) for f in fields(Config)}
    path = Path(environ.get("LIVEDATA_CONFIG") or home / "config.toml")
    values: dict[str, Any] = {}
    if path.exists():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"can't read it: {error}", where=str(path)) from error
    elif "LIVEDATA_CONFIG" in environ:
        raise ConfigError("there is no such file", where=str(path), hint="it is named by LIVEDATA_CONFIG")
    for name in values:
        if name not in defaults:
            near = get_close_matches(name, defaults, 1)
            hint = f"did you mean {near[0]}?" if near else f"settings: {', '.join(defaults)}"
            raise ConfigError(f"there is no setting {name!r}", where=str(path), hint=hint)
    chosen = {n: _convert(n, v, defaults[n], str(path)) for n, v in values.items()}
    for name, default in defaults.items():
        variable = f"LIVEDATA_{name.upper()}"
        if environ.get(variable):
            chosen[name] = _convert(variable, environ[variable], default, "environment")
        if flags.get(name) is not None:
            chosen[name] = _convert(name, flags[name], default, f"--{name.replace('_', '-')}")
    return replace(config, **chosen)
