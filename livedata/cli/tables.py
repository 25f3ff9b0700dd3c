"""`livedata fleet tables`: what can be asked, from the store's own account and the probes that there are."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .common import StoreOption, configure, say
from .query import FormatOption, choose_format, destination, look


def tables(
    table: Annotated[str | None, typer.Argument(metavar="[TABLE]", help="Show this table's columns")] = None,
    *,
    format_name: FormatOption = None,
    store: StoreOption = None,
) -> None:
    """List the tables, or one table's columns with their types, units and meaning.

    `kept` says whether the store has the table; the others come with the probes and wait to be collected. A column with
    `sql` is reckoned when it is asked for.
    """
    config = configure(store=store)
    from ..model.scrape import SCRAPE
    from ..probe.load import load_probes, own_tables
    from ..query.above import standing
    from ..query.catalogue import cadence, column_list, table_list
    from ..query.formats import FORMATS
    from ..query.source import store_source

    form = choose_format(format_name, None, FORMATS)
    kept = store_source(config.store).definitions()
    known = {SCRAPE.name: SCRAPE, **own_tables(load_probes(config.probes)), **kept}
    above = {name: view.probe for name, view in standing(known).items()}
    known |= above
    if table is None:
        answer = table_list(known, {*kept, *(name for name in above if above[name].source in kept)})
    elif table in known:
        probe = known[table]
        answer = column_list(probe)
        if sys.stdout.isatty():
            say(f"{probe.name}, every {cadence(probe.every) or 'run'}: {probe.help}")
    else:
        from ..errors import UsageError
        from ..query.problems import did_you_mean

        hint = did_you_mean(table, known, "livedata fleet tables lists them")
        raise UsageError(f"there is no table {table!r}", hint=hint)
    with destination(None) as out:
        form.write(answer.schema, answer.to_batches(), out, look(out))
