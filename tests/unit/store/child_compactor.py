"""Run by tests: for each line, a store's folder, a forked process compacts it over and over until it is killed.

It prints `pid N`; `dead` follows when the process has ended. Dead files are deleted 0.3 s after their death, when nobody pins them.
"""

import os
import sys
import time
from pathlib import Path

import duckdb  # noqa: F401
import pyarrow.compute
import pyarrow.parquet  # noqa: F401

from livedata.errors import StoreError
from livedata.query.roll import roller
from livedata.store import expire
from livedata.store.keep import Keep
from livedata.store.tend import tend

expire.GRACE_US = 300_000


def compact(root: Path) -> None:
    with roller() as roll:
        while True:
            try:
                tend(root, Keep(10**6), lambda: time.time_ns() // 1000, roll, force=True)
            except StoreError as error:
                if "there is no store" not in str(error):
                    raise
            time.sleep(0.001)


for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        compact(Path(line.rstrip("\n")))
    os.write(1, b"pid %d\n" % pid)
    os.waitpid(pid, 0)
    os.write(1, b"dead\n")
