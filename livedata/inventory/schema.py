"""What an inventory may say, as pydantic models: the one list of its keys (docs and example are compared with it)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from .names import address_fault, name_fault, user_fault
from .text import quoted

_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,62}")


_DURATION = re.compile(r"([0-9]{1,6})([smhd])")


def _seconds(value: object) -> object:
    """A duration as probes' headers write it, in seconds; anything else as it is."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    return float(int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[found[2]]) if found else value


Seconds = Annotated[float, BeforeValidator(_seconds)]


def _checked(fault: str, text: str) -> str:
    if fault:
        raise ValueError(fault)
    return text


def _address(text: str) -> str:
    return _checked(address_fault(text.replace("{name}", "name")), text)


def _plain(text: str) -> str:
    return _checked(
        "" if text and text.isprintable() else f"{quoted(text)} is empty or holds control characters", text
    )


def _root(text: str) -> str:
    fault = "" if text.startswith("/") else f"{quoted(text)} is no absolute path"
    return _checked(fault, _plain(text))


def _label(text: str) -> str:
    return _checked(
        ""
        if _LABEL.fullmatch(text)
        else f"{quoted(text)} can't be a label: letters, digits, '_', '-' and '.'",
        text,
    )


def _printable(text: str) -> str:
    return _checked("" if text.isprintable() else f"{quoted(text)} holds control characters", text)


def _group(text: str) -> str:
    return _checked(name_fault(text).replace("a host's name", "a group's name"), text)


def _keys_file(text: str) -> str:
    fault = (
        ""
        if text not in ("none", "/dev/null")
        else f"{quoted(text)} can't be known_hosts: host keys are always checked"
    )
    return _checked(fault, _plain(text))


Plain = Annotated[str, AfterValidator(_plain)]
Paths = Plain | Annotated[list[Plain], Field(min_length=1)]
KeysFile = Annotated[str, AfterValidator(_keys_file)]
KeysFiles = KeysFile | Annotated[list[KeysFile], Field(min_length=1)]
Label = Annotated[str, AfterValidator(_label)]


def _glob(text: str) -> str:
    fault = "" if text.startswith("/") and "/../" not in text + "/" else f"{quoted(text)} is no absolute path"
    return _checked(fault, _plain(text))


def _pattern(text: str) -> str:
    try:
        found = re.compile(text)
    except re.error as error:
        raise ValueError(f"{quoted(text)} is no regular expression: {error}") from error
    return _checked(
        "" if found.groupindex else f"{quoted(text)} names no group, such as (?P<message>.*)", text
    )


Glob = Annotated[str, AfterValidator(_glob)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ProbeModel(_Model):
    """One probe on one host: how often, how long, whether at all."""

    enabled: bool | None = None
    every: Annotated[Seconds, Field(gt=0, le=86_400 * 7, allow_inf_nan=False)] | None = None
    timeout: Annotated[Seconds, Field(gt=0, le=3_600, allow_inf_nan=False)] | None = None
    sudo: bool | None = None


class LogsModel(_Model):
    """Log files with a format of their own."""

    path: Glob
    pattern: Annotated[str, AfterValidator(_pattern)]


class HostKeys(_Model):
    """What a host, a group and the defaults may all say; None leaves it to the next."""

    address: Annotated[str, AfterValidator(_address)] | None = None
    user: Annotated[str, AfterValidator(lambda text: _checked(user_fault(text), text))] | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    identity_file: Paths | None = None
    known_hosts: KeysFiles | None = None
    jump: Plain | None = None
    connect_timeout: Annotated[Seconds, Field(gt=0, le=3_600, allow_inf_nan=False)] | None = None
    transport: Literal["ssh", "local", "replay"] | None = None
    recording: Plain | None = None
    restricted: bool | None = None
    logs: list[Glob | LogsModel] = []
    proc_root: Annotated[str, AfterValidator(_root)] | None = None
    sys_root: Annotated[str, AfterValidator(_root)] | None = None
    labels: Mapping[Label, Annotated[str, AfterValidator(_printable)]] = {}
    probes: Mapping[str, ProbeModel] = {}


class GroupModel(HostKeys):
    hosts: list[Plain] = []


class HostModel(HostKeys):
    groups: list[str] = []


class InventoryModel(_Model):
    """The whole file."""

    defaults: HostKeys = HostKeys()
    groups: Mapping[Annotated[str, AfterValidator(_group)], GroupModel] = {}
    hosts: Mapping[str, HostModel] | list[Plain] = {}
