"""JSON Lines: one order a line, as an element of `data` in the orders import."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from orders.domain.file_records import (
    FileOptions,
    Frame,
    Note,
    OpenFile,
    Record,
    UnreadableFileError,
)
from orders.file_formats.bounds import blocks
from orders.file_formats.charsets import UTF_8, expect_utf_8, mark_of
from orders.file_formats.interface import Beginning, Converted
from orders.file_formats.json_marks import converted, is_mark, key_of, marked
from orders.file_formats.lines import raw_lines

# A line that only begins an object, as that of a pretty-printed file.
_OPEN_OBJECT = re.compile(r"\{[ \t]*\r?\n")


class JsonLines:
    """Blank lines are no orders, but they count as lines."""

    name = "json_lines"
    protocol = "altcraft"
    key = "external_id"

    def guess(self, beginning: Beginning) -> FileOptions | None:
        """Return how to read a file whose first character begins an object.

        Raises UnreadableFileError for an object in many lines.
        """
        text = beginning.text.lstrip()
        if not text.startswith("{"):
            return None
        if _OPEN_OBJECT.match(text):
            raise UnreadableFileError(
                "malformed",
                "Each line must have one JSON object; the first one continues in the next line. "
                "Write each object in one line, as `jq -c .` does, or all of them in an array",
                1,
            )
        return FileOptions(format=self.name, charset=beginning.charset)

    def open(self, source: BinaryIO, options: FileOptions) -> OpenFile:
        """Read the byte order mark. Raises UnreadableFileError for another charset than UTF-8."""
        expect_utf_8(options.charset, "JSON")
        parts = blocks(source)
        first = next(parts, b"")
        mark, charset = mark_of(first)
        expect_utf_8(charset or UTF_8, "JSON")
        rest = first[len(mark) :]
        lines = raw_lines(chain((rest,) if rest else (), parts), UTF_8)
        return OpenFile(Frame(head=mark), _records(lines, self.key))

    def convert(self, record: Record, frame: Frame, options: FileOptions) -> Converted:
        """Return the order of a line."""
        del frame, options
        return converted(record.raw)

    def head(self, frame: Frame, options: FileOptions) -> bytes:
        """Return the byte order mark."""
        del options
        return frame.head

    def annotated(self, record: Record, note: Note, frame: Frame, options: FileOptions) -> bytes:
        """Return the line with the note as one more member, or in a line before it."""
        del frame, options
        line = marked(record.raw, note, b"\n")
        return line if line.endswith((b"\n", b"\r")) else line + b"\n"

    def tail(self, frame: Frame, options: FileOptions) -> bytes:
        """Return nothing: a file ends with its last line."""
        del options
        return frame.tail


def _records(lines: Iterator[bytes], key: str) -> Iterator[Record]:
    for number, line in enumerate(lines, start=1):
        if line.isspace() or is_mark(line):
            continue
        yield Record(number, key_of(line, key), line)


FORMAT = JsonLines()
