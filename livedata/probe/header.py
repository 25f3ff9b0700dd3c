"""Reads a probe: the header of its file becomes columns, cadence and names; a mistake is told with its line.

Pure: text in, `Probe` out. The rules for names are in `rules.py`, finding the files in `load.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, get_args

from ..model.probe import Column, Derived, Kind, Lane, Probe, Type
from ..model.rollup import NUMERIC
from .block import Block, parse_block
from .rules import check

KEYS: dict[str, type] = {
    "help": str,
    "source": str,
    "docs": str,
    "every": str,
    "timeout": str,
    "parse": str,
    "read": list,
    "denied_without": str,
    "full": str,
    "snapshot": str,
    "lane": str,
    "after": str,
    "into": str,
    "mined": str,
    "privilege": str,
    "rollup": list,
    "rollup_by": list,
    "rollup_keep": list,
    "columns": dict,
    "derived": dict,
}
DEFAULTS = {"every": "30s", "timeout": "5s", "parse": "fields"}
COLUMN_KEYS: dict[str, type] = {"id": int, "type": str, "kind": str, "help": str, "was": list}
DERIVED_KEYS: dict[str, type] = {"sql": str, "help": str, "id": int, "type": str}
WORDS = {str: "text in quotes", int: "a whole number", list: "a list of texts", dict: "a table"}

FORMATS = frozenset({
    "fields", "keyvalue", "csv", "jsonl", "cpu", "core", "loadavg", "meminfo", "diskstats", "netdev", "pidstat", "mounts",
    "osrelease", "journal", "pressure", "vmstat", "protocol", "cgroup", "units", "wtmp", "packages", "reboot", "updates", "process_info",
    "logfile", "logring",
})  # fmt: skip
"""What `parse` may say: the names in `livedata.parse.PARSERS`."""

FOLLOWED = "process"
"""The one probe that others can run after: what it sees begins and ends."""

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_READABLE = re.compile(r"/(?:proc|sys)(?:/(?:[A-Za-z0-9_.:@%+,*?-]|\[[A-Za-z0-9_.-]+\])+)+")
_COMMENT = re.compile(r"\s*(?:#.*)?")


def parse_probe(text: str, path: str) -> Probe:
    """The probe that a file holds.

    Args:
        text: the whole file.
        path: where it lies, for messages; its name without `.sh` is the probe's.

    Raises:
        ProbeError: a mistake in it, at `path:line`.
    """
    block = parse_block(text, path)
    values = block.values
    into = values.get("into", "")
    _table(block, (), values, KEYS, required=("help",) if "into" in values else ("help", "columns"))
    body = "" if all(_COMMENT.fullmatch(line) for line in block.body.splitlines()) else block.body
    read = tuple(values.get("read", ()))
    if bool(read) == bool(body):
        problem = "it has both `read` and a script" if read else "it has neither `read` nor a script"
        raise block.error(
            ("read",), problem, "a probe names files under /proc and /sys, or is a script below its header"
        )
    for glob in read:
        _readable(block, "read", glob)
    without = values.get("denied_without", "")
    if without:
        _readable(block, "denied_without", without)
        if not read or any(c in without for c in "*?["):
            raise block.error(("denied_without",), "this works with `read`, and names one file")
    if "full" in values and read and not any(c in glob for glob in read for c in "*?["):
        raise block.error(
            ("full",),
            "this works with a script, or with `read` and wildcards",
            "it tells how often what is unchanged gives rows too",
        )
    if "snapshot" in values and (read or "full" in values):
        raise block.error(("snapshot",), "this works with a script that has no `full`")
    after = _one_of(block, ("after",), values.get("after", ""), ("", FOLLOWED))
    if after and read:
        raise block.error(("after",), "only a script can run after another probe")
    lane = _one_of(block, ("lane",), values.get("lane", "main" if read or after else "slow"), get_args(Lane))
    if (lane == "main") != bool(read or after):
        what = "with `read`" if read else "with `after`" if after else "that is a script"
        raise block.error(
            ("lane",), f"a probe {what} can't be in lane {lane!r}",
            "files are read in main, where `after` runs, too; other scripts run in slow, or in log",
        )  # fmt: skip
    privilege = _one_of(block, ("privilege",), values.get("privilege", ""), ("", "root"))
    if privilege and read:
        raise block.error(("privilege",), "only a script can run as root")
    probe = Probe(
        name=PurePath(path).name.removesuffix(".sh"),
        help=values["help"],
        columns=tuple(_column(block, name, entry) for name, entry in values.get("columns", {}).items()),
        derived=tuple(_derived(block, name, entry) for name, entry in values.get("derived", {}).items()),
        source=values.get("source", ""),
        docs=values.get("docs", ""),
        every=_duration(block, "every"),
        timeout=_duration(block, "timeout"),
        parse=_one_of(block, ("parse",), values.get("parse", DEFAULTS["parse"]), sorted(FORMATS)),
        read=read,
        body=body,
        lane=lane,
        denied_without=without,
        full=_duration(block, "full") if "full" in values else 0.0,
        snapshot=_duration(block, "snapshot") if "snapshot" in values else 0.0,
        after=after,
        into=into,
        mined=values.get("mined", ""),
        privilege=privilege,
        rollup=_texts(values, "rollup"),
        rollup_by=_texts(values, "rollup_by"),
        rollup_keep=_texts(values, "rollup_keep"),
        path=path,
    )
    check(probe, block)
    return probe


def _table(
    block: Block, place: tuple[str, ...], values: Any, keys: dict[str, type], required: tuple[str, ...]
) -> None:
    """Check a table's keys and the types of their values."""
    if not isinstance(values, dict):
        raise block.error(place, f"{place[-1]} must be a table such as {{ {', '.join(required)} }}")
    for key, value in values.items():
        if key not in keys:
            raise block.unknown((*place, key), keys)
        texts = not isinstance(value, list) or all(isinstance(item, str) for item in value)
        if type(value) is not keys[key] or not texts:
            raise block.error((*place, key), f"{key} must be {WORDS[keys[key]]}, not {value!r}")
    for key in required:
        if not values.get(key) and values.get(key) != 0:
            raise block.error(place, f"it lacks `{key}`")


