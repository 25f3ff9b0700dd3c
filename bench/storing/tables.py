"""What the machines of a made-up fleet do: for each table a function from a boot to its series."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from livedata.model.probe import Probe

from .dice import Dice, whole
from .fleet import TICK_MS, Boot, Machine, Series, boots, elapsed, rows, tiled

LOAD = {"idle": 0.0, "web": 0.35, "database": 0.25, "batch": 0.9}
"""The share of its cores that a machine of each kind has in use when it is busy."""


def busy(boot: Boot, dice: Dice, count: int = 1) -> pa.Array:
    """The share of its cores that a machine has in use, at each tick; for so many series, each by itself."""
    n, kind = boot.ticks * count, boot.machine.kind
    level, jitter = dice.wander(n), pc.add(pc.multiply(dice.uniform(n), 0.3), 0.85)
    if kind == "batch":
        level = pc.if_else(pc.greater(level, 0.55), 1.0, 0.02)
    elif kind == "web":
        level = pc.multiply(pc.add(level, 0.3), pc.add(pc.multiply(tiled(boot.day(), count), 0.8), 0.2))
    return pc.multiply(pc.multiply(level, jitter), LOAD[kind])


def _started(increase: pa.Array, at: int, count: int = 1) -> pa.Array:
    """The same with what the counter stood at before as the first value of each series."""
    ticks = len(increase) // count
    first = tiled(pa.array([True] + [False] * (ticks - 1)), count)
    return pc.if_else(first, pa.scalar(at, pa.int64()), increase)


def core_times(boot: Boot, cores: int, dice: Dice, count: int = 1) -> dict[str, pa.Array]:
    """Increments of /proc/stat's times, hundredths of seconds, that add up to the time there was; for `count` series of `cores` each."""
    n, kind = boot.ticks * count, boot.machine.kind
    room = pc.cast(pc.multiply(pc.divide(tiled(elapsed(boot), count), 10), cores), pa.float64())
    used = pc.multiply(room, busy(boot, dice, count))
    cron = pc.if_else(dice.rarely(n, 0.01), dice.whole(n, 20, 200), 0)
    user = pc.add(pc.add(whole(pc.multiply(used, 0.72)), dice.whole(n, 4, 17)), cron)
    system = pc.add(whole(pc.multiply(used, 0.23)), dice.whole(n, 3, 12))
    softirq = whole(pc.add(pc.multiply(used, 0.03), dice.uniform(n)))
    waiting = 40.0 if kind == "database" else 0.4
    iowait = whole(pc.multiply(pc.multiply(dice.uniform(n), dice.wander(n)), waiting * 2))
    steal = whole(pc.multiply(dice.uniform(n), 3.0 if boot.machine.number % 4 == 0 else 0.0))
    nice = whole(pc.multiply(used, 0.2 if kind == "batch" else 0.0))
    spent = pc.add(pc.add(pc.add(user, system), pc.add(softirq, iowait)), pc.add(steal, nice))
    idle = whole(
        pc.cast(pc.subtract(pc.add(pc.cast(room, pa.int64()), dice.whole(n, -2, 3)), spent), pa.float64())
    )
    none = whole(pc.multiply(used, 0.0))
    times = {
        "user": user, "nice": nice, "system": system, "idle": idle, "iowait": iowait, "irq": none,
        "softirq": softirq, "steal": steal, "guest": none, "guest_nice": none,
    }  # fmt: skip
    share = {"user": 0.1, "system": 0.04, "idle": 0.85, "iowait": 0.004, "softirq": 0.003}
    return {
        f"{name}_seconds_total": _started(
            grown, int(boot.days * 8_640_000 * cores * share.get(name, 0.0)), count
        )
        for name, grown in times.items()
    }


def cpu(boot: Boot) -> Iterator[Series]:
    cores = boot.machine.cores
    yield Series(core_times(boot, cores, Dice(boot.key, "cpu")), {"cores": cores})


def core(boot: Boot) -> Iterator[Series]:
    count = boot.machine.cores
    times = core_times(boot, 1, Dice(boot.key, "core"), count)
    yield Series(times, {"core": numbered(boot.ticks, count)}, count)


