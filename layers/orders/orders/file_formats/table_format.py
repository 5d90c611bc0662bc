"""What all formats with columns share: a header, and rows that are grouped to orders by a key."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
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
from orders.domain.problems import shown
from orders.file_formats.bounds import MAX_RECORD_BYTES, blocks, expect_kept
from orders.file_formats.charsets import bytes_of, codec_of, is_wide, text_of
from orders.file_formats.csv_rows import (
    Row,
    first_cells,
    is_blank,
    joined,
    rows_of,
    rows_of_record,
)
from orders.file_formats.interface import Beginning, Converted
from orders.file_formats.lines import line_end, raw_lines

RESULT_COLUMNS = ("_row", "_code", "_path", "_message")
# A first line by which spreadsheets name the delimiter.
_SEPARATOR_LINE = "sep="
_LONGEST_SEPARATOR_LINE = 16
# The bytes of CR and LF in UTF-16.
_WIDEST_END = 4

type KeyOf = Callable[[Sequence[str]], str]


class TableFormat(ABC):
    """A format with columns. A format of a system defines how it guesses, groups and converts."""

    name: str
    protocol: str = "altcraft"

    @abstractmethod
    def guess(self, beginning: Beginning) -> FileOptions | None:
        """Return how to read a file that begins so, None if it is of another format."""

    @abstractmethod
    def key_of(self, columns: Sequence[str], options: FileOptions) -> KeyOf:
        """Return a function that returns the key of a row: "" if it has none.

        Raises UnreadableFileError if a column is missing.
        """

    @abstractmethod
    def convert(self, record: Record, frame: Frame, options: FileOptions) -> Converted:
        """Return the order of a record."""

    def ignored(self, columns: Sequence[str], options: FileOptions) -> tuple[str, ...]:
        """Return the names of the columns that are not read."""
        del columns, options
        return ()

    def open(self, source: BinaryIO, options: FileOptions) -> OpenFile:
        """Read the header of a decompressed file. Raises UnreadableFileError."""
        delimiter = _checked_delimiter(options)
        codec, lines = _lines(source, options)
        rows = rows_of(lines, codec, delimiter)
        head, columns = _header(rows, codec)
        frame = Frame(head=head, columns=columns, ignored=self.ignored(columns, options))
        return OpenFile(frame, _grouped(rows, self.key_of(columns, options)))

    def rows(self, record: Record, frame: Frame, options: FileOptions) -> list[Row]:
        """Return the rows of a record that have values, with their numbers in the file."""
        codec = codec_of(options.charset, frame.head)
        rows = rows_of_record(record.raw, codec, options.delimiter)
        return [
            (number, raw, cells)
            for number, (raw, cells) in enumerate(rows, record.row)
            if not is_blank(cells)
        ]

    def head(self, frame: Frame, options: FileOptions) -> bytes:
        """Return the original header with the names of the appended columns."""
        codec, delimiter = codec_of(options.charset, frame.head), options.delimiter
        *before, header = rows_of_record(frame.head, codec, delimiter)
        note = _Note(RESULT_COLUMNS, frame, delimiter, codec)
        return b"".join((*(raw for raw, _cells in before), note.after(*header)))

    def annotated(self, record: Record, note: Note, frame: Frame, options: FileOptions) -> bytes:
        """Return the rows of a record with the note in each of them."""
        codec, delimiter = codec_of(options.charset, frame.head), options.delimiter
        cells = (str(note.row), note.code, note.path, note.message)
        written = _Note(cells, frame, delimiter, codec)
        return b"".join(
            raw if is_blank(row) else written.after(raw, row)
            for raw, row in rows_of_record(record.raw, codec, delimiter)
        )

    def tail(self, frame: Frame, options: FileOptions) -> bytes:
        """Return nothing: files with columns end with their last row."""
        del options
        return frame.tail


def _checked_delimiter(options: FileOptions) -> str:
    delimiter = options.delimiter
    if len(delimiter) != 1 or delimiter in "\"\r\n\0 '":
        raise UnreadableFileError(
            "invalid_delimiter",
            f"delimiter must be one character such as , or ; or a tab; got {shown(delimiter)}",
        )
    return delimiter


def _lines(source: BinaryIO, options: FileOptions) -> tuple[str, Iterator[bytes]]:
    """Return the codec of a file and its lines. In UTF-16, its mark decides the order of bytes."""
    parts = blocks(source)
    first = next(parts, b"")
    codec = codec_of(options.charset, first)
    return codec, raw_lines(chain((first,) if first else (), parts), codec)


def _header(rows: Iterator[Row], codec: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the bytes up to the end of the header, and the names of its columns."""
    before = []
    for number, raw, cells in rows:
        before.append(raw)
        expect_kept(sum(map(len, before)), number, "The header")
        text = text_of(raw, codec) if len(raw) <= _LONGEST_SEPARATOR_LINE else ""
        if not is_blank(cells) and not text.lower().startswith(_SEPARATOR_LINE):
            columns = tuple(cell.strip() for cell in cells)
            return b"".join(before), columns
    raise UnreadableFileError("empty_file", "The file must have a header; it is empty")


