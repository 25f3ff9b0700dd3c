"""What the `os` probe prints: facts about the host, `name=value` each, then its os-release file.

Source: os-release(5), whose values are quoted as in a shell; /proc/cpuinfo; /sys/devices/system/cpu/online. One row.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..model.probe import Probe
from ..model.reading import ParseError, Reading
from .text import bad, natural

if TYPE_CHECKING:
    from ..model.batch import Row

_MEMORY = re.compile(r"MemTotal:\s+(\d+) kB")
_CPU_RANGE = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")
_X86 = re.compile(r"x86_64|i\d86")
"""Whose cpuinfo tells of a hypervisor; all others are silent either way."""
HYPERVISORS = {
    "qemu": "kvm", "kvm": "kvm", "red hat": "kvm", "nutanix": "kvm", "amazon ec2": "amazon", "google": "google",
    "vmware": "vmware", "innotek": "oracle", "oracle": "oracle", "virtualbox": "oracle", "xen": "xen",
    "microsoft": "microsoft", "parallels": "parallels", "bochs": "bochs", "openstack": "kvm", "digitalocean": "kvm",
    "hetzner": "kvm", "alibaba": "kvm", "apple": "apple", "bhyve": "bhyve",
}  # fmt: skip
"""How a virtual machine's maker begins → the word that systemd-detect-virt(1) has for it."""
PLACEHOLDERS = {
    "",
    "to be filled by o.e.m.",
    "system manufacturer",
    "system product name",
    "default string",
    "none",
}
"""What makers leave in a board's firmware instead of a name."""


def osrelease(probe: Probe, reading: Reading) -> list[Row]:
    """One row; what the host does not tell is null."""
    told, mark, release_text = reading.text.partition("os-release:\n")
    if not mark:
        raise bad("the facts do not end with os-release", reading.text)
    facts = dict(line.split("=", 1) for line in told.split("\n") if "=" in line)
    release = _release(release_text)
    vendor = _name(facts.get("vendor"))
    values: dict[str, Any] = {
        "distribution": release.get("ID"),
        "version": release.get("VERSION_ID"),
        "codename": release.get("VERSION_CODENAME") or release.get("UBUNTU_CODENAME"),
        "pretty_name": release.get("PRETTY_NAME"),
        "hostname": facts.get("hostname"),
        "kernel": facts.get("kernel"),
        "kernel_build": facts.get("kernel_build"),
        "architecture": facts.get("architecture"),
        "cpu_model": facts["cpu"].partition(":")[2].strip() or None if "cpu" in facts else None,
        "cores": _cores(facts.get("online")),
        "memory_bytes": _memory(facts.get("memory")),
        "virtualization": _virtualization(facts, vendor),
        "vendor": vendor,
        "product": _name(facts.get("product")) or _name(facts.get("board", "").replace("\0", "")),
        "time_zone": _time_zone(facts),
        "firmware": _name(facts.get("firmware")),
    }
    try:
        return [tuple([values[column.name] for column in probe.columns])]
    except KeyError as error:
        raise ParseError(f"this format gives {', '.join(values)}; not {error}") from error


def _release(text: str) -> dict[str, str]:
    """os-release(5): assignments as a shell reads them; a line that is none is passed over, as its readers must."""
    values = {}
    for line in text.split("\n"):
        name, equals, value = line.strip().partition("=")
        if not equals or name.startswith("#"):
            continue
        try:
            words = shlex.split(value)
        except ValueError:
            continue
        values[name] = words[0] if words else ""
    return {name: value for name, value in values.items() if value}


def _name(text: str | None) -> str | None:
    clean = (text or "").strip()
    return None if clean.lower() in PLACEHOLDERS else clean


def _cores(text: str | None) -> int | None:
    """`0-3,8` → 5."""
    if text is None:
        return None
    count = 0
    for part in text.strip().split(","):
        found = _CPU_RANGE.fullmatch(part)
        if not found:
            raise bad("this is no list of cores", text)
        count += max(0, int(found[2] or found[1]) - int(found[1])) + 1
    return count


def _memory(text: str | None) -> int | None:
    found = _MEMORY.fullmatch(text or "")
    return natural(found[1], "MemTotal", 2**53) * 1024 if found else None


def _virtualization(facts: Mapping[str, str], vendor: str | None) -> str | None:
    """What systemd-detect-virt or a container's own mark says; without them what processor and maker give away."""
    if said := facts.get("detected") or facts.get("container"):
        return said
    if facts.get("hypervisor") == "0" and _X86.fullmatch(facts.get("architecture", "")):
        return "none"
    for start, word in HYPERVISORS.items():
        if vendor and vendor.lower().startswith(start):
            return word
    return "other" if facts.get("hypervisor") == "1" else None


def _time_zone(facts: Mapping[str, str]) -> str | None:
    """/etc/localtime's target names the zone where there is one (localtime(5)); some keep the name in /etc/timezone."""
    _, _, zone = facts.get("localtime", "").partition("/zoneinfo/")
    return zone or facts.get("time_zone") or facts.get("offset")
