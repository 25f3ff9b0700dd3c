"""Composed requests do what they say in real shells, and leave a clean process list behind."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livedata.model.host import Host
from livedata.model.probe import Probe
from livedata.transport.compose import (
    READS,
    Request,
    call_line,
    compose_body,
    compose_reads,
    prologue,
    quote,
    rooted,
)
from livedata.transport.framing import Begin, End, Framer, Section, split_files

SHELLS = [["dash"], ["bash", "--posix"], ["busybox", "sh"], ["mksh"]]
SHELL_IDS = ["dash", "bash", "busybox", "mksh"]
HOST = Host("here", transport="local")


def probe(name: str, **kwargs: object) -> Probe:
    return Probe(name, "", (), **kwargs)  # type: ignore[arg-type]


CPU = probe("cpu", read=("/proc/stat",))
LOAD = probe("load", read=("/proc/loadavg", "/proc/stat"))
PROCESS = probe("process", read=("/proc/[0-9]*/stat",), denied_without="/proc/1/stat")
ABSENT = probe("absent", read=("/proc/no-such-file",))


def run(shell: list[str], requests: list[Request], host: Host = HOST) -> list[dict[str, Section]]:
    nonces = [secrets.token_hex(16) for _ in requests]
    text = prologue(host) + "".join(r.script + call_line(r, n) for r, n in zip(requests, nonces, strict=True))
    done = subprocess.run(shell, input=text.encode(), capture_output=True, timeout=30, check=False)
    answers = []
    for nonce in nonces:
        events = Framer(nonce, 10_000_000).feed(done.stdout)
        assert isinstance(events[0], Begin), done.stderr
        assert isinstance(events[-1], End), done.stderr
        assert events[0].uptime_ms is not None
        assert events[0].boot_id is not None
        answers.append({e.name: e for e in events if isinstance(e, Section)})
    return answers


@pytest.mark.parametrize("shell", SHELLS, ids=SHELL_IDS)
def test_reads_are_merged_and_what_is_missing_is_named(shell: list[str]) -> None:
    (answer,) = run(shell, [compose_reads([CPU, LOAD, PROCESS, ABSENT], HOST)])
    files = split_files(answer[READS].data.decode())
    assert files["/proc/stat"].startswith("cpu ")
    assert files["/proc/loadavg"].count("/") == 1
    assert answer[READS].note == "u/proc/no-such-file"
    processes = split_files(answer["process"].data.decode("utf-8", "backslashreplace"))
    assert processes[f"/proc/{os.getpid()}/stat"].startswith(f"{os.getpid()} (")
    assert answer["process"].note == ""


@pytest.mark.parametrize("shell", SHELLS, ids=SHELL_IDS)
@pytest.mark.parametrize(
    ("body", "status", "output"),
    [
        ("echo hello; exit 3", 3, b"hello\n"),
        ("cat; echo end", 0, b"end\n"),
        ("echo 'it''s' \"$LIVEDATA_CURSOR\"", 0, b"its a'b\"c$HOME\n"),
        ("printf 'no newline'", 0, b"no newline"),
        ("echo 'never closed", 2, b""),
        ("exit 77", 77, b""),
        ("printf '\\000\\377'", 0, b"\0\xff"),
        ("unset PATH; set -e; exec 2>&1; false", 1, b""),
    ],
)  # fmt: skip
def test_a_body_hurts_only_itself(shell: list[str], body: str, status: int, output: bytes) -> None:
    odd = compose_body(probe("odd", body=body), 5, False, {"LIVEDATA_CURSOR": "a'b\"c$HOME"})
    after = compose_body(probe("after", body="echo fine"), 5, False)
    first, second = run(shell, [odd, after])
    assert first["odd"].data == output
    assert first["odd"].status == status or (status == 2 and first["odd"].status in (1, 2))
    assert second["after"].data == b"fine\n"


@pytest.mark.parametrize("shell", SHELLS, ids=SHELL_IDS)
@pytest.mark.parametrize("has_timeout", [True, False])
def test_a_body_that_hangs_is_ended_with_all_it_started(shell: list[str], has_timeout: bool) -> None:
    seconds = f"{secrets.randbelow(9000) + 1000}.5"
    body = f"sleep {seconds}" if not has_timeout else f"sleep {seconds}; echo never"
    request = compose_body(probe("hang", body=f"exec {body}"), 0.5 if has_timeout else 1, False)
    text = prologue(HOST) + ("" if has_timeout else "livedata_timeout=n\n")
    nonce = secrets.token_hex(16)
    done = subprocess.run(
        shell,
        input=(text + request.script + call_line(request, nonce)).encode(),
        capture_output=True,
        timeout=20,
        check=False,
    )
    sections = [e for e in Framer(nonce, 1000).feed(done.stdout) if isinstance(e, Section)]
    assert sections[0].status in (124, 137, 143)
    assert b"never" not in sections[0].data
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert f"sleep {seconds}" not in listed.splitlines()


@pytest.mark.parametrize("shell", SHELLS, ids=SHELL_IDS)
@pytest.mark.parametrize(
    ("privilege", "allowed", "by"),
    [("root", True, b"sudo -n\n"), ("root", False, b"none\n"), ("", True, b"none\n")],
)
def test_root_only_where_header_and_inventory_both_say_so(
    shell: list[str], privilege: str, allowed: bool, by: bytes, tmp_path: Path
) -> None:
    (tmp_path / "sudo").write_text('#!/bin/sh\nBY="sudo $1"; export BY; shift 2; exec "$@"\n')
    (tmp_path / "sudo").chmod(0o755)
    request = compose_body(probe("who", body='echo "${BY:-none}"', privilege=privilege), 5, allowed)
    nonce = secrets.token_hex(16)
    text = prologue(HOST) + f"PATH={tmp_path}:$PATH\n" + request.script + call_line(request, nonce)
    done = subprocess.run(shell, input=text.encode(), capture_output=True, timeout=20, check=False)
    sections = [e for e in Framer(nonce, 1000).feed(done.stdout) if isinstance(e, Section)]
    assert (sections[0].status, sections[0].data) == (0, by)


def test_roots_replace_proc_and_sys() -> None:
    host = Host("x", proc_root="/host proc/it's", sys_root="/s")
    assert rooted("/proc/[0-9]*/stat", host) == "'/host proc/it'\\''s/'[0-9]*'/stat'"
    assert rooted("/sys/class/net/*/mtu", host) == "'/s/''class/net/'*'/mtu'"
    with pytest.raises(ValueError, match="not under"):
        rooted("/etc/passwd", host)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50))
@settings(max_examples=30)
def test_quoting_survives_a_real_shell(text: str) -> None:
    dash = shutil.which("dash") or "sh"
    done = subprocess.run([dash, "-c", f"printf %s {quote(text)}"], capture_output=True, check=True)
    assert done.stdout == text.encode()


def test_a_nul_never_reaches_a_command_line() -> None:
    assert quote("a\0b") == "'ab'"


def test_one_function_for_the_same_probes() -> None:
    again = compose_reads([CPU, PROCESS], HOST)
    assert again == compose_reads([CPU, PROCESS], HOST)
    assert again.call != compose_reads([CPU], HOST).call
    assert call_line(again, "n") == f"{again.call} n\n"
