"""Makes SQL expressions: a thin layer over sqlglot's tree that puts brackets where they are needed and shares no node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import reduce

from sqlglot import exp

Sql = exp.Expr

RESERVED = frozenset(
    [
        "all",
        "analyse",
        "analyze",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "asymmetric",
        "both",
        "case",
        "cast",
        "check",
        "collate",
        "column",
        "constraint",
        "create",
        "default",
        "deferrable",
        "desc",
        "describe",
        "distinct",
        "do",
        "else",
        "end",
        "except",
        "false",
        "fetch",
        "for",
        "foreign",
        "from",
        "grant",
        "group",
        "having",
        "in",
        "initially",
        "intersect",
        "into",
        "lambda",
        "lateral",
        "leading",
        "limit",
        "not",
        "null",
        "offset",
        "on",
        "only",
        "or",
        "order",
        "pivot",
        "pivot_longer",
        "pivot_wider",
        "placing",
        "primary",
        "qualify",
        "references",
        "returning",
        "select",
        "show",
        "some",
        "summarize",
        "symmetric",
        "table",
        "then",
        "to",
        "trailing",
        "true",
        "union",
        "unique",
        "unpivot",
        "user",
        "using",
        "variadic",
        "when",
        "where",
        "window",
        "with",
        "values",
        "at",
        "left",
        "right",
        "full",
        "inner",
        "cross",
        "join",
        "natural",
        "outer",
        "anti",
        "semi",
        "asof",
        "positional",
        "sample",
        "tablesample",
    ]
)
_SIMPLE = re.compile(r"[a-z_][a-z0-9_]*")
_LOOSE = (exp.Binary, exp.Not, exp.Neg, exp.Between, exp.In, exp.Is, exp.Lambda, exp.Distinct)


def identifier(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=not _SIMPLE.fullmatch(name) or name in RESERVED)


def column(name: str) -> exp.Column:
    return exp.Column(this=identifier(name))


def own(node: Sql) -> Sql:
    """The node itself where it stands nowhere yet, else a copy."""
    return node.copy() if node.parent is not None else node


def tight(node: Sql) -> Sql:
    """The node, in brackets where an operator beside it could take a part of it."""
    return exp.Paren(this=own(node)) if isinstance(node, _LOOSE) else own(node)


def text(value: str) -> Sql:
    return exp.Literal.string(value)


def number(value: float | int | str) -> Sql:
    written = str(value)
    if written.startswith("-"):
        return exp.Paren(this=exp.Neg(this=exp.Literal.number(written[1:])))
    return exp.Literal.number(written)


def null(kind: str = "VARCHAR") -> Sql:
    return cast(exp.Null(), kind)


def true() -> Sql:
    return exp.Boolean(this=True)


def false() -> Sql:
    return exp.Boolean(this=False)


def fn(name: str, *args: Sql | str | int) -> Sql:
    """A function's call; texts and whole numbers are literals."""
    return exp.Anonymous(this=name, expressions=[_argument(a) for a in args])


def _argument(value: Sql | str | int) -> Sql:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int):
        return number(value)
    return own(value)


def cast(node: Sql, kind: str) -> Sql:
    return exp.Cast(this=own(node), to=exp.DataType.build(kind, dialect="duckdb"))


def try_cast(node: Sql, kind: str) -> Sql:
    return exp.TryCast(this=own(node), to=exp.DataType.build(kind, dialect="duckdb"))


_OPERATORS: dict[str, type[exp.Binary]] = {
    "+": exp.Add, "-": exp.Sub, "*": exp.Mul, "/": exp.Div, "%": exp.Mod, "||": exp.DPipe, "=": exp.EQ, "!=": exp.NEQ, "<": exp.LT,
    "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
}  # fmt: skip


def op(operator: str, left: Sql, right: Sql) -> Sql:
    kind = _OPERATORS[operator]
    first = own(left) if operator in {"+", "*", "||"} and type(left) is kind else tight(left)
    return kind(this=first, expression=tight(right))


def both(parts: Iterable[Sql]) -> Sql:
    """All of them hold; of none: true."""
    kept = [p for p in parts if not _is(p, True)]
    if any(_is(p, False) for p in kept):
        return false()
    return _joined(exp.And, kept, true())


