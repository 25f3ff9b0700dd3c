"""What DuckDB's functions mean for rollups: which sum up, which keep to their arguments, which are the same in a whole bucket.

Tables of names; one that is not here is taken for a stranger, and the question is answered from the rows themselves.
"""

from __future__ import annotations

from collections.abc import Mapping

MINUTE, HOUR, DAY = 60, 3600, 86_400
UNITS: Mapping[str, int] = {
    **dict.fromkeys(("minute", "minutes", "min", "mins", "m"), MINUTE),
    **dict.fromkeys(("hour", "hours", "hr", "hrs", "h"), HOUR),
    **dict.fromkeys(
        ("day", "days", "d", "dayofmonth", "dow", "dayofweek", "weekday", "isodow", "doy", "dayofyear", "week", "weeks",
         "w", "weekofyear", "isoyear", "yearweek", "month", "months", "mon", "mons", "quarter", "quarters", "year",
         "years", "yr", "yrs", "y", "decade", "decades", "century", "centuries", "era"),
        DAY,
    ),
}  # fmt: skip
"""What `date_trunc` and `date_part` cut to, and the seconds within which it does not change (UTC)."""
UNIT_FUNCTIONS = frozenset({"date_trunc", "datetrunc", "date_part", "datepart"})
CALENDAR: Mapping[str, int] = {
    "minute": MINUTE,
    "hour": HOUR,
    **dict.fromkeys(
        ("day", "dayofmonth", "dayofweek", "weekday", "isodow", "dayofyear", "week", "weekofyear", "isoyear", "yearweek",
         "month", "quarter", "year", "decade", "century", "era", "dayname", "monthname", "last_day"),
        DAY,
    ),
}  # fmt: skip
"""Functions of a time, and the seconds within which they do not change."""

AGGREGATES = frozenset({"count", "count_star", "sum", "avg", "mean", "min", "max"})
PLAIN = frozenset(
    {"+", "-", "*", "/", "//", "%", "**", "^", "||", "~~", "!~~", "~~*", "!~~*", "^@", "abs", "age", "ceil", "ceiling",
     "concat", "concat_ws", "contains", "date_diff", "datediff", "date_part", "date_trunc", "ends_with", "epoch", "epoch_ms",
     "epoch_us", "exp", "fdiv", "floor", "format", "format_bytes", "formatreadablesize", "formatreadabledecimalsize",
     "greatest", "isfinite", "isnan", "least", "left", "len", "length", "list_contains", "list_value", "ln", "log", "log10",
     "log2", "lower", "lpad", "ltrim", "make_timestamp", "mod", "nullif", "pow", "power", "prefix", "printf",
     "regexp_extract", "regexp_full_match", "regexp_matches", "regexp_replace", "replace", "right", "round", "rpad", "rtrim",
     "sign", "split_part", "sqrt", "starts_with", "strftime", "strip_accents", "strptime", "substr", "substring", "suffix",
     "time_bucket", "to_days", "to_hours", "to_microseconds", "to_milliseconds", "to_minutes", "to_months", "to_seconds",
     "to_timestamp", "to_weeks", "to_years", "trim", "trunc", "upper"}
)  # fmt: skip
"""Functions of nothing but their arguments, row by row: they mean the same over groups of either table."""
CLOCK = frozenset(
    {"now", "today", "current_date", "current_timestamp", "get_current_timestamp", "transaction_timestamp"}
)
"""The same moment in the whole question."""
