"""Words that SQL keeps for itself: a column or table called so could not be written bare in a query.

DuckDB's `reserved` keywords and those of its `type_function` ones that are no `column_name` too; a test compares the
list with what the engine itself says and takes, so that this package need not load it.
"""

from __future__ import annotations

_WORDS = """
    all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case cast check
    collate collation column concurrently constraint create cross default deferrable desc describe distinct do else
    end except false fetch for foreign freeze from full glob group having ilike in initially inner intersect into is
    isnull join lambda lateral leading left like limit natural not notnull null offset on only or order outer overlaps
    pivot pivot_longer pivot_wider placing positional primary qualify references returning right select semi show
    similar some summarize symmetric table tablesample then to trailing true union unique unpack unpivot using variadic
    verbose when where window with
"""
RESERVED = frozenset(_WORDS.split())
