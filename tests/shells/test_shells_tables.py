"""The scripts of the medium and slow tables over made-up hosts: cgroup, unit, login, package, update, reboot."""

from __future__ import annotations

import struct
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from livedata.model.reading import Reading
from livedata.parse import CURSORS
from tests.shells.scripts import PROBES, Run, program, rows


def at(probe: str, folder: Path, *paths: str) -> str:
    """A probe's script that looks for these paths below a folder."""
    body = PROBES[probe].body
    for path in paths:
        assert path in body
        body = body.replace(path, f"{folder}{path}")
    return body


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


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


# Logins.


def record(
    kind: int, pid: int, line: str, user: str, host: str, seconds: int, address: bytes = bytes(16)
) -> bytes:
    texts = (text.encode() for text in (line, line[-4:], user, host))
    return struct.pack("<hxxi32s4s32s256s4xiii16s20x", kind, pid, *texts, 0, seconds, 250_000, address)


class Wtmp:
    """The login probe over a wtmp of one's own; each pull goes on where the one before ended."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.file = folder / "var/log/wtmp"
        self.file.parent.mkdir(parents=True)
        self.cursor = ""
        self._run = run
        self._body = at("login", folder, "/var/log/wtmp")

    def write(self, *seconds: int) -> None:
        with self.file.open("ab") as file:
            file.write(b"".join(record(7, 5, f"pts/{s}", "eve", "192.0.2.7", s) for s in seconds))

    def pull(self, limit: int = 2000, **options: Any) -> subprocess.CompletedProcess[str]:
        return self._run(self._body, LIVEDATA_CURSOR=self.cursor, LIVEDATA_LIMIT=str(limit), **options)

    def seconds(self, limit: int = 2000) -> list[int]:
        """When the events happened that came since the pull before."""
        done = self.pull(limit)
        assert (done.returncode, done.stderr) == (0, "")
        self.cursor = CURSORS["wtmp"](Reading(text=done.stdout), self.cursor, None) or self.cursor
        return [row["ts"] // 1_000_000 for row in rows(PROBES["login"], done.stdout)]


@pytest.fixture
def wtmp(run: Run, tmp_path: Path) -> Wtmp:
    return Wtmp(run, tmp_path)


def test_each_login_comes_once(wtmp: Wtmp) -> None:
    wtmp.write(100, 200)
    assert wtmp.seconds() == [100, 200]
    assert wtmp.seconds() == []
    wtmp.write(300)
    assert wtmp.seconds() == [300]


def test_a_long_history_comes_from_its_end_and_then_in_parts(wtmp: Wtmp) -> None:
    wtmp.write(*range(1, 1003))
    first = wtmp.seconds()
    assert first[-1] == 1002
    assert 490 <= len(first) <= 502
    wtmp.write(*range(2000, 2060))
    assert [wtmp.seconds(25) for _ in range(4)] == [
        list(range(2000, 2025)), list(range(2025, 2050)), list(range(2050, 2060)), []
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["wtmp.1", "wtmp-20240101"])
def test_of_a_wtmp_that_was_rotated_away_the_rest_comes_first(wtmp: Wtmp, name: str) -> None:
    wtmp.write(1, 2)
    assert wtmp.seconds() == [1, 2]
    wtmp.write(3)
    wtmp.file.with_name("wtmp-20230101").write_bytes(b"another one")
    wtmp.file.rename(wtmp.file.with_name(name))
    wtmp.write(4, 5)
    assert wtmp.seconds() == [3, 4, 5]
    assert wtmp.seconds() == []


def test_the_rest_of_a_rotated_one_comes_in_parts_too(wtmp: Wtmp) -> None:
    wtmp.write(1)
    assert wtmp.seconds() == [1]
    wtmp.write(*range(2, 40))
    wtmp.file.rename(wtmp.file.with_name("wtmp.1"))
    wtmp.write(50)
    assert [wtmp.seconds(25) for _ in range(3)] == [list(range(2, 27)), [*range(27, 40), 50], []]


def test_one_that_was_emptied_or_is_another_starts_anew(wtmp: Wtmp) -> None:
    wtmp.write(1, 2, 3)
    wtmp.seconds()
    wtmp.file.write_bytes(b"")
    assert wtmp.seconds() == []
    wtmp.write(4)
    assert wtmp.seconds() == [4]
    wtmp.file.rename(wtmp.file.with_name("away"))
    wtmp.write(5)
    assert wtmp.seconds() == [5]


def test_without_wtmp_or_the_right_to_read_it(wtmp: Wtmp) -> None:
    assert wtmp.pull().returncode == 69
    wtmp.write(1)
    wtmp.file.chmod(0)
    done = wtmp.pull(as_nobody=True)
    assert (done.returncode, done.stdout) == (77, "")
    assert "may not read" in done.stderr


# Packages and their updates.

STATUS = "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1:2\nDescription: x\n Package: forged\n .\n Version: 9\n\n"


def own_rpm(body: str, tmp_path: Path) -> str:
    """busybox takes its own rpm rather than one in the PATH."""
    assert "rpm -q" in body
    return body.replace("rpm -q", f"{tmp_path}/bin/rpm -q")


def packages(tmp_path: Path) -> str:
    folders = ("/usr/lib/opkg", "/var/lib/opkg", "/lib/apk", "/var/lib/dpkg", "/var/lib/rpm")
    return own_rpm(at("package", tmp_path, *folders), tmp_path)


def test_packages_of_dpkg_without_dpkg(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"var/lib/dpkg/status": STATUS})
    done = run(packages(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert [(row["name"], row["version"]) for row in rows(PROBES["package"], done.stdout)] == [("a", "1:2")]


def test_packages_of_apk(run: Run, tmp_path: Path) -> None:
    write(
        tmp_path,
        {"lib/apk/db/installed": "C:Q1=\nP:musl\nV:1.2-r1\nA:x86_64\nT:P:x\no:musl\nF:lib\nR:P:forged\n\n"},
    )
    done = run(packages(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["name"] for row in rows(PROBES["package"], done.stdout)] == ["musl"]


def test_packages_of_rpm_and_pacman(run: Run, tmp_path: Path) -> None:
    (tmp_path / "var/lib/rpm").mkdir(parents=True)
    program(tmp_path, "rpm", r"printf 'a\t(none)\t1-1\tnoarch\ta-1-1.src.rpm\n'")
    program(tmp_path, "pacman", "echo b 2-1")
    told = rows(PROBES["package"], run(packages(tmp_path)).stdout)
    assert [(row["name"], row["manager"]) for row in told] == [("a", "rpm")]
    (tmp_path / "var/lib/rpm").rmdir()
    told = rows(PROBES["package"], run(packages(tmp_path)).stdout)
    assert [(row["name"], row["manager"]) for row in told] == [("b", "pacman")]


def updates(tmp_path: Path) -> str:
    folders = (
        "/var/lib/dpkg", "/var/lib/apt", "/var/cache/apt", "/var/cache/dnf", "/var/cache/libdnf5",
        "/lib/apk", "/var/cache/apk", "/etc/apk", "/var/lib/pacman",
    )  # fmt: skip
    return own_rpm(at("update", tmp_path, *folders), tmp_path)


def test_updates_of_apt(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"var/lib/dpkg/status": STATUS, "var/cache/apt/x": "", "var/lib/apt/lists/partial/x": ""})
    program(
        tmp_path,
        "apt-get",
        f'echo "$*" >>{tmp_path}/calls; cat {tmp_path}/said; exit "$(cat {tmp_path}/status)"',
    )
    write(tmp_path, {"said": "", "status": "0"})
    done = run(updates(tmp_path))
    assert (done.returncode, done.stdout) == (69, "")
    assert "no lists" in done.stderr
    write(tmp_path, {"var/lib/apt/lists/deb.debian.org_main_binary-amd64_Packages.lz4": ""})
    before = int(time.time()) - 60
    (row,) = rows(PROBES["update"], run(updates(tmp_path)).stdout)
    assert row["name"] is None
    assert row["refreshed"] // 1_000_000 >= before
    write(
        tmp_path,
        {
            "said": "Reading package lists...\nInst a [1] (2 Debian-Security:12/stable-security [all])\nConf a (2)\n"
        },
    )
    (row,) = rows(PROBES["update"], run(updates(tmp_path)).stdout)
    assert (row["name"], row["version"], row["candidate"], row["security"]) == ("a", "1", "2", True)
    for call in (tmp_path / "calls").read_text().splitlines():
        assert call.startswith("-s ")
        assert call.endswith("-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= dist-upgrade")
    write(tmp_path, {"status": "100"})
    assert run(updates(tmp_path)).returncode == 1


def test_updates_of_dnf_touch_nothing_that_others_see(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"var/cache/dnf/base-1/repodata/repomd.xml": ""})
    script = r"""
