"""Turns a file's column into one of the store's types, whole or not at all; and says which types would hold it."""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from ..model.batch import TYPES
from ..model.probe import Type
from ..query.cells import Cells
from .times import ISO, times

ERRORS = (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, ValueError, msgspec.DecodeError)
"""What `convert` raises where a value can't be kept."""

PREFERRED: tuple[Type, ...] = ("bool", "i64", "u64", "d2", "f64", "ts", "map", "str")
"""Of the types that hold a column the first is taken; `str` holds every one."""

_NUMBER = r"^(nan|-?inf|-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d{1,3})?)$"
DIGITS = 17
"""A number of so many digits is the same after it was a double."""
LOOKS: dict[Type, str] = {
    "bool": r"^(true|false)$",
    "i64": r"^(0|-?[1-9]\d{0,18})$",
    "u64": r"^(0|[1-9]\d{0,19})$",
    "d2": r"^-?(0|[1-9]\d{0,15})\.\d{2}$",
    "f64": _NUMBER,
    "ts": ISO,
    "map": r"^\{",
}
"""How a text looks that may mean a value of a type; `007` means itself."""


def convert(array: pa.Array, wanted: Type) -> pa.Array:
    """The same values in `TYPES[wanted]`.

    Raises:
        one of `ERRORS`: a value can't be kept so without loss (times finer than a microsecond can).
    """
    array = plain(array)
    kind = array.type
    if pa.types.is_null(kind):
        return pa.nulls(len(array), TYPES[wanted])
    special = _SPECIAL.get(wanted)
    if special is not None:
        return special(array)
    if not (_is_number(kind) or pa.types.is_string(kind) or pa.types.is_boolean(kind)):
        raise pa.ArrowInvalid(f"{kind} can't be {wanted}")
    if wanted == "d2" and pa.types.is_integer(kind):
        return array.cast(pa.decimal128(38, 0)).cast(pa.decimal128(38, 2)).cast(TYPES["d2"])
    if (pa.types.is_decimal(kind) and wanted == "f64") or (pa.types.is_floating(kind) and wanted == "d2"):
        array = array.cast(pa.string())  # between doubles and decimals Arrow is off by a bit here and there
    made = array.cast(TYPES[wanted])
    if wanted == "bool" and not pa.types.is_string(kind) and not made.cast(kind).equals(array):
        raise pa.ArrowInvalid("it is neither 0 nor 1")
    return made


def plain(array: pa.Array) -> pa.Array:
    """Without dictionary and run-length encoding, and with one type for every kind of text."""
    if isinstance(array, pa.DictionaryArray):
        array = array.dictionary_decode()
    elif pa.types.is_run_end_encoded(array.type):
        array = pc.run_end_decode(array)
    if pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type):
        array = array.cast(pa.string())
    return array


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _texts(array: pa.Array) -> pa.Array:
    return array if pa.types.is_string(array.type) else pa.array(Cells(array.type).texts(array), pa.string())


def _maps(array: pa.Array) -> pa.Array:
    if pa.types.is_map(array.type):
        return array.cast(TYPES["map"])
    if not pa.types.is_string(array.type):
        raise pa.ArrowInvalid(f"{array.type} can't be a map")
    decode = msgspec.json.Decoder(dict[str, str]).decode
    values = array.to_pylist()
    return pa.array([None if v is None else list(decode(v).items()) for v in values], TYPES["map"])


_SPECIAL: dict[Type, Callable[[pa.Array], pa.Array]] = {"ts": times, "str": _texts, "map": _maps}


def first_bad(array: pa.Array, wanted: Type) -> int:
    """The first value that `convert` can't keep, of an array that has one: found by halving."""
    low, high = 0, len(array)
    while high - low > 1:
        middle = (low + high) // 2
        if holds(array.slice(low, middle - low), wanted):
            low = middle
        else:
            high = middle
    return low


def holds(array: pa.Array, wanted: Type) -> bool:
    """Whether a type holds every value as it is."""
    try:
        convert(array, wanted)
    except ERRORS:
        return False
    return True


def fitting(array: pa.Array, text_is: Collection[Type]) -> frozenset[Type]:
    """The types that a column may have by these values of it; `text_is`: what a text may mean besides itself."""
    array = plain(array)
    kind = array.type
    if array.null_count == len(array):
        return frozenset(PREFERRED)
    found: set[Type] = {"str"}
    if pa.types.is_string(kind):
        found.update(t for t in text_is if _looks(array, t) and holds(array, t))
    elif pa.types.is_boolean(kind):
        found.add("bool")
    elif pa.types.is_timestamp(kind):
        found.update(t for t in ("ts",) if holds(array, t))
    elif pa.types.is_map(kind):
        if pa.types.is_string(kind.key_type) and pa.types.is_string(kind.item_type):
            found.add("map")
    elif pa.types.is_integer(kind):
        found.update(t for t in PREFERRED[1:5] if t != "d2" and holds(array, t))
    elif pa.types.is_decimal(kind):
        found.update(t for t in ("d2",) if holds(array, t))
        if _same_as_doubles(array):
            found.add("f64")
    elif pa.types.is_floating(kind):
        found.add("f64")
    return frozenset(found)


def _same_as_doubles(decimals: pa.Array) -> bool:
    try:
        return bool(convert(decimals, "f64").cast(decimals.type).equals(decimals))
    except pa.ArrowInvalid:  # the nearest double has a digit more
        return False


def _looks(array: pa.Array, wanted: Type) -> bool:
    if not pc.all(pc.match_substring_regex(array, LOOKS[wanted])).as_py():
        return False
    if wanted != "f64":
        return True
    digits = pc.utf8_length(pc.replace_substring_regex(array, r"[eE].*|[^0-9]", ""))
    written = pc.match_substring(array, "inf")
    overflown = pc.and_not(pc.is_inf(array.cast(pa.float64())), written)
    return bool(pc.max(digits).as_py() <= DIGITS and not pc.any(overflown).as_py())
