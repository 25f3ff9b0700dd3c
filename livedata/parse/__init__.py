"""From a host's text to rows: one pure function for each kernel file or declared format, in one closed table.

A parser raises `ParseError` and nothing else. It opens no file, asks no clock and keeps no state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..model.probe import Probe
from ..model.reading import Reading
from .cgroup import cgroup
from .declared import csv, fields, jsonl, keyvalue
from .diskstats import diskstats
from .journal import cursor, journal
from .loadavg import loadavg
from .logfile import Taker, files_taken, logfile
from .logfile import place as log_place
from .logring import logring, ring_taken
from .marks import unseen
from .meminfo import meminfo
from .mounts import mounts
from .netdev import netdev
from .osrelease import osrelease
from .packages import packages
from .pidstat import pidstat
from .pressure import pressure
from .processinfo import process_info
from .protocol import protocol
from .reboot import reboot
from .stat import core, cpu
from .units import units
from .updates import updates
from .vmstat import vmstat
from .wtmp import place, wtmp

if TYPE_CHECKING:
    from ..model.batch import Row

Parser = Callable[[Probe, Reading], "list[Row]"]
"""Rows in the order of the probe's columns, of its columns' types (see `model.batch.Row`). Raises ParseError."""

PARSERS: Mapping[str, Parser] = MappingProxyType({
    "fields": fields,
    "keyvalue": keyvalue,
    "csv": csv,
    "jsonl": jsonl,
    "cpu": cpu,
    "core": core,
    "loadavg": loadavg,
    "meminfo": meminfo,
    "diskstats": diskstats,
    "netdev": netdev,
    "pidstat": pidstat,
    "mounts": mounts,
    "osrelease": osrelease,
    "journal": journal,
    "pressure": pressure,
    "vmstat": vmstat,
    "protocol": protocol,
    "cgroup": cgroup,
    "units": units,
    "wtmp": wtmp,
    "packages": packages,
    "reboot": reboot,
    "updates": updates,
    "process_info": process_info,
    "logfile": logfile,
    "logring": logring,
})  # fmt: skip
"""What `parse` may say in a probe's header."""

CURSORS: Mapping[str, Callable[[Reading, str | None, str | None], str | None]] = MappingProxyType(
    {"journal": cursor, "wtmp": place, "logfile": log_place, "logring": log_place}
)
"""For formats that go on where they ended: the place to go on at, from what came, the place before and the boot id; None
where it is the place before."""

UNSEEN: Mapping[str, Callable[[str, str | None], str]] = MappingProxyType(
    {"journal": unseen, "wtmp": lambda text, before: text}
)
"""For the first of these: a text without what came up to that place already."""

TAKERS: Mapping[str, Taker] = MappingProxyType({"logfile": files_taken, "logring": ring_taken})
"""For the others, which can't be read without their past: a reading, as its parser and cursor take it, without what came already, and what is lost."""
