"""Where an export goes and what it is: from the words of a command line to files by name; pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError
from .formats import CODECS, FORMATS

OPENMETRICS = "openmetrics"
SUFFIXES = {s: name for name, form in FORMATS.items() for s in form.suffixes} | {
    ".om": OPENMETRICS,
    ".prom": OPENMETRICS,
}
FIRST_SUFFIX = {name: form.suffixes[0] for name, form in FORMATS.items()} | {OPENMETRICS: ".om"}


@dataclass(frozen=True, slots=True)
class Target:
    """`path`: a file, a folder where `folder`, or None for stdout. `codec`: `gzip`, `zstd` or ""."""

    path: Path | None
    folder: bool
    form: str
    codec: str

    def file(self, *names: str) -> Path | None:
        """The file of a table, or of one of its days or hosts: `TABLE/KEY.parquet` in the folder."""
        if self.path is None or not self.folder:
            return self.path
        return self.path.joinpath(
            *names[:-1], names[-1] + FIRST_SUFFIX[self.form] + CODECS.get(self.codec, "")
        )


def target(
    to: str, form: str | None, codec: str | None, tables: Collection[str], partitioned: bool
) -> Target:
    """What `--to`, `--format`, `--compress` and the number of tables say together.

    `-` is stdout. A name with a known suffix is a file, and its suffix says the format; any other is a folder with a file a
    table (Parquet unless `form` says otherwise).

    Raises:
        UsageError: they contradict one another.
    """
    said, packed = _suffix(to)
    form = form or said or "parquet"
    if form not in FIRST_SUFFIX:
        raise UsageError(
            f"there is no format {form!r}", where="--format", hint=f"formats: {', '.join(FIRST_SUFFIX)}"
        )
    if codec not in (None, "none", *CODECS):
        raise UsageError(f"{codec!r} is not known", where="--compress", hint=f"{', '.join(CODECS)} or none")
    codec = packed if codec is None else codec.replace("none", "")
    if codec and form in FORMATS and FORMATS[form].binary:
        raise UsageError(
            f"{form} is not compressed as a whole", where="--compress", hint="Parquet holds zstd already"
        )
    path = Path(to)
    one_file = to == "-" or ((bool(said) or path.exists()) and not path.is_dir())
    if one_file and partitioned:
        raise UsageError(
            f"{to} can't hold a file a part", where="--partition-by", hint="give a folder: --to FOLDER"
        )
    if one_file and len(tables) != 1 and form != OPENMETRICS:
        raise UsageError(
            f"{to} can hold one table, not {len(tables)}", where="--to", hint="name one, or give a folder"
        )
    return Target(None if to == "-" else path, not one_file, form, codec)


def _suffix(to: str) -> tuple[str, str]:
    """The format and the compression that a file's name says; "" where it says none."""
    path = Path(to)
    codec = next((c for c, suffix in CODECS.items() if path.suffix.lower() == suffix), "")
    suffix = Path(path.stem).suffix if codec else path.suffix
    return SUFFIXES.get(suffix.lower(), ""), codec
