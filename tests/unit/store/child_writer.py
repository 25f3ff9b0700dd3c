"""Run by tests: for each line `ROOT TICK EVERY` a forked process writes ticks from TICK on, sealing after EVERY, until it is killed.

It prints `pid N`, then each tick's number once that is durable; `dead` follows when the process has ended.
"""

import os
import sys
from pathlib import Path

import pyarrow.compute
import pyarrow.parquet  # noqa: F401
from samples import START_US, tick

from livedata.store.writer import Writer


def write(root: Path, number: int, every: int) -> None:
    with Writer.open(root, purpose="child", now_us=START_US) as writer:
        while True:
            writer.append(tick(number), START_US)
            os.write(1, b"%d\n" % number)
            number += 1
            if number % every == 0:
                writer.seal(START_US)


for line in sys.stdin:
    path, first, every = line.rsplit(maxsplit=2)
    pid = os.fork()
    if pid == 0:
        write(Path(path), int(first), int(every))
    os.write(1, b"pid %d\n" % pid)
    os.waitpid(pid, 0)
    os.write(1, b"dead\n")
