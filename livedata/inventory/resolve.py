"""From a read ~/.ssh/config and a host's name to its route: pure, and cheap enough for a thousand hosts.

The first value wins, as in ssh_config(5); IdentityFile and CertificateFile gather. What the inventory says of a host is
taken as if it stood before the file's first line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from ..errors import InventoryError, UsageError
from ..model.host import Route
from .keywords import CAUTIONS
from .names import address_fault, split_target, user_fault
from .sshconfig import DEEPEST, Criterion, Setting, SshConfig, expand_home, walk
from .text import quoted, shown

Warn = Callable[[str], None]
Overrides = Mapping[str, Sequence[str]]
"""ssh_config keyword in small letters → its arguments, said by the inventory or on the command line."""

_GATHERED = frozenset({"identityfile", "certificatefile"})
_PROXIES = frozenset({"proxyjump", "proxycommand"})
_KNOWN_HOSTS = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
_SYSTEM_KNOWN_HOSTS = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
_CAUTIONS = {keyword.lower(): (keyword, *rest) for keyword, rest in CAUTIONS.items()}
_TOKEN = re.compile(r"%(.?)|\$\{([^}]*)\}", re.DOTALL)
_TIME = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", re.IGNORECASE)
_SECONDS = (604_800, 86_400, 3_600, 60, 1)


def silent(text: str) -> None:
    """Warn nobody."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What one host gets: keyword → the settings that count."""

    name: str
    settings: Mapping[str, list[Setting]]

    def one(self, keyword: str) -> Setting | None:
        found = self.settings.get(keyword)
        return found[0] if found else None

    def word(self, keyword: str) -> str | None:
        found = self.one(keyword)
        return found.args[0] if found else None


def resolve(
    config: SshConfig,
    name: str,
    overrides: Overrides | None = None,
    warn: Warn = silent,
    *,
    via: tuple[str, ...] = (),
    known: Mapping[str, Overrides] = MappingProxyType({}),
) -> Route:
    """How ssh would reach `name`, with the `overrides` of an inventory or a command line.

    `Host` patterns see the name and, where `overrides` has a hostname, that too.

    Args:
        via: the names whose ProxyJump led here.
        known: what the inventory says of other hosts, for jumps that go by them.

    Raises:
        InventoryError: a value that counts for this host can't be used, or its jumps go round in a circle.
    """
    found = _settings(config, name, overrides or {})
    local = config.local
    _caution(found, warn)
    address = _address(found)
    user = _user(found) or local.user
    port = _port(found)
    alias = found.word("hostkeyalias")
    tokens = {
        "%": "%", "h": address, "n": name, "p": str(port), "r": user, "u": local.user, "d": local.home,
        "i": str(local.uid), "k": alias or name, "l": local.hostname, "L": local.hostname.partition(".")[0],
    }  # fmt: skip

    def paths(keyword: str) -> tuple[str, ...]:
        """Absolute paths of a gathered keyword, each once; nothing but `none` is /dev/null, which holds no key."""
        given = [(a, s) for s in found.settings.get(keyword, []) for a in s.args]
        files = [_path(config, a, tokens, s) for a, s in given if a.lower() != "none"]
        return tuple(dict.fromkeys(files)) if files or not given else (os.devnull,)

    def reach(hop: str, more: Overrides) -> Route:
        said = {k: v for k, v in known.get(hop, {}).items() if k != "proxyjump" or "proxycommand" not in more}
        return resolve(config, hop, {**said, **more}, warn, via=(*via, name), known=known)

    jumps, command = _proxy(found, tokens, (*via, name), reach)
    return Route(
        address=address,
        port=port,
        user=user,
        identity_files=paths("identityfile"),
        certificate_files=tuple(p for p in paths("certificatefile") if p != os.devnull),
        identities_only=(found.word("identitiesonly") or "no").lower() in ("yes", "true"),
        agent=_agent(config, found, tokens),
        known_hosts=_known_hosts(config, found, tokens, warn),
        host_key_alias=alias,
        jumps=jumps,
        proxy_command=command,
        connect_timeout=_timeout(found),
    )


