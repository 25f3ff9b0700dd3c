"""What an answer means for each probe: whose text it is, or why there is none."""

from __future__ import annotations

import pytest

from livedata.collect.reading import readings
from livedata.model.host import Host
from livedata.model.probe import Probe
from livedata.model.scrape import Failure, Outcome
from livedata.transport.compose import READS, compose_body, compose_reads
from livedata.transport.framing import Section
from livedata.transport.protocol import Answer

HOST = Host("x", proc_root="/host/proc")


def probe(name: str, **kwargs: object) -> Probe:
    return Probe(name, "", (), **kwargs)  # type: ignore[arg-type]


CPU = probe("cpu", read=("/proc/stat",))
GONE = probe("gone", read=("/proc/pressure/cpu", "/proc/pressure/io"))
PROCESS = probe("process", read=("/proc/[0-9]*/stat",), denied_without="/proc/1/stat")
READ = compose_reads([CPU, GONE, PROCESS], HOST)
STAT = b"==> /host/proc/stat <==\ncpu 1 2 3\n"


def answer(note: str = "", process_note: str = "") -> Answer:
    return Answer(
        {
            READS: Section(READS, 0, note, STAT),
            "process": Section("process", 0, process_note, b"==> /host/proc/7/stat <==\n7 (a\xff) S 1\n"),
        }
    )


def test_files_are_named_as_the_probe_names_them() -> None:
    read = readings(answer("u/host/proc/pressure/cpu u/host/proc/pressure/io"), READ, HOST)
    assert read["cpu"].files == {"/proc/stat": "cpu 1 2 3\n"}
    assert read["cpu"].outcome is Outcome.OK
    assert read["gone"].outcome is Outcome.UNSUPPORTED
    assert read["process"].files == {"/proc/7/stat": "7 (a\\xff) S 1\n"}


def test_not_readable_is_denied_not_unsupported() -> None:
    read = readings(answer("u/host/proc/pressure/cpu d/host/proc/pressure/io"), READ, HOST)
    assert read["gone"].outcome is Outcome.DENIED
    assert "/proc/pressure/io" in (read["gone"].detail or "")


def test_without_its_first_file_there_is_no_such_thing_whatever_else_there_is() -> None:
    first, second = (probe(name, read=read) for name, read in (
        ("first", ("/proc/vmstat", "/proc/stat")), ("second", ("/proc/stat", "/proc/vmstat"))
    ))  # fmt: skip
    read = readings(answer("u/host/proc/vmstat"), compose_reads([first, second], HOST), HOST)
    assert (read["first"].outcome, read["first"].detail) == (Outcome.UNSUPPORTED, "there is no /proc/vmstat")
    assert (read["second"].outcome, set(read["second"].files)) == (Outcome.OK, {"/proc/stat"})


def test_hidepid_is_denied_and_its_rows_are_kept() -> None:
    read = readings(answer("", "u/host/proc/1/stat"), READ, HOST)
    assert read["process"].outcome is Outcome.DENIED
    assert read["process"].files


def test_a_failure_reaches_only_the_probes_without_a_section() -> None:
    whole = answer()
    cut = Answer({READS: whole.sections[READS]}, failure=Failure(Outcome.TIMEOUT, "no answer within 5 s"))
    read = readings(cut, READ, HOST)
    assert read["cpu"].outcome is Outcome.OK
    assert (read["process"].outcome, read["process"].detail) == (Outcome.TIMEOUT, "no answer within 5 s")


def test_an_answer_without_a_section_and_without_a_reason_is_malformed() -> None:
    assert readings(Answer({}), READ, HOST)["cpu"].outcome is Outcome.MALFORMED


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0, "ok"),
        (69, "unsupported"),
        (77, "denied"),
        (124, "timeout"),
        (143, "timeout"),
        (137, "timeout"),
        (1, "failed"),
        (None, "failed"),
    ],
)
def test_exit_status_of_a_body(status: int | None, outcome: str) -> None:
    body = probe("df", body="df", lane="slow")
    got = Answer({"df": Section("df", status, "", b"out")}, errors="said why")
    read = readings(got, compose_body(body, 5, False), HOST)["df"]
    assert read.outcome == outcome
    assert read.text == "out"
    assert read.detail == (None if status == 0 else "said why")
