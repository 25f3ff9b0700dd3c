"""A script run under each shell in turn; none may be missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.shells.scripts import SHELLS, Run, become_nobody


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> list[str]:
    words = SHELLS[request.param]
    assert shutil.which(words[0]), f"{words[0]} is missing: the tests' set-up installs it"
    return words


@pytest.fixture
def run(shell: list[str], tmp_path: Path) -> Run:
    """Run a script as the collector does; `bin` holds programs that come before the machine's own."""
    (tmp_path / "bin").mkdir()
    program_path = shutil.which(shell[0])
    assert program_path

    def run(body: str, *, as_nobody: bool = False, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "LC_ALL": "C", "LIVEDATA_PROC": "/proc", "LIVEDATA_SYS": "/sys",
            **variables,
        }  # fmt: skip
        return subprocess.run(
            [program_path, *shell[1:], "-c", body], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=60, check=False, **(become_nobody(tmp_path) if as_nobody else {}),
        )  # fmt: skip

    return run
