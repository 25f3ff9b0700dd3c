"""Processes that do a little now and then, so that a fifth of a machine's /proc/PID/stat changes from tick to tick.

`python busy.py COUNT`: each touches a page of memory every few seconds (one minor fault more in its stat), some 10 µs of CPU.
"""

from __future__ import annotations

import mmap
import os
import sys
import time


def main() -> None:
    for number in range(int(sys.argv[1]) - 1):
        if os.fork() == 0:
            time.sleep(number / 20)
            break
    while True:
        with mmap.mmap(-1, 4096) as page:
            page[0] = 1
        time.sleep(2.5)


if __name__ == "__main__":
    main()
