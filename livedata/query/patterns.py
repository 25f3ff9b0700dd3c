"""What hosts' messages are made of: the templates of `log`, how often each came, on how many hosts, since when.

SQL as text. An example of each is looked up where it lies: to take one along while counting would read every message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

ORDERS = {
    "count": "count DESC, template",
    "hosts": "hosts DESC, count DESC, template",
    "first": "first DESC, template",
    "last": "last DESC, template",
}


def patterns_sql(
    *,
    since_us: int | None = None,
    new: bool = False,
    only_one_host: bool = False,
    unit: str | None = None,
    priority: int | None = None,
    order: str = "count",
    limit: int | None = None,
) -> str:
    """A row a template, with the host and the time of its last message.

    `since_us`, microseconds UTC: what is counted begins then; with `new` only templates that never came before. `unit` is a LIKE pattern for
    the unit or the identifier, `priority` the least grave that counts (0 is the gravest).
    """
    from .views import literal, timestamp_sql

    where, having = ["template IS NOT NULL"], list[str]()
    if since_us is not None:
        (having if new else where).append(f"{'min(ts)' if new else 'ts'} >= {timestamp_sql(since_us)}")
    if unit is not None:
        where.append(f"(unit LIKE {literal(unit)} OR identifier LIKE {literal(unit)})")
    if priority is not None:
        where.append(f"priority <= {priority}")
    if only_one_host:
        having.append("min(host) = max(host)")
    return (
        "SELECT count(*) AS count, count(DISTINCT host) AS hosts, min(ts) AS first, max(ts) AS last, arg_max(host, ts) AS last_host, "
        f"left(md5(template), 12) AS template_id, template FROM log WHERE {' AND '.join(where)} GROUP BY template"
        f"{' HAVING ' + ' AND '.join(having) if having else ''} ORDER BY {ORDERS[order]}{f' LIMIT {limit}' if limit else ''}"
    )


def examples_sql(found: pa.Table) -> str:
    """The last message of each template that `patterns_sql` gave (at least one)."""
    import pyarrow as pa

    from .views import literal, timestamp_sql

    times = [timestamp_sql(us) for us in found["last"].unique().cast(pa.int64()).to_pylist()]
    hosts = [literal(host) for host in found["last_host"].unique().to_pylist()]
    return (
        "SELECT template, any_value(message) AS example FROM log "
        f"WHERE ts IN ({', '.join(times)}) AND host IN ({', '.join(hosts)}) GROUP BY template"
    )


def with_examples(found: pa.Table, examples: pa.Table) -> pa.Table:
    """The templates with their examples; null where one has gone meanwhile."""
    import pyarrow as pa

    known = dict(zip(examples["template"].to_pylist(), examples["example"].to_pylist(), strict=True))
    shown = [known.get(template) for template in found["template"].to_pylist()]
    return found.append_column("example", pa.array(shown, pa.string()))
