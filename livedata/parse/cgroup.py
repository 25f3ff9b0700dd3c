"""What the `cgroup` probe prints: a line for each control group, and with v1 for each controller that it is in.

Source: the kernel's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/. A line is a controller, what
its files say, a word each in the order of `CONTROLLERS`, and the path. Lines of one path make one row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..model.probe import Probe
from ..model.reading import ParseError, Reading
from .cgrouppath import container, pod, unit
from .text import D2_END, U64_END, bad, natural

if TYPE_CHECKING:
    from ..model.batch import Row

Take = Callable[[str], Any]

UNLIMITED = 2**63 - 2**20
"""v1 writes the highest multiple of its page size where there is no limit."""
_IO = ("read_bytes_total", "written_bytes_total", "reads_total", "writes_total")


def _count(word: str) -> int:
    return natural(word, "a count of a control group", U64_END)


def _size(word: str) -> int:
    return natural(word, "a size of a control group")


def _limit(word: str) -> int | None:
    """`max` or an absurd number where there is none."""
    limit = UNLIMITED if word == "max" else _count(word)
    return limit if limit < UNLIMITED else None


def _time(per_second: int) -> Take:
    """A time that counts up, cut to hundredths of seconds."""
    return lambda word: natural(word, "a time of a control group", D2_END) * 100 // per_second


_NS, _US, _TICKS = _time(10**9), _time(10**6), _time(100)
_V2: tuple[tuple[str, Take], ...] = (
    ("cpu_seconds_total", _US), ("user_seconds_total", _US), ("system_seconds_total", _US),
    ("periods_total", _count), ("throttled_periods_total", _count), ("throttled_seconds_total", _US),
    ("cpu.max", lambda word: tuple(word.split(","))),
    ("memory_bytes", _size), ("memory_limit_bytes", _limit), ("memory_peak_bytes", _size),
    ("anon_bytes", _size), ("file_bytes", _size), ("inactive_file_bytes", _size), ("swap_bytes", _size),
    ("memory_max_hits_total", _count), ("oom_kills_total", _count),
    ("io", str),
    ("tasks", _size), ("tasks_limit", _limit),
    ("cpu_some_seconds_total", _US), ("cpu_full_seconds_total", _US),
    ("memory_some_seconds_total", _US), ("memory_full_seconds_total", _US),
    ("io_some_seconds_total", _US), ("io_full_seconds_total", _US),
)  # fmt: skip
CONTROLLERS: Mapping[str, tuple[tuple[str, Take], ...]] = MappingProxyType({
    ".": _V2,
    "unified": _V2,
    "cpu": (
        ("periods_total", _count), ("throttled_periods_total", _count), ("throttled_seconds_total", _NS),
        ("quota", str), ("period", str),
    ),
    "cpuacct": (("cpu_seconds_total", _NS), ("user_seconds_total", _TICKS), ("system_seconds_total", _TICKS)),
    "memory": (
        ("memory_bytes", _size), ("memory_limit_bytes", _limit), ("memory_peak_bytes", _size),
        ("anon_bytes", _size), ("file_bytes", _size), ("inactive_file_bytes", _size), ("swap_bytes", _size),
        ("memory_max_hits_total", _count), ("oom_kills_total", _count),
    ),
    "blkio": (("bytes", str), ("operations", str), ("own bytes", str), ("own operations", str)),
    "pids": (("tasks", _size), ("tasks_limit", _limit)),
})  # fmt: skip
"""Controller (`.` is v2, `unified` v2 beside v1) → what its words are: columns, or what columns are reckoned from."""
COLUMNS = (
    "path", "unit", "container", "pod", *(name for name, _ in _V2 if "_" in name or name == "tasks"),
    "cpu_limit_pct", *_IO,
)  # fmt: skip


def cgroup(probe: Probe, reading: Reading) -> list[Row]:
    """A row a path, with null for what none of its controllers tells."""
    names = [column.name for column in probe.columns]
    if unknown := [name for name in names if name not in COLUMNS]:
        raise ParseError(f"a control group has {', '.join(COLUMNS)}; not {', '.join(unknown)}")
    groups: dict[str, dict[str, Any]] = {}
    stacked: Collection[str] = ()
    for line in reading.text.split("\n"):
        if line.startswith("="):
            stacked = line[1:].split()
        elif line:
            path, told = _line(line)
            group = groups.setdefault(path, {})
            group.update({name: value for name, value in told.items() if group.get(name) is None})
    rows = []
    for path, group in groups.items():
        values = {
            **group, "path": path, "unit": unit(path), "container": container(path), "pod": pod(path),
            "cpu_limit_pct": _cpu_limit(group), **_io(group, stacked),
        }  # fmt: skip
        rows.append(tuple([values.get(name) for name in names]))
    return rows


def _line(line: str) -> tuple[str, dict[str, Any]]:
    """The path, and what is told of it."""
    controller, _, rest = line.partition(" ")
    asked = CONTROLLERS.get(controller, ())
    *words, path = rest.split(" ", len(asked))
    if not asked or len(words) != len(asked) or not path.startswith("/"):
        raise bad("a line that is none of a control group's", line)
    return path, {name: take(word) for (name, take), word in zip(asked, words, strict=True) if word != "-"}


def _cpu_limit(group: Mapping[str, Any]) -> float | None:
    """The quota of a period as percent of a core."""
    quota, period = (*group.get("cpu.max", (group.get("quota"), group.get("period"))), None)[:2]
    if quota in (None, "max", "-1") or period is None:
        return None
    return 100 * _size(quota) / max(1, _size(period))


def _io(group: Mapping[str, Any], stacked: Collection[str]) -> dict[str, int | None]:
    """Bytes and operations over all devices; of those that lie on others either these or the others, whichever had more."""
    devices = _io_v2(group["io"]) if "io" in group else _io_v1(group)
    if devices is None:
        return {}
    below: dict[str, int] = dict.fromkeys(_IO, 0)
    above = below.copy()
    for (device, name), number in devices.items():
        sums = above if device.partition(":")[0] in stacked else below
        sums[name] += number
    return {name: max(below[name], above[name]) for name in _IO}


def _io_v2(text: str) -> dict[tuple[str, str], int]:
    """`8:0,rbytes=1,wbytes=2,rios=3,wios=4,dbytes=0,dios=0;8:16,…`; `,` where nothing was read or written."""
    names = dict(zip(("rbytes", "wbytes", "rios", "wios"), _IO, strict=True))
    found = {}
    for line in text.split(";"):
        device, *pairs = line.split(",")
        for key, _, number in (pair.partition("=") for pair in pairs):
            if key in names:
                found[device, names[key]] = _count(number)
    return found


def _io_v1(group: Mapping[str, Any]) -> dict[tuple[str, str], int] | None:
    """`8:0,Read,1;8:0,Write,2;…;Total,3`, of the group and those below it where the kernel tells that."""
    found: dict[tuple[str, str], int] = {}
    texts = (group.get("bytes", group.get("own bytes")), group.get("operations", group.get("own operations")))
    for text, (read, write) in zip(texts, (_IO[:2], _IO[2:]), strict=True):
        if text is None:
            return None
        for line in text.split(";"):
            device, *rest = line.split(",")
            if len(rest) == 2 and rest[0] in ("Read", "Write"):
                found[device, read if rest[0] == "Read" else write] = _count(rest[1])
    return found
