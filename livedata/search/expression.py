"""Reads the expressions of `eval` and `where`: precedence climbing, from OR up to a sign.

Splunk's order, loosest first: OR, XOR, AND, NOT, comparisons with LIKE and IN, `.`, `+ -`, `* / %`, signs.
"""

from __future__ import annotations

import re

from .functions import FUNCTIONS
from .parser import NUMBER, Parser
from .tree import Binary, Call, Expression, Member, Name, Number, Subsearch, Text, Unary

FIELD = re.compile(r"[A-Za-z_@][\w@:]*(?:\{\}[\w@:]*)*")
COMPARISONS = ("==", "!=", "<=", ">=", "=", "<", ">")
LOGICAL = (("OR",), ("XOR",), ("AND",))
ARITHMETIC = ((".",), ("+", "-"), ("*", "/", "%"))
LONGEST_CHAIN = 100
"""Operators of one kind beside one another."""
RESERVED = frozenset({"AND", "OR", "XOR", "NOT", "LIKE", "IN", "AS", "BY"})


def expression(p: Parser) -> Expression:
    """The expression at the parser's place; raises SearchError."""
    return p.nested(lambda: _logical(p, 0))


def _logical(p: Parser, level: int) -> Expression:
    if level == len(LOGICAL):
        return _not(p)
    left = _logical(p, level + 1)
    count = 0
    while word := p.keyword(*LOGICAL[level]):
        count = _counted(p, count)
        left = Binary(word, left, _logical(p, level + 1), at=left.at)
    return left


def _counted(p: Parser, count: int) -> int:
    """One operator more in a row; too many are an error, not a crash."""
    if count >= LONGEST_CHAIN:
        p.fail(
            f"an expression has more than {LONGEST_CHAIN} operators in a row",
            "IN takes a list; several eval take parts",
        )
    return count + 1


def _not(p: Parser) -> Expression:
    at = p.pos
    if p.keyword("NOT"):
        return Unary("NOT", p.nested(lambda: _not(p)), at=at)
    if p.peek("!") and not p.peek("!="):
        p.take("!")
        return Unary("NOT", p.nested(lambda: _not(p)), at=at)
    return _comparison(p)


def _comparison(p: Parser) -> Expression:
    left = _arithmetic(p, 0)
    while True:
        at = p.pos
        p.offer("symbol", ("=", "!=", "<", ">"))
        operator = next((c for c in COMPARISONS if p.peek(c)), None)
        if operator:
            p.take(operator)
            left = Binary("=" if operator == "==" else operator, left, _arithmetic(p, 0), at=at)
        elif p.keyword("LIKE"):
            left = Binary("LIKE", left, _arithmetic(p, 0), at=at)
        elif p.keyword("IN"):
            p.need("(", " behind IN")
            left = Member(left, _arguments(p), at=at)
        elif _at_not_in(p):
            p.keyword("NOT")
            p.keyword("IN")
            p.need("(", " behind IN")
            left = Unary("NOT", Member(left, _arguments(p), at=at), at=at)
        else:
            return left


def _at_not_in(p: Parser) -> bool:
    return re.match(r"not\s+in\s*\(", p.text[p.pos : p.pos + 20], re.I) is not None


def _arithmetic(p: Parser, level: int) -> Expression:
    if level == len(ARITHMETIC):
        return _sign(p)
    left = _arithmetic(p, level + 1)
    count = 0
    while operator := next((o for o in ARITHMETIC[level] if p.peek(o)), None):
        count = _counted(p, count)
        at = p.pos
        p.take(operator)
        left = Binary(operator, left, _arithmetic(p, level + 1), at=at)
    return left


def _sign(p: Parser) -> Expression:
    at = p.pos
    for sign in "-+":
        if p.peek(sign):
            p.take(sign)
            operand = p.nested(lambda: _sign(p))
            if sign == "-" and isinstance(operand, Number) and not operand.text.startswith("-"):
                return Number("-" + operand.text, at=at)
            return operand if sign == "+" else Unary("-", operand, at=at)
    return _primary(p)


def _primary(p: Parser) -> Expression:
    at = p.pos
    p.offer("function", FUNCTIONS)
    p.offer("field")
    if p.peek("("):
        p.take("(")
        inner = expression(p)
        p.need(")")
        return inner
    if p.peek('"'):
        return Text(p.quoted('"') or "", at=at)
    if p.peek("'"):
        return Name(p.quoted("'") or "", at=at)
    if p.peek("["):
        return inner_search(p)
    number = p.match(NUMBER)
    if number is not None:
        return Number(number, at=at)
    if re.match(r"\$\w", p.text[p.pos : p.pos + 2]):
        p.fail("$…$ is a token of a dashboard, which has no value here", "write the value itself")
    if p.peek("<<"):
        p.fail("<<…>> stands for a field within foreach", "write the field itself")
    name = FIELD.match(p.text, p.pos)
    called = name is not None and p.text[name.end() :].lstrip()[:1] == "("
    word = name.group().upper() if name else ""
    if not name or (word in RESERVED and not (called and word in {"LIKE", "IN"})):
        p.unexpected("in an expression")
    p.match(FIELD)
    if p.peek("("):
        p.take("(")
        return Call(name.group().lower(), p.nested(lambda: _arguments(p)), at=at)
    return Name(name.group(), at=at)


def inner_search(p: Parser) -> Subsearch:
    """`[search … | …]`, of which the bracket stands here."""
    at = p.pos
    p.take("[")
    p.within += 1
    pipeline = p.nested(lambda: p.pipeline(p))
    p.within -= 1
    if not p.take("]"):
        p.fail("the bracket [ is not closed", at=at)
    return Subsearch(pipeline, at=at)


def _arguments(p: Parser) -> tuple[Expression, ...]:
    """Expressions up to the closing bracket, which is taken."""
    found: list[Expression] = []
    if p.take(")"):
        return ()
    while True:
        found.append(expression(p))
        if p.take(")"):
            return tuple(found)
        p.offer("symbol", (",", ")"))
        if not p.take(","):
            p.unexpected("among arguments")
