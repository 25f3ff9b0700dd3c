"""The scripts of control groups and units over made-up hosts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.shells.scripts import PROBES, Run, at, program, rows, write

# Control groups. No test machine has all controllers of v2: this is a tree with what Linux 6.6 writes.

PRESSURE = (
    "some avg10=0.00 avg60=0.00 avg300=0.00 total={}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total={}\n"
)
V2 = {
    "cpu.stat": "usage_usec 2500000\nuser_usec 1500000\nsystem_usec 1000000\ncore_sched.force_idle_usec 0\n"
    "nr_periods 100\nnr_throttled 25\nthrottled_usec 750000\nnr_bursts 0\nburst_usec 0\n",
    "cpu.max": "150000 100000\n", "memory.current": "104857600\n", "memory.max": "max\n", "memory.peak": "209715200\n",
    "memory.stat": "anon 41943040\nfile 62914560\nkernel 1000\ninactive_anon 5\nactive_anon 6\ninactive_file 20971520\n",
    "memory.swap.current": "4096\n", "memory.events": "low 0\nhigh 0\nmax 7\noom 1\noom_kill 2\noom_group_kill 0\n",
    "io.stat": "8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n"
    "253:0 rbytes=4097 wbytes=9000 rios=2 wios=2 dbytes=0 dios=0\n",
    "pids.current": "12\n", "pids.max": "512\n", "cpu.pressure": PRESSURE.format(1230000, 0),
    "memory.pressure": PRESSURE.format(10000, 9999), "io.pressure": PRESSURE.format(0, 0),
}  # fmt: skip
POD = (
    "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1b4e28ba_2fa1_11d2_883f_0016d3cca427.slice"
)
ID = "0123456789abcdef" * 4


def groups(run: Run, tmp_path: Path) -> dict[str, dict[str, Any]]:
    write(
        tmp_path / "proc",
        {"devices": "Character devices:\n  1 mem\n\nBlock devices:\n  8 sd\n253 device-mapper\n"},
    )
    done = run(
        PROBES["cgroup"].body, LIVEDATA_SYS=str(tmp_path / "sys"), LIVEDATA_PROC=str(tmp_path / "proc")
    )
    assert (done.returncode, done.stderr) == (0, "")
    return {row["path"]: row for row in rows(PROBES["cgroup"], done.stdout)}


def test_cgroup_v2(run: Run, tmp_path: Path) -> None:
    root = tmp_path / "sys/fs/cgroup"
    write(root, {"cgroup.controllers": "cpu io memory pids\n", "cpu.stat": V2["cpu.stat"]})
    write(root / "system.slice" / "a b; $(touch x) \\n.service", V2)
    write(root / POD / f"cri-containerd-{ID}.scope", {"cpu.stat": "usage_usec 9\n", "io.stat": ""})
    found = groups(run, tmp_path)
    service = found["/system.slice/a b; $(touch x) \\n.service"]
    assert service == {
        "path": "/system.slice/a b; $(touch x) \\n.service", "unit": "a b; $(touch x) \\n.service", "container": None,
        "pod": None, "cpu_seconds_total": 250, "user_seconds_total": 150, "system_seconds_total": 100, "periods_total": 100,
        "throttled_periods_total": 25, "throttled_seconds_total": 75, "cpu_limit_pct": 150.0, "memory_bytes": 104857600,
        "memory_limit_bytes": None, "memory_peak_bytes": 209715200, "anon_bytes": 41943040, "file_bytes": 62914560,
        "inactive_file_bytes": 20971520, "swap_bytes": 4096, "memory_max_hits_total": 7, "oom_kills_total": 2,
        # Of 8:0 and 8:16, or of 253:0 that lies on them: whichever had more.
        "read_bytes_total": 4097, "written_bytes_total": 9000, "reads_total": 2, "writes_total": 2, "tasks": 12,
        "tasks_limit": 512, "cpu_some_seconds_total": 123, "cpu_full_seconds_total": 0, "memory_some_seconds_total": 1,
        "memory_full_seconds_total": 0, "io_some_seconds_total": 0, "io_full_seconds_total": 0,
    }  # fmt: skip
    inner = found[f"/{POD}/cri-containerd-{ID}.scope"]
    assert (inner["container"], inner["pod"]) == (ID, "1b4e28ba-2fa1-11d2-883f-0016d3cca427")
    assert (inner["memory_bytes"], inner["read_bytes_total"]) == (None, 0)
    assert found["/kubepods.slice"]["read_bytes_total"] is None
    assert found["/"]["cpu_seconds_total"] == 250
    assert len(found) == 7


def test_cgroup_v1_with_controllers_mounted_together(run: Run, tmp_path: Path) -> None:
    root = tmp_path / "sys/fs/cgroup"
    for controller, files in {
        "cpu,cpuacct": {
            "cpu.stat": "nr_periods 10\nnr_throttled 5\nthrottled_time 1500000000\n", "cpu.cfs_quota_us": "50000\n",
            "cpu.cfs_period_us": "100000\n", "cpuacct.usage": "12345678901\n", "cpuacct.stat": "user 700\nsystem 500\n",
        },
        "memory": {
            "memory.usage_in_bytes": "2000\n", "memory.limit_in_bytes": "9223372036854710272\n",
            "memory.max_usage_in_bytes": "3000\n", "memory.failcnt": "4\n",
            "memory.stat": "cache 1\nrss 1\ntotal_cache 900\ntotal_rss 800\ntotal_inactive_file 300\n",
            "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 6\n",
        },
        "blkio": {
            "blkio.throttle.io_service_bytes": "8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\n8:0 Total 30\nTotal 30\n",
            "blkio.throttle.io_serviced": "8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n",
        },
        "pids": {"pids.current": "3\n", "pids.max": "max\n"},
    }.items():  # fmt: skip
        write(root / controller, {"cgroup.procs": ""})
        write(root / controller / "docker" / ID, files)
    for name in ("cpu", "cpuacct"):
        (root / name).symlink_to("cpu,cpuacct")
    found = groups(run, tmp_path)
    told = {name: value for name, value in found[f"/docker/{ID}"].items() if value is not None}
    assert told == {
        "path": f"/docker/{ID}", "container": ID, "cpu_seconds_total": 1234, "user_seconds_total": 700,
        "system_seconds_total": 500, "periods_total": 10, "throttled_periods_total": 5, "throttled_seconds_total": 150,
        "cpu_limit_pct": 50.0, "memory_bytes": 2000, "memory_peak_bytes": 3000, "anon_bytes": 800, "file_bytes": 900,
        "inactive_file_bytes": 300, "memory_max_hits_total": 4, "oom_kills_total": 6, "read_bytes_total": 10,
        "written_bytes_total": 20, "reads_total": 1, "writes_total": 2, "tasks": 3,
    }  # fmt: skip


def test_without_control_groups_there_is_no_such_thing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "fs/cgroup").mkdir(parents=True)
    for root in (tmp_path, tmp_path / "nowhere"):
        assert run(PROBES["cgroup"].body, LIVEDATA_SYS=str(root)).returncode == 69


# Units.


def test_units_are_asked_for_once_and_in_utc(run: Run, tmp_path: Path) -> None:
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    (tmp_path / "run/systemd/private").touch()
    program(
        tmp_path,
        "systemctl",
        f'echo "$TZ $*" >>{tmp_path}/calls; printf "Id=a.service\\nActiveState=active\\n"',
    )
    body = at("unit", tmp_path, "/run/systemd/system", "/run/systemd/private", "/run/dbus/system_bus_socket")
    done = run(body)
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["unit"] for row in rows(PROBES["unit"], done.stdout)] == ["a.service"]
    (call,) = (tmp_path / "calls").read_text().splitlines()
    assert call.startswith("UTC show --all --no-pager -p Id,")
    (tmp_path / "run/systemd/private").unlink()
    done = run(body)
    assert (done.returncode, done.stdout) == (77, "")
    assert "D-Bus" in done.stderr
    (tmp_path / "run/systemd/system").rmdir()
    assert run(body).returncode == 69
