"""The shapes that parts of commands have: each reads one part at the parser's place, or gives None and takes nothing.

A command's declaration names those that it takes; they are tried in order until the command ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .aggregates import AGGREGATES
from .declare import Declaration, Shape
from .expression import expression as read_expression
from .expression import inner_search
from .parser import Parser
from .tree import (
    Aggregate,
    Assign,
    Call,
    Clause,
    Expression,
    Key,
    Keyword,
    Name,
    Number,
    Option,
    Part,
    Renamed,
    Subsearch,
    Text,
    Word,
)

OPTION = re.compile(r"(\w[\w.-]*)\s*=(?!=)\s*")
OPTION_VALUE = re.compile(r"""[^\s|"'`\[\],()]+""")
FIELD_WORD = re.compile(r"""[^\s,|"'`\[\]()=]+""")
AGGREGATE = re.compile(r"[A-Za-z_]\w*")
ARGUMENT = re.compile(r"""[^\s,|"'`\[\]()=<>+]+""")
_BLANKS = re.compile(r"(?:\s|```(?:[^`]|`(?!``))*```)+$")
COUNTED = re.compile(r"(?:p|perc|exactperc|upperperc)\d+(?:\.\d+)?")


def option(p: Parser, d: Declaration) -> Option | None:
    """`name=value` of one of the declared options."""
    p.offer("option", (f"{o.name}=" for o in d.options))
    found = OPTION.match(p.text, p.pos)
    known = {o.name.lower(): o for o in d.options}
    if not found or found[1].lower() not in known:
        return None
    return _option(p, found, known[found[1].lower()].name, known[found[1].lower()].kind)


def any_option(p: Parser, d: Declaration) -> Option | None:
    """`name=value` of whatever name."""
    found = OPTION.match(p.text, p.pos)
    return _option(p, found, found[1]) if found else None


def _option(p: Parser, found: re.Match[str], name: str, kind: str = "text") -> Option:
    at = p.pos
    p.pos = found.end()
    p.offer("value", () if "|" not in kind else kind.split("|"))
    if kind == "bool":
        p.offer("value", ("true", "false"))
    quoted = p.quoted()
    if quoted is not None:
        return Option(name, quoted, True, at=at)
    if p.peek("("):
        start = p.pos
        end = _closing(p)
        p.pos = end
        value = p.text[start:end]
        p.space()
        return Option(name, value, False, at=at)
    found_value = OPTION_VALUE.match(p.text, p.pos)
    if found_value is None:
        p.fail(f"there is no value behind {name}=")
    bare = found_value.group()
    p.pos = found_value.end()
    if p.peek("("):
        start = p.pos
        p.pos = _closing(p)
        bare += p.text[start : p.pos]
    p.space()
    return Option(name, bare, False, at=at)


def _closing(p: Parser) -> int:
    """The place behind the bracket that closes the one at this place."""
    depth, i = 0, p.pos
    while i < len(p.text):
        char = p.text[i]
        if char in "\"'":
            end = re.compile(rf"{char}(?:[^{char}\\]|\\.)*{char}", re.S).match(p.text, i)
            if not end:
                p.fail(f"the quote {char} is not closed", at=i)
            i = end.end()
            continue
        depth += (char == "(") - (char == ")")
        i += 1
        if depth == 0:
            return i
    return p.fail("the bracket ( is not closed")


def field(p: Parser, d: Declaration) -> Word | None:
    """A field's name, bare or quoted; `*` is a wildcard."""
    at = p.pos
    p.offer("field")
    word = p.word(FIELD_WORD)
    return None if word is None else Word(*word, at=at)


def text(p: Parser, d: Declaration) -> Text | None:
    """A text in double quotes."""
    at = p.pos
    p.offer("text")
    found = p.quoted('"')
    return None if found is None else Text(found, at=at)


def number(p: Parser, d: Declaration) -> Number | None:
    """A whole number."""
    at = p.pos
    p.offer("number")
    found = p.match(re.compile(r"-?\d+(?![\w.{:-])"))
    return None if found is None else Number(found, at=at)


def expression(p: Parser, d: Declaration) -> Expression:
    return read_expression(p)


def assignment(p: Parser, d: Declaration) -> Assign:
    """`field = expression`, with a comma before a further one."""
    at = p.pos
    p.offer("field")
    word = p.word(re.compile(r"""(?:[^\s,|"'`\[\]()=<>+*/%]|(?<=\w)-(?=\w))+"""))
    if word is None:
        p.unexpected(f"in {d.name}")
    p.offer("symbol", ("=",))
    if not p.peek("=") or p.peek("=="):
        p.fail(
            f"{d.name} wants field=expression: there is no = behind {word[0]}", at=at if p.ended() else None
        )
    p.take("=")
    value = read_expression(p)
    if not p.ended() and not p.peek(","):
        p.offer("symbol", (",", "|"))
        p.unexpected("behind an expression")
    return Assign(word[0], value, at=at)


def renamed(p: Parser, d: Declaration) -> Renamed | None:
    """`old AS new`."""
    at = p.pos
    p.offer("field")
    old = p.word(FIELD_WORD)
    if old is None:
        return None
    if not p.keyword("AS"):
        p.pos = at
        return None
    new = p.word(FIELD_WORD)
    if new is None:
        p.unexpected("behind AS")
    return Renamed(old[0], new[0], at=at)


def keywords(*words: str) -> Shape:
    """One of these words, whatever its case."""

    def shape(p: Parser, d: Declaration) -> Keyword | None:
        at = p.pos
        found = p.keyword(*words)
        return Keyword(found, at=at) if found else None

    return shape


