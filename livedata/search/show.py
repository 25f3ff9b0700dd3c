"""Writes a tree as the text of a search: what is read from it is the same tree."""

from __future__ import annotations

import re

from .parser import quote
from .tree import (
    Aggregate,
    Assign,
    Binary,
    Call,
    Clause,
    Command,
    Compare,
    Either,
    Every,
    Key,
    Keyword,
    Member,
    Name,
    Negated,
    Node,
    Number,
    OneOf,
    Option,
    Pipeline,
    Renamed,
    Subsearch,
    Term,
    Text,
    Unary,
    Word,
)

_NAME = re.compile(r"[A-Za-z_@][\w@:]*(?:\{\}[\w@:]*)*")
_RESERVED = frozenset({"and", "or", "xor", "not", "like", "in", "as", "by"})
_BARE = re.compile(r"""[^\s,|"'`\[\]()=<>!\\+*/%-][^\s,|"'`\[\]()=<>!\\]*""")
_VALUE = re.compile(r"""[^\s|"'()\[\]\\`,=<>!]+""")
_TERM = re.compile(r"""[^\s|"'()\[\]\\`,=<>!]+""")
_OPERATORS = frozenset({"AND", "OR", "NOT", "IN"})
LISTED = frozenset({"eval", "rename", "fieldformat", "where"})
"""Commands whose parts stand with commas between."""


def show(tree: Pipeline) -> str:
    """The text of a search, in one line."""
    return _pipeline(tree, inner=False)


def _pipeline(tree: Pipeline, *, inner: bool) -> str:
    first, *rest = tree.commands
    text = _command(first)
    if first.name == "search":
        start = text if inner else text.removeprefix("search ").removeprefix("search")
        # A first word that is a command's name must not be taken for the command.
        start = text if re.match(r"(?i)(search|from)\b", start) else start
    else:
        start = f"| {text}"
    return " | ".join([start, *map(_command, rest)]).strip()


def _command(command: Command) -> str:
    if command.name == "search":
        return f"search {_condition(command.where)}".strip() if command.where is not None else "search"
    between = ", " if command.name in LISTED else " "
    parts = [_part(p) for p in command.parts]
    return f"{command.name} {between.join(parts)}".strip()


def _condition(node: Node | None, tight: bool = False) -> str:
    match node:
        case Every(parts=parts):
            if not parts:
                return "()" if tight else ""
            text = " ".join(_condition(p, True) for p in parts)
            return f"({text})" if tight or len(parts) == 1 else text
        case Either(parts=parts):
            text = " OR ".join(_condition(p, not isinstance(p, Negated)) for p in parts)
            return f"({text})" if tight else text
        case Negated(part=part):
            return f"NOT {_condition(part, True)}"
        case Term(text=text, form=form):
            if form in {"TERM", "CASE"}:
                return f"{form}({text})"
            return quote(text) if form or not _TERM.fullmatch(text) or text in _OPERATORS else text
        case Compare(field=field, operator=operator, value=value, quoted=quoted):
            shown = quote(value) if quoted or not _VALUE.fullmatch(value) else value
            return f"{_field(field)}{operator}{shown}"
        case OneOf(field=field, values=values):
            return f"{_field(field)} IN ({', '.join(map(_word, values))})"
        case Subsearch():
            return _subsearch(node)
    return ""


def _field(name: str) -> str:
    return name if _TERM.fullmatch(name) and name not in _OPERATORS else quote(name)


def _word(text: str, quoted: bool = False) -> str:
    return quote(text) if quoted or not _BARE.fullmatch(text) or text.lower() in _RESERVED else text


def _subsearch(node: Subsearch) -> str:
    return f"[{node.text}]" if node.pipeline is None else f"[{_pipeline(node.pipeline, inner=True)}]"


def _part(node: Node) -> str:
    match node:
        case Option(name=name, value=value, quoted=quoted):
            return f"{name}={quote(value) if quoted else value}"
        case Word(text=text, quoted=quoted):
            return quote(text) if quoted else text
        case Keyword(word=word):
            return word
        case Renamed(old=old, new=new):
            return f"{_word(old)} AS {_word(new)}"
        case Assign(name=name, value=value):
            return f"{_word(name)} = {_expression(value)}"
        case Aggregate():
            return _aggregate(node)
        case Key(field=field, descending=descending, kind=kind):
            sign = "-" if descending else ""
            return f"{sign}{kind}({_word(field)})" if kind else f"{sign}{_word(field)}"
        case Clause(word="=" | "!=" as operator, parts=(Word(text=name), Text(value=value))):
            return f"{name}{operator}{quote(value)}"
        case Clause(word=word, parts=parts):
            if word == "WHERE":
                return f"WHERE {parts[0].text}" if isinstance(parts[0], Word) else ""
            return f"{word} {' '.join(map(_part, parts))}"
        case Subsearch():
            return _subsearch(node)
    return _expression(node)


def _aggregate(node: Aggregate) -> str:
    if node.function == "eval" and node.argument is not None:
        return f"eval({_expression(node.argument)})" + (f" AS {_word(node.alias)}" if node.alias else "")
    inner = ""
    if node.argument is not None:
        shown = _expression(node.argument)
        if isinstance(node.argument, Name):
            shown = _word(node.argument.name) if not _wild(node.argument.name) else node.argument.name
        if isinstance(node.argument, Call) and not node.reckoned:
            shown = _spark(node.argument)
        inner = f"({', '.join([f'eval({shown})' if node.reckoned else shown, *node.rest])})"
    alias = (
        f" AS {_word(node.alias)}"
        if node.alias and not _wild(node.alias)
        else f" AS {node.alias}"
        if node.alias
        else ""
    )
    return f"{node.function}{inner}{alias}"


def _wild(name: str) -> bool:
    return re.fullmatch(r"""[^\s,|"'`\[\]()=<>!+\\]*\*[^\s,|"'`\[\]()=<>!+\\]*""", name) is not None


def _spark(node: Call) -> str:
    inner = ", ".join(_word(a.name) if isinstance(a, Name) else _expression(a) for a in node.arguments)
    return f"{node.function}({inner})" if node.arguments else node.function


def _expression(node: Node) -> str:
    match node:
        case Number(text=text):
            return text
        case Text(value=value):
            return quote(value)
        case Name(name=name):
            return (
                name
                if _NAME.fullmatch(name) and name.lower() not in _RESERVED
                else "'" + name.replace("'", "\\'") + "'"
            )
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(map(_expression, arguments))})"
        case Unary(operator=operator, operand=operand):
            return f"{operator}{' ' if operator == 'NOT' else ''}({_expression(operand)})"
        case Binary(operator=operator, left=left, right=right):
            return f"{_operand(left)} {operator} {_operand(right)}"
        case Member(operand=operand, values=values):
            return f"{_operand(operand)} IN ({', '.join(map(_expression, values))})"
        case Subsearch():
            return _subsearch(node)
    return ""


def _operand(node: Node) -> str:
    text = _expression(node)
    negative = isinstance(node, Number) and text.startswith("-")
    return f"({text})" if isinstance(node, Binary | Unary | Member) or negative else text
