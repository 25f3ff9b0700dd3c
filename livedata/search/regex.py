r"""Regular expressions as Splunk takes them (PCRE) for an engine that has RE2: what means the same is rewritten, the rest is refused.

RE2 runs in time that is linear in the text, so that no expression can hang a search; it has neither look-around nor back-references
(https://github.com/google/re2/wiki/Syntax).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

REWRITTEN = {
    "h": r"[ \t]",
    "H": r"[^ \t]",
    "R": r"(?:\r\n|\n|\r)",
    "Z": r"\n?\z",
    "N": r"[^\n]",
    "e": r"\x1b",
}
CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a", "0": "\0", "e": "\x1b"}
REFUSED = {
    "(?=": "a look-ahead", "(?!": "a negative look-ahead", "(?<=": "a look-behind", "(?<!": "a negative look-behind",
    "(?>": "an atomic group", "(?|": "a branch reset", "(?#": "a comment", "(?R": "a recursion", "(?&": "a subroutine", "(?(": "a condition",
    "(?P=": "a back-reference", "(?P>": "a subroutine",
}  # fmt: skip
KNOWN = frozenset("dDwWsSbBAzaftnrvCQEpPx0.*+?()[]{}|^$/-\\\"'`~!@#%&_=:;<>, \t\n")
CLASSES = frozenset(
    [
        "L",
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "M",
        "Mn",
        "Mc",
        "Me",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Ps",
        "Pe",
        "Pi",
        "Pf",
        "Po",
        "S",
        "Sm",
        "Sc",
        "Sk",
        "So",
        "Z",
        "Zs",
        "Zl",
        "Zp",
        "C",
        "Cc",
        "Cf",
        "Co",
        "Cs",
        "Any",
        "Latin",
        "Greek",
        "Cyrillic",
        "Arabic",
        "Hebrew",
        "Han",
        "Hiragana",
        "Katakana",
        "Hangul",
        "Thai",
        "Devanagari",
        "Armenian",
        "Georgian",
        "Common",
    ]
)
"""What `\\p{…}` can be."""
LONGEST = 5_000
MOST_REPEATS = 1_000

_NAMED = re.compile(r"\(\?P?<([A-Za-z_]\w*)>|\(\?'([A-Za-z_]\w*)'")
_SET = r"(?:[imsU]+(?:-[imsU]+)?|-[imsU]+)"
_FLAGS = re.compile(rf"\(\?(?:{_SET}?:|{_SET}\))")
_REPEAT = re.compile(r"\{(\d*)(,?)(\d*)\}")
_POSIX = re.compile(r"\[:\^?[a-z]+:\]")


class BadRegex(ValueError):
    """A regular expression that is none, or that the engine can't run; `hint` says what else there is."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.hint = hint


def literal(text: str) -> str:
    """The regular expression that matches exactly this text; RE2 has escapes of ASCII characters only."""
    return "".join(c if c.isalnum() or c in "_ " or ord(c) > 127 else "\\" + c for c in text)


def target(text: str) -> str:
    """What a match is replaced by: each `*` of the text is what the group of its place has matched."""
    first, *rest = text.replace("\\", "\\\\").split("*")
    return first + "".join(f"\\{i}{piece}" for i, piece in enumerate(rest, 1))


def group_names(pattern: str) -> list[tuple[int, str]]:
    """The named groups with their numbers, in order."""
    names: list[tuple[int, str]] = []
    number = i = 0
    in_class = False
    while i < len(pattern):
        if pattern[i] == "\\":
            i += 2
            continue
        if in_class:
            in_class = pattern[i] != "]"
        elif pattern[i] == "[":
            in_class = True
            i += 1 + pattern[i + 1 : i + 2].count("^")
            i += pattern[i : i + 1] == "]"
            continue
        elif pattern[i] == "(":
            named = _NAMED.match(pattern, i)
            if named or pattern[i + 1 : i + 2] != "?":
                number += 1
            if named:
                names.append((number, named[1] or named[2]))
        i += 1
    return names


