"""`fleet status`: each host's state, freshness and cost, and each probe's where asked: one query over `scrape`."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import StoreOption, configure

HOSTS = """
WITH s AS (FROM scrape WHERE ts > now() - INTERVAL 1 DAY),
c AS (
  SELECT host, arg_max_null(outcome, ts) AS state, arg_max_null(detail, ts) AS said, max(connect_ms) AS connect_ms,
    arg_max(clock_skew_ms, ts) AS skew
  FROM s WHERE probe = 'connect' AND outcome <> 'missed' GROUP BY host),
p AS (
  SELECT host, max(ts) FILTER (outcome = 'ok') AS fresh, arg_max(clock_skew_ms, ts) AS skew FROM s
  WHERE probe <> 'connect' GROUP BY host),
h AS (
  SELECT host, sum(remote_cpu_ms) AS cpu_ms, sum(bytes) AS bytes, median(rtt_ms) AS rtt_ms,
    nullif(epoch_ms(max(ts)) - epoch_ms(min(ts)), 0) AS span_ms
  FROM s WHERE ts > now() - INTERVAL 1 HOUR AND probe <> 'connect' GROUP BY host),
l AS (SELECT host, probe, arg_max_null(outcome, ts) AS outcome FROM s WHERE probe <> 'connect' GROUP BY host, probe),
o AS (
  SELECT host, outcome, count(*) AS n, string_agg(probe, ', ' ORDER BY probe) AS names FROM l
  WHERE outcome NOT IN ('ok', 'unsupported', 'missed') OR (probe = 'budget' AND outcome = 'missed') GROUP BY host, outcome),
b AS (
  SELECT host, string_agg(outcome || ': ' || CASE WHEN n > 3 THEN n || ' probes' ELSE names END, '; ' ORDER BY outcome)
    AS troubled FROM o GROUP BY host)
{logs}
SELECT c.host, CASE WHEN c.state = 'ok' AND (p.fresh IS NULL OR p.fresh < now() - INTERVAL 2 MINUTE) THEN 'stale'
    ELSE c.state END AS state,
  round(epoch_ms(now()) / 1000.0 - epoch_ms(p.fresh) / 1000.0)::BIGINT AS age_s,
  round(100.0 * h.cpu_ms / h.span_ms, 2) AS host_cpu_pct,
  round(60.0 * h.bytes / h.span_ms, 1) AS kb_per_minute,
  round(h.rtt_ms, 1) AS rtt_ms, p.skew::BIGINT AS clock_skew_ms,
  g.log_since, CASE WHEN c.state = 'ok' THEN b.troubled ELSE c.said END AS trouble
FROM c LEFT JOIN p USING (host) LEFT JOIN h USING (host) LEFT JOIN b USING (host) LEFT JOIN g USING (host)
ORDER BY c.state = 'ok', c.host
"""

LOGS = ", g AS (SELECT host, date_trunc('second', min(ts)) AS log_since FROM log GROUP BY host)"
NO_LOGS = ", g AS (SELECT NULL AS host, NULL::TIMESTAMPTZ AS log_since)"
"""How far back each host's log reaches; a store need not have one."""

PROBES = """
WITH s AS (FROM scrape WHERE ts > now() - INTERVAL 1 HOUR AND probe <> 'connect')
SELECT host, probe, arg_max_null(outcome, ts) AS outcome, count(*) AS runs, count(*) FILTER (NOT ok) AS not_ok,
  round(avg(remote_cpu_ms), 2) AS host_cpu_ms, round(avg(bytes))::BIGINT AS bytes, round(avg(rows), 1) AS rows_kept,
  round(median(wall_ms), 1) AS wall_ms, arg_max_null(detail, ts) AS detail
FROM s GROUP BY host, probe ORDER BY host, probe
"""


def status(
    probes: Annotated[
        bool, typer.Option("--probes", help="Each probe of the last hour: outcome and cost")
    ] = False,
    format_name: Annotated[
        str | None, typer.Option("--format", "-f", metavar="FORMAT", help="As of fleet query")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Show each host's state, how old its newest sample is, and what asking costs it.

    A host whose newest sample is older than 2 minutes is `stale`; otherwise `state` is the last session's outcome.
    `log_since` is how far back its log reaches. `host_cpu_pct` is the share of one core that the probes took there in the last hour (sshd's own not included).
    """
    from ..query.engine import Limits, store_source, stream
    from ..query.formats import FORMATS
    from .query import choose_format, destination, look

    config = configure(store=store)
    form = choose_format(format_name, None, FORMATS)
    source = store_source(config.store)
    sql = PROBES if probes else HOSTS.replace("{logs}", LOGS if "log" in source.definitions() else NO_LOGS)
    with (
        stream(source, sql, limits=Limits(config.query_seconds, config.query_memory)) as (
            schema,
            batches,
        ),
        destination(None) as out,
    ):
        form.write(schema, batches, out, look(out))
