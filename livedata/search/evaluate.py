"""Compiles expressions of `eval` and `where` over the fields of a frame."""

from __future__ import annotations

from typing import NoReturn

from sqlglot import exp

from . import sql
from .errors import suggestion
from .frame import Frame
from .functions import FUNCTIONS, Env
from .functions.logic import like
from .tree import Binary, Call, Expression, Member, Name, Number, Subsearch, Text, Unary
from .values import NULL, Value, as_list, as_number, as_text, as_truth, compared, of_number, of_text

DEEPEST = 180
"""Operators and calls within one another."""


def evaluate(frame: Frame, node: Expression) -> Value:
    """The value of an expression. Raises SearchError."""
    return _Evaluation(frame, {}).value(node)


def evaluate_with(frame: Frame, node: Expression, bound: dict[str, Value]) -> Value:
    """The same where some fields stand for other values."""
    return _Evaluation(frame, bound).value(node)


def condition(frame: Frame, node: Expression) -> sql.Sql:
    """An expression as a condition."""
    return as_truth(evaluate(frame, node))


class _Evaluation:
    """`bound`: fields that stand for something else here (a value of a multivalue field within `mvfilter`)."""

    def __init__(self, frame: Frame, bound: dict[str, Value]) -> None:
        self.frame = frame
        self.bound = bound
        self.depth = 0

    def value(self, node: Expression) -> Value:
        self.depth += 1
        if self.depth > DEEPEST:
            self.frame.fail(
                node.at,
                "an expression has too many operators within one another",
                "split it into several eval",
            )
        try:
            return self._value(node)
        finally:
            self.depth -= 1

    def _value(self, node: Expression) -> Value:
        match node:
            case Number(text=text):
                return of_number(text)
            case Text(value=value):
                return of_text(value)
            case Name(name=name):
                return self.bound[name] if name in self.bound else self._field(name, node.at)
            case Unary(operator="NOT", operand=operand):
                return Value(sql.negated(as_truth(self.value(operand))), "bool")
            case Unary(operand=operand):
                inner = self.value(operand)
                return Value(
                    sql.op("-", sql.number(0), as_number(inner)), "int" if inner.kind == "int" else "num"
                )
            case Member(operand=operand, values=values):
                left = self.value(operand)
                return Value(sql.either(compared("=", left, self.value(v)) for v in values), "bool")
            case Binary():
                return self._binary(node)
            case Call():
                return self._call(node)
            case Subsearch():
                return self._scalar(node)

    def _field(self, name: str, at: int) -> Value:
        if name in ("true", "false") and name not in self.frame.fields:
            return Value(sql.true() if name == "true" else sql.false(), "bool")
        return self.frame.value(name, at)

    def _binary(self, node: Binary) -> Value:
        operator = node.operator
        left, right = self.value(node.left), self.value(node.right)
        if operator in {"AND", "OR"}:
            join = sql.both if operator == "AND" else sql.either
            return Value(join([as_truth(left), as_truth(right)]), "bool")
        if operator == "XOR":
            return Value(sql.op("!=", as_truth(left), as_truth(right)), "bool")
        if operator == "LIKE":
            return like(left, right)
        if operator == ".":
            return Value(sql.op("||", as_text(left), as_text(right)), "text")
        if operator in "+-*/%":
            return self._arithmetic(operator, left, right)
        return Value(compared(operator, left, right), "bool")

    def _arithmetic(self, operator: str, left: Value, right: Value) -> Value:
        if "null" in (left.kind, right.kind):
            return NULL
        wordy = [
            isinstance(v.constant, str) and as_number(v).find(exp.Null) is not None for v in (left, right)
        ]
        if operator == "+" and (all(wordy) or (any(wordy) and "text" in (left.kind, right.kind))):
            return Value(sql.op("||", as_text(left), as_text(right)), "text")
        a, b = as_number(left), as_number(right)
        if operator == "+" and left.kind == right.kind == "text":
            # Two texts are joined where they are no numbers.
            joined = sql.op("||", as_text(left), as_text(right))
            return Value(sql.fn("coalesce", as_text(Value(sql.op("+", a, b), "num")), joined), "text")
        both_whole = left.kind == right.kind == "int"
        if operator in "/%" and not right.constant:
            b = sql.fn("nullif", b, sql.number(0))
        if operator == "/":
            a = sql.cast(a, "DOUBLE")
        made = sql.op(operator, a, b)
        constant = _reckoned(operator, left.constant, right.constant)
        return Value(made, "int" if both_whole and operator != "/" else "num", constant)

    def _call(self, node: Call) -> Value:
        function = FUNCTIONS.get(node.function)
        if function is None:
            self._unknown(node)
        given = len(node.arguments)
        if given < function.least or (function.most is not None and given > function.most):
            self.frame.fail(
                node.at,
                f"{node.function}() does not take {given} argument{'' if given == 1 else 's'}",
                f"it is {function.syntax}",
            )
        env = Env(self.value, self.frame.fail, self._element, self.frame.build.world.now_us, self._term)
        return function.build(env, node)

    def _unknown(self, node: Call) -> NoReturn:
        hint = REFUSED_FUNCTIONS.get(node.function) or suggestion(
            node.function, FUNCTIONS, "livedata fleet search --help-command functions lists them"
        )
        self.frame.fail(node.at, f"there is no function {node.function}()", hint)

    def _scalar(self, node: Subsearch) -> Value:
        """The value that a subsearch returns: of its one field, in its first row."""
        build = self.frame.build
        if node.pipeline is None or build.subsearch:
            self.frame.fail(node.at, "a subsearch can't stand here")
        inner = build.compile(build, node.pipeline)
        if len(inner.fields) != 1:
            self.frame.fail(
                node.at,
                "a subsearch in an expression gives one value",
                "for example: [search … | stats count | return $count]",
            )
        field = next(iter(inner.fields.values()))
        inner.first(1)
        step = inner.close()
        select = exp.Select(expressions=[sql.column(field.column)]).from_(exp.to_table(step))
        return Value(exp.Subquery(this=select), field.kind)

    def _element(self, node: Expression, at: int) -> tuple[Value, Value]:
        """What `mvfilter` and `mvmap` are of: the one field in the expression, and the expression of one of its values."""
        names = list(dict.fromkeys(_names(node)))
        lists = [n for n in names if n not in self.bound and self._field(n, at).kind == "list"] or names[:1]
        if len(lists) != 1:
            self.frame.fail(
                at, "there must be one multivalue field in it", 'for example: mvfilter(match(field, "x"))'
            )
        inner = _Evaluation(self.frame, {**self.bound, lists[0]: Value(sql.variable("v"), "text")})
        return Value(as_list(self._field(lists[0], at)), "list"), inner.value(node)

    def _term(self, node: Expression) -> Value:
        from .grammar import parser_of
        from .match import matching
        from .terms import terms

        found = self.value(node).constant
        if not isinstance(found, str):
            self.frame.fail(node.at, "searchmatch() wants a search in quotes")
        p = parser_of(found)
        p.space()
        return Value(matching(self.frame, terms(p, lambda q: q.fail("a subsearch can't stand here"))), "bool")


REFUSED_FUNCTIONS = {
    "lookup": "use the command: | lookup NAME field OUTPUT other",
    "commands": "it reads Splunk's own searches",
    "mvreverse": "there is no such function; mvindex can count from the end",
}


def _reckoned(operator: str, left: str | float | None, right: str | float | None) -> float | None:
    if not isinstance(left, float) or not isinstance(right, float):
        return None
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right if right else None
    return None


def _names(node: Expression) -> list[str]:
    """The fields in an expression, in order."""
    match node:
        case Name(name=name):
            return [name]
        case Unary(operand=operand):
            return _names(operand)
        case Binary(left=left, right=right):
            return _names(left) + _names(right)
        case Member(operand=operand, values=values):
            return _names(operand) + [n for v in values for n in _names(v)]
        case Call(arguments=arguments):
            return [n for a in arguments for n in _names(a)]
    return []
