"""Reads what `search` looks for: words, phrases and `field=value`, where NOT binds before OR, and OR before AND."""

from __future__ import annotations

import re
from collections.abc import Callable

from .parser import Parser, unescaped
from .tree import Compare, Condition, Either, Every, Negated, OneOf, Subsearch, Term

FIELD = re.compile(r"""([^\s|"'`()\[\]=<>!,]+)\s*(!=|<=|>=|==|=|<|>)\s*""")
QUOTED_FIELD = re.compile(r"""(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\s*(!=|<=|>=|==|=|<|>)\s*""")
MEMBER = re.compile(r"""(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s|"'`()\[\]=<>!,]+))\s+IN\s*(?=\()""", re.I)
VALUE = re.compile(r"""(?:[^\s|"()\[\]\\`,]|\\.)+(?:\[[^\s|"\[\]]*\]|,(?=[^\s|"()\[\]])[^\s|"()\[\]`]+)*""")
WORD = re.compile(r"""(?:[^\s|"()\[\]\\`]|\\.)+""")
LISTED = re.compile(r"""[^\s,"()]+""")
DIRECTIVE = re.compile(r"(TERM|CASE|PREFIX)\(([^()]*)\)")

MOST_TERMS = 2_000

ReadSubsearch = Callable[[Parser], Subsearch]


def terms(p: Parser, subsearch: ReadSubsearch) -> Condition:
    """All terms up to the end of the command; nothing at all is everything."""
    if p.ended():
        p.offer("field")
        p.offer("keyword", ("NOT",))
        return Every(())
    found = p.nested(lambda: _every(p, subsearch))
    if not p.ended():
        p.unexpected("in a search")
    return found


def _done(p: Parser) -> bool:
    return p.ended() or p.peek(")")


def _every(p: Parser, subsearch: ReadSubsearch) -> Condition:
    at = p.pos
    parts = [_either(p, subsearch)]
    while not _done(p):
        if _operator(p, "AND") or p.take(","):
            if _done(p):
                p.unexpected("in a search")
            continue
        parts.append(_either(p, subsearch))
        _few(p, len(parts))
    return parts[0] if len(parts) == 1 else Every(tuple(parts), at=at)


def _either(p: Parser, subsearch: ReadSubsearch) -> Condition:
    at = p.pos
    parts = [_negated(p, subsearch)]
    while _operator(p, "OR"):
        parts.append(_negated(p, subsearch))
        _few(p, len(parts))
    return parts[0] if len(parts) == 1 else Either(tuple(parts), at=at)


def _few(p: Parser, count: int) -> None:
    if count > MOST_TERMS:
        p.fail(
            f"it has more than {MOST_TERMS:,} terms in a row",
            "put them into a lookup: [| inputlookup NAME | fields host]",
        )


def _operator(p: Parser, word: str) -> bool:
    """Takes AND, OR or NOT, which are operators in capitals only."""
    p.offer("keyword", (word,))
    end = p.pos + len(word)
    if p.text[p.pos : end] == word and (end >= len(p.text) or p.text[end] in " \t\r\n()[\"'`"):
        p.pos = end
        p.space()
        return True
    return False


def _negated(p: Parser, subsearch: ReadSubsearch) -> Condition:
    at = p.pos
    if _operator(p, "NOT"):
        return Negated(p.nested(lambda: _negated(p, subsearch)), at=at)
    return _primary(p, subsearch)


def _primary(p: Parser, subsearch: ReadSubsearch) -> Condition:
    at = p.pos
    p.offer("field")
    p.offer("keyword", ("NOT", "(", "["))
    if p.ended() or p.peek(")"):
        p.unexpected("in a search")
    if p.peek("("):
        p.take("(")
        if p.take(")"):
            return Every((), at=at)
        inner = p.nested(lambda: _every(p, subsearch))
        p.need(")")
        return inner
    if p.peek("["):
        return subsearch(p)
    if p.peek("`"):
        p.fail("this macro is not known", "macros stand in searches.toml beside config.toml")
    if found := DIRECTIVE.match(p.text, p.pos):
        p.pos = found.end()
        p.space()
        form, text = found.groups()
        if form == "PREFIX":
            p.fail("PREFIX() works on Splunk's index files", "write the word and a *", at)
        return Term(text.strip().strip('"'), form, at=at)
    if found := MEMBER.match(p.text, p.pos):
        p.pos = found.end()
        name = found[1] or found[2] or found[3]
        p.take("(")
        return OneOf(unescaped(name), _values(p), at=at)
    if found := QUOTED_FIELD.match(p.text, p.pos) or FIELD.match(p.text, p.pos):
        *names, operator = found.groups()
        p.pos = found.end()
        name = unescaped(next(n for n in names if n is not None))
        return _compare(p, name, "=" if operator == "==" else operator, at)
    if p.peek('"'):
        return Term(p.quoted('"') or "", '"', at=at)
    word = p.match(WORD)
    if word is None:
        p.unexpected("in a search")
    if re.fullmatch(r"[<>=!]+.*", word):
        p.fail(f"{word} has no field before it", "write field=value; a text with = goes in quotes", at)
    return Term(word.rstrip(",") or word, at=at)


def _compare(p: Parser, name: str, operator: str, at: int) -> Condition:
    p.space()
    p.offer("value", p.names.get(f"values of {name}", ()))
    if p.peek('"'):
        return Compare(name, operator, p.quoted('"') or "", True, at=at)
    if p.peek("["):
        p.fail(
            "a subsearch can't be the value of a field", f"let it give the field: [search … | return {name}]"
        )
    if re.match(r"\$[\w.]+\$", p.text[p.pos : p.pos + 60]):
        p.fail("$…$ is a token of a dashboard, which has no value here", "write the value itself")
    value = p.match(VALUE)
    if value is None:
        p.fail(f"there is no value behind {name}{operator}", f'{name}="" is one that is empty')
    return Compare(name, operator, unescaped(value), False, at=at)


def _values(p: Parser) -> tuple[str, ...]:
    """The values of `IN (…)`; the bracket that closes them is taken."""
    found: list[str] = []
    while not p.take(")"):
        word = p.word(LISTED)
        if word is None:
            p.offer("symbol", (",", ")"))
            p.unexpected("among values")
        found.append(word[0])
        p.take(",")
    return tuple(found)
