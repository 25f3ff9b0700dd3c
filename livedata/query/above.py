"""Views that stand above tables of the store and come with livedata: what a table's rows say, looked at in another way.

Made within the transaction of a question that names one, over whatever stands in the table's place then: the empty table that the question
is planned with, and after that the table's own view. So a condition on such a view narrows the files of its table.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from ..model.columns import stored_columns
from ..model.probe import Probe
from . import kernel, sshd
from .admit import Admitted


class Above(NamedTuple):
    """`probe` says the view's name and columns; it reads the table `over`, if that has the columns `needs`."""

    probe: Probe
    over: str
    needs: Collection[str]
    sql: Callable[[], str]

    @property
    def name(self) -> str:
        return self.probe.name


ABOVE = (
    Above(kernel.KERNEL_EVENT, "log", kernel.NEEDS, kernel.kernel_event_sql),
    Above(sshd.SSH_LOGIN, "log", sshd.NEEDS, sshd.ssh_login_sql),
)


def standing(definitions: Mapping[str, Probe]) -> dict[str, Above]:
    """Those whose tables there are, by name. A table of the same name goes before."""
    return {
        view.name: view
        for view in ABOVE
        if view.name not in definitions
        and view.over in definitions
        and {*view.needs} <= {column.name for column in stored_columns(definitions[view.over])}
    }


def named_above(definitions: Mapping[str, Probe], admitted: Admitted) -> list[Above]:
    """Those that a question needs."""
    names = {name.lower() for name, _ in admitted.named}
    return [v for v in standing(definitions).values() if v.name in names or admitted.lists_tables]
