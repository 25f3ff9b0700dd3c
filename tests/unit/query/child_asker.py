"""Run by a test as `child_asker.py ROOT SECONDS`: asks a store over and over while other processes write and compact it.

Every answer must hold each tick up to the last once, and never fewer than the answer before. Prints the answers, the last count, and
the longest pause between two answers in milliseconds.
"""

import sys
import time
from pathlib import Path

from livedata.query.engine import DEFAULT_LIMITS, Pool, ask

SQL = """
SELECT count(*) AS rows, count(DISTINCT ts) AS ticks, count(DISTINCT host) AS hosts,
  (epoch(max(ts)) - epoch(min(ts)))::BIGINT // 10 + 1 AS expected, sum(forks_total)::BIGINT AS total FROM load
"""

root, seconds = Path(sys.argv[1]), float(sys.argv[2])
begun = before = time.monotonic()
last = answers = 0
longest = 0.0
with Pool(DEFAULT_LIMITS) as pool:
    while before < begun + seconds:
        (found,) = ask(root, SQL, pool=pool).table.to_pylist()
        ticks = found["ticks"]
        if ticks:
            assert found["rows"] == 2 * ticks, found
            assert (found["hosts"], found["expected"]) == (2, ticks), found
            assert found["total"] == ticks * (ticks - 1), found
        assert ticks >= last, f"{ticks} ticks after {last}"
        last, answers = ticks, answers + 1
        now = time.monotonic()
        longest, before = max(longest, now - before), now
print(answers, last, round(longest * 1000))
