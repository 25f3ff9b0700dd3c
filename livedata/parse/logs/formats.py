"""What a line of a log file says: one table of formats, each a regular expression and what is made of its groups. Pure.

A format gives a `Line`, or None where the line is none of its own. `recognise` tries the format of the line before first. Names of what
is taken out of a line: `client`, `user`, `method`, `path`, `protocol`, `status`, `bytes`, `referer`, `agent`, `server`, and so on.

Sources: RFC 3164, RFC 5424, rsyslog's templates (rsyslog.conf(5)), nginx's ngx_http_log_module and error_log, Apache's mod_log_config and
ErrorLogFormat, PostgreSQL's log_line_prefix, MySQL's error log, Redis' serverLog, klog's header; the keys of JSON lines are those of zap, zerolog, pino, bunyan, logrus,
slog, structlog, winston, docker's json-file and the Elastic Common Schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from .stamps import MONTHS, NAMED_ZONES, Clock, epoch, instant, offset_of, without_year, zone_name


@dataclass(slots=True)
class Line:
    """`ts`: microseconds UTC; None: the line has no time that is known. `fields`: what no other column has."""

    ts: int | None
    message: str
    priority: int | None = None
    facility: int | None = None
    identifier: str | None = None
    pid: int | None = None
    fields: dict[str, str] = field(default_factory=dict)


class Context(NamedTuple):
    """`before`: the time of the line before. `host`: the host's own name, which needs no telling."""

    clock: Clock
    before: int | None = None
    host: str = ""


Make = Callable[["re.Match[str]", Context], Line | None]

PRIORITIES: Mapping[str, int] = MappingProxyType({
    "emerg": 0, "emergency": 0, "alert": 1, "crit": 2, "critical": 2, "fatal": 2, "panic": 2, "err": 3, "error": 3, "severe": 3, "warn": 4,
    "warning": 4, "notice": 5, "info": 6, "information": 6, "informational": 6, "log": 6, "note": 6, "system": 6, "hint": 6, "detail": 6,
    "statement": 6, "debug": 7, "debug1": 7, "debug2": 7, "debug3": 7, "debug4": 7, "debug5": 7, "trace": 7, "verbose": 7, "fine": 7,
})  # fmt: skip
"""A word for how bad it is → syslog's priority."""
FACILITIES: Mapping[str, int] = MappingProxyType({
    "kern": 0, "user": 1, "mail": 2, "daemon": 3, "auth": 4, "security": 4, "syslog": 5, "lpr": 6, "news": 7, "uucp": 8, "cron": 9,
    "authpriv": 10, "ftp": 11, "ntp": 12, **{f"local{i}": 16 + i for i in range(8)},
})  # fmt: skip

_ISO = r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d:\d\d:\d\d(?:[.,]\d{1,9})?) ?(Z|[+-]\d\d:?\d\d|UTC\b|GMT\b)?"
_BSD = r"([A-Z][a-z]{2}) {1,2}(\d{1,2}) (?:(\d{4}) )?(\d\d:\d\d:\d\d(?:\.\d{1,9})?)"
_PRI = r"(?:<(\d{1,3})>)?"


def _iso(groups: tuple[Any, ...], c: Context) -> int | None:
    """Year, month, day, time and zone, as `_ISO` has them."""
    year, month, day, time, zone = groups
    known = offset_of(zone) if zone else None
    return instant(c.clock, (int(year), int(month), int(day)), time, known, c.before)


def _bsd(groups: tuple[Any, ...], c: Context) -> int | None:
    """Month, day, year or nothing, and time, as `_BSD` has them."""
    month, day, year, time = groups
    number = MONTHS.get(month)
    if number is None:
        return None
    if year:
        return instant(c.clock, (int(year), number, int(day)), time, None, c.before)
    return without_year(c.clock, number, int(day), time, c.before)


def _pri(text: str | None) -> tuple[int | None, int | None]:
    """Facility and priority of a PRI (RFC 5424, 6.2.1)."""
    value = int(text) if text else 192
    return (value >> 3, value & 7) if value < 192 else (None, None)


