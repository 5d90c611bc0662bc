"""The array of orders in a JSON document that is read as a stream, and what is around it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from orders.domain.file_records import Frame, Record, UnreadableFileError
from orders.domain.problems import MAX_PROBLEMS
from orders.file_formats.bounds import expect_kept
from orders.file_formats.charsets import UTF_8, bytes_of, decoded, expect_utf_8, mark_of
from orders.file_formats.import_root import DATA, with_root
from orders.file_formats.json_elements import JsonReader
from orders.file_formats.json_marks import is_mark, key_of
from orders.protocols.json_text import JsonText, NotJsonError, read_json

# A result file does not repeat a secret.
_TOKEN = rb'"token"\s*:\s*"(?:[^"\\]|\\.)*+"'
_TOKEN_BEFORE = re.compile(_TOKEN + rb"\s*,\s*", re.DOTALL)
_TOKEN_AFTER = re.compile(rb",\s*" + _TOKEN, re.DOTALL)


def open_array(parts: Iterator[bytes], member: str) -> tuple[JsonReader, bytes]:
    """Return a reader behind the bracket that opens the array, and the bytes up to there."""
    first = next(parts, b"")
    mark, charset = mark_of(first)
    expect_utf_8(charset or UTF_8, "JSON")
    reader = JsonReader(decoded(chain((first[len(mark) :],), parts), UTF_8))
    if reader.expect("[{", "an array or an object") == "{":
        while True:
            name = reader.value()
            reader.expect(":", "a colon after the name of a member")
            if name == f'"{member}"':
                reader.expect("[", f"an array in the member `{member}`")
                break
            reader.value()
            if reader.expect(",}", f"the member `{member}` with an array") == "}":
                message = f"The object must have the member `{member}` with an array of orders"
                raise UnreadableFileError("malformed", message)
    return reader, mark + bytes_of(reader.take(), UTF_8)


@dataclass(slots=True)
class OrdersArray:
    """An array whose elements are read as they are iterated."""

    reader: JsonReader
    opening: bytes
    closing: bytes
    key: str
    member: str
    frame: Frame = field(init=False)

    def __post_init__(self) -> None:
        """Read the members before the array. Raises UnreadableFileError."""
        head = _TOKEN_BEFORE.sub(b"", self.opening)
        tail = b"]" + self.closing
        self.frame = self._framed(Frame(head, separator=b",", tail=tail), self.opening + tail)

    def whole_frame(self) -> Frame:
        """Return the frame with what is after the last element."""
        return self.frame

    def records(self) -> Iterator[Record]:
        """Yield the elements with the white space around them. Raises UnreadableFileError."""
        reader, row = self.reader, 1
        reader.row = 1
        if reader.next_byte() == "]":
            self._end("")
            return
        while True:
            reader.row = row
            reader.value()
            reader.next_byte()
            raw = bytes_of(reader.take(), UTF_8)
            reader.expect(",]", "a comma or the end of the array after it")
            bracket = reader.take()
            if not is_mark(raw):
                expect_kept(len(raw), row, f"Element {row} of the array")
                yield Record(row, key_of(raw, self.key), raw)
            if bracket == "]":
                self._end(bracket)
                return
            row += 1

    def _end(self, bracket: str) -> None:
        """Read what is after the array, which completes the frame to valid JSON."""
        tail = bytes_of(bracket + self.reader.rest(), UTF_8)
        frame = replace(self.frame, tail=_TOKEN_AFTER.sub(b"", tail))
        self.frame = self._framed(frame, self.opening + tail)

    def _framed(self, frame: Frame, around: bytes) -> Frame:
        """Return the frame with the meaning of the members around the array."""
        text = _read_root(around)
        if not isinstance(text.tree, dict):
            return frame
        if self.member != DATA:
            return replace(frame, ignored=tuple(each for each in text.tree if each != self.member))
        return with_root(frame, text.tree, text.faults(MAX_PROBLEMS))


def _read_root(around: bytes) -> JsonText:
    """Return what is around the array, without its elements. Raises UnreadableFileError."""
    try:
        return read_json(around)
    except NotJsonError as error:
        reason = str(error).replace("The body", "What is around the array", 1)
        raise UnreadableFileError("malformed", reason) from None
