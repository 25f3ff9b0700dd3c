"""Every process that hosts had at a moment, put together from its own last row and from who it is."""

from __future__ import annotations

AT = "TIMESTAMPTZ '2026-11-20 03:12:00+00'"
"""Stands in the SQL where the moment comes."""

PROCESSES = f"""
WITH sample AS (
  SELECT host, max(ts) AS sampled, max(ts) FILTER (whole) AS whole_sampled
  FROM scrape
  WHERE probe = 'process' AND whole IS NOT NULL AND ts BETWEEN {AT} - INTERVAL 10 MINUTE AND {AT}
  GROUP BY host
),
seen AS (
  SELECT process.*, coalesce(boot_id, '') AS boot, sampled
  FROM process JOIN sample ON process.host = sample.host AND process.ts BETWEEN whole_sampled AND sampled
  WHERE process.ts BETWEEN {AT} - INTERVAL 10 MINUTE AND {AT}
  QUALIFY row_number() OVER (PARTITION BY process.host, pid, start_seconds ORDER BY process.ts DESC) = 1
),
info AS (
  SELECT host, coalesce(boot_id, '') AS boot, pid, start_seconds, max(ended) AS ended, arg_max(started, ts) AS started, arg_max(uid, ts) AS uid,
    arg_max("user", ts) AS "user", arg_max(command, ts) AS command, arg_max(unit, ts) AS unit, arg_max(container, ts) AS container
  FROM process_info
  WHERE ts BETWEEN {AT} - INTERVAL 370 MINUTE AND {AT}
  GROUP BY ALL
)
SELECT host, pid, coalesce("user", uid::VARCHAR) AS "user",
  CASE WHEN ts = sampled THEN round(cpu_pct, 1) ELSE 0 END AS cpu_pct,
  CASE WHEN ts = sampled THEN round(children_cpu_pct, 1) ELSE 0 END AS children_cpu_pct,
  rss_bytes, state, coalesce(command, '[' || name || ']') AS command, threads, started, unit, container, sampled AS ts
FROM seen LEFT JOIN info USING (host, pid, start_seconds, boot)
WHERE ended IS NULL OR ended <= ts
"""
"""docs/processes.md explains it. Ten minutes hold a whole sample, 370 what every process is."""
