"""The screen on a real terminal: over real SSH hosts, collecting in the same process, and left so that all is kept."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl

from tests.fleet.hosts import Fleet
from tests.fleet.product import LIVEDATA, Product

ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>78cDEHM]|P[^\x1b]*\x1b\\)"
)


class Terminal:
    """A process on a terminal of 80 by 24; `said` is all that it wrote."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process, self.master, self.said = process, master, ""

    def read(self, seconds: float) -> bool:
        """Take what comes within so long; whether anything may come yet."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # Linux: the other end was closed
            return False
        self.said += data.decode(errors="replace")
        return bool(data)

    def shows(self, *words: str, seconds: float = 40.0) -> None:
        """Wait until it has written these since it was looked at last."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.read(0.2):
            if all(word in ESCAPES.sub("", self.said) for word in words):
                self.said = ""
                return
        raise AssertionError(ESCAPES.sub("", self.said)[-3000:])

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def ends(self) -> tuple[int, str]:
        """Its exit code, and what it said at last."""
        while self.read(20.0):
            pass
        return self.process.wait(20), self.said


@contextmanager
def on_terminal(product: Product, *arguments: str) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [*LIVEDATA, *arguments], stdin=slave, stdout=slave, stderr=slave, cwd=product.home, env={**product.env, "TERM": "xterm-256color"},
        start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        os.close(master)
        process.kill()
        process.wait()


def test_up_opens_into_the_screen_collects_and_stops_cleanly(fleet: Fleet, product: Product) -> None:
    fleet.make("bash-01", "bash")
    product.hosts(fleet.hosts)
    with on_terminal(product, "up") as terminal:
        terminal.shows("bash-01", "● ok", "● live")
        terminal.press("2")
        terminal.shows("processes", "command", "pid")
        terminal.press("1")
        terminal.shows("fleet", "fullest %")
        terminal.press("\r")
        terminal.shows("[now]", "last 15 minutes", "load")
        terminal.press("q")
        code, said = terminal.ends()
    assert code == 0
    assert "Stopped; everything collected is in the store." in said
    assert said.count("\x1b[?1049l") == 1, "the terminal is as it was"
    (row,) = product.ask("SELECT count(*) AS n FROM cpu WHERE host = 'bash-01'")
    assert row["n"] >= 1

    # Over what was kept, with nobody collecting, and ended from outside.
    with on_terminal(product, "fleet", "top") as terminal:
        terminal.shows("bash-01", "fleet")
        terminal.press("\x03")
        assert terminal.ends()[0] == 0


def test_up_is_stopped_from_outside(fleet: Fleet, product: Product) -> None:
    fleet.make("bash-01", "bash")
    product.hosts(fleet.hosts)
    with on_terminal(product, "up") as terminal:
        terminal.shows("bash-01", "● ok")
        terminal.process.send_signal(signal.SIGTERM)
        code, said = terminal.ends()
    assert code == 0
    assert "Stopped; everything collected is in the store." in said


def test_where_there_is_no_terminal_it_is_told(product: Product) -> None:
    done = product.run("fleet", "top", code=2)
    assert "the screen needs a terminal" in done.stderr
