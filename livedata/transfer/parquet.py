"""Reads a Parquet file that anybody may have made: checksums are looked at, and what it claims to hold is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import UsageError

BATCH_ROWS = 20_000
LONGEST_TEXT = 64_000_000
"""Bytes of a text, and entries of a list, in the file's footer."""
ROWS_PER_BYTE = 1_000
"""More rows than this for each byte of a file are a lie: twenty would be a table that says the same thing for ever."""
LARGEST_GROUP = 4_000_000_000
"""Bytes of a row group, uncompressed."""


def open_parquet(file: IO[bytes], where: str) -> pq.ParquetFile:
    """Raises UsageError: it is no Parquet, damaged, or claims to hold more than it can."""
    size = file.seek(0, 2)
    file.seek(0)
    try:
        opened = pq.ParquetFile(
            file,
            page_checksum_verification=True,
            thrift_string_size_limit=LONGEST_TEXT,
            thrift_container_size_limit=LONGEST_TEXT,
        )
        groups = [opened.metadata.row_group(i) for i in range(opened.metadata.num_row_groups)]
    except (pa.ArrowException, OSError) as error:
        raise UsageError(f"it is no Parquet, or damaged: {_first_line(error)}", where=where) from None
    rows = sum(max(0, g.num_rows) for g in groups)
    if rows > ROWS_PER_BYTE * size or any(g.total_byte_size > LARGEST_GROUP for g in groups):
        raise UsageError(f"it claims {rows} rows, more than it can hold", where=where)
    return opened


def parquet_batches(file: pq.ParquetFile, where: str) -> Iterator[pa.RecordBatch]:
    """The rows. Raises UsageError: it is damaged."""
    batches = file.iter_batches(BATCH_ROWS, use_threads=False)
    while True:
        try:
            batch = next(batches)
            batch.validate(full=True)
        except StopIteration:
            return
        except (pa.ArrowException, OSError) as error:
            raise UsageError(f"it is damaged: {_first_line(error)}", where=where) from None
        yield batch


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
