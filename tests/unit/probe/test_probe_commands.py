"""`livedata probe …` as a person runs it, on this machine: each command a process of its own, with a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from livedata.probe.load import load_probes

Livedata = Callable[..., "subprocess.CompletedProcess[str]"]

HEAD = """\
#!/bin/sh
# /// probe
# help = "Mine."
# parse = "keyvalue"
# [columns]
# size_bytes = { id = 1, type = "i64", kind = "gauge", help = "Size" }
# sent_total = { id = 2, type = "u64", kind = "counter", help = "Sent" }
#
# [derived]
# twice_bytes = { sql = "2 * size_bytes", help = "Twice" }
# ///

"""
GOOD = HEAD + "echo size_bytes=2097152\n"


@pytest.fixture
def probes(tmp_path: Path) -> Path:
    return tmp_path / "probes"


@pytest.fixture
def livedata(tmp_path: Path, probes: Path) -> Livedata:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LIVEDATA_", "XDG_"))}
    environment = {**kept, "HOME": str(tmp_path), "LIVEDATA_PROBES": str(probes)}

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-c", "from livedata.cli.main import main; main()", "probe", *arguments],
            env=environment, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    return run


def mine(probes: Path, text: str, name: str = "mine.sh") -> Path:
    probes.mkdir(exist_ok=True)
    (probes / name).write_text(text)
    return probes / name


def test_new_writes_what_works_and_overwrites_nothing(livedata: Livedata, probes: Path) -> None:
    done = livedata("new", "mine", "--parse", "jsonl")
    assert done.stdout == f"{probes}/mine.sh\n"
    assert "livedata probe run mine" in done.stderr
    assert livedata("check").stdout.endswith("good\n")
    assert json.loads(livedata("run", "mine", "-f", "json").stdout)[0]["interface"]
    text = (probes / "mine.sh").read_text()
    assert "already a probe 'mine'" in livedata("new", "mine", code=2).stderr
    assert "already a probe 'cpu'" in livedata("new", "cpu", code=2).stderr
    assert "can't be called 'a-b'" in livedata("new", "a-b", code=2).stderr
    assert "there is no format 'xml'" in livedata("new", "other", "--parse", "xml", code=2).stderr
    assert [(file.name, file.read_text()) for file in probes.iterdir()] == [("mine.sh", text)]


def test_list_has_the_users_and_tells_of_those_that_can_not_be_used(livedata: Livedata, probes: Path) -> None:
    file = mine(probes, GOOD)
    found = {row["name"]: row for row in json.loads(livedata("list", "-f", "json").stdout)}
    assert found["mine"] == {"name": "mine", "every": "30s", "source": None, "file": str(file)}
    assert found["cpu"]["file"] == "built-in"
    assert set(found) == {"mine", *load_probes()}
    mine(probes, GOOD.replace("help", "hlep", 1), "broken.sh")
    mine(probes, GOOD, "cpu.sh")
    done = livedata("list", "-f", "csv", code=2)
    assert f"\nmine,30s,,{file}\n" in done.stdout
    assert f"{probes}/broken.sh:3: there is no key 'hlep'" in done.stderr
    assert f"{probes}/cpu.sh: there is already a probe 'cpu'" in done.stderr


def test_show_has_ids_and_the_script(livedata: Livedata, probes: Path) -> None:
    mine(probes, GOOD)
    told = livedata("show", "mine").stdout
    assert told.startswith(f"mine: Mine.\nfile: {probes}/mine.sh\nevery: 30s\n")
    assert " 2  sent_total  u64   counter" in told
    assert told.endswith("\n\necho size_bytes=2097152\n")
    assert "read: /proc/stat" in livedata("show", "cpu").stdout
    assert "did you mean mine?" in livedata("show", "mien", code=2).stderr


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (GOOD.replace('kind = "gauge"', 'kind = "guage"'), 6, "did you mean gauge?"),
        (GOOD.replace("2 * size_bytes", "2 * size_bites"), 10, '"size_bites" not found'),
        (GOOD.replace("2 * size_bytes", "(SELECT 1 FROM cpu)"), 10, "names the table cpu"),
        (HEAD + "# a comment\nif true; then\n", 15, "sh can't read the script"),
        (HEAD + "# a comment\n[[ -e /x ]] && echo size_bytes=1\n", 14, "is bash's"),
        (GOOD.replace("#!/bin/sh", "#!/bin/bash"), 1, "every host's sh runs it"),
    ],
)  # fmt: skip
def test_check_tells_what_is_wrong_with_its_line(
    livedata: Livedata, probes: Path, text: str, line: int, says: str
) -> None:
    file = mine(probes, text)
    for named in ((), ("mine",), (str(file),)):
        told = livedata("check", *named, code=2).stdout
        assert told.startswith(f"{file}:{line}: ")
        assert says in told


def test_check_notes_what_is_odd_and_is_content(livedata: Livedata, probes: Path) -> None:
    file = mine(
        probes,
        GOOD.replace(', help = "Size"', "").replace("# parse", '# timeout = "1m"\n# parse') + "touch /x\n",
    )
    mine(probes, "#!/bin/sh\n", "forgotten")
    told = livedata("check").stdout
    assert f"{file}:4: note: it may take 60 s and runs every 30 s" in told
    assert f"{file}:7: note: size_bytes has no help" in told
    assert f"{file}:15: note: this changes something on the host" in told
    assert f"{probes}/forgotten: note: it does not end in .sh" in told
    assert f"{file}: 2 columns, 1 reckoned: good" in told


def test_check_of_a_name_that_is_taken(livedata: Livedata, probes: Path) -> None:
    mine(probes, GOOD, "cpu.sh")
    assert "there is already a probe 'cpu'" in livedata("check", code=2).stdout


def test_a_file_may_lie_anywhere(livedata: Livedata, tmp_path: Path) -> None:
    (tmp_path / "other.sh").write_text(GOOD)
    done = livedata("run", "./other.sh", "-f", "json", "--raw")
    assert [(r["size_bytes"], r["twice_bytes"]) for r in json.loads(done.stdout)] == [(2097152, 4194304)]
    assert "standard output\nsize_bytes=2097152\n" in done.stderr
    assert "null in every row: sent_total" in done.stderr
    assert livedata("check", "other.sh").stdout.endswith("good\n")
    assert not (tmp_path / ".local").exists()


def test_what_a_probe_reads_is_recorded_as_files(livedata: Livedata, tmp_path: Path) -> None:
    folder = (
        tmp_path / "kept" / livedata("record", "load", "--to", "kept").stdout.strip().removeprefix("kept/")
    )
    files = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    assert files == {"rows.json", *(path[1:] for path in load_probes()["load"].read)}
    words = (folder / "proc/loadavg").read_text().split()
    assert json.loads((folder / "rows.json").read_text())[0]["load1"] == words[0]


FEEDER = """\
#!/bin/sh
# /// probe
# help  = "What a scheduler says."
# parse = "jsonl"
# into  = "log"
# ///
echo '{"ts": "2027-01-05T09:34:43Z", "identifier": "scheduler", "message": "it failed"}'
"""


def test_one_that_feeds_the_log_is_checked_shown_and_run(livedata: Livedata, probes: Path) -> None:
    file = mine(probes, FEEDER)
    assert livedata("check").stdout == f"{file}: feeds log: good\n"
    shown = livedata("show", "mine").stdout
    assert "into: log\n" in shown
    assert "priority" in shown
    (row,) = json.loads(livedata("run", "mine", "-f", "json").stdout)
    assert (row["identifier"], row["message"], row["unit"]) == ("scheduler", "it failed", None)
    mine(probes, FEEDER.replace('"log"', '"cpu"'))
    assert "into can't be 'cpu': that is no table of events" in livedata("check", code=2).stdout
