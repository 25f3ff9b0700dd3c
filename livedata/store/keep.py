"""How long rows are kept: what the settings `keep` and `keep_bytes` say, as numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..errors import ConfigError
from .layout import HOUR_US

_AGE = re.compile(r"(\d{1,5})\s*([hdwy])")
_HOURS = {"h": 1, "d": 24, "w": 168, "y": 8_766}
_SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*([kMGT]?)i?B?")
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_TERM = re.compile(r"(?:([a-z0-9][a-z0-9_]*)\s*=\s*)?(.+)")

FORMS = "30d, log=90d, process=2w, 5m=2y"


@dataclass(frozen=True, slots=True)
class Keep:
    """`default`: hours that rows are kept. `tables`: by table; `1m` and `5m` stand for all rollups of that width. `bytes`: what
    the store may take in all."""

    default: int
    tables: dict[str, int] = field(default_factory=dict)
    bytes: int = 2**63 - 1

    def hours(self, table: str) -> int:
        """How long a table's rows are kept. A rollup never goes before the rows that it is made of: questions are answered from it."""
        base, _, width = table.rpartition("_")
        if width not in ("1m", "5m"):
            return self.tables.get(table, self.default)
        own = self.tables.get(table, self.tables.get(width, self.default))
        return max(own, self.tables.get(base, self.default))

    def since(self, table: str, now_us: int) -> int:
        """Rows before this are not kept, microseconds UTC."""
        return now_us - self.hours(table) * HOUR_US


def _hours(text: str, setting: str) -> int:
    found = _AGE.fullmatch(text)
    if found is None or not int(found[1]):
        raise ConfigError(f"keep is {setting!r}: {text!r} is no age", hint=f"for example: {FORMS}")
    return int(found[1]) * _HOURS[found[2]]


def parse_size(text: str, setting: str) -> int:
    """`50GB` → bytes. Raises ConfigError."""
    found = _SIZE.fullmatch(text.strip())
    size = int(float(found[1]) * _UNITS[found[2]]) if found else 0
    if not size:
        raise ConfigError(f"{setting} is {text!r}", hint="it must be a size such as 500MB, 50GB or 2TB")
    return size


def parse_keep(ages: str, size: str) -> Keep:
    """`ages`: an age for all tables, and others by table: `30d, log=90d, 5m=2y`. Raises ConfigError."""
    default, tables = 0, {}
    for term in filter(None, (t.strip() for t in ages.split(","))):
        found = _TERM.fullmatch(term)
        hours = _hours(found[2].strip() if found else term, ages)
        if found and found[1]:
            tables[found[1]] = hours
        else:
            default = hours
    if not default:
        raise ConfigError(f"keep is {ages!r}: it has no age for all tables", hint=f"for example: {FORMS}")
    return Keep(default, tables, parse_size(size, "keep_bytes"))