def _settings(config: SshConfig, name: str, overrides: Overrides) -> _Found:
    """Walk the file once, in order; `Match host` and `Match user` see what was found before them."""
    found: dict[str, list[Setting]] = {k: [Setting(k, tuple(v))] for k, v in overrides.items()}
    asked = (name, *overrides.get("hostname", ()))
    active: set[int] = set()
    for index, block in walk(config, asked):
        if block.never or (block.parent is not None and block.parent not in active):
            continue
        if not all(_holds(c, config, found, asked) for c in block.criteria):
            continue
        active.add(index)
        for setting in block.settings:
            if setting.keyword in _GATHERED and setting.keyword not in overrides:
                found.setdefault(setting.keyword, []).append(setting)
            elif setting.keyword not in _PROXIES or not _shut_out(setting, found):
                found.setdefault(setting.keyword, [setting])
    return _Found(name, found)


def _shut_out(setting: Setting, found: Mapping[str, list[Setting]]) -> bool:
    """Whichever of ProxyJump and ProxyCommand comes first shuts out the other; only `ProxyJump none` lets a command by."""
    if setting.keyword == "proxycommand" and "proxyjump" in found:
        return found["proxyjump"][0].args[0].lower() != "none"
    return not _PROXIES.isdisjoint(found)


def _holds(
    criterion: Criterion, config: SshConfig, found: Mapping[str, list[Setting]], asked: tuple[str, ...]
) -> bool:
    if criterion.kind in ("patterns", "originalhost"):
        texts = asked
    elif criterion.kind == "host":
        texts = (
            (_expand(found["hostname"][0], {"h": asked[0], "%": "%"}),) if "hostname" in found else asked[:1]
        )
    elif criterion.kind == "user":
        texts = (found["user"][0].args[0] if "user" in found else config.local.user,)
    else:
        texts = (config.local.user,)
    hits = [negated for negated, pattern in criterion.patterns if any(pattern.fullmatch(t) for t in texts)]
    return (bool(hits) and not any(hits)) is not criterion.negated


