"""The text of an inventory to start from: an empty one with a few hints, or the hosts ~/.ssh/config names."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from ..errors import InventoryError
from .names import name_fault
from .resolve import resolve
from .sshconfig import SshConfig
from .text import shown

STARTER = """\
# The hosts livedata watches. What is not said here is taken from ~/.ssh/config.
# Every key: livedata fleet init --example. Then: livedata fleet check

# [defaults]
# user = "mon"

# [hosts.web-01]                      # a name that ~/.ssh/config or DNS knows is enough
# [hosts.db-01]
# address = "192.0.2.10"
# port = 2222

# [groups.web]                        # settings and labels for several at once
# hosts = ["web-[01:20]"]             # web-01, web-02 ... web-20
# labels = { env = "prod" }
"""

HEAD = """\
# The hosts livedata watches, from {path}: how they are reached is read there each time.
# Every key: livedata fleet init --example. Then: livedata fleet check

"""

GIT_HOSTS = re.compile(
    r"(.+\.)?(github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|sr\.ht|gitea\.com|dev\.azure\.com|"
    r"visualstudio\.com|aur\.archlinux\.org|salsa\.debian\.org)|git-codecommit\..+"
)
"""They answer git and give no shell."""


def example() -> str:
    """An inventory that shows every key: in the package, or beside it in a checkout."""
    packaged = files("livedata") / "_inventory.example.toml"
    beside = Path(__file__).parents[2] / "inventory.example.toml"
    return (packaged if packaged.is_file() else beside).read_text(encoding="utf-8")


def from_ssh_config(config: SshConfig, path: str) -> tuple[str, int]:
    """An inventory of every concrete `Host` of a read ~/.ssh/config, and how many hosts it has; what can't be one, or is
    a place for git, is named in a comment with the reason."""
    lines: list[str] = []
    taken: dict[str, str] = {}
    for name in config.names:
        reason = _unfit(config, name, taken)
        if reason:
            lines.append(f"# {shown(name)}: left out, {reason}")
        else:
            taken[name.casefold()] = name
            lines.append(f'[hosts."{name}"]' if "." in name else f"[hosts.{name}]")
    return HEAD.format(path=shown(path)) + "\n".join([*lines, ""]), len(taken)


def _unfit(config: SshConfig, name: str, taken: dict[str, str]) -> str:
    """Why a name of ~/.ssh/config is no host to watch; empty where it is one."""
    if name_fault(name):
        return "it can't be a host's name"
    if name.casefold() in taken:
        return f"it differs from {taken[name.casefold()]} only in case"
    try:
        route = resolve(config, name)
    except InventoryError as error:
        return shown(error.problem)
    if route.user == "git" or GIT_HOSTS.fullmatch(route.address):
        return "a place for git, without a shell"
    return ""
