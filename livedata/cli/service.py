"""`service`: prints what makes a service manager, or cron, run livedata; it writes nothing."""

from __future__ import annotations

import getpass
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import InventoryOption, StoreOption, configure

if TYPE_CHECKING:
    from ..config import Config


class Kind(StrEnum):
    WATCH = "watch"
    SNAPSHOT = "snapshot"
    TIMER = "timer"
    CRON = "cron"


WATCH = """\
# {folder}/livedata.service
[Unit]
Description=livedata watches the fleet
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
ExecStart={command} fleet watch{options}
ExecReload=/bin/kill -HUP $MAINPID
WatchdogSec=60
TimeoutStopSec=60
Restart=on-failure
RestartSec=5
# A mistake in the configuration is for a person to mend.
RestartPreventExitStatus=2
LimitNOFILE=65536
UMask=0077
NoNewPrivileges=yes
{account}
[Install]
WantedBy={target}
"""
SNAPSHOT = """\
# {folder}/livedata-snapshot.service
[Unit]
Description=livedata asks the fleet once
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart={command} fleet snapshot{options}
# Some hosts did not answer: the journal and `livedata fleet status` say which.
SuccessExitStatus=1
TimeoutStartSec=600
UMask=0077
NoNewPrivileges=yes
{account}"""
TIMER = """\
# {folder}/livedata-snapshot.timer
[Unit]
Description=livedata asks the fleet every five minutes

[Timer]
OnCalendar=*:0/5
RandomizedDelaySec=30
Persistent=yes

[Install]
WantedBy=timers.target
"""
CRON = "*/5 * * * * {command} fleet snapshot{options}\n"
ACCOUNT = """\
User={user}
ProtectSystem=strict
ReadWritePaths={store}
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
CapabilityBoundingSet=
"""
TEXTS = {Kind.WATCH: WATCH, Kind.SNAPSHOT: SNAPSHOT, Kind.TIMER: TIMER, Kind.CRON: CRON}


def service(
    kind: Annotated[
        Kind,
        typer.Argument(
            help="A unit that watches, one that asks once, the timer for that, or a line for cron"
        ),
    ] = Kind.WATCH,
    system: Annotated[
        bool,
        typer.Option("--system", help="For the whole machine, in /etc/systemd/system, rather than for you"),
    ] = False,
    user: Annotated[
        str | None, typer.Option("--user", help="With --system: who it runs as; default: you")
    ] = None,
    store: StoreOption = None,
    inventory: InventoryOption = None,
) -> None:
    """Print a systemd unit, its timer, or a line for crontab -e; docs/service.md says what to do with it."""
    config = configure(store=store, inventory=inventory)
    print(unit(kind, config, program(), user or getpass.getuser() if system else None), end="")


def unit(kind: Kind, config: Config, command: list[str], user: str | None) -> str:
    """The text of one kind. `user`: who a system's service runs as; None: a user's own service."""
    quote = _cron_word if kind is Kind.CRON else _unit_word
    options = "".join(
        f" --{name} {quote(str(path))}"
        for name, path in (("store", config.store), ("inventory", config.inventory))
    )
    store = _unit_word(str(config.store))
    return TEXTS[kind].format(
        folder="/etc/systemd/system" if user else "~/.config/systemd/user",
        command=" ".join(map(quote, command)),
        options=options,
        account=ACCOUNT.format(user=user, store=store) if user else "",
        target="multi-user.target" if user else "default.target",
    )


def program() -> list[str]:
    """How to start this very program, by whole paths."""
    called = Path(sys.argv[0])
    if called.name == "livedata" and called.is_file():
        return [str(called.absolute())]
    return [sys.executable, "-P", "-m", "livedata"]


def _unit_word(text: str) -> str:
    """A word of a unit's command line (systemd.service(5), systemd.syntax(7))."""
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{text}"' if any(c in text for c in " \t\"';\\") else text


def _cron_word(text: str) -> str:
    """A word of sh in a line of crontab(5), where a percent sign would end it."""
    return shlex.quote(text).replace("%", "\\%")
