"""/proc/net/dev, with state, MTU, speed and carrier changes of each interface from /sys/class/net.

Source: proc_pid_net(5), the kernel's Documentation/ABI/testing/sysfs-class-net. Reading the speed of an interface that is down
or wireless is an error, so that file is then missing or empty: null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model.probe import Probe
from ..model.reading import Reading
from .text import I64_END, U64_END, bad, file, natural, picker

if TYPE_CHECKING:
    from ..model.batch import Row

PATH = "/proc/net/dev"
COUNTERS = tuple(
    f"{direction}_{what}_total"
    for direction, names in (
        ("rx", "bytes packets errors dropped fifo_errors frame_errors compressed multicast"),
        ("tx", "bytes packets errors dropped fifo_errors collisions carrier_errors compressed"),
    )
    for what in names.split()
)
"""The sixteen numbers of a line in the kernel's order, named as in /sys/class/net/*/statistics."""
COLUMNS = ("interface", "state", "mtu_bytes", "speed_bits_per_second", "carrier_changes_total", *COUNTERS)
_UNKNOWN_SPEED = 2**32 - 1
"""What some drivers say instead of -1."""


def netdev(probe: Probe, reading: Reading) -> list[Row]:
    """A row an interface."""
    order = picker(PATH, COLUMNS, probe.names)
    text = file(reading, PATH)
    first, _, rest = text.partition("\n")
    second, _, lines = rest.partition("\n")
    if "Receive" not in first or "bytes" not in second:
        raise bad("/proc/net/dev lacks its two lines of headings", text)
    rows = []
    for line in lines.split("\n"):
        if not line:
            continue
        name, _, values = line.rpartition(":")
        try:
            numbers = list(map(int, values.split()))
        except ValueError as error:
            raise bad("a line of /proc/net/dev holds something other than numbers", line) from error
        if not name.strip() or len(numbers) != len(COUNTERS) or min(numbers) < 0 or max(numbers) >= U64_END:
            raise bad("a line of /proc/net/dev has not its sixteen numbers", line)
        rows.append(order((name.strip(), *_sys(reading, name.strip()), *numbers)))
    return rows


def _sys(reading: Reading, name: str) -> tuple[Any, ...]:
    """What /sys says of an interface: state, MTU, speed, carrier changes."""

    def said(what: str) -> str:
        return reading.files.get(f"/sys/class/net/{name}/{what}", "").strip()

    mtu, speed, changes = said("mtu"), said("speed"), said("carrier_changes")
    mbits = 0 if speed in ("", "-1") else natural(speed, f"the speed of {name}", I64_END // 1_000_000)
    return (
        said("operstate") or None,
        natural(mtu, f"the MTU of {name}") if mtu else None,
        mbits * 1_000_000 if 0 < mbits < _UNKNOWN_SPEED else None,
        natural(changes, f"the carrier changes of {name}", U64_END) if changes else None,
    )