def _expand(
    setting: Setting,
    tokens: Mapping[str, str],
    text: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> str:
    """Replace `%x` and, where `environ` is given, `${NAME}`; what the inventory says (it has no place) stands as it is."""
    text = setting.args[0] if text is None else text
    if not setting.where:
        return text

    def replaced(match: re.Match[str]) -> str:
        if match[2] is None:
            if match[1] in tokens:
                return tokens[match[1]]
            raise InventoryError(f"there is no token {quoted(match[0])} here", where=setting.where)
        if environ is None:
            return match[0]
        if match[2] in environ:
            return environ[match[2]]
        raise InventoryError(f"the environment has no {quoted(match[2])}", where=setting.where)

    return _TOKEN.sub(replaced, text)


def _path(config: SshConfig, text: str, tokens: Mapping[str, str], setting: Setting) -> str:
    text = expand_home(text, config.local)
    return os.path.join(config.local.cwd, _expand(setting, tokens, text, config.local.environ))


def _address(found: _Found) -> str:
    setting = found.one("hostname")
    address = _expand(setting, {"h": found.name, "%": "%"}) if setting else found.name
    if fault := address_fault(address):
        raise InventoryError(fault, where=setting.where if setting else "")
    return address.lower() if ":" not in address else address


def _user(found: _Found) -> str | None:
    setting = found.one("user")
    if setting and (fault := user_fault(setting.args[0])):
        raise InventoryError(fault, where=setting.where)
    return setting.args[0] if setting else None


def _port(found: _Found) -> int:
    setting = found.one("port")
    if setting is None:
        return 22
    text = setting.args[0]
    if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535:
        return int(text)
    raise InventoryError(f"{quoted(text)} is no port", where=setting.where, hint="1 to 65535")


def _timeout(found: _Found) -> float:
    setting = found.one("connecttimeout")
    text = setting.args[0] if setting else "none"
    if setting is None or text.lower() == "none":
        return Route("").connect_timeout
    try:
        seconds = float(text)
    except ValueError:
        match = _TIME.fullmatch(text)
        seconds = (
            sum(int(n or 0) * s for n, s in zip(match.groups(), _SECONDS, strict=True)) if match else 0.0
        )
    if not 0 < seconds < 1e6:
        raise InventoryError(
            f"{quoted(text)} is no time to wait for a connection",
            where=setting.where,
            hint="seconds, or 1m30s",
        )
    return seconds


def _agent(config: SshConfig, found: _Found, tokens: Mapping[str, str]) -> str | None:
    setting = found.one("identityagent")
    text = setting.args[0] if setting else "SSH_AUTH_SOCK"
    if setting is None or text == "SSH_AUTH_SOCK":
        return None
    if text.lower() == "none":
        return ""
    if text.startswith("$") and not text.startswith("${"):
        return config.local.environ.get(text[1:], "")
    return _path(config, text, tokens, setting)


def _known_hosts(config: SshConfig, found: _Found, tokens: Mapping[str, str], warn: Warn) -> tuple[str, ...]:
    """Where this host's key is looked up; empty where nothing is said. That no file is to count is refused."""
    user, system = found.one("userknownhostsfile"), found.one("globalknownhostsfile")
    if user is None and system is None:
        return ()
    files = [a for a in user.args if a.lower() != "none" and a != os.devnull] if user else []
    if user and not files:
        warn(
            f"{user.where}: UserKnownHostsFile {shown(' '.join(user.args))} is refused, host keys are always checked: "
            f"{_KNOWN_HOSTS[0]} is taken"
        )
    paths = [_path(config, f, tokens, user or Setting("", ())) for f in files or _KNOWN_HOSTS]
    others = system.args if system else _SYSTEM_KNOWN_HOSTS
    return (
        *paths,
        *(os.path.join(config.local.cwd, f) for f in others if f.lower() != "none" and f != os.devnull),
    )


def _caution(found: _Found, warn: Warn) -> None:
    for keyword, (spelt, values, what) in _CAUTIONS.items():
        setting = found.one(keyword)
        if setting and (not values or setting.args[0].lower() in values):
            warn(f"{setting.where}: {spelt} {shown(setting.args[0])} is not honoured: {what}")


def _proxy(
    found: _Found, tokens: Mapping[str, str], via: tuple[str, ...], reach: Callable[[str, Overrides], Route]
) -> tuple[tuple[Route, ...], tuple[str, ...]]:
    """The jumps, the nearest first, or the command that carries the bytes."""
    five = {k: tokens[k] for k in "%hnpr"}
    setting = found.one("proxycommand")
    if setting:
        plain = setting.args[0].lower() == "none"
        return (), (() if plain else ("sh", "-c", f"exec {_expand(setting, five)}"))
    setting = found.one("proxyjump")
    text = _expand(setting, five).strip() if setting else "none"
    if setting is None or text.lower() == "none":
        return (), ()
    jumps: list[Route] = []
    for hop in text.split(","):
        try:
            target = split_target(hop.strip().removeprefix("ssh://"))
        except UsageError as error:
            raise InventoryError(error.problem, where=setting.where) from error
        if target is None:
            raise InventoryError(
                f"{quoted(hop)} is no host to jump by", where=setting.where, hint="[user@]host[:port], …"
            )
        user, name, port = target
        if name in via or len(via) > DEEPEST:
            raise InventoryError(
                f"ProxyJump goes round in a circle: {' → '.join(map(shown, (*via, name)))}",
                where=setting.where,
                hint="ProxyJump none (in the inventory: jump = 'none') for the host that is reached straight",
            )
        overrides: dict[str, Sequence[str]] = {"user": [user]} if user else {}
        if port:
            overrides["port"] = [str(port)]
        if jumps:  # the nearest may have jumps of its own; the others are reached from the one before
            overrides["proxycommand"] = ["none"]
        route = reach(name, overrides)
        jumps += (*route.jumps, replace(route, jumps=()))
    return tuple(jumps), ()