def _grouped(rows: Iterator[Row], key_of: KeyOf) -> Iterator[Record]:
    """Yield the records: adjacent rows with the same key. Each row without a key is a record."""
    first, key, size = 0, "", 0
    parts: list[bytes] = []
    gap: list[bytes] = []
    for number, raw, cells in rows:
        found = key_of(cells)
        if not found and is_blank(cells):
            if parts:
                gap.append(raw)
                size += len(raw)
            if size > MAX_RECORD_BYTES and gap:
                yield _record(first, key, parts)
                parts, gap, size = [], [], 0
            continue
        if parts and found and found == key:
            parts += gap
            parts.append(raw)
            size += len(raw)
            expect_kept(size, first, f"The rows of the order in row {first}")
        else:
            if parts:
                yield _record(first, key, parts)
            first, key, parts, size = number, found, [raw], len(raw)
        if gap:
            gap = []
    if parts:
        yield _record(first, key, parts)


def _record(row: int, key: str, parts: list[bytes]) -> Record:
    raw = parts[0] if len(parts) == 1 else b"".join(parts)
    return Record(row, key if key and _is_text(key) else None, raw)


def _is_text(key: str) -> bool:
    """Return whether a key has no bytes that are invalid in the charset of the file."""
    return key.isascii() or not any("\ud800" <= each <= "\udfff" for each in key)


class _Note:
    """Cells that are appended to rows, in the place of those of an earlier result."""

    def __init__(self, cells: Sequence[str], frame: Frame, delimiter: str, codec: str) -> None:
        self._delimiter, self._codec = delimiter, codec
        self._head = frame.head
        is_result = frame.columns[-len(RESULT_COLUMNS) :] == RESULT_COLUMNS
        self._width = len(frame.columns) - (len(RESULT_COLUMNS) if is_result else 0)
        self._has_earlier = is_result
        self._written = self._encoded(delimiter + joined(cells, delimiter))

    def after(self, raw: bytes, row: Sequence[str]) -> bytes:
        """Return a row with the cells after its last column."""
        present = len(row)
        own_end = _line_end(raw, self._codec)
        text = raw[: len(raw) - len(own_end)]
        end = own_end or _line_end(self._head, self._codec) or self._encoded("\n")
        if self._has_earlier and present > self._width:
            text = self._first_cells(text)
        elif present < self._width:
            text += self._encoded(self._delimiter * (self._width - present))
        return text + self._written + end

    def _first_cells(self, raw: bytes) -> bytes:
        whole = text_of(raw, self._codec)
        kept = first_cells(whole, self._delimiter, self._width)
        return raw[: len(raw) - len(bytes_of(whole[len(kept) :], self._codec))]

    def _encoded(self, text: str) -> bytes:
        return text.encode(self._codec, "replace")


def _line_end(raw: bytes, codec: str) -> bytes:
    """Return the bytes of the line end of a line, none if it has none."""
    if is_wide(codec):
        return line_end(raw[-_WIDEST_END:].decode(codec, "replace")).encode(codec)
    if raw.endswith(b"\r\n"):
        return b"\r\n"
    return raw[-1:] if raw.endswith((b"\n", b"\r")) else b""