def re2(pattern: str) -> str:
    """The expression for RE2; named groups keep their names.

    Raises:
        BadRegex: it is none, or holds what RE2 has not.
    """
    if len(pattern) > LONGEST:
        raise BadRegex(f"the regular expression is longer than {LONGEST} characters")
    if "\0" in pattern:
        raise BadRegex("the regular expression holds a NUL")
    parts: list[str] = []
    groups = i = 0
    repeatable = False
    while i < len(pattern):
        char = pattern[i]
        size = 1
        piece = char
        if char == "\\":
            piece, size = _escape(pattern, i)
            repeatable = piece not in {"\\b", "\\B", "\\A", "\\z"}
        elif char == "[":
            piece, size = _class(pattern, i)
            repeatable = True
        elif char == "(":
            piece, size = _open(pattern, i)
            groups += not piece.endswith(")")
            repeatable = False
        elif char == ")":
            groups -= 1
            if groups < 0:
                raise BadRegex(
                    "the regular expression closes a bracket ) that it did not open",
                    r"a bracket itself is \)",
                )
            repeatable = True
        elif char in "*+?" or (char == "{" and _REPEAT.match(pattern, i)):
            piece, size = _repeat(pattern, i, repeatable)
            repeatable = False
        elif char == "{":
            piece, repeatable = r"\{", True
        else:
            repeatable = char not in "|^"
        parts.append(piece)
        i += size
    if groups:
        raise BadRegex(
            "the regular expression opens a bracket ( that it does not close", r"a bracket itself is \("
        )
    return "".join(parts)


def _escape(pattern: str, i: int) -> tuple[str, int]:
    following = pattern[i + 1 : i + 2]
    if not following:
        raise BadRegex(
            "the regular expression ends with a backslash", r"a backslash itself is \\\\ in quotes"
        )
    if following.isdigit() and following != "0":
        raise BadRegex(
            f"the engine has no back-reference \\{following}", "compare two groups with where instead"
        )
    if following in "kgGKX":
        raise BadRegex(
            f"the engine has no \\{following} in regular expressions",
            "RE2 syntax: no look-around, no back-references",
        )
    if following in "pP":
        found = re.compile(r"[pP](?:\{\^?(\w+)\}|(\w))").match(pattern, i + 1)
        if not found or (found[1] or found[2]) not in CLASSES:
            raise BadRegex(f"\\{following} wants the name of a class", r"for example: \p{Lu}")
        return "\\" + found.group(), 1 + len(found.group())
    if following == "x":
        found = re.compile(r"x(?:\{[0-9A-Fa-f]{1,6}\}|[0-9A-Fa-f]{2})").match(pattern, i + 1)
        if not found:
            raise BadRegex(r"\x wants two hexadecimal digits", r"for example: \x2F")
        return "\\" + found.group(), 1 + len(found.group())
    if following == "Q":
        end = pattern.find("\\E", i + 2)
        end = len(pattern) if end < 0 else end
        return re.escape(pattern[i + 2 : end]), end + 2 - i
    if following in REWRITTEN:
        return REWRITTEN[following], 2
    if following in KNOWN or not following.isalnum():
        return ("\\" + following if following.isalnum() or following in r".*+?()[]{}|^$\-" else following), 2
    raise BadRegex(
        f"\\{following} means nothing in a regular expression",
        "RE2 syntax: https://github.com/google/re2/wiki/Syntax",
    )


def _class(pattern: str, i: int) -> tuple[str, int]:
    start = "["
    j = i + 1
    if pattern[j : j + 1] == "^":
        start += "^"
        j += 1
    atoms: list[tuple[str, str | None]] = []
    """Pieces, each with the one character that it is."""
    if pattern[j : j + 1] == "]":
        atoms.append((r"\]", "]"))
        j += 1
    while j < len(pattern) and pattern[j] != "]":
        piece, char, size = _atom(pattern, j)
        atoms.append((piece, char))
        j += size
    if j >= len(pattern):
        raise BadRegex(
            "the regular expression opens a bracket [ that it does not close", r"a bracket itself is \["
        )
    return start + "".join(_ranges(atoms)) + "]", j + 1 - i