def _texts(values: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
    return tuple(values[key]) if key in values else None


def _one_of(block: Block, place: tuple[str, ...], value: str, known: Any) -> Any:
    if value not in known:
        near = block.unknown((*place, value), [k for k in known if k]).hint
        raise block.error(place, f"{place[-1]} can't be {value!r}", near)
    return value


def _duration(block: Block, key: str) -> float:
    value = block.values[key] if key in block.values else DEFAULTS[key]
    found = _DURATION.fullmatch(value)
    if not found:
        raise block.error((key,), f"{key} can't be {value!r}", 'it is a duration such as "10s", "5m" or "1d"')
    return float(int(found[1]) * SECONDS[found[2]])


def _readable(block: Block, key: str, glob: str) -> None:
    if not _READABLE.fullmatch(glob) or ".." in glob:
        raise block.error(
            (key,),
            f"{glob!r} can't be read",
            "a path that begins with /proc/ or /sys/, without blanks; * ? [ ] are wildcards",
        )


def _column(block: Block, name: str, entry: Any) -> Column:
    place = ("columns", name)
    _table(block, place, entry, COLUMN_KEYS, required=("id", "type", "kind"))
    return Column(
        name,
        entry["id"],
        _one_of(block, (*place, "type"), entry["type"], get_args(Type)),
        _one_of(block, (*place, "kind"), entry["kind"], get_args(Kind)),
        entry.get("help", ""),
        tuple(entry.get("was", ())),
    )


def _derived(block: Block, name: str, entry: Any) -> Derived:
    place = ("derived", name)
    _table(block, place, entry, DERIVED_KEYS, required=("sql",))
    if ("id" in entry) != ("type" in entry):
        raise block.error(place, "id and type go together", "with both, rollups keep the column")
    kind = _one_of(block, (*place, "type"), entry["type"], NUMERIC) if "type" in entry else None
    return Derived(name, entry["sql"], entry.get("help", ""), entry.get("id", 0), kind)
