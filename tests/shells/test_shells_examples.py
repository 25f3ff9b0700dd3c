"""The example probes of docs/probes under every shell: over what the real tools print, and without them.

What smartctl and zpool print is made by hand after their manuals; what the others print is in tests/probes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from livedata.probe.load import load_probe, load_probes
from livedata.probe.script import remarks
from livedata.probe.starter import FORMATS, starter
from tests.shells.scripts import PROBES as BUILT_IN
from tests.shells.scripts import Run, program, rows

FOLDER = Path(__file__).parents[2] / "docs" / "probes"
PROBES = {name: probe for name, probe in load_probes(FOLDER).items() if name not in BUILT_IN}

APPLETS = ("id", "pidof", "su", "wget")


def body_of(name: str, folder: Path) -> str:
    """The script, for which stand-ins come before the applets that busybox has within itself."""
    there = [applet for applet in APPLETS if (folder / "bin" / applet).exists()]
    functions = "".join(f'{applet}() {{ "{folder}/bin/{applet}" "$@"; }}\n' for applet in there)
    return functions + PROBES[name].body


PAGE = """\
Active connections: 291 
server accepts handled requests
 16630948 16630940 31070465 
Reading: 6 Writing: 179 Waiting: 106 
"""  # noqa: W291 - as nginx prints it
ATA = """\
smartctl 7.3 2022-02-28 r5338 [x86_64-linux-6.1.0-9-amd64] (local build)

=== START OF INFORMATION SECTION ===
Device Model:     WDC WD40EFRX-68N32N0
Serial Number:    WD-0123456789
Power mode is:    ACTIVE or IDLE

=== START OF READ SMART DATA SECTION ===
SMART overall-health self-assessment test result: PASSED

ID# ATTRIBUTE_NAME          FLAG     VALUE WORST THRESH TYPE      UPDATED  WHEN_FAILED RAW_VALUE
  5 Reallocated_Sector_Ct   0x0033   200   200   140    Pre-fail  Always       -       8
  9 Power_On_Hours          0x0032   061   061   000    Old_age   Always       -       28533h+12m
194 Temperature_Celsius     0x0022   118   105   000    Old_age   Always       -       32 (Min/Max 18/45)
197 Current_Pending_Sector  0x0032   200   200   000    Old_age   Always       -       2
198 Offline_Uncorrectable   0x0030   100   253   000    Old_age   Offline      -       0
"""
NVME = """\
Model Number:                       Samsung SSD 980 PRO 1TB
Serial Number:                      S5GXNF0R000000A
SMART overall-health self-assessment test result: FAILED!
- NVM subsystem reliability has been degraded
Temperature:                        41 Celsius
Available Spare:                    100%
Percentage Used:                    103%
Power On Hours:                     12,345
Media and Data Integrity Errors:    1,007
Temperature Sensor 1:               39 Celsius
"""
SCSI = """\
Product:              ST4000NM0023
Serial number:        Z1Z00000
SMART Health Status: OK
Current Drive Temperature:     29 C
Elements in grown defect list: 3
"""
ASLEEP = "Device Model:     OLD\nDevice is in STANDBY mode, exit(2)\n"
SMARTCTL = f"""
case $* in
  --scan) echo '/dev/sda -d scsi # /dev/sda, SCSI device'; echo '/dev/nvme0 -d nvme # x'
    echo '/dev/bus/0 -d megaraid,4 # x'; echo '/dev/sdb -d scsi # x' ;;
  *-n\\ standby*-d\\ auto*/dev/sda) cat <<'E'
{ATA}E
    exit 64 ;;
  *-d\\ auto*/dev/nvme0) cat <<'E'
{NVME}E
    exit 8 ;;
  *-d\\ megaraid,4*/dev/bus/0) cat <<'E'
{SCSI}E
    ;;
  *-n\\ standby*/dev/sdb) cat <<'E'
{ASLEEP}E
    exit 2 ;;
  *) exit 1 ;;
esac
"""
STATUS = """\
  pool: tank
 state: DEGRADED
status: One or more devices has experienced an unrecoverable error.
action: Replace the device using 'zpool replace'.
  scan: scrub repaired 0B in 03:12:45 with 0 errors on Sun Nov  8 03:36:46 2026
config:

\tNAME                        STATE     READ WRITE CKSUM
\ttank                        DEGRADED     0     0     4
\t  mirror-0                  DEGRADED     0     0     4
\t    ata-A                   ONLINE       0     0     7
\t    ata-B                   FAULTED     12     3     1  too many errors
\tlogs
\t  nvme0n1p1                 ONLINE       1     0     0
\tspares
\t  sdc                       AVAIL