def _atom(pattern: str, j: int) -> tuple[str, str | None, int]:
    """What stands in a class at a place: for the engine, as a character, and how long it is."""
    if pattern[j] == "[":
        posix = _POSIX.match(pattern, j)
        return (posix.group(), None, len(posix.group())) if posix else (r"\[", "[", 1)
    if pattern[j] != "\\":
        return pattern[j], pattern[j], 1
    following = pattern[j + 1 : j + 2]
    if following in {"h", "R"}:
        return r" \t", None, 2
    if following == "b":
        return r"\x08", None, 2
    if following == "Q":
        return "Q", "Q", 2
    if following.isdigit() and following != "0":
        return following, following, 2
    piece, size = _escape(pattern, j)
    if piece in {r"[^ \t]", r"(?:\r\n|\n|\r)", r"\n?\z", r"[^\n]", r"\b", r"\B", r"\A", r"\z"}:
        raise BadRegex(f"\\{following} can't stand within [ ]")
    return piece, _character(piece, following), size


def _character(piece: str, following: str) -> str | None:
    """The one character that an escape is; None for a class."""
    if following == "x":
        return chr(int(piece[2:].strip("{}"), 16))
    return CONTROLS.get(following, following if not following.isalnum() else None)


_SPECIAL = {"-": r"\-", "^": r"\^", "&": r"\&"}
"""What stands for itself within a class only behind a backslash."""


def _ranges(atoms: list[tuple[str, str | None]]) -> Iterator[str]:
    """The pieces with `-` as itself where it makes no range."""
    i = 0
    while i < len(atoms):
        piece, char = atoms[i]
        if i + 2 < len(atoms) and atoms[i + 1] == ("-", "-") and char and atoms[i + 2][1]:
            last, end = atoms[i + 2]
            if char > str(end):
                raise BadRegex(
                    f"the range {char}-{end} in a regular expression runs backwards", "for example: [a-z]"
                )
            yield f"{_SPECIAL.get(piece, piece)}-{_SPECIAL.get(last, last)}"
            i += 3
            continue
        yield _SPECIAL.get(piece, piece)
        i += 1


def _open(pattern: str, i: int) -> tuple[str, int]:
    named = _NAMED.match(pattern, i)
    if named:
        return f"(?P<{named[1] or named[2]}>", len(named.group())
    if pattern[i + 1 : i + 2] != "?":
        return "(", 1
    for start, what in REFUSED.items():
        if pattern.startswith(start, i):
            raise BadRegex(
                f"the engine has no {what.split(' ', 1)[1]} {start}…) in regular expressions",
                "RE2 syntax: no look-around, no back-references; match what is there, and narrow with where",
            )
    flags = _FLAGS.match(pattern, i)
    if flags:
        return flags.group(), len(flags.group())
    raise BadRegex(f"{pattern[i : i + 4]} means nothing in a regular expression", "a bracket itself is \\(")


def _repeat(pattern: str, i: int, repeatable: bool) -> tuple[str, int]:
    if not repeatable:
        raise BadRegex(
            f"there is nothing before {pattern[i]} in the regular expression",
            f"the character itself is \\{pattern[i]}",
        )
    found = _REPEAT.match(pattern, i)
    piece = pattern[i]
    if found:
        low, comma, high = found.groups()
        if not low:
            return "\\" + found.group()[:-1] + "\\}", len(found.group())
        if max(int(low or 0), int(high or 0)) > MOST_REPEATS:
            raise BadRegex(f"a repeat of more than {MOST_REPEATS} times is too much for the engine")
        if high and int(high) < int(low or 0):
            raise BadRegex("a repeat in a regular expression has its bounds the wrong way round")
        piece = "{" + (low or "0") + comma + high + "}"
    size = len(found.group()) if found else 1
    after = pattern[i + size : i + size + 1]
    if after == "+":
        raise BadRegex(
            "the engine has no possessive repeats in regular expressions",
            f"write {pattern[i]} for {pattern[i]}+",
        )
    return (piece + "?", size + 1) if after == "?" else (piece, size)
