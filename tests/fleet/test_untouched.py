"""Asking every probe there is changes no file on a host and leaves no process behind."""

from __future__ import annotations

import pytest

from livedata.probe.load import load_probes
from tests.fleet.host import TestHost, wait_for
from tests.fleet.hosts import Fleet
from tests.fleet.product import Product

CHANGED = (
    "find / \\( -path /proc -o -path /sys -o -path /usr -o -path /var/log \\) -prune"
    " -o -newer /stamp ! -type c -print | sort"
)
"""All but what the kernel, sshd and the journal change by themselves."""
LIVE = ("/run", "/dev")


def changed(host: TestHost) -> list[str]:
    return [path for path in host.exec(CHANGED).splitlines() if not path.startswith(LIVE)]


@pytest.mark.parametrize("kind", ["dash", "bash", "mksh", "busybox", "journal"])
def test_a_host_is_as_it_was(fleet: Fleet, product: Product, kind: str) -> None:
    host = fleet.make("web-01", kind)
    product.hosts(fleet.hosts)
    before = {process.pid for process in host.processes()}
    host.exec("touch /stamp; sleep 0.1")
    product.run("fleet", "snapshot")
    asked = product.ask("SELECT DISTINCT probe FROM scrape WHERE outcome <> 'missed'")
    assert {row["probe"] for row in asked} >= set(load_probes())
    assert changed(host) == []
    wait_for(lambda: {process.pid for process in host.processes()} <= before)
    # That is what it would have shown.
    host.exec("echo x >/home/mon/left; touch /var/left")
    assert {"/home/mon/left", "/var/left"} <= set(changed(host))
