"""What is built carries probes and the example inventory, and runs from any folder in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from livedata import __version__

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that was built from it alone."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def installed(built: Path) -> Path:
    """The `bin` of an environment in which the wheel is installed, with this environment's packages beside it."""
    environment = built / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin/python"
    wheel = next(built.glob("*.whl"))
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "-qq",
        "--no-deps",
        "--no-index",
        str(wheel),
    ]
    subprocess.run(pip, check=True)
    (site,) = environment.glob("lib/python*/site-packages")
    # A folder named by a .pth file is searched, but .pth files in it are not read: an editable livedata stays unseen.
    (site / "beside.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment / "bin"


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("LIVEDATA_", "XDG_", "PYTHON"))}
    return subprocess.run(
        [str(installed / "livedata"), *arguments], env={**environ, "HOME": str(folder)},
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip


def test_probes_and_example_travel(built: Path) -> None:
    probes = {path.name: path.read_bytes() for path in (ROOT / "probes").glob("*.sh")}
    assert probes
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
        assert {Path(n).name: wheel.read(n) for n in names if n.startswith("livedata/_probes/")} == probes
        assert (
            wheel.read("livedata/_inventory.example.toml") == (ROOT / "inventory.example.toml").read_bytes()
        )
        modules = {str(path.relative_to(ROOT)) for path in (ROOT / "livedata").rglob("*.py")}
        assert modules <= names
        assert {n.split("/")[0] for n in names} == {"livedata", f"livedata-{__version__}.dist-info"}
    with tarfile.open(next(built.glob("*.tar.gz"))) as source:
        assert not [n for n in source.getnames() if "/tests/" in n or "/.venv/" in n]


def test_it_runs_from_any_folder(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "--version").stdout == f"livedata {__version__}\n"
    where = "import livedata, sys; print(livedata.__file__)"
    found = subprocess.run(
        [str(installed / "python"), "-P", "-c", where], capture_output=True, text=True, check=True, cwd="/"
    )
    assert found.stdout.startswith(str(installed.parent))
    (tmp_path / "inventory.toml").write_text(
        '[hosts.web-01]\naddress = "192.0.2.7"\n[hosts.here]\ntransport = "local"\n'
    )
    hosts = run(installed, tmp_path, "fleet", "hosts", "-i", "inventory.toml").stdout
    assert "web-01" in hosts
    assert "192.0.2.7" in hosts


def test_its_own_probes_collect(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "inventory.toml").write_text('[hosts.here]\ntransport = "local"\n')
    options = ("-i", "inventory.toml", "--store", "store")
    run(installed, tmp_path, "fleet", "snapshot", *options)
    asked = "SELECT probe, outcome FROM scrape ORDER BY probe"
    rows = json.loads(
        run(installed, tmp_path, "fleet", "query", asked, "--format", "json", "--store", "store").stdout
    )
    outcomes = {row["probe"]: row["outcome"] for row in rows}
    assert {path.stem for path in (ROOT / "probes").glob("*.sh")} <= set(outcomes)
    assert {outcomes[name] for name in ("cpu", "memory", "process", "os")} == {"ok"}
