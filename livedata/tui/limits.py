"""From where on a value is worth a look, and how old one may be to count as now: the same for marks, states and anomalies."""

from __future__ import annotations

STALE_US = 120_000_000
"""A host whose newest sample is older is stale, and its values are not shown (as `fleet status` has it)."""

BUSY_PCT = 90
"""CPU, mean of a minute."""
PRESSURE_PCT = 40
"""Share of the time in which a task at least waited for CPU, memory or disks."""
USED_MEMORY_PCT = 90
FULL_PCT = 90
"""The fullest file system."""
UTIL_PCT = 90
"""The busiest disk; worth a mark, no anomaly: many serve several requests at once."""
ERRORS_A_MINUTE = 20
"""Log entries of priority error and worse of one host."""
