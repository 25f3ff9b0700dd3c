"""What is built carries the probes and the example inventory, nothing else of the checkout, and runs from any folder."""

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
    call(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    return folder


@pytest.fixture
def installed(built: Path, tmp_path: Path) -> Path:
    """The `bin` of an environment in which the wheel is installed, with this environment's packages beside it."""
    environment = tmp_path / "environment"
    call(sys.executable, "-m", "venv", "--without-pip", environment)
    pip = (sys.executable, "-m", "pip", "--python", environment / "bin/python", "install", "--no-deps")
    call(*pip, "--no-index", wheel_in(built))
    (site,) = environment.glob("lib/python*/site-packages")
    # A folder named by a .pth file is searched, but .pth files in it are not read: an editable livedata stays unseen.
    (site / "beside.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment / "bin"


def call(*command: str | Path, **environ: str) -> None:
    """Run a command. Raises AssertionError with what it said when it fails."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LIVEDATA_", "PYTHONPATH", "PIPX_"))}
    done = subprocess.run(command, env=kept | environ, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr


def wheel_in(folder: Path) -> Path:
    (wheel,) = folder.glob("*.whl")
    return wheel


def files(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def bare(program: Path, home: Path, *arguments: str) -> str:
    """What livedata prints where nothing is set but HOME and PATH, and nothing lies around."""
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [program, *arguments], env={"PATH": "/usr/bin:/bin", "HOME": str(home)},
        cwd=home, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def try_out(program: Path, home: Path) -> None:
    """What a newcomer does first, on this machine, without an inventory."""
    assert bare(program, home, "--version") == f"livedata {__version__}\n"
    probes = {path.stem for path in (ROOT / "probes").glob("*.sh")}
    tables = json.loads(bare(program, home, "fleet", "tables", "--format", "json"))
    feeders = {name for name in probes if "\n# into " in (ROOT / "probes" / f"{name}.sh").read_text()}
    assert probes - feeders <= {row["name"] for row in tables}
    assert bare(program, home, "fleet", "snapshot") == ""
    asked = "SELECT probe, outcome FROM scrape"
    outcomes = {
        row["probe"]: row["outcome"]
        for row in json.loads(bare(program, home, "fleet", "query", asked, "--format", "json"))
    }
    assert probes <= set(outcomes)
    assert {outcomes[name] for name in ("cpu", "memory", "process", "os")} == {"ok"}
    total = "SELECT total_bytes FROM memory"
    assert int(bare(program, home, "fleet", "query", total, "--format", "csv").split()[1]) > 0


def test_the_wheel_carries_the_package_its_probes_and_the_example_and_no_more(built: Path) -> None:
    names = files(wheel_in(built))
    probes = {path.name: path.read_bytes() for path in (ROOT / "probes").glob("*.sh")}
    assert probes
    assert {Path(n).name: names[n] for n in names if n.startswith("livedata/_probes/")} == probes
    assert names["livedata/_inventory.example.toml"] == (ROOT / "inventory.example.toml").read_bytes()
    modules = {str(path.relative_to(ROOT)): path.read_bytes() for path in (ROOT / "livedata").rglob("*.py")}
    assert {n: text for n, text in names.items() if n.endswith(".py")} == modules
    assert {n.split("/")[0] for n in names} == {"livedata", f"livedata-{__version__}.dist-info"}


def test_the_sdist_has_all_that_is_built_from_and_no_more(built: Path, tmp_path: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        tops = {Path(name).parts[1] for name in archive.getnames()}
    made = {"PKG-INFO", ".gitignore"}
    assert tops - made == {
        "livedata",
        "probes",
        "inventory.example.toml",
        "pyproject.toml",
        "README.md",
        "LICENSE",
    }
    call(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", tmp_path, ROOT)
    assert files(wheel_in(tmp_path)) == files(wheel_in(built))


def test_the_wheel_runs_from_any_folder(installed: Path, tmp_path: Path) -> None:
    where: list[str | Path] = [installed / "python", "-P", "-c", "import livedata; print(livedata.__file__)"]
    found = subprocess.run(where, capture_output=True, text=True, check=True, cwd="/").stdout
    assert found.startswith(str(installed.parent))
    try_out(installed / "livedata", tmp_path / "home")


@pytest.mark.slow
def test_pip_installs_it_with_all_that_it_needs(built: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    call(sys.executable, "-m", "venv", environment)
    call(environment / "bin/pip", "install", "-qq", wheel_in(built))
    try_out(environment / "bin/livedata", tmp_path / "home")


@pytest.mark.slow
def test_pipx_installs_it_from_a_checkout(tmp_path: Path) -> None:
    call(sys.executable, "-m", "venv", tmp_path / "pipx")
    call(tmp_path / "pipx/bin/pip", "install", "-qq", "pipx")
    call(
        tmp_path / "pipx/bin/pipx", "install", ROOT,
        PIPX_HOME=str(tmp_path / "home of pipx"), PIPX_BIN_DIR=str(tmp_path / "bin"), PIPX_MAN_DIR=str(tmp_path / "man"),
    )  # fmt: skip
    try_out(tmp_path / "bin/livedata", tmp_path / "home")
