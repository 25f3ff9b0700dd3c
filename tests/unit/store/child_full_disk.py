"""Run by a test as `child_full_disk.py FOLDER` in a mount namespace of its own: a store on a file system that fills up."""

import subprocess
import sys
from pathlib import Path

import pytest
from samples import START_US, read_store, tick

from livedata.errors import StoreError
from livedata.store.writer import Writer

disk = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True)
root = disk / "store"


def count() -> int:
    found = read_store(root, ["load"])["load"]
    assert found.damage == ()
    return found.fresh.num_rows // 2


def fill(writer: Writer) -> None:
    for number in range(1, 10_000):
        writer.append(tick(number), START_US)


with Writer.open(root, purpose="test", now_us=START_US) as writer:
    writer.append(tick(0), START_US)
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * 800_000)
    with pytest.raises(StoreError, match="No space left") as caught:
        fill(writer)
    done = count()
    assert "rows wait in memory" in caught.value.hint
    with pytest.raises(StoreError, match="No space left"):
        writer.append(tick(done), START_US)
    assert count() == done
    with pytest.raises(StoreError, match="No space left"):
        writer.seal(START_US)
    assert count() == done
    ballast.unlink()
    writer.append(tick(done), START_US)
    assert count() == done + 1
    writer.seal(START_US)
    found = read_store(root, ["load"])["load"]
    assert (found.fresh.num_rows, len(found.parts)) == (0, 2)
with Writer.open(root, purpose="test", now_us=START_US) as writer:
    assert writer.warnings == []
    assert writer.state.last["web-0", "load"].counters == {(): (done,)}
print(done)
