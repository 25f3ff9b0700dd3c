"""What may be a host name, an address, a user or a port, and the short forms that stand for several names."""

from __future__ import annotations

import ipaddress
import re

from ..errors import UsageError
from ..model.host import valid_name
from .text import quoted

_RANGE = re.compile(r"\[(\d{1,9}):(\d{1,9})\]")
MOST_OF_A_RANGE = 10_000
_UNSAFE = re.compile(r"""[\s\x00-\x1f\x7f'`"$\\;&<>|(){},*?!=@/#]""")
"""What OpenSSH refuses in a host name (ssh.c, valid_hostname), and a little more: an address reaches ProxyCommand's shell."""
_UNSAFE_USER = re.compile(r"""[\s\x00-\x1f\x7f'`";&<>|(){}$]|\\$""")
"""The same of a user (ssh.c, valid_ruser)."""
_TARGET = re.compile(
    r"(?:(?P<user>.+)@)?(?:\[(?P<v6>[^\[\]@]*)\]|(?P<host>[^\[\]@:]*))(?::(?P<port>\d{1,5}))?", re.DOTALL
)


def name_fault(name: str) -> str:
    """Why a text can't be a host's name; empty where it can."""
    if valid_name(name):
        return ""
    return (
        f"{quoted(name)} can't be a host's name: letters, digits, '.', '_' and '-', at most 128, "
        "a letter or digit first and last, no '..'"
    )


def is_ip(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address (a zone like %eth0 included)."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def address_fault(address: str) -> str:
    """Why a text can't be an address or a DNS name; empty where it can."""
    fault = ""
    if not address:
        fault = "it is empty"
    elif address.startswith("-"):
        fault = "it begins with '-'"
    elif not address.isprintable() or _UNSAFE.search(address) or ("%" in address and not is_ip(address)):
        fault = "it holds a character no address has"
    elif ":" in address and not is_ip(address):
        fault = "it is no IPv6 address; a port is said apart"
    elif len(address) > 255:
        fault = "it is longer than 255 characters"
    return f"{quoted(address)} can't be an address: {fault}" if fault else ""


def user_fault(user: str) -> str:
    """Why a text can't be a user; empty where it can."""
    if user and not user.startswith("-") and user.isprintable() and not _UNSAFE_USER.search(user):
        return ""
    return f"{quoted(user)} can't be a user"


def split_target(text: str) -> tuple[str | None, str, int | None] | None:
    """`user@host:port`, `[v6]:port`, a bare IPv6 address … as (user, host, port); None where it is none of them.

    Raises:
        UsageError: it has that form, but a part can't be taken.
    """
    user, at, rest = text.rpartition("@")
    if is_ip(rest):
        found: tuple[str | None, str, int | None] = (user if at else None, rest, None)
    else:
        match = _TARGET.fullmatch(text)
        if match is None:
            return None
        port = int(match["port"]) if match["port"] else None
        found = (match["user"], match["v6"] if match["v6"] is not None else match["host"], port)
    fault = address_fault(found[1]) or (user_fault(found[0]) if found[0] is not None else "")
    if found[2] is not None and not 1 <= found[2] <= 65535:
        fault = fault or f"there is no port {found[2]}"
    if fault:
        raise UsageError(fault, where=quoted(text))
    return found


def as_name(text: str) -> str:
    """A name made from an address or a machine's own host name: valid, and the same each time."""
    made = re.sub(r"[^A-Za-z0-9._-]", "-", f"ip6-{text}" if ":" in text else text)
    made = re.sub(r"\.\.+", ".", made)
    made = made[:120].strip("-._")
    return made if valid_name(made) else "host"


def expand_range(text: str) -> list[str] | None:
    """`web-[01:20]` as twenty names, with as many digits as the first number has; None where it is no range.

    Raises:
        UsageError: the range goes backwards or is too long.
    """
    match = _RANGE.search(text)
    if match is None:
        return None
    first, last = int(match[1]), int(match[2])
    if not first <= last:
        raise UsageError(f"the range {match[0]} goes backwards")
    if last - first >= MOST_OF_A_RANGE:
        raise UsageError(f"the range {match[0]} stands for more than {MOST_OF_A_RANGE} names")
    texts = [
        f"{text[: match.start()]}{n:0{len(match[1])}d}{text[match.end() :]}" for n in range(first, last + 1)
    ]
    names: list[str] = []
    for part in texts:
        names += expand_range(part) or [part]
        if len(names) > MOST_OF_A_RANGE:
            raise UsageError(f"{quoted(text)} stands for more than {MOST_OF_A_RANGE} names")
    return names
