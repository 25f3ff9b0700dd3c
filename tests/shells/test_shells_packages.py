"""The scripts of packages, updates and reboots over made-up hosts."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

from tests.shells.scripts import PROBES, Run, at, program, rows, write

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
