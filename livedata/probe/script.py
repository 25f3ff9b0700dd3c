"""What is plainly wrong, or odd, in a probe's script: a few rules over its text, so that nobody needs shellcheck for them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_SKIP = re.compile(
    r"""(?P<doc><<-?[ ]*(?P<q>['"]?)(?P<end>\w+)(?P=q)[^\n]*\n.*?^\t*(?P=end)$)|'[^']*'|\\.|(?<![^\s;&|()])\#[^\n]*""",
    re.DOTALL | re.MULTILINE,
)
"""What is no command where a command may stand: here-documents, texts in single quotes, what is escaped, comments."""
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_START = r"(?:^|[;&|(]|\b(?:if|then|else|elif|do|while|until|exec|command)\s|!\s)[ \t]*"
"""Where a command may begin."""

_FUNCTION = re.compile(r"^[ \t]*(\w+)[ \t]*\(\)", re.MULTILINE)

_BASH = "the hosts' sh may be dash or busybox ash, which have no such thing"


class Remark(NamedTuple):
    """`line` counts from 1 at the script's first line; `wrong`: it can't work on every host."""

    line: int
    problem: str
    hint: str
    wrong: bool


class Rule(NamedTuple):
    found: re.Pattern[str]
    problem: str
    hint: str
    wrong: bool = False


def _rule(pattern: str, problem: str, hint: str, wrong: bool = False) -> Rule:
    return Rule(re.compile(pattern, re.MULTILINE), problem, hint, wrong)


RULES = (
    _rule(_START + r"\[\[\s", "[[ … ]] is bash's", _BASH + ": [ … ], or case", True),
    _rule(r"<<<", "<<< is bash's", _BASH + ": printf … |", True),
    _rule(r"(?:^|\s)[<>]\(", "<( … ) is bash's", _BASH, True),
    _rule(r"&>|>&[ \t]*[a-zA-Z/.]|\|&", "this redirection is bash's", _BASH + ": >FILE 2>&1", True),
    _rule(_START + r"\w+\+?=\(", "arrays are bash's", _BASH + ": set -- …", True),
    _rule(_START + r"function\s+\w+", "`function` is bash's", _BASH + ": name() { …; }", True),
    _rule(_START + r"(?:declare|typeset|mapfile|readarray|shopt|source|pushd|popd)(?=\s)", "this is bash's", _BASH, True),
    _rule(r"\$'", "$'…' is bash's", _BASH + ": printf", True),
    _rule(r"\$\{\w+(?:\^|,,|//?|@|:-?\d)", "this expansion is bash's", _BASH + ": ${x%…}, ${x#…}, or sed", True),
    _rule(_START + r"set\s+(?:-\w+\s+)*-\w*o\s+pipefail", "not every sh has pipefail", _BASH, True),
    _rule(_START + r"echo\s+-[en]", "echo -e and -n print themselves in some shells", "printf"),
    _rule(_START + r"(?:which)\s", "not every host has which", "command -v"),
    _rule(_START + r"sudo(?=\s)", "sudo asks for a password, or fails", 'privilege = "root" here, sudo = true in the inventory'),
    _rule(_START + r"(?:top|htop|watch|less|more|vi|vim|nano|tail\s(?:[^\n;|&]*\s)?-[fF]|journalctl\s(?:.*\s)?-f)(?=\s|$)",
          "this does not end by itself", "a probe prints what is now, and ends"),
    _rule(_START + r"ping(?!\b.*\s-[cw])", "ping does not end by itself", "ping -c 1 -W 1"),
    _rule(r"(?<![0-9&<>=-])>{1,2}[ \t]*(?!&|[ \t]*/dev/(?:null|stderr|stdout|fd/))[\"'$\w/.~]",
          "this writes a file on the host", "keep it in a variable, or in a pipe: a probe leaves nothing behind"),
    _rule(_START + r"(?:tee|mktemp|touch|mkdir|rm|mv|cp|dd|chmod|chown|pkill|killall|systemctl\s+(?:re)?start|apt-get\s+(?:update|install))(?=\s|$)",
          "this changes something on the host", "a probe looks, and leaves all as it was"),
    _rule(r"(?:\$\(|`|\|)[^\n]*&[ \t]*$|(?<![&>|\\])&[ \t]*$", "this goes on in the background", "a probe ends when its script does: leave no process behind"),
)  # fmt: skip

BYTEWISE = _rule(
    r"^[^#\n]*\bread\b[^\n]*<[ \t]*[\"']?(?:/proc|\$\{?LIVEDATA_PROC\}?)/sys/",
    "read takes a file byte by byte, and the numbers under /proc/sys give no more than their first digit",
    "cat it, or let awk read it",
)
"""Looked for in what is quoted, too."""


def bare(script: str) -> str:
    """The script without its comments and texts in quotes, but with what "$(…)" runs; lines stay where they were."""
    out: list[str] = []
    within = [""]
    """What ends the place we are in, the innermost last: `"` a text, `)` a command in brackets, nothing the script."""
    at = 0
    while at < len(script):
        text = within[-1] == '"'
        found = (_ESCAPED if text else _SKIP).match(script, at)
        piece = found[0] if found else "$(" if script.startswith("$(", at) else script[at]
        at += len(piece)
        if found or (text and piece not in ('"', "$(")):
            out.append(_blank(piece))
            continue
        out.append(piece)
        if piece == within[-1]:
            within.pop()
        elif piece == '"':
            within.append(piece)
        elif piece == "$(" or (piece == "(" and within[-1] == ")"):
            within.append(")")
    return "".join(out)


def _blank(text: str) -> str:
    """As many lines, and no more than the quotes around them."""
    kept = "\n" * text.count("\n")
    return f"'{kept}'" if text[0] == "'" else kept


def remarks(script: str) -> Iterator[Remark]:
    """What the rules find, by line."""
    text = bare(script)
    own = set(_FUNCTION.findall(text))
    found = {
        Remark(where.count("\n", 0, match.end() - 1) + 1, rule.problem, rule.hint, rule.wrong)
        for where, rules in ((text, RULES), (script, (BYTEWISE,)))
        for rule in rules
        for match in rule.found.finditer(where)
        if own.isdisjoint(match[0].split()[-1:])
    }
    yield from sorted(found)
