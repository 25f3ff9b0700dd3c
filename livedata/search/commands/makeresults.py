"""`makeresults`: rows out of nothing, to try things with."""

from __future__ import annotations

from .. import sql
from ..arguments import truth, whole
from ..declare import Declaration, Opt
from ..frame import Field, Frame, Order, Step
from ..shapes import option
from ..tree import Command
from ..values import timestamp

MOST = 1_000_000


def compile_makeresults(frame: Frame, command: Command) -> Frame:
    build = frame.build
    count = whole(frame, command, command.option("count", "1"))
    if not 0 <= count <= MOST:
        frame.fail(command.at, f"count is from 0 to {MOST:,}")
    if command.option("data") or command.option("format"):
        frame.fail(command.at, "data and format of makeresults are not there", "eval and mvexpand make rows")
    row, time = build.fresh("row"), build.fresh("_time")
    step = Step([], passes=False)
    step.items = {row: sql.fn("unnest", sql.fn("range", sql.number(count)))}
    frame.step = step
    frame.close()
    frame.step.items[time] = timestamp(build.world.now_us // 1_000_000 * 1_000_000)
    frame.close()
    frame.tabled({"_time": Field(time, "time")}, [Order(row)])
    frame.events = True
    if truth(command, "annotate"):
        for name in ("_raw", "host", "source", "sourcetype", "splunk_server", "splunk_server_group"):
            frame.fields[name] = Field(frame.item(name, sql.null()), "text")
    frame.events = False
    return frame


COMMAND = Declaration(
    "makeresults",
    "Rows out of nothing, to try things with",
    "makeresults [count=COUNT] [annotate=BOOL]",
    (option,),
    compile_makeresults,
    options=(
        Opt("count", "int", "1", "How many"),
        Opt("annotate", "bool", "false", "Whether they have the fields of events, all null"),
        Opt("splunk_server", "text", "", "Taken"),
        Opt("data", "text", "", "Not here"),
        Opt("format", "text", "", "Not here"),
    ),
    generates=True,
    examples=('| makeresults | eval x = "a b c" | table x',),
)
