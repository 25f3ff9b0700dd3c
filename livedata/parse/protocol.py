"""What the network protocols did and have open: /proc/net/snmp, netstat, snmp6, sockstat and softnet_stat, conntrack's size.

Source: RFC 1213 and its successors (the kernel's names are those of the MIBs), the kernel's net/ipv4/proc.c,
Documentation/networking/snmp_counter.rst. The header is the only list of fields: a column's name is group and name of the
kernel in small letters (`Tcp: ActiveOpens` → `tcp_active_opens_total`), `TcpExt` and `IpExt` counted to `tcp` and `ip`, octets
called bytes, and what sockstat says under `sockets`. What a kernel lacks is null; what no column asks for is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from ..model.probe import Column, Probe
from ..model.reading import ParseError, Reading
from .pidstat import page_bytes
from .text import I64_END, U64_END, bad, quote

if TYPE_CHECKING:
    from ..model.batch import Row

Found = dict[str, str | int | None]
"""Key → what the kernel wrote, or a number that was reckoned from it."""

SNMP = ("/proc/net/snmp", "/proc/net/netstat")
SNMP6 = "/proc/net/snmp6"
SOCKSTAT = ("/proc/net/sockstat", "/proc/net/sockstat6")
SOFTNET = "/proc/net/softnet_stat"
CONNTRACK = "/proc/sys/net/netfilter/nf_conntrack_"
SOFTNET_FIELDS = {
    0: "processed", 1: "dropped", 2: "time_squeeze", 9: "received_rps", 10: "flow_limit_count", 11: "backlog_len",
}  # fmt: skip
"""Place in a line → name; those between are 0 for ever. Kernels before 3.11 have ten, before 5.10 eleven."""
SMALL_PAGE = 4096


def protocol(probe: Probe, reading: Reading) -> list[Row]:
    """One row. Raises ParseError where there is no text of these files, or one is not what it should be."""
    files = reading.files
    found: Found = {}
    for path in SNMP:
        found.update(_snmp(files.get(path, "")))
    found.update(_snmp6(files.get(SNMP6, "")))
    page = page_bytes(reading)
    for path in SOCKSTAT:
        found.update(_sockstat(files.get(path, ""), page))
    found.update(_softnet(files.get(SOFTNET, "")))
    for what in ("count", "max"):
        if text := files.get(CONNTRACK + what):
            found[f"nfconntrack{what}"] = text.strip()
    if not found:
        raise ParseError("not one of the files of /proc/net came")
    return [tuple([_value(column, found) for column in probe.columns])]


@lru_cache(maxsize=512)
def _column_key(name: str) -> str:
    """`tcp_active_opens_total` → `tcpactiveopens`."""
    return name.removesuffix("_total").replace("_", "")


@lru_cache(maxsize=2048)
def _key(group: str, name: str) -> str:
    """`TcpExt`, `TCPTimeouts` → `tcptimeouts`; `IpExt`, `InOctets` → `ipinbytes`."""
    group, name = group.lower().removesuffix("ext"), name.lower().replace("octets", "bytes")
    if group == "tcp" and name.startswith("ip"):
        return name  # IPReversePathFilter, which has its place among TCP's by history
    return group + name.removeprefix(group)


@lru_cache(maxsize=64)
def _keys(names: str) -> tuple[str, ...]:
    """`Tcp: RtoMin ActiveOpens` → their keys. It is the same line from all hosts of a kernel."""
    group, *rest = names.split()
    return tuple([_key(group.removesuffix(":"), name) for name in rest])


def _snmp(text: str) -> Found:
    """Lines in pairs: names, then values."""
    found: Found = {}
    lines = iter(text.splitlines())
    for names in lines:
        values = next(lines, "").split()
        group = names.partition(" ")[0]
        if not values or values[0] != group or not group.endswith(":"):
            raise bad("a line of names without its values", names)
        keys = _keys(names)
        if len(keys) != len(values) - 1:
            raise bad(f"{len(keys)} names for {len(values) - 1} values", names)
        found.update(zip(keys, values[1:], strict=True))
    return found


def _snmp6(text: str) -> Found:
    """A name and a value a line; Icmp6InType135 and the like are passed over by not being asked for."""
    return {_key("", name): value for name, value in _pairs(text.split())}


def _sockstat(text: str, page: int | None) -> Found:
    """`TCP: inuse 1 mem 3`, memory in pages but for that of fragments.

    With pages of more than 4 KiB `mem` is left out: kernels from 4.11 to 5.19 count units of 4 KiB all the same, others pages,
    and which fixes a distribution took over can't be told.
    """
    found: Found = {}
    for line in text.splitlines():
        group, colon, rest = line.partition(":")
        if not colon:
            raise bad("a line of sockstat without its group", line)
        for name, value in _pairs(rest.split()):
            if name == "mem":
                found[_key("sockets", f"{group}membytes")] = (
                    _natural(value) * page if page == SMALL_PAGE else None
                )
            else:
                unit = "bytes" if name == "memory" else ""
                found[_key("sockets", "used" if group == "sockets" else f"{group}{name}{unit}")] = value
    return found


def _softnet(text: str) -> Found:
    """A line of hexadecimal numbers a core, summed."""
    try:
        cores = [[int(word, 16) for word in line.split()] for line in text.splitlines()]
    except ValueError as error:
        raise bad("softnet_stat holds something other than hexadecimal numbers", text) from error
    width = min(map(len, cores), default=0)
    return {
        f"softnet{name.replace('_', '')}": sum(core[place] for core in cores)
        for place, name in SOFTNET_FIELDS.items()
        if place < width
    }


def _pairs(words: list[str]) -> Iterator[tuple[str, str]]:
    if len(words) % 2:
        raise bad("a name without a value", " ".join(words))
    return zip(words[::2], words[1::2], strict=True)


def _natural(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise ParseError(f"this is no number: {quote(text)}") from error


def _value(column: Column, found: Mapping[str, str | int | None]) -> int | None:
    """None too for a number below zero, which some kernels write for a count of theirs that was overdrawn."""
    said = found.get(_column_key(column.name))
    number = _natural(said) if isinstance(said, str) else said
    return (
        number
        if number is not None and 0 <= number < (I64_END if column.type == "i64" else U64_END)
        else None
    )