def _pid(text: str | None) -> int | None:
    return int(text) if text and len(text) <= 10 and int(text) < 2**31 else None


def _some(**values: str | None) -> dict[str, str]:
    """What is there: neither missing nor `-`."""
    return {name: value for name, value in values.items() if value and value != "-"}


def _rfc5424(m: re.Match[str], c: Context) -> Line | None:
    facility, priority = _pri(m[1])
    fields = _some(HOSTNAME=None if m[7] == c.host else m[7], msgid=m[10])
    for element in _ELEMENT.finditer(m[11]):
        for name, value in _PARAM.findall(element[2]):
            fields[f"{element[1]}.{name}"] = re.sub(r'\\(["\\\]])', r"\1", value)
    ts = _iso(m.group(2, 3, 4, 5, 6), c)
    who = None if m[8] == "-" else m[8]
    return Line(ts, m[12].removeprefix("\ufeff"), priority, facility, who, _pid(m[9] if m[9].isdecimal() else None), fields)  # fmt: skip


def _syslog(ts: int | None, pri: str | None, host: str | None, rest: str, c: Context) -> Line | None:
    """What follows the stamp and the host of a syslog line: `tag[pid]: message`, or busybox's `facility.level tag[pid]: message`."""
    if ts is None:
        return None
    facility, priority = _pri(pri)
    said = _SELECTOR.match(rest)
    if said and said[1] in FACILITIES and said[2] in PRIORITIES:
        facility, priority = FACILITIES[said[1]], PRIORITIES[said[2]]
        rest = rest[said.end() :]
    tag = _TAGGED.match(rest)
    fields = _some(HOSTNAME=None if host == c.host else host)
    if tag is None:
        return Line(ts, rest, priority, facility, None, None, fields)
    message = rest[tag.end() :]
    if tag[1] == "kernel":
        # The kernel's own stamp, which the journal does not keep in a message either.
        facility, message = facility or 0, _UPTIME.sub("", message, count=1)
    return Line(ts, message, priority, facility, tag[1], _pid(tag[2]), fields)


def _rfc3164(m: re.Match[str], c: Context) -> Line | None:
    return _syslog(_bsd(m.group(2, 3, 4, 5), c), m[1], m[6], m[7], c)


def _iso_syslog(m: re.Match[str], c: Context) -> Line | None:
    return _syslog(_iso(m.group(2, 3, 4, 5, 6), c), m[1], m[7], m[8], c)


def _logread(m: re.Match[str], c: Context) -> Line | None:
    """OpenWrt's logread: `Tue Nov 24 15:53:56 2026 daemon.info dnsmasq[123]: message`; the fraction of -t in brackets before."""
    ts = _bsd((m[1], m[2], m[4], m[3]), c)
    return _syslog(ts, None, None, m[5], c)


def _access(m: re.Match[str], c: Context) -> Line | None:
    """NCSA's common and combined formats, with or without a virtual host before and more behind."""
    month = MONTHS.get(m[6])
    if month is None:
        return None
    ts = instant(c.clock, (int(m[7]), month, int(m[5])), m[8], offset_of(m[9]), c.before)
    request = _REQUEST.fullmatch(m[10])
    method, path, protocol = request.group(1, 2, 3) if request else (None, None, None)
    fields = _some(
        vhost=m[1], client=m[2], user=m[4], method=method, path=path, protocol=protocol, status=m[11], bytes=m[12],
        referer=m[13], agent=m[14],
    )  # fmt: skip
    return Line(ts, m[0], fields=fields)


def _nginx_error(m: re.Match[str], c: Context) -> Line | None:
    ts = instant(c.clock, (int(m[1]), int(m[2]), int(m[3])), m[4], None, c.before)
    message = m[9]
    about = _NGINX_ABOUT.search(message)
    fields = _some(connection=m[8], tid=m[7])
    if about:
        fields |= {k: v.strip('"') for k, v in _NGINX_PAIR.findall(about[0])}
    return Line(ts, message, PRIORITIES.get(m[5]), None, "nginx", _pid(m[6]), fields)


