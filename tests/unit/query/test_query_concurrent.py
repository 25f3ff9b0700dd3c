"""Questions of other processes while a store is written, sealed and compacted, and while its compactor is killed."""

import subprocess
import sys
import time
from pathlib import Path

from livedata.store import manifest
from livedata.store.layout import Layout
from livedata.store.writer import Writer
from tests.unit.store.samples import START_US
from tests.unit.store.test_store_crash import child, kill

HERE = Path(__file__).parent


def test_answers_are_whole_and_never_go_backwards(tmp_path: Path) -> None:
    root = tmp_path / "store"
    Writer.open(root, purpose="test", now_us=START_US).close()
    with child("writer") as writer, child("compactor") as compactor:
        assert writer.stdin is not None
        assert writer.stdout is not None
        assert compactor.stdin is not None
        print(root, 0, 9, file=writer.stdin, flush=True)
        lines = [writer.stdout.readline() for _ in range(4)]
        asker = subprocess.Popen(
            [sys.executable, str(HERE / "child_asker.py"), str(root), "6"], stdout=subprocess.PIPE, text=True
        )
        while asker.poll() is None:
            print(root, file=compactor.stdin, flush=True)
            time.sleep(0.5)
            kill(compactor, [])
        answers, ticks, _ = map(int, asker.communicate()[0].split())
        kill(writer, lines)
        writer.communicate()
        compactor.communicate()
    assert asker.returncode == 0
    assert answers > 10
    assert ticks > 20
    with manifest.reading(Layout(root)) as listed:
        assert listed is not None
        assert any(s.level for s in listed.segments())
