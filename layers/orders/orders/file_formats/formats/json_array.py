"""A JSON array of orders, or an object with the array `data`, as the orders import has it."""

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
from orders.file_formats.json_marks import converted, marked
from orders.file_formats.orders_array import OrdersArray, open_array


class JsonArray:
    """The white space around an element belongs to its record."""

    name = "json_array"
    protocol = "altcraft"
    key = "external_id"
    # The member of an object that has the array.
    member = "data"

    def guess(self, beginning: Beginning) -> FileOptions | None:
        """Return how to read a file that begins with an array, or with an object that has one."""
        options = FileOptions(format=self.name, charset=beginning.charset)
        text = beginning.text.lstrip()
        if text.startswith("["):
            return options
        if not text.startswith("{") or f'"{self.member}"' not in text:
            return None
        try:
            open_array(iter((text.encode(UTF_8, "replace"),)), self.member)
        except UnreadableFileError:
            return None
        return options

    def open(self, source: BinaryIO, options: FileOptions) -> OpenFile:
        """Read everything before the first element. Raises UnreadableFileError."""
        expect_utf_8(options.charset, "JSON")
        reader, head = open_array(blocks(source), self.member)
        is_object = not head.removeprefix(mark_of(head)[0]).lstrip().startswith(b"[")
        array = OrdersArray(reader, head, b"}" if is_object else b"", self.key, self.member)
        return OpenFile(array.frame, array.records(), array.whole_frame)

    def convert(self, record: Record, frame: Frame, options: FileOptions) -> Converted:
        """Return the order of an element."""
        del frame, options
        return converted(record.raw)

    def head(self, frame: Frame, options: FileOptions) -> bytes:
        """Return what is before the first element."""
        del options
        return frame.head

    def annotated(self, record: Record, note: Note, frame: Frame, options: FileOptions) -> bytes:
        """Return the element with the note as one more member, or in an element before it."""
        del options
        return marked(record.raw, note, frame.separator)

    def tail(self, frame: Frame, options: FileOptions) -> bytes:
        """Return what is after the last element."""
        del options
        return frame.tail


FORMAT = JsonArray()