def _apache_error(m: re.Match[str], c: Context) -> Line | None:
    ts = _bsd((m[1], m[2], m[4], m[3]), c)
    fields = _some(module=m[5], tid=m[8], client=m[9])
    return Line(ts, m[10], PRIORITIES.get(m[6].rstrip("12345678")), None, "apache", _pid(m[7]), fields)


def _postgres(m: re.Match[str], c: Context) -> Line | None:
    """`%m [%p] %q%u@%d ` before the level, as most systems have it; a zone's short name is known where it is the host's."""
    ts = _iso((*m.group(1, 2, 3, 4), m[5] or (m[6] if m[6] in NAMED_ZONES else None)), c)
    if m[6] and m[6] not in NAMED_ZONES and ts is not None and zone_name(ts, c.clock.zone) != m[6]:
        return None  # short names are not unique, so it is known only where it is the host's
    return Line(ts, m[11], PRIORITIES.get(m[10].lower()), None, "postgres", _pid(m[7]), _some(user=m[8], database=m[9], level=m[10]))  # fmt: skip


def _mysql(m: re.Match[str], c: Context) -> Line | None:
    ts = _iso(m.group(1, 2, 3, 4, 5), c)
    return Line(ts, m[10], PRIORITIES.get(m[7].lower()), None, "mysqld", None, _some(thread=m[6], code=m[8], subsystem=m[9]))  # fmt: skip


def _redis(m: re.Match[str], c: Context) -> Line | None:
    month = MONTHS.get(m[4])
    ts = instant(c.clock, (int(m[5]), month, int(m[3])), m[6], None, c.before) if month else None
    return Line(ts, m[8], {".": 7, "-": 6, "*": 5, "#": 4}[m[7]], None, "redis", _pid(m[1]), _some(role=m[2]))


def _klog(m: re.Match[str], c: Context) -> Line | None:
    ts = without_year(c.clock, int(m[2]), int(m[3]), m[4], c.before)
    return Line(ts, m[7], {"I": 6, "W": 4, "E": 3, "F": 2}[m[1]], fields=_some(thread=m[5], source=m[6]))


def _stamped(m: re.Match[str], c: Context) -> Line | None:
    """Any line that begins with an ISO stamp; a level counts where it stands alone or in brackets, and soon."""
    year, month, day = re.split(r"[-/]", m[1])
    ts = _iso((year, month, day, m[2], m[3]), c)
    level = _LEVEL.match(m[4])
    priority = PRIORITIES.get((level[1] or level[2]).lower()) if level else None
    return Line(ts, m[4], priority)


_ELEMENT = re.compile(r'\[([^\s=\]"]{1,64})((?: [^\s=\]"]{1,64}="(?:[^"\\\]]|\\.)*")*)\]')
_PARAM = re.compile(r' ([^\s=\]"]{1,64})="((?:[^"\\\]]|\\.)*)"')
_SELECTOR = re.compile(r"([a-z0-9]{3,8})\.([a-z]{3,7}) ")
_TAGGED = re.compile(r"([^\s\[\]:]{1,64})(?:\[(\d{1,10})\])?:(?: |$)")
_UPTIME = re.compile(r"^\[ *\d+\.\d+\] ")
_REQUEST = re.compile(r"([A-Z]{3,20}) (\S+)(?: (HTTP/[\d.]+))?")
_NGINX_ABOUT = re.compile(r", client: .*$", re.DOTALL)
_NGINX_PAIR = re.compile(r', (client|server|request|upstream|host|referrer): ("(?:[^"\\]|\\.)*"|[^,]+)')
_WORDS = "emerg(?:ency)?|alert|crit(?:ical)?|fatal|panic|err(?:or)?|severe|warn(?:ing)?|notice|info|debug|trace|verbose"
_LEVEL = re.compile(
    rf"(?:[^\s|]{{1,64}}[ \t|]+){{0,4}}?[\[(<]?(?:[\w-]+\.)?({_WORDS.upper()})(?:[\])>:,|]|\s|$)"
    rf"|\[?((?i:{_WORDS}))(?:[\]:]|\s|$)"
)
"""In capitals within the first words, or as the very first one."""


