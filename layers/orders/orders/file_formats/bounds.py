"""What a file may have at most, and the blocks in which it is read."""

from collections.abc import Iterator
from typing import BinaryIO

from orders.domain.file_records import UnreadableFileError

BLOCK_BYTES = 256 * 1024
# A larger record is a failed record.
MAX_RECORD_BYTES = 1024 * 1024
# So much of a file is in memory. A larger record, head or tail makes a file unreadable.
MAX_KEPT_BYTES = 8 * 1024 * 1024
MAX_COLUMNS = 10_000
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


def expect_kept(size: int, row: int | None, what: str) -> None:
    """Raise UnreadableFileError if a part of a file is too large to be kept."""
    if size > MAX_KEPT_BYTES:
        limit = f"{MAX_KEPT_BYTES // 1024**2} MB"
        raise UnreadableFileError("record_too_large", f"{what} must have at most {limit}", row)
