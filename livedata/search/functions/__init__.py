"""The functions of `eval` and `where`: a closed table, in a file for each kind of value."""

from __future__ import annotations

from . import logic, multi, numbers, texts, times
from .kit import Env, Function

__all__ = ["FUNCTIONS", "Env", "Function"]

FUNCTIONS: dict[str, Function] = {
    **logic.FUNCTIONS,
    **texts.FUNCTIONS,
    **numbers.FUNCTIONS,
    **times.FUNCTIONS,
    **multi.FUNCTIONS,
}
