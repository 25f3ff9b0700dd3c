"""The questions: what is asked of livedata in SQL and of the peers in PromQL, and the number that must agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from .data import HOUR_US, Data
from .fleet import START, TICK_MS, Machine
from .peers import MEASURE, instant, over

TICK_US = TICK_MS * 1000
MODES = ("user", "system")
USED = " + ".join(f"sum({mode}_seconds_increase)" for mode in MODES)
SERIES = f'{MEASURE}{{mode=~"{"|".join(MODES)}"}}'
LABELS = '{{host="{host}",mode=~"user|system|idle|iowait"}}'


@dataclass(frozen=True)
class Question:
    """`sql` for livedata, `path` for the peers' HTTP API. `answer` makes one number of livedata's rows, `peers_answer` of
    the peers' values: the same but for a share of `tolerance`, since they extrapolate to the ends of a range.

    `rolled`: whether rollups can serve it. No row before `first_ts` (microseconds UTC) and of other `hosts` is needed.
    """

    key: str
    name: str
    sql: str
    path: str
    answer: Callable[[pa.Table], float]
    peers_answer: Callable[[list[float]], float] = sum
    tolerance: float = 0.02
    rolled: bool = True
    first_ts: int = START
    hosts: tuple[str, ...] | None = None


def _stamp(us: int) -> str:
    return f"TIMESTAMPTZ '{datetime.fromtimestamp(us // 1_000_000, UTC):%Y-%m-%d %H:%M:%S}+00'"


def _total(column: str) -> Callable[[pa.Table], float]:
    return lambda rows: float(pc.sum(pc.cast(rows[column], pa.float64())).as_py())


def questions(data: Data) -> list[Question]:
    """All of them over the whole time of the data."""
    last, hour = data.end - TICK_US, data.end - HOUR_US
    host = Machine(data.hosts["cpu"] // 2).name
    hours = f"[{data.hours}h]"
    five = f"sum by (host) (rate({SERIES}[5m]))"
    buckets = (START + 300_000_000 - TICK_US, last, 300)
    since = f"ts >= {_stamp(hour)}"
    return [
        Question(
            "last_hour", "last hour, average of each host",
            f"SELECT host, ({USED}) / 3600 AS used FROM cpu WHERE {since} GROUP BY host",
            instant(f"sum by (host) (increase({SERIES}[1h])) / 3600", last),
            _total("used"), first_ts=hour,
        ),
        Question(
            "one_host", "one host, raw, all hours",
            f"SELECT ts, user_seconds_increase, system_seconds_increase, idle_seconds_increase, iowait_seconds_increase FROM cpu WHERE host = '{host}'",
            instant(f"{MEASURE}{LABELS.format(host=host)}{hours}", last),
            lambda rows: 4.0 * rows.num_rows, peers_answer=len, tolerance=0.0, rolled=False, hosts=(host,),
        ),
        Question(
            "p95", "p95 over the fleet of 5-minute averages",
            f"SELECT t, quantile_cont(used, 0.95) AS p95 FROM (SELECT host, time_bucket(INTERVAL '5 minutes', ts) AS t, ({USED}) / 300 AS used FROM cpu GROUP BY ALL) GROUP BY t",
            over(f"quantile(0.95, {five})", *buckets),
            _total("p95"),
        ),
        Question(
            "top10", "the 10 busiest hosts of all hours",
            f"SELECT host, {USED} AS used FROM cpu GROUP BY host ORDER BY used DESC LIMIT 10",
            instant(f"topk(10, sum by (host) (increase({SERIES}{hours})))", last),
            _total("used"),
        ),
        Question(
            "fleet_rate", "rate over the fleet, every 5 minutes",
            f"SELECT time_bucket(INTERVAL '5 minutes', ts) AS t, ({USED}) / 300 AS used FROM cpu GROUP BY t",
            over(f"sum(rate({SERIES}[5m]))", *buckets),
            _total("used"),
        ),
        Question(
            "minutes", "last hour, each host by the minute",
            f"SELECT host, time_bucket(INTERVAL '1 minute', ts) AS t, ({USED}) / 60 AS used FROM cpu WHERE {since} GROUP BY ALL",
            over(f"sum by (host) (rate({SERIES}[1m]))", hour + 60_000_000 - TICK_US, last, 60),
            _total("used"), first_ts=hour,
        ),
    ]  # fmt: skip