@dataclass(frozen=True, slots=True)
class Format:
    name: str
    pattern: re.Pattern[str]
    make: Make


def _format(name: str, make: Make, pattern: str) -> Format:
    return Format(name, re.compile(pattern, re.DOTALL), make)


FORMATS: tuple[Format, ...] = (
    _format("rfc5424", _rfc5424,
            rf'{_PRI}1 {_ISO} (\S{{1,255}}) (\S{{1,48}}) (\S{{1,128}}) (\S{{1,32}}) (-|(?:\[[^\s=\]"]+(?: [^\s=\]"]+="(?:[^"\\\]]|\\.)*")*\])+)(?: (.*)|$)'),
    _format("rfc3164", _rfc3164, rf"{_PRI}{_BSD} (?:(?![^\s\[\]:]*(?:\[\d+\])?: )(\S{{1,255}}) )?(.*)"),
    _format("access", _access,
            r'(?:([\w.-]+(?::\d+)?) )?([\da-fA-F.:]{2,45}|[\w.-]+) (\S+) (\S+|[^\[]*?) \[(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})\] '
            r'"((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?.*'),
    _format("nginx_error", _nginx_error,
            r"(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d) \[([a-z]+)\] (\d+)#(\d+): (?:\*(\d+) )?(.*)"),
    _format("apache_error", _apache_error,
            r"\[[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d:\d\d:\d\d(?:\.\d+)?) (\d{4})\] \[(?:([\w-]*):)?([a-z]+\d?)\] "
            r"(?:\[pid (\d+)(?::tid (\d+))?\] )?(?:\[client ([^\]]+)\] )?(.*)"),
    _format("postgres", _postgres,
            r"(\d{4})-(\d\d)-(\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) ?(?:([+-]\d\d(?::?\d\d)?)|([A-Z]{2,5}))? \[(\d+)\](?:-\d+)?:? (?:([^\s@]*)@(\S*) )?"
            r"(DEBUG\d?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|STATEMENT|CONTEXT|QUERY|LOCATION):  ?(.*)"),
    _format("mysql", _mysql,
            rf"{_ISO} (\d+) \[(System|Warning|Error|Note|ERROR|Info)\](?: \[(MY-\d+)\])?(?: \[(\w+)\])? (.*)"),
    _format("redis", _redis, r"(\d+):([MCSX]) (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d\.\d+) ([.*#-]) (.*)"),
    _format("klog", _klog, r"([IWEF])(\d\d)(\d\d) (\d\d:\d\d:\d\d\.\d+) +(\d+) ([^\s\]]+:\d+)\] (.*)"),
    _format("logread", _logread,
            r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d:\d\d:\d\d) (\d{4}) (?:\[[\d.]+\] )?(.*)"),
    _format("iso", _iso_syslog, rf"{_PRI}{_ISO} ([\w.-]{{1,255}}) (?=[^\s\[\]:]{{1,64}}(?:\[\d{{1,10}}\])?: )(.*)"),
    _format("stamped", _stamped,
            r"\[?(\d{4}[-/]\d\d[-/]\d\d)[T ](\d\d:\d\d:\d\d(?:[.,]\d{1,9})?) ?(Z|[+-]\d\d:?\d\d|UTC\b|GMT\b)?\]? ?(.*)"),
)  # fmt: skip
"""Tried in this order: what says more comes first."""


_TIMES = ("time", "timestamp", "ts", "@timestamp", "t", "datetime", "date", "asctime", "eventTime")
_MESSAGES = ("msg", "message", "log", "event", "text")
_LEVELS = (
    "level",
    "severity",
    "lvl",
    "loglevel",
    "log.level",
    "levelname",
    "level_name",
    "priority",
    "PRIORITY",
)
_NAMES = ("service", "app", "program", "logger", "logger_name", "name", "log.logger", "SYSLOG_IDENTIFIER")
_STEPS: Mapping[int, int] = MappingProxyType({10: 7, 20: 7, 30: 6, 40: 4, 50: 3, 60: 2})
"""The levels of pino and bunyan."""
_OBJECT = msgspec.json.Decoder(dict[str, Any])
_MOMENT = re.compile(_ISO)


