"""The table `inventory` of a bundle: which hosts there were, with their addresses and labels."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from ..model.batch import Batch, to_arrow
from ..model.host import Host
from ..model.probe import Column, Probe

INVENTORY = Probe(
    name="inventory",
    help="The hosts of a bundle, as the inventory had them when it was made.",
    source="the inventory",
    every=0.0,
    columns=(
        Column("address", 1, "str", "text", "Where it was reached; null where the inventory did not say"),
        Column("labels", 2, "map", "text", "Its labels; null where the inventory did not have the host"),
    ),
)


def inventory_rows(hosts: Sequence[str], known: Sequence[Host], now_us: int) -> pa.RecordBatch:
    """A row for each of the hosts (at least one), with what is known of it."""
    by_name = {host.name: host for host in known}

    def row(name: str) -> tuple[str | None, list[tuple[str, str]] | None]:
        host = by_name.get(name)
        return (host.route.address or None, sorted(host.labels.items())) if host else (None, None)

    return to_arrow([Batch(INVENTORY, name, now_us, [row(name)]) for name in hosts])
