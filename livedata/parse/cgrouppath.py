"""What the path of a control group tells: the systemd unit, the container and the Kubernetes pod it belongs to. Pure.

Source: systemd's "Control Group APIs and Delegation" for units; for containers the names that runtimes give, with the id of 64
hexadecimal digits in them: `docker-ID.scope`, `libpod-ID.scope`, `cri-containerd-ID.scope`, `crio-ID.scope`, `docker/ID`.
"""

from __future__ import annotations

import re

_UNIT = re.compile(r"[^/]+\.(?:service|scope|socket|mount|swap)")
_SLICE = re.compile(r"[^/]+\.slice")
_CONTAINER = re.compile(r"(?:docker-|libpod-|cri-containerd-|crio-|nerdctl-)?([0-9a-f]{64})(?:\.scope)?")
_MACHINE = re.compile(r"(?:lxc\.payload[./]|machine-|systemd-nspawn@)([^/]+?)(?:\.scope|\.service)?")
_POD = re.compile(
    r"(?:kubepods(?:-burstable|-besteffort)?-)?pod([0-9a-f]{8}(?:[-_]?[0-9a-f]{4}){3}[-_]?[0-9a-f]{12})(?:\.slice)?"
)


def unit(path: str) -> str | None:
    """The service, scope, socket, mount or swap it belongs to, as in the journal's _SYSTEMD_UNIT; of a slice the slice."""
    innermost = None
    for name in path.split("/"):
        own = name.removeprefix("_")  # set before a name that the kernel has for itself
        if _UNIT.fullmatch(own):
            return own
        if _SLICE.fullmatch(own):
            innermost = own
    return innermost


def container(path: str) -> str | None:
    """The id of the innermost container; for LXC and systemd-nspawn the name."""
    for name in reversed(path.split("/")):
        if found := _CONTAINER.fullmatch(name) or _MACHINE.fullmatch(name):
            return found[1]
    return None


def pod(path: str) -> str | None:
    """The uid of the Kubernetes pod, with dashes."""
    for name in path.split("/"):
        if found := _POD.fullmatch(name):
            return found[1].replace("_", "-")
    return None