def _moment(value: Any, c: Context) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return epoch(value)
    if isinstance(value, str) and (found := _MOMENT.fullmatch(value)):
        return _iso(found.groups(), c)
    return (
        epoch(float(value)) if isinstance(value, str) and re.fullmatch(r"\d{10,19}(\.\d+)?", value) else None
    )


def _level(value: Any) -> int | None:
    if isinstance(value, str):
        return int(value) if value in tuple("01234567") else PRIORITIES.get(value.lower())
    if isinstance(value, int) and not isinstance(value, bool):
        return _STEPS.get(value, value if 0 <= value <= 7 else None)
    return None


def _flat(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def json_line(text: str, c: Context) -> Line | None:
    """A line that is one JSON object, with a time or a message under a key that loggers use."""
    if not text.startswith("{"):
        return None
    try:
        found = _OBJECT.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    at = next((k for k in _TIMES if k in found and _moment(found[k], c) is not None), None)
    said = next((k for k in _MESSAGES if isinstance(found.get(k), str)), None)
    if at is None and said is None:
        return None
    ts = _moment(found.pop(at), c) if at else None
    message = found.pop(said).rstrip("\n") if said else text
    line = Line(ts, message)
    bad = next((k for k in _LEVELS if _level(found.get(k)) is not None), None)
    line.priority = _level(found.pop(bad)) if bad else None
    who = next((k for k in _NAMES if isinstance(found.get(k), str)), None)
    line.identifier = found.pop(who) if who else None
    pid = found.get("pid")
    if type(pid) is int and 0 < pid < 2**31:
        line.pid = found.pop("pid")
    line.fields = {name: _flat(value) for name, value in found.items() if value is not None}
    return line


def _timed(line: Line | None) -> bool:
    return line is not None and line.ts is not None


def own_format(pattern: str) -> Format:
    """A format of the user's own: a regular expression whose groups `time`, `level`, `message`, `identifier` and `pid` become what these say, and every
    other a field. Raises re.error: it is none."""
    return Format("own", re.compile(pattern, re.DOTALL), _own)


def _own(m: re.Match[str], c: Context) -> Line | None:
    said = {name: value for name, value in m.groupdict().items() if value is not None}
    text = said.pop("time", "")
    bad = _level(said["level"]) if "level" in said else None
    if bad is not None:
        del said["level"]
    return Line(
        any_time(text, c), said.pop("message", m[0]), bad, None, said.pop("identifier", None), _pid(_digits(said.pop("pid", None))), said
    )  # fmt: skip


def _digits(text: str | None) -> str | None:
    return text if text and text.isdecimal() else None


_CLF = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})")
_SLASHED = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d(?:[.,]\d+)?)")
_BARE = re.compile(_BSD)


def any_time(text: str, c: Context) -> int | None:
    """A stamp in any of the ways that the table knows, or a number of seconds."""
    if found := _BARE.fullmatch(text):
        return _bsd(found.groups(), c)
    if (found := _CLF.fullmatch(text)) and (month := MONTHS.get(found[2])):
        return instant(
            c.clock, (int(found[3]), month, int(found[1])), found[4], offset_of(found[5]), c.before
        )
    if found := _SLASHED.fullmatch(text):
        return instant(c.clock, (int(found[1]), int(found[2]), int(found[3])), found[4], None, c.before)
    return _moment(text, c)


def recognise(text: str, c: Context, guess: Format | None) -> tuple[Line | None, Format | None]:
    """What a line says, and the format that it is in; None: in none that is known.

    Args:
        guess: the format of the line before.
    """
    if text.startswith("{"):
        return json_line(text, c), guess
    if guess and (found := guess.pattern.fullmatch(text)) and _timed(line := guess.make(found, c)):
        return line, guess
    for known in FORMATS:
        if (
            known is not guess
            and (found := known.pattern.fullmatch(text))
            and _timed(line := known.make(found, c))
        ):
            return line, known
    return None, guess