def either(parts: Iterable[Sql]) -> Sql:
    """One of them holds; of none: false."""
    kept = [p for p in parts if not _is(p, False)]
    if any(_is(p, True) for p in kept):
        return true()
    return _joined(exp.Or, kept, false())


def _joined(kind: type[exp.Connector], parts: Sequence[Sql], none: Sql) -> Sql:
    if not parts:
        return none
    if len(parts) == 1:
        return parts[0]
    return reduce(
        lambda a, b: kind(this=a, expression=b),
        (exp.Paren(this=own(p)) if isinstance(p, exp.Connector) else own(p) for p in parts),
    )


def negated(node: Sql) -> Sql:
    if _is(node, True):
        return false()
    if _is(node, False):
        return true()
    return exp.Not(this=tight(node))


def _is(node: Sql, value: bool) -> bool:
    return isinstance(node, exp.Boolean) and node.this is value


def constant_truth(node: Sql) -> bool | None:
    """What a condition is whatever the row is; None where that depends."""
    return node.this if isinstance(node, exp.Boolean) else None


def is_null(node: Sql) -> Sql:
    return exp.Is(this=tight(node), expression=exp.Null())


def not_null(node: Sql) -> Sql:
    return exp.Not(this=exp.Is(this=tight(node), expression=exp.Null()))


def case(branches: Iterable[tuple[Sql, Sql]], otherwise: Sql | None = None) -> Sql:
    ifs = [exp.If(this=own(c), true=own(v)) for c, v in branches]
    return exp.Case(ifs=ifs, default=own(otherwise) if otherwise is not None else None)


def within(node: Sql, values: Iterable[Sql]) -> Sql:
    return exp.In(this=tight(node), expressions=[own(v) for v in values])


def items(*values: Sql) -> Sql:
    """A list."""
    return exp.Array(expressions=[own(v) for v in values])


def struct(**parts: Sql) -> Sql:
    """A struct of named parts."""
    return exp.Struct(
        expressions=[exp.PropertyEQ(this=exp.to_identifier(n), expression=own(v)) for n, v in parts.items()]
    )


def variable(name: str) -> Sql:
    """What a lambda's parameter is within it."""
    return exp.Var(this=name)


def function_of(name: str, body: Sql) -> Sql:
    """`lambda name: body`."""
    return exp.Lambda(this=own(body), expressions=[exp.Var(this=name)])


def ordered(node: Sql, descending: bool = False, nulls_first: bool = False) -> exp.Ordered:
    return exp.Ordered(this=own(node), desc=descending, nulls_first=nulls_first)


def window(
    function: Sql, partition: Sequence[Sql] = (), order: Sequence[exp.Ordered] = (), frame: str = ""
) -> Sql:
    """`function OVER (PARTITION BY … ORDER BY … frame)`."""
    spec = None
    if frame:
        kind, start, end = frame.split(None, 1)[0], *frame.split(None, 1)[1].split(" AND ")
        spec = exp.WindowSpec(
            kind=kind, start=start.rsplit(" ", 1)[0], start_side=start.rsplit(" ", 1)[1], end=end.rsplit(" ", 1)[0] if " " in end else end,
            end_side=end.rsplit(" ", 1)[1] if " " in end else None,
        )  # fmt: skip
    return exp.Window(
        this=own(function), partition_by=[own(p) for p in partition] or None,
        order=exp.Order(expressions=[own(o) for o in order]) if order else None, spec=spec,
    )  # fmt: skip


def filtered(function: Sql, condition: Sql | None) -> Sql:
    """An aggregate of the rows where a condition holds."""
    if condition is None or _is(condition, True):
        return function
    return exp.Filter(this=own(function), expression=exp.Where(this=own(condition)))


def in_order(value: Sql, order: Sequence[exp.Ordered]) -> Sql:
    """An aggregate's argument with the order in which it is taken."""
    return exp.Order(this=own(value), expressions=[own(o) for o in order]) if order else value


def written(node: Sql, pretty: bool = False) -> str:
    """DuckDB's text of it."""
    return node.sql(dialect="duckdb", pretty=pretty, normalize_functions=False)


def columns_of(node: Sql) -> set[str]:
    return {c.name for c in node.find_all(exp.Column)}
