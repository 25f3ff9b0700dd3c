"""The parallel-ssh contender, a process of its own: a connection to each host that stays, an exec channel a tick.

`python fetching.py PLAN` reads lines from standard input; at each it runs the command on every host, drops what comes
and answers with a line of JSON: how many bytes came. It needs parallel-ssh, nothing of livedata.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pssh.clients import ParallelSSHClient
from pssh.config import HostConfig


def main() -> None:
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    settings = [
        HostConfig(user=plan["user"], port=port, private_key=plan["key"]) for _, port in plan["hosts"]
    ]
    client = ParallelSSHClient(["127.0.0.1"] * len(settings), host_config=settings, pool_size=100)
    while sys.stdin.readline():
        output = client.run_command(plan["command"])
        count = sum(len(line) + 1 for host in output for line in host.stdout)
        client.join()
        print(json.dumps({"answer_bytes": count}), flush=True)


if __name__ == "__main__":
    main()
