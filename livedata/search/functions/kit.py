"""What the functions of `eval` are made of: their declaration, and what they are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from ..tree import Call, Expression
from ..values import Value


@dataclass(frozen=True, slots=True)
class Env:
    """`value` compiles an argument; `fail` raises at a place of the search (at, problem, hint); `element` compiles an argument in
    which a multivalue field stands for one of its values: gives the list, the condition, and the name of the lambda's parameter."""

    value: Callable[[Expression], Value]
    fail: Callable[[int, str, str], NoReturn]
    element: Callable[[Expression, int], tuple[Value, Value]]
    now_us: int
    term: Callable[[Expression], Value]
    """What a text is as a search: `searchmatch`."""


Build = Callable[[Env, Call], Value]


@dataclass(frozen=True, slots=True)
class Function:
    """`least` and `most` arguments; `example` is an expression, and `gives` what it is, which a test asks the engine."""

    name: str
    syntax: str
    help: str
    least: int
    most: int | None
    build: Build
    example: str = ""
    gives: str | None = None


def of_values(make: Callable[..., Value]) -> Build:
    """A function of nothing but its arguments' values."""

    def build(env: Env, call: Call) -> Value:
        return make(*map(env.value, call.arguments))

    return build


def table(functions: Sequence[Function]) -> dict[str, Function]:
    return {f.name: f for f in functions}


def constant_text(env: Env, call: Call, index: int, what: str) -> str:
    """An argument that must be known when the search is compiled."""
    value = env.value(call.arguments[index])
    if not isinstance(value.constant, str):
        env.fail(
            call.arguments[index].at,
            f"{what} of {call.function}() must be a text in quotes",
            "it can't come from a field",
        )
    return value.constant


def constant_number(env: Env, call: Call, index: int, default: int) -> int:
    """A whole number that must be known when the search is compiled."""
    if len(call.arguments) <= index:
        return default
    value = env.value(call.arguments[index])
    if not isinstance(value.constant, float):
        env.fail(
            call.arguments[index].at, f"{call.function}() wants a number here", "it can't come from a field"
        )
    return int(value.constant)