def aliased(p: Parser, d: Declaration) -> Clause | None:
    """`AS name`."""
    at = p.pos
    if not p.keyword("AS"):
        return None
    word = p.word(FIELD_WORD)
    if word is None:
        p.unexpected("behind AS")
    return Clause("AS", (Word(*word),), at=at)


def alias(p: Parser) -> str:
    """The name that stands behind `AS`; "" where there is no `AS`."""
    if not p.keyword("AS"):
        return ""
    word = p.word(FIELD_WORD)
    if word is None:
        p.unexpected("behind AS")
    return word[0]


def clause(
    word: str, *shapes: Shape, most: int | None = None
) -> Callable[[Parser, Declaration], Clause | None]:
    """A word and what belongs to it, up to the end or until none of the shapes is there."""

    def shape(p: Parser, d: Declaration) -> Clause | None:
        at = p.pos
        if not p.keyword(word):
            return None
        parts: list[Part] = []
        while not p.ended() and (most is None or len(parts) < most):
            p.take(",")
            part = next((found for s in shapes if (found := s(p, d)) is not None), None)
            if part is None:
                break
            parts.append(part)
        if not parts:
            for s in shapes:
                s(p, d)
            p.unexpected(f"behind {word}")
        return Clause(word, tuple(parts), at=at)

    return shape


by = clause("BY", option, field)
"""`BY field, …` with the options between that the command has."""


def key(p: Parser, d: Declaration) -> Key | None:
    """A field to sort by: `-field`, `+num(field)`."""
    at = p.pos
    p.offer("field")
    sign = next((s for s in "-+" if p.take(s)), "")
    p.offer("field")
    word = p.word(FIELD_WORD)
    if word is None:
        if sign:
            p.unexpected(f"behind {sign}")
        return None
    name, kind = word[0], ""
    if not word[1] and p.peek("("):
        if name.lower() not in {"auto", "num", "str", "ip"}:
            if name.lower() not in AGGREGATES and not COUNTED.fullmatch(name.lower()):
                p.fail(f"{name}() is no way to compare", "there are auto(), num(), str() and ip()", at)
            start = at + len(sign)
            p.pos = _closing(p)
            name = _BLANKS.sub("", p.text[start : p.pos]).lstrip()
            p.space()
            return Key(name, sign == "-", at=at)
        p.take("(")
        kind = name.lower()
        inner = p.word(FIELD_WORD)
        if inner is None:
            p.unexpected("in a sort key")
        name = inner[0]
        p.need(")")
    return Key(name, sign == "-", kind, at=at)


def aggregate(p: Parser, d: Declaration) -> Aggregate | None:
    """`function(field) AS alias`, `function(eval(…))`, or a bare `count`."""
    at = p.pos
    p.offer("aggregate", AGGREGATES)
    name = p.match(AGGREGATE)
    if name is None:
        return None
    low = name.lower()
    if low == "eval" and p.peek("("):
        return _of_aggregates(p, at)
    if low not in AGGREGATES and not COUNTED.fullmatch(low):
        p.pos = at
        return None
    argument: Expression | None = None
    reckoned = False
    rest: list[str] = []
    if p.peek("("):
        p.take("(")
        p.offer("field")
        p.offer("function", ("eval",))
        if not p.peek(")"):
            argument, reckoned = _argument(p, d, low)
            while p.take(","):
                word = p.word(ARGUMENT)
                if word is None:
                    p.unexpected("among arguments")
                rest.append(word[0])
        p.need(")", f" behind what {name} is of")
    written = low + _BLANKS.sub("", p.text[at + len(name) : p.pos])
    return Aggregate(low, argument, alias(p), reckoned, tuple(rest), at=at, written=written)


def _of_aggregates(p: Parser, at: int) -> Aggregate:
    """`eval(expression of aggregates) AS name`."""
    p.take("(")
    value = read_expression(p)
    p.need(")", " behind eval(")
    written = _BLANKS.sub("", p.text[at : p.pos])
    return Aggregate("eval", value, alias(p), False, (), at=at, written=written)


def _argument(p: Parser, d: Declaration, function: str) -> tuple[Expression, bool]:
    at = p.pos
    if re.compile(r"eval\s*\(", re.I).match(p.text, p.pos):
        p.keyword("eval")
        p.take("(")
        value = read_expression(p)
        p.need(")", " behind eval(")
        return value, True
    if function == "sparkline":
        inner = aggregate(p, d)
        if inner is not None:
            return Call(inner.function, (inner.argument,) if inner.argument is not None else (), at=at), False
    word = p.word(ARGUMENT)
    if word is None:
        p.unexpected("in an aggregate")
    if not p.peek(")") and not p.peek(","):
        p.fail(f"{p.met()} in an aggregate", f"an expression stands in eval: {function}(eval(…))")
    return Name(word[0], at=at), False


def subsearch(p: Parser, d: Declaration | None = None) -> Subsearch | None:
    """`[search … | …]`."""
    p.offer("symbol", ("[",))
    return inner_search(p) if p.peek("[") else None


def template(p: Parser, d: Declaration) -> Subsearch | None:
    """`[…]` kept as text, to be read when `<<FIELD>>` in it is known."""
    at = p.pos
    p.offer("symbol", ("[",))
    if not p.peek("["):
        return None
    depth, i = 0, p.pos
    while i < len(p.text):
        char = p.text[i]
        if char == '"':
            quoted = re.compile(r'"(?:[^"\\]|\\.)*"', re.S).match(p.text, i)
            if not quoted:
                p.fail('the quote " is not closed', at=i)
            i = quoted.end()
            continue
        depth += (char == "[") - (char == "]")
        i += 1
        if depth == 0:
            inner = p.text[p.pos + 1 : i - 1].strip()
            p.pos = i
            p.space()
            return Subsearch(None, inner, at=at)
    return p.fail("the bracket [ is not closed", at=at)