def numbered(ticks: int, count: int) -> pa.Array:
    """For each row of so many series the number of its series."""
    return pc.divide(pa.array(range(ticks * count), pa.int64()), ticks)


def load(boot: Boot) -> Iterator[Series]:
    dice, n, cores = Dice(boot.key, "load"), boot.ticks, boot.machine.cores
    level = pc.multiply(busy(boot, dice), float(cores))
    threads = pc.add(dice.whole(n, 0, 6), 180 + 40 * cores)
    rate = pc.add(pc.multiply(level, 20_000.0), 4_000.0)
    grown = {
        "forks_total": _started(dice.whole(n, 2, 60), 4_000_000),
        "context_switches_total": _started(whole(pc.multiply(rate, pc.add(dice.uniform(n), 0.5))), 8 * 10**9),
        "interrupts_total": _started(whole(pc.multiply(rate, pc.add(dice.uniform(n), 0.3))), 5 * 10**9),
        "soft_interrupts_total": _started(whole(pc.multiply(rate, pc.add(dice.uniform(n), 0.2))), 4 * 10**9),
    }
    steps = pa.array(range(n), pa.int64())
    values = {
        "load1": whole(pc.multiply(pc.add(level, pc.multiply(dice.uniform(n), 0.1)), 100.0)),
        "load5": whole(pc.multiply(pc.add(level, 0.05), 100.0)),
        "load15": pc.add(pc.multiply(pa.repeat(6, n), cores), dice.whole(n, 0, 2)),
        "runnable": pc.add(whole(level), dice.whole(n, 1, 3)),
        "blocked": pc.if_else(dice.rarely(n, 0.05), 1, 0),
        "threads": threads,
        "open_files": pc.multiply(dice.whole(n, 50, 60), 32),
        "open_files_max": 2**63 - 1,
        "uptime_seconds": pc.add(
            pc.multiply(steps, boot.every_ms // 10), dice.whole(n, 8_640_000, 8_640_004)
        ),
        "boot_time": pa.repeat(boot.first - 86_400_000_000, n).cast(pa.timestamp("us", tz="UTC")),
    }
    yield Series(grown, values)


def memory(boot: Boot) -> Iterator[Series]:
    """Pages of 4 KiB; a third of the fields move at each tick, others now and then, the rest never."""
    dice, n, kib = Dice(boot.key, "memory"), boot.ticks, 1024
    total = boot.machine.cores * 4 * 2**30
    used = pc.add(pc.multiply(dice.wander(n), 0.4), 0.15)

    def share(of: float, noise: float = 0.002) -> pa.Array:
        value = pc.add(pc.multiply(used, of), pc.multiply(dice.uniform(n), noise * of))
        return pc.multiply(whole(pc.multiply(value, total / 4096)), 4096)

    def steady(of: float) -> pa.Array:
        """It changes at one tick of forty."""
        steps = dice.uniform(n // 40 + 1).take(pc.divide(pa.array(range(n), pa.int64()), 40))
        return pc.multiply(whole(pc.multiply(pc.add(pc.multiply(steps, 0.01), 1.0), of * total / 4096)), 4096)

    anon, cached = share(0.8), share(0.5)
    values = {
        "total_bytes": total, "free_bytes": share(0.3), "available_bytes": share(0.7), "cached_bytes": cached,
        "buffers_bytes": steady(0.01), "active_bytes": share(0.6), "inactive_bytes": share(0.4),
        "active_anon_bytes": share(0.02), "inactive_anon_bytes": anon, "active_file_bytes": steady(0.1),
        "inactive_file_bytes": share(0.3), "anon_pages_bytes": anon, "mapped_bytes": steady(0.05),
        "shmem_bytes": steady(0.001), "kreclaimable_bytes": steady(0.02), "slab_bytes": steady(0.04),
        "sreclaimable_bytes": steady(0.02), "sunreclaim_bytes": steady(0.02), "kernel_stack_bytes": steady(0.0005),
        "page_tables_bytes": steady(0.002), "dirty_bytes": pc.multiply(dice.whole(n, 10, 4000), 4 * kib),
        "writeback_bytes": 0, "swap_total_bytes": 0, "swap_free_bytes": 0, "swap_cached_bytes": 0,
        "commit_limit_bytes": total // 2, "committed_as_bytes": share(1.2), "vmalloc_total_bytes": 35184372087808,
        "vmalloc_used_bytes": steady(0.002), "vmalloc_chunk_bytes": 0, "percpu_bytes": 4_194_304,
        "hardware_corrupted_bytes": 0, "anon_huge_pages_bytes": steady(0.1), "unevictable_bytes": 0, "mlocked_bytes": 0,
    }  # fmt: skip
    yield Series({}, values)


def disk(boot: Boot) -> Iterator[Series]:
    n = boot.ticks
    for device, kind, part in (
        ("sda", "disk", 1.0),
        ("sda1", "partition", 0.95),
        ("sda15", "partition", 0.0),
    ):
        dice = Dice(boot.key, "disk", device)
        often = {"database": 400.0, "batch": 60.0, "web": 20.0, "idle": 3.0}[boot.machine.kind] * part
        writes = whole(pc.multiply(pc.multiply(dice.uniform(n), dice.wander(n)), often * 4))
        reads = whole(pc.multiply(pc.if_else(dice.rarely(n, 0.2), dice.uniform(n), 0.0), often))
        written = pc.multiply(writes, pc.multiply(dice.whole(n, 2, 9), 4096))
        grown = {
            "reads_total": reads, "reads_merged_total": whole(pc.multiply(reads, 0.05)),
            "read_bytes_total": pc.multiply(reads, 16_384), "read_ms_total": pc.multiply(reads, 2),
            "writes_total": writes, "writes_merged_total": whole(pc.multiply(writes, 0.6)),
            "written_bytes_total": written, "write_ms_total": pc.multiply(writes, dice.whole(n, 1, 4)),
            "io_ms_total": pc.multiply(writes, 4), "weighted_io_ms_total": pc.multiply(writes, dice.whole(n, 1, 5)),
            "discards_total": pc.multiply(writes, 0), "discards_merged_total": pc.multiply(writes, 0),
            "discarded_bytes_total": pc.multiply(writes, 0), "discard_ms_total": pc.multiply(writes, 0),
            "flushes_total": whole(pc.multiply(writes, 0.2)), "flush_ms_total": whole(pc.multiply(writes, 0.3)),
        }  # fmt: skip
        start = int(10_000_000 * part)
        yield Series(
            {c: _started(g, start) for c, g in grown.items()},
            {"device": device, "kind": kind, "in_flight": 0},
        )


def network(boot: Boot) -> Iterator[Series]:
    n = boot.ticks
    for interface, speed, most in (("lo", None, 40.0), ("eth0", 10**10, 3_000.0)):
        dice = Dice(boot.key, "network", interface)
        often = pc.multiply(pc.add(busy(boot, dice), 0.01), most * 10)
        received = whole(pc.multiply(often, pc.add(dice.uniform(n), 0.5)))
        sent = received if interface == "lo" else whole(pc.multiply(received, 0.9))
        none = pc.multiply(received, 0)
        grown = dict.fromkeys(
            ("carrier_changes", "rx_errors", "rx_fifo_errors", "rx_frame_errors", "rx_compressed", "rx_multicast",
             "tx_errors", "tx_dropped", "tx_fifo_errors", "tx_collisions", "tx_carrier_errors", "tx_compressed"), none,
        )  # fmt: skip
        size = dice.whole(n, 90, 900)
        grown |= {
            "rx_bytes": pc.multiply(received, size), "rx_packets": received, "tx_packets": sent,
            "tx_bytes": pc.multiply(sent, size if interface == "lo" else dice.whole(n, 200, 1200)),
            "rx_dropped": pc.if_else(dice.rarely(n, 0.1), 1, 0),
        }  # fmt: skip
        values = {"interface": interface, "state": "up", "mtu_bytes": 1500}
        if speed is not None:
            values["speed_bits_per_second"] = speed
        yield Series({f"{c}_total": _started(g, 10**9) for c, g in grown.items()}, values)


PROCESSES = 200


def process(boot: Boot) -> Iterator[Series]:
    """Two hundred processes, a fifth of which do something; rows come of all of them (see `changed`)."""
    n, dice = boot.ticks * PROCESSES, Dice(boot.key, "process")
    which = numbered(boot.ticks, PROCESSES)

    def every(of: int) -> pa.Array:
        return pc.equal(which, pc.multiply(pc.divide(which, of), of))

    def by_number(values: list[str]) -> pa.Array:
        return pa.array(values).take(which)

    works = pc.less(dice.uniform(n), pc.if_else(every(5), 0.9, 0.004))
    most = pc.if_else(every(20), 60.0, 4.0)
    user = pc.if_else(works, whole(pc.multiply(dice.uniform(n), most)), 0)
    system = pc.if_else(works, whole(pc.multiply(dice.uniform(n), pc.divide(most, 2.0))), 0)
    none = pc.multiply(user, 0)
    grown = {
        "user_seconds_total": user, "system_seconds_total": system,
        "children_user_seconds_total": none, "children_system_seconds_total": none,
        "minor_faults_total": pc.if_else(works, dice.whole(n, 1, 400), 0), "major_faults_total": none,
    }  # fmt: skip
    pages = pc.cumulative_sum(pc.if_else(works, dice.whole(n, -3, 4), 0))
    values = {
        "pid": pc.add(pc.multiply(which, 7), 300), "start_seconds": pc.add(pc.multiply(which, 31), 1_000), "ppid": 1,
        "name": by_number([f"worker-{pid % 40}" for pid in range(PROCESSES)]),
        "state": pc.if_else(pc.and_(works, dice.rarely(n, 0.1)), "R", "S"),
        "threads": pc.add(pc.divide(which, 17), 1),
        "rss_bytes": pc.multiply(pc.max_element_wise(pc.add(pages, pc.add(pc.multiply(which, 40), 9_000)), 100), 4096),
        "vsize_bytes": pc.add(pc.multiply(which, 2**20), 2**28), "priority": 20, "nice": 0,
        "last_cpu": pc.if_else(works, dice.whole(n, 0, boot.machine.cores), 0),
    }  # fmt: skip
    yield Series({c: _started(g, 5_000, PROCESSES) for c, g in grown.items()}, values, PROCESSES)


def changed(found: pa.Table, boot: Boot, full_ms: int = 300_000) -> pa.Table:
    """The rows that are kept of processes: those that did something, and all of them every five minutes."""
    since = pc.subtract(found["ts"].cast(pa.int64()), boot.first)
    step = full_ms * 1000
    whole_sample = pc.equal(pc.subtract(since, pc.multiply(pc.divide(since, step), step)), 0)
    return found.filter(pc.or_kleene(whole_sample, pc.greater(found["minor_faults_increase"], 0)))


def scrape(boot: Boot) -> Iterator[Series]:
    """The outcome of each probe's run."""
    n = boot.ticks
    for probe, size in (
        ("cpu", 1300),
        ("load", 40),
        ("memory", 1500),
        ("disk", 700),
        ("network", 900),
        ("log", 800),
    ):
        dice = Dice(boot.key, "scrape", probe)
        answer = pc.multiply(pc.cast(dice.whole(n, 3_000, 9_000), pa.float64()), 0.001)
        values = {
            "probe": probe, "outcome": "ok", "rtt_ms": answer, "wall_ms": pc.add(answer, 0.25), "rows": 1,
            "remote_cpu_ms": pc.multiply(pc.cast(dice.whole(n, 200, 900), pa.float64()), 0.001), "bytes": dice.whole(n, size, size + 40),
        }  # fmt: skip
        yield Series({}, values)


SAMPLED: dict[str, Callable[[Boot], Iterator[Series]]] = {
    "cpu": cpu, "core": core, "load": load, "memory": memory, "disk": disk, "network": network,
    "process": process, "scrape": scrape,
}  # fmt: skip
"""Tables with a row for each series at each tick."""
EVERY_MS = {"process": 30_000}
"""Tables whose tick is not the 10 s of the others."""


def sampled(probe: Probe, machine: Machine, hours: float) -> pa.Table:
    """All rows that a machine gives of a table, series after series."""
    parts = []
    for boot in boots(machine, hours, EVERY_MS.get(probe.name, TICK_MS)):
        for series in SAMPLED[probe.name](boot):
            part = rows(probe, boot, series)
            parts.append(changed(part, boot) if probe.name == "process" else part)
    return pa.concat_tables(parts)
