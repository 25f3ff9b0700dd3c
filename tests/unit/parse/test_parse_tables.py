"""Control groups, units, wtmp, updates and reboots: what their parsers decide beyond what the recordings show."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.model.reading import ParseError, Reading
from livedata.parse import CURSORS, PARSERS
from livedata.parse.cgrouppath import container, pod, unit
from livedata.parse.reboot import newest_kernel
from livedata.parse.wtmp import LAYOUTS
from livedata.probe.load import load_probes

PROBES = load_probes()
ID = "0123456789abcdef" * 4
UID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"


def rows(table: str, text: str) -> list[dict[str, Any]]:
    probe = PROBES[table]
    names = [column.name for column in probe.columns]
    return [dict(zip(names, row, strict=True)) for row in PARSERS[probe.parse](probe, Reading(text=text))]


@pytest.mark.parametrize(
    ("path", "of_unit", "of_container", "of_pod"),
    [
        ("/", None, None, None),
        ("/init.scope", "init.scope", None, None),
        ("/system.slice", "system.slice", None, None),
        ("/system.slice/ssh.service", "ssh.service", None, None),
        ("/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service", None, None),
        ("/system.slice/system-getty.slice", "system-getty.slice", None, None),
        ("/system.slice/_cpu.service/inner", "cpu.service", None, None),
        ("/user.slice/user-1000.slice/session-3.scope", "session-3.scope", None, None),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/x.service",
            "user@1000.service",
            None,
            None,
        ),
        (f"/system.slice/docker-{ID}.scope", f"docker-{ID}.scope", ID, None),
        (f"/docker/{ID}", None, ID, None),
        (f"/machine.slice/libpod-{ID}.scope/container", f"libpod-{ID}.scope", ID, None),
        (f"/machine.slice/libpod-conmon-{ID}.scope", f"libpod-conmon-{ID}.scope", None, None),
        ("/lxc.payload.web-01/system.slice/ssh.service", "ssh.service", "web-01", None),
        ("/machine.slice/machine-web.scope", "machine-web.scope", "web", None),
        (f"/kubepods/burstable/pod{UID}/{ID}", None, ID, UID),
        (
            f"/kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice/cri-containerd-{ID}.scope",
            f"cri-containerd-{ID}.scope",
            ID,
            UID,
        ),
        (f"/a/{ID}x", None, None, None),
    ],
)
def test_a_path_tells_unit_container_and_pod(
    path: str, of_unit: str | None, of_container: str | None, of_pod: str | None
) -> None:
    assert (unit(path), container(path), pod(path)) == (of_unit, of_container, of_pod)


@given(st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=30))
def test_no_name_of_a_control_group_can_say_anything_of_another(name: str) -> None:
    """Whatever a group is called, it is one row, and its numbers are its own."""
    told = rows("cgroup", f"pids 7 max /victim\npids 3 max /{name}\n")
    assert {row["path"]: row["tasks"] for row in told} == {"/victim": 7, f"/{name}": 3} | (
        {"/victim": 7} if name == "victim" else {}
    )


def test_of_a_group_that_both_versions_know_what_one_lacks_the_other_tells() -> None:
    v2 = ["60000", "10000", "10000", *["-"] * 18, "90000", "0", "0", "0"]
    (row,) = rows("cgroup", f"cpuacct 50000000 3 2 /a\nunified {' '.join(v2)} /a\n")
    assert (row["cpu_seconds_total"], row["user_seconds_total"]) == (5, 3)
    assert (row["memory_some_seconds_total"], row["memory_bytes"]) == (9, None)


def test_a_unit_that_is_only_mentioned_is_none() -> None:
    told = rows(
        "unit",
        "Id=a.service\nLoadState=not-found\nActiveState=inactive\n\nId=b.service\nLoadState=not-found\nActiveState=active\n"
        "\nId=c.service\nLoadState=masked\nActiveState=inactive\n",
    )
    assert [row["unit"] for row in told] == ["b.service", "c.service"]


def test_how_a_main_process_ended() -> None:
    for code, status, signal in (("0", None, None), ("1", 9, None), ("2", None, 9), ("3", None, 9)):
        (row,) = rows("unit", f"Id=a.service\nExecMainCode={code}\nExecMainStatus=9\n")
        assert (row["exit_status"], row["exit_signal"]) == (status, signal)


def test_what_systemd_does_not_know_is_null() -> None:
    for unset in ("[not set]", "18446744073709551615", ""):
        (row,) = rows(
            "unit", f"Id=a\nMemoryCurrent={unset}\nCPUUsageNSec={unset}\nTasksCurrent={unset}\nMainPID=0\n"
        )
        assert {row[name] for name in ("memory_bytes", "cpu_seconds_total", "tasks", "main_pid")} == {None}


def test_a_description_can_not_become_another_unit() -> None:
    """systemctl writes a newline as \\n; what would be a property in a value stays in it."""
    (row,) = rows(
        "unit", "Id=a.service\nDescription=x\\n\\nId=b.service ActiveState=failed\nActiveState=active\n"
    )
    assert (row["unit"], row["state"]) == ("a.service", "active")


def test_a_time_that_is_not_utc_is_refused() -> None:
    with pytest.raises(ParseError, match="no time in UTC"):
        rows("unit", "Id=a\nActiveEnterTimestamp=Tue 2026-11-24 12:02:36 CET\n")


# wtmp.

LOGINS = st.lists(
    st.tuples(
        st.sampled_from([1, 2, 5, 6, 7, 8]), st.integers(1, 2**22), st.binary(max_size=32), st.integers(1, 2**31 - 1),
        st.integers(0, 999_999), st.sampled_from([bytes(16), bytes([192, 0, 2, 7]) + bytes(12), bytes([32, 1, 13, 184] * 4)]),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def od(data: bytes) -> str:
    """As `od -A d -t x1` writes it: lines of 16 bytes, a star for those that are as the one before."""
    lines: list[str] = []
    before = b""
    for at in range(0, len(data), 16):
        part = data[at : at + 16]
        if part != before:
            lines.append(f"{at:07d} {part.hex(' ')}")
        elif lines[-1] != "*":
            lines.append("*")
        before = part
    return "\n".join([*lines, f"{len(data):07d}\n"])


def test_that_is_how_od_writes(tmp_path: Path) -> None:
    for data in (bytes(100) + b"x" + bytes(300) + bytes(range(200)) + bytes(5), bytes(64)):
        (tmp_path / "data").write_bytes(data)
        words = ["od", "-A", "d", "-t", "x1", str(tmp_path / "data")]
        assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == od(data)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: f"{layout.format[:1]}{layout.size}")
@given(logins=LOGINS)
def test_every_layout_of_wtmp(layout: struct.Struct, logins: list[tuple[Any, ...]]) -> None:
    data = b"".join(
        layout.pack(kind, pid, b"pts/1", name, b"", 0, seconds, micros, address)
        for kind, pid, name, seconds, micros, address in logins
    )
    text = f"f 9 0\n{od(data)}"
    told = rows("login", text)
    assert [(row["ts"], row["pid"]) for row in told if row["event"] in ("login", "logout")] == [
        (seconds * 1_000_000 + micros, pid) for kind, pid, _, seconds, micros, _ in logins if kind in (7, 8)
    ]
    assert CURSORS["wtmp"](Reading(text=text), None, None) == f"9 {len(data)}"


def test_a_record_that_is_cut_off_comes_with_the_next_answer() -> None:
    one = LAYOUTS[0].pack(7, 5, b"pts/1", b"eve", b"", 0, 1, 0, bytes(16))
    text = f"f 9 768\n{od(one * 2)}".replace("\n0000", "\n0001")  # only a header with another start
    whole = f"f 9 0\n{od(one * 2 + one[:100])}"
    assert len(rows("login", whole)) == 2
    assert CURSORS["wtmp"](Reading(text=whole), None, None) == "9 768"
    cut = whole[: whole.rfind("00", 0, len(whole) - 100)]
    assert len(rows("login", cut)) <= 2
    with pytest.raises(ParseError, match="do not follow"):
        rows("login", text)


def test_addresses_and_names() -> None:
    one = LAYOUTS[0].pack(
        7,
        5,
        b"pts/1",
        b"e\xffve\n[7]",
        b"host.example",
        0,
        1,
        0,
        bytes.fromhex("20010db8" + "00" * 11 + "01"),
    )
    (row,) = rows("login", f"f 9 0\n{od(one)}")
    assert row == {
        "ts": 1_000_000, "boot_id": None, "event": "login", "user": "e\\xffve\n[7]", "tty": "pts/1",
        "source": "host.example", "address": "2001:db8::1", "pid": 5, "kernel": None,
    }  # fmt: skip


# Reboots.


@pytest.mark.parametrize(
    ("running", "installed", "newest"),
    [
        ("6.1.0-9-amd64", ["6.1.0-9-amd64", "6.1.0-13-amd64"], "6.1.0-13-amd64"),
        ("6.1.0-9-amd64", ["6.1.0-13-cloud-amd64", "6.1.0-13-rt-amd64"], None),
        ("6.1.0-9-amd64", ["6.5.0-0.deb12.4-amd64", "6.1.0-13-amd64"], "6.5.0-0.deb12.4-amd64"),
        ("5.14.0-362.8.1.el9_3.x86_64", ["5.14.0-362.13.1.el9_3.x86_64"], "5.14.0-362.13.1.el9_3.x86_64"),
        ("5.14.0-362.8.1.el9_3.x86_64", ["5.14.0-427.1.1.el9_4.x86_64+debug"], None),
        ("6.6.9-arch1-1", ["6.7.0-arch3-1", "6.6.10-1-lts"], "6.7.0-arch3-1"),
        ("6.18.44-custom", ["6.1.0-13-amd64"], None),
        (None, ["6.1.0-13-amd64"], None),
    ],
)
def test_the_newest_kernel_is_one_of_the_same_flavour(
    running: str | None, installed: list[str], newest: str | None
) -> None:
    assert newest_kernel(installed, running) == newest
