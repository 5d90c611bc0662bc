"""What a file may have at most, and the blocks in which it is read."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from orders.domain.file_records import UnreadableFileError

BLOCK_BYTES = 256 * 1024
# A larger record is a failed record.
MAX_RECORD_BYTES = 1024 * 1024
# So much of a file is in memory. A larger record, head or tail makes a file unreadable.
MAX_KEPT_BYTES = 8 * 1024 * 1024
# The rows of a spreadsheet: so many rows without a value may be between two values.
MAX_BLANK_ROWS = 1024 * 1024
MAX_COLUMNS = 10_000
# An order has at most so many lines. It has more rows only if some of them are no lines.
MAX_LINES = 5000
MAX_ROWS = 2 * MAX_LINES
# So many columns and members that the import does not read are named.
MAX_IGNORED = 1000
BEGINNING_BYTES = 64 * 1024


def blocks(source: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes of a source in blocks of one size, for any size of its reads."""
    parts: list[bytes] = []
    size = 0
    while part := source.read(BLOCK_BYTES - size):
        parts.append(part)
        size += len(part)
        if size == BLOCK_BYTES:
            yield b"".join(parts)
            parts, size = [], 0
    if parts:
        yield b"".join(parts)


def without_gaps[T: (bytes, str)](parts: Iterable[T], blank: T, ends: tuple[T, T]) -> Iterator[T]:
    """Yield parts of a file. Raises UnreadableFileError for too many rows without a value.

    Such rows consist of characters of `blank` only. `ends` end a row.
    """
    gap = 0
    for part in parts:
        gap = 0 if part.strip(blank) else gap + max(part.count(each) for each in ends)
        if gap > MAX_BLANK_ROWS:
            message = (
                f"The file must have at most {MAX_BLANK_ROWS} blank rows together; delete them"
            )
            raise UnreadableFileError("too_many_blank_rows", message)
        yield part


def expect_kept(size: int, row: int | None, what: str) -> None:
    """Raise UnreadableFileError if a part of a file is too large to be kept."""
    if size > MAX_KEPT_BYTES:
        limit = f"{MAX_KEPT_BYTES // 1024**2} MB"
        raise UnreadableFileError("record_too_large", f"{what} must have at most {limit}", row)
