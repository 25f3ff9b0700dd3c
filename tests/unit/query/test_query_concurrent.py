"""Questions of other processes while a store is written, sealed and compacted, and while its compactor is killed."""

import subprocess
import sys
import time
from pathlib import Path

from tests.unit.store.test_store_crash import at_work, begin, kill, levels

HERE = Path(__file__).parent


def test_answers_are_whole_and_never_go_backwards(tmp_path: Path) -> None:
    root = tmp_path / "store"
    with at_work(root, 9) as compactor:
        asker = subprocess.Popen(
            [sys.executable, str(HERE / "child_asker.py"), str(root), "8"], stdout=subprocess.PIPE, text=True
        )
        pause = 0.0
        while asker.poll() is None:
            begin(compactor, root)
            time.sleep(pause := pause + 0.4)  # sooner or later it gets something done, also on a busy machine
            kill(compactor, [])
        answers, ticks, _ = map(int, asker.communicate()[0].split())
    assert asker.returncode == 0
    assert answers > 10
    assert ticks > 20
    assert levels(root) - {0}