case $* in *--setopt=cachedir=/tmp/cache*repoquery*) ;; *) exit 1 ;; esac
[ -e /tmp/cache/base-1/repodata/repomd.xml ] || exit 1
echo log >/var/log/livedata-test-dnf.log || exit 1
case $* in *--security*) ;; *) printf 'u\ta\t2-1\tnoarch\tbase\n' ;; esac
"""
    program(tmp_path, "dnf", script.replace("/tmp/cache", f"{tmp_path}/cache"))
    program(tmp_path, "rpm", r"printf 'i\ta\t1-1\tnoarch\n'")
    # The machine's own folders for temporary files are hidden in there, and with them what this test lies in.
    body = updates(tmp_path).replace("/var/log /var/tmp /tmp", "/var/log")
    body = body.replace("/tmp/cache", f"{tmp_path}/cache").replace("/tmp/home", f"{tmp_path}/home")
    done = run(body)
    assert (done.returncode, done.stderr) == (0, "")
    (row,) = rows(PROBES["update"], done.stdout)
    assert (row["name"], row["version"], row["candidate"]) == ("a", "1-1", "2-1")
    assert not Path("/var/log/livedata-test-dnf.log").exists()
    program(tmp_path, "unshare", "exit 1")
    done = run(updates(tmp_path).replace("unshare -rm", f"{tmp_path}/bin/unshare -rm"))
    assert (done.returncode, "unshare" in done.stderr) == (77, True)


def test_updates_of_apk_and_pacman(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"lib/apk/db/installed": "", "var/cache/apk/APKINDEX.1.tar.gz": ""})
    program(
        tmp_path,
        "apk",
        "[ \"$1\" = --no-network ] && printf 'Installed: Available:\\nmusl-1.2-r1 < 1.2-r2\\n'",
    )
    (row,) = rows(PROBES["update"], run(updates(tmp_path)).stdout)
    assert (row["name"], row["version"], row["candidate"]) == ("musl", "1.2-r1", "1.2-r2")
    (tmp_path / "bin/apk").unlink()
    program(tmp_path, "pacman", "exit 1")
    write(tmp_path, {"var/lib/pacman/sync/core.db": ""})
    done = run(updates(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["name"] for row in rows(PROBES["update"], done.stdout)] == [None]


def test_the_machines_own_updates_leave_no_trace(tmp_path: Path) -> None:
    def trace() -> list[tuple[str, int]]:
        folders = (Path("/var/lib/apt"), Path("/var/cache/apt"), Path("/var/lib/dpkg"))
        return sorted(
            (str(file), file.stat().st_mtime_ns) for folder in folders for file in folder.rglob("*")
        )

    before = trace()
    subprocess.run(["sh", "-c", PROBES["update"].body], capture_output=True, check=False, timeout=100)
    assert trace() == before


# Reboot.


def reboots(run: Run, tmp_path: Path) -> dict[str, Any]:
    body = at("reboot", tmp_path, "/lib/modules", "/boot/", "/var/lib/dpkg", "/var/lib/rpm")
    body = own_rpm(body.replace("in /run /var/run;", f"in {tmp_path}/run;"), tmp_path)
    done = run(body, LIVEDATA_PROC=str(tmp_path / "proc"))
    assert (done.returncode, done.stderr) == (0, "")
    return rows(PROBES["reboot"], done.stdout)[0]


def test_a_newer_kernel_asks_for_a_reboot(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"proc/sys/kernel/osrelease": "6.1.0-9-amd64\n", "proc/stat": "cpu 1\nbtime 1000\n"})
    assert reboots(run, tmp_path)["required"] is None
    kernels = ("6.1.0-9-amd64", "6.1.0-13-cloud-amd64")
    write(tmp_path, {f"lib/modules/{kernel}/kernel/x": "" for kernel in kernels})
    write(tmp_path, {"lib/modules/6.1.0-18-amd64/updates/dkms": "", "boot/vmlinuz-0-rescue-1": ""})
    assert reboots(run, tmp_path) == {
        "required": False, "running_kernel": "6.1.0-9-amd64", "newest_kernel": "6.1.0-9-amd64", "packages": None,
    }  # fmt: skip
    write(tmp_path, {"boot/vmlinuz-6.1.0-13-amd64": ""})
    told = reboots(run, tmp_path)
    assert (told["required"], told["newest_kernel"]) == (True, "6.1.0-13-amd64")


def test_packages_ask_for_a_reboot(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"run/reboot-required": "*** System restart required ***\n", "var/lib/dpkg/status": ""})
    assert reboots(run, tmp_path)["required"] is True
    write(tmp_path, {"run/reboot-required.pkgs": "libc6\nlinux-base\nlibc6\n"})
    assert reboots(run, tmp_path)["packages"] == "libc6 linux-base"


def test_what_rpm_installed_since_the_boot_asks_for_a_reboot(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"proc/stat": "cpu 1\nintr 5 6\nbtime 1000\n", "var/lib/rpm/rpmdb.sqlite": ""})
    program(
        tmp_path, "rpm", "echo package hal is not installed; echo installed=glibc 999; cat $HERE/more; exit 1"
    )
    write(tmp_path, {"more": ""})
    assert reboots(lambda body, **more: run(body, HERE=str(tmp_path), **more), tmp_path)["required"] is False
    write(tmp_path, {"more": "installed=systemd 1001\n"})
    told = reboots(lambda body, **more: run(body, HERE=str(tmp_path), **more), tmp_path)
    assert (told["required"], told["packages"]) == (True, "systemd")
