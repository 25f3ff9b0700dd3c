"""`addinfo`: what time the search is about."""

from __future__ import annotations

from ..declare import Declaration
from ..frame import Frame
from ..tree import Command
from ..values import of_number, of_text


def compile_addinfo(frame: Frame, command: Command) -> Frame:
    since, until = frame.build.told or frame.build.span
    now = frame.build.world.now_us
    frame.put("info_min_time", of_number((since or 0) / 1_000_000))
    frame.put("info_max_time", of_number((now if until is None else until) / 1_000_000))
    frame.put("info_search_time", of_number(now / 1_000_000))
    frame.put("info_sid", of_text("livedata"))
    return frame


COMMAND = Declaration(
    "addinfo",
    "What time the search is about, as fields",
    "addinfo",
    (),
    compile_addinfo,
    examples=("* | addinfo | table info_min_time info_max_time",),
)