errors: No known data errors

  pool: usb
 state: ONLINE
config:

\tNAME        STATE     READ WRITE CKSUM
\tusb         ONLINE       0     0     0
\t  sdz       ONLINE       0     0     0

errors: No known data errors
"""
ZPOOL = f"""
case $* in
  list\\ -H\\ -p*) printf 'tank\\tDEGRADED\\t3985729650688\\t2989297238016\\t996432412672\\t17\\n'
    printf 'usb\\tONLINE\\t15569256448\\t589824\\t15568666624\\t-\\n' ;;
  status\\ -p) [ -z "$OLD" ] || exit 2
    cat <<'E'
{STATUS}E
    ;;
  status) sed 's/    12     3/ 12.5K     3/' <<'E'
{STATUS}E
    ;;
esac
"""
ZPOOLS = [
    {"pool": "tank", "state": "DEGRADED", "size_bytes": 3985729650688, "used_bytes": 2989297238016, "free_bytes": 996432412672,
     "fragmented_pct": 17, "read_errors": 13, "write_errors": 3, "checksum_errors": 8,
     "scan": "scrub repaired 0B in 03:12:45 with 0 errors on Sun Nov  8 03:36:46 2026"},
    {"pool": "usb", "state": "ONLINE", "size_bytes": 15569256448, "used_bytes": 589824, "free_bytes": 15568666624,
     "fragmented_pct": None, "read_errors": 0, "write_errors": 0, "checksum_errors": 0, "scan": None},
]  # fmt: skip


@pytest.mark.parametrize("name", PROBES)
def test_nothing_is_to_be_said_of_them(name: str) -> None:
    checker = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run(
        [str(checker), "--norc", "--severity=style", str(FOLDER / f"{name}.sh")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert list(remarks(PROBES[name].body)) == []


@pytest.mark.parametrize("name", PROBES)
def test_a_host_that_has_none_of_it_has_no_such_thing(name: str, run: Run, tmp_path: Path) -> None:
    done = run(PROBES[name].body, PATH=str(tmp_path / "bin"), LIVEDATA_PROC=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (69, "", "")


@pytest.mark.parametrize("client", ["curl", "wget"])
def test_nginx(run: Run, tmp_path: Path, client: str) -> None:
    program(tmp_path, "pidof", "exit 0")
    program(tmp_path, "curl", "exit 22")
    program(tmp_path, client, f"cat <<'E'\n{PAGE}E")
    body = body_of("nginx", tmp_path)
    if client == "wget":
        body = body.replace("command -v curl", "command -v no-curl")
    done = run(body)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(rows(PROBES["nginx"], done.stdout)[0].values()) == [
        291,
        6,
        179,
        106,
        16630948,
        16630940,
        31070465,
    ]


def test_nginx_without_its_page_is_a_failure(run: Run, tmp_path: Path) -> None:
    program(tmp_path, "pidof", "exit 0")
    program(tmp_path, "curl", "echo 'curl: (22) The requested URL returned error: 404' >&2; exit 22")
    done = run(body_of("nginx", tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert "404" in done.stderr


@pytest.mark.parametrize(
    ("says", "status"),
    [
        ('connection to server on socket "/x" failed: No such file or directory', 69),
        ("connection to server failed: Connection refused", 69),
        ('FATAL:  role "nobody" does not exist', 77),
        ("fe_sendauth: no password supplied", 77),
        ("ERROR:  syntax error", 1),
    ],
)
def test_postgresql_that_does_not_answer(run: Run, tmp_path: Path, says: str, status: int) -> None:
    program(tmp_path, "id", "echo 1000")
    program(tmp_path, "psql", f"echo '{says}' >&2; exit 2")
    done = run(body_of("postgresql", tmp_path))
    assert (done.returncode, done.stdout, done.stderr.strip()) == (status, "", says)


def test_postgresql_of_root_is_asked_as_its_owner(run: Run, tmp_path: Path) -> None:
    program(tmp_path, "id", "echo 0")
    program(tmp_path, "su", 'while [ "$1" != -c ]; do shift; done; [ "$3" = postgres ] && exec sh -c "$2"')
    program(
        tmp_path,
        "psql",
        'case $* in *"-X -q -w -c COPY (SELECT"*) echo "state,connections,database"; echo ",5,shop" ;; esac',
    )
    done = run(body_of("postgresql", tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert list(rows(PROBES["postgresql"], done.stdout)[0].values()) == ["shop", None, 5, None, None]


def test_certificates_of_files_and_a_port(run: Run, tmp_path: Path) -> None:
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    subprocess.run([*made, "-subj", "/O=A\tB/CN=a.example", "-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "a.crt")],
                   check=True, capture_output=True)  # fmt: skip
    (tmp_path / "b.crt").write_text("no certificate\n")
    (tmp_path / "hidden").mkdir(mode=0o700)
    body = PROBES["certificate"].body
    start, end = body.index("files='"), body.index("\ncommand -v")
    body = (
        body[:start]
        + f"files='{tmp_path}/*.crt {tmp_path}/hidden/*/cert.pem {tmp_path}/none/*'\nports='localhost:1'\n"
        + body[end:]
    )
    done = run(body, as_nobody=True)
    assert (done.returncode, done.stderr) == (0, "")
    found = {Path(r["place"]).name: r for r in rows(PROBES["certificate"], done.stdout)}
    hidden = ["cert.pem"] if os.geteuid() == 0 else []  # who made the folder may look into it
    assert sorted(found) == sorted(["a.crt", "b.crt", *hidden])
    assert found["a.crt"]["subject"].startswith("CN=a.example,O=A")
    assert found["a.crt"]["expires"] > 1_700_000_000_000_000
    assert found["b.crt"]["expires"] is None


def test_smart(run: Run, tmp_path: Path) -> None:
    program(tmp_path, "id", "echo 0")
    program(tmp_path, "smartctl", SMARTCTL)
    done = run(body_of("smart", tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert [list(r.values()) for r in rows(PROBES["smart"], done.stdout)] == [
        ["/dev/sda", "WDC WD40EFRX-68N32N0", "WD-0123456789", True, 32, 28533 * 3600, 8, 2, 0, None, False],
        ["/dev/nvme0", "Samsung SSD 980 PRO 1TB", "S5GXNF0R000000A", False, 41, 12345 * 3600, None, None, 1007, 103, False],
        ["/dev/bus/0 megaraid,4", "ST4000NM0023", "Z1Z00000", True, 29, None, 3, None, None, None, False],
        ["/dev/sdb", "OLD", None, None, None, None, None, None, None, None, True],
    ]  # fmt: skip


def test_smart_is_for_root(run: Run, tmp_path: Path) -> None:
    program(tmp_path, "id", "echo 1000")
    program(tmp_path, "smartctl", "exit 1")
    done = run(body_of("smart", tmp_path))
    assert (done.returncode, done.stdout) == (77, "")
    assert "sudo = true" in done.stderr


def test_zpool(run: Run, tmp_path: Path) -> None:
    (tmp_path / "spl").mkdir()
    program(tmp_path, "zpool", ZPOOL)
    done = run(body_of("zpool", tmp_path), LIVEDATA_PROC=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(PROBES["zpool"], done.stdout) == ZPOOLS
    # An old one shortens what is large: then the sum is not known.
    done = run(body_of("zpool", tmp_path), LIVEDATA_PROC=str(tmp_path), OLD="y")
    assert rows(PROBES["zpool"], done.stdout) == [{**ZPOOLS[0], "read_errors": None}, ZPOOLS[1]]


DOWN = "echo 'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?' >&2; exit 1"
DENIED = "echo 'permission denied while trying to connect to the Docker daemon socket' >&2; exit 1"
ONE = r"""case $* in 'ps -a --no-trunc --format '*) printf '%b\n' "$(printf '%s' "$5" | sed 's/{{[^}]*}}/x/g')" ;; *) exit 9 ;; esac"""


@pytest.mark.parametrize(
    ("docker", "podman", "status", "count"),
    [(ONE, ONE, 0, 2), (DOWN, ONE, 0, 1), (DOWN, "exit 0", 0, 0), (DENIED, ONE, 77, None), (DOWN, DOWN, 69, None), (ONE, "exit 3", 1, None)],
)  # fmt: skip
def test_containers_of_both_engines(
    run: Run, tmp_path: Path, docker: str, podman: str, status: int, count: int | None
) -> None:
    program(tmp_path, "docker", docker)
    program(tmp_path, "podman", podman)
    done = run(body_of("container", tmp_path))
    assert done.returncode == status
    if count is not None:
        found = rows(PROBES["container"], done.stdout)
        assert len(found) == count
        assert all(list(r.values())[1:] == ["x", "x", "x", "x"] for r in found)


@pytest.mark.parametrize("form", FORMATS)
def test_what_probe_new_writes_works_as_it_is(run: Run, tmp_path: Path, form: str) -> None:
    (tmp_path / "new.sh").write_text(starter(form))
    checker = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run(
        [str(checker), "--norc", str(tmp_path / "new.sh")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
    probe = load_probe(tmp_path / "new.sh")
    done = run(probe.body)
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(probe, done.stdout)
