"""Run by a test as `child_read_only.py STORE` in a mount namespace of its own: a store that nothing can be written to."""

import subprocess
import sys
from pathlib import Path

import pytest
from samples import START_US, read_store

from livedata.errors import StoreError
from livedata.query.engine import ask
from livedata.store.writer import Writer

root = Path(sys.argv[1])
subprocess.run(["mount", "--bind", str(root), str(root)], check=True)
subprocess.run(["mount", "-o", "remount,bind,ro", str(root)], check=True)
with pytest.raises(OSError, match="Read-only"):
    (root / "anything").touch()
content = read_store(root)["load"]
(answer,) = ask(root, "SELECT count(*) AS rows FROM load").table.to_pylist()
with pytest.raises(StoreError, match="Read-only file system") as caught:
    Writer.open(root, purpose="test", now_us=START_US)
assert "mount it writable" in caught.value.hint
print(len(content.parts), content.fresh.num_rows, answer["rows"])
