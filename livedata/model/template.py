"""The constant part of a message: what is left of it when numbers, ids and addresses are masked.

A message has the same template on every host, in every file and at every time: it depends on nothing but the text. It is cut
from whole columns at once by Arrow (RE2, so in time that grows with the text alone). docs/decisions says why it is not learned
from the messages. The pattern is as permanent as a column's id: templates made by another one would be strangers to those in the store.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

MASK = "<*>"
LOOKED_AT = 300
"""Characters of the first line that make the template: the constant part of a message stands at its beginning."""

_VARIABLE = (
    r"\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){3,}\b"  # a hardware address, a fingerprint: a pair may hold no digit
    r"|\w*[0-9]\w*(?:[-.:,@+/]+(?:\w*[0-9]\w*|[a-f]{2,4}\b))*"  # words with a digit, and what hangs together with them
    r"|\b[a-f]{6,}\b"  # hexadecimal without a digit by chance
)
_END_OF_LINE = r"(?s)[\r\n].*"
_CUT_WORD = r"\S*$"


def templates(messages: pa.Array) -> pa.Array:
    """The template of each message (strings; null of null)."""
    line = pc.replace_substring_regex(messages, _END_OF_LINE, "") if _has_lines(messages) else messages
    long = pc.greater(pc.utf8_length(line), LOOKED_AT)
    if pc.any(long).as_py():
        begun = pc.replace_substring_regex(pc.utf8_slice_codeunits(line, 0, LOOKED_AT), _CUT_WORD, "")
        line = pc.if_else(long, begun, line)
    return pc.replace_substring_regex(line, _VARIABLE, MASK)


def _has_lines(messages: pa.Array) -> bool:
    return bool(pc.any(pc.match_substring_regex(messages, r"[\r\n]")).as_py())
