"""Files of orders for the tests of file formats."""

import io
from collections.abc import Sequence
from typing import Any

from orders.domain.file_records import FileOptions, Frame, Note, OpenFile, Record
from orders.file_formats.registry import Registry

# Names of charsets that files may have.
CHARSETS = (
    *("utf-8", "UTF8", "utf-8-sig", "utf-16", "us-ascii", "latin-1", "iso-8859-15"),
    *("windows-1251", "cp1251", "cp932", "shift_jis", "cp866", "mac-cyrillic", "koi8-r"),
)


class Trickle(io.RawIOBase):
    """A source whose reads return at most so many bytes, each in turn."""

    def __init__(self, data: bytes, sizes: Sequence[int]) -> None:
        self._source = io.BytesIO(data)
        self._sizes = sizes
        self._reads = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        limit = self._sizes[self._reads % len(self._sizes)]
        self._reads += 1
        return self._source.read(min(limit, size) if size >= 0 else limit)


def read_whole(
    data: bytes, options: FileOptions, sizes: Sequence[int] = (1 << 20,)
) -> tuple[Frame, list[Record]]:
    """Return the whole frame and the records of a file."""
    found: OpenFile = Registry().open(Trickle(data, sizes), options)  # type: ignore[arg-type]
    records = list(found.records)
    return found.whole_frame(), records


def together(frame: Frame, records: Sequence[Record]) -> bytes:
    """Return the file that has this frame and these records."""
    return frame.head + frame.separator.join(each.raw for each in records) + frame.tail


def result_file(
    frame: Frame, records: Sequence[Record], options: FileOptions, message: str = "created"
) -> bytes:
    """Return a result file in which each record has a note."""
    registry = Registry()
    annotated = (
        registry.annotated(
            each, Note(each.row, "invalid_value", "/status", message), frame, options
        )
        for each in records
    )
    return (
        registry.head(frame, options)
        + frame.separator.join(annotated)
        + registry.tail(frame, options)
    )


def trees(records: Sequence[Record], frame: Frame, options: FileOptions) -> list[Any]:
    """Return what the records are converted to."""
    from orders.file_formats.registry import format_named  # noqa: PLC0415

    found = format_named(options.format)
    return [found.convert(each, frame, options).tree for each in records]
