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
    # Whether each row is an order, so that rows with the same key are duplicates.
    is_row_an_order = False

    @abstractmethod
    def guess(self, beginning: Beginning) -> FileOptions | None:
        """Return how to read a file that begins so, None if it is of another format."""

    @abstractmethod
    def key_of(self, columns: Sequence[str], options: FileOptions) -> KeyOf:
        """Return a function that returns the key of a row: "" if it has none.

        Raises UnreadableFileError if a column is missing.
        """

    def id_of(self, columns: Sequence[str], options: FileOptions) -> KeyOf:
        """Return a function that returns the external id in the first row of an order."""
        return self.key_of(columns, options)

    @abstractmethod
    def convert(self, record: Record, frame: Frame, options: FileOptions) -> Converted:
        """Return the order of a record."""

    def is_quoted(self, options: FileOptions) -> bool:
        """Return whether a cell with a delimiter or a line break is in quotes."""
        del options
        return True

    def known(self, columns: tuple[str, ...], options: FileOptions) -> tuple[str, ...]:
        """Return the names of columns as the format writes them."""
        del options
        return columns

    def ignored(self, columns: Sequence[str], options: FileOptions) -> tuple[str, ...]:
        """Return the names of the columns that are not read."""
        del columns, options
        return ()

    def open(self, source: BinaryIO, options: FileOptions) -> OpenFile:
        """Read the header of a decompressed file. Raises UnreadableFileError."""
        delimiter = _checked_delimiter(options)
        codec, lines = _lines(source, options)
        rows = rows_of(lines, codec, delimiter, is_quoted=self.is_quoted(options))
        head, written = _header(rows, codec)
        columns = self.known(written, options)
        frame = Frame(head=head, columns=columns, ignored=self.ignored(columns, options))
        key_of, id_of = self.key_of(columns, options), self.id_of(columns, options)
        return OpenFile(frame, _grouped(rows, key_of, id_of, one_row=self.is_row_an_order))

    def rows(self, record: Record, frame: Frame, options: FileOptions) -> list[Row]:
        """Return the rows of a record that have values, with their numbers in the file."""
        codec = codec_of(options.charset, frame.head)
        rows = self._rows_in(record.raw, codec, options)
        return [
            (number, raw, cells)
            for number, (raw, cells) in enumerate(rows, record.row)
            if not is_blank(cells)
        ]

    def _rows_in(
        self, raw: bytes, codec: str, options: FileOptions
    ) -> Iterator[tuple[bytes, list[str]]]:
        is_quoted = self.is_quoted(options)
        return rows_of_record(raw, codec, options.delimiter, is_quoted=is_quoted)

    def head(self, frame: Frame, options: FileOptions) -> bytes:
        """Return the original header with the names of the appended columns."""
        codec = codec_of(options.charset, frame.head)
        *before, header = self._rows_in(frame.head, codec, options)
        added = self._added(RESULT_COLUMNS, frame, codec, options)
        return b"".join((*(raw for raw, _cells in before), added.after(*header)))

    def annotated(self, record: Record, note: Note, frame: Frame, options: FileOptions) -> bytes:
        """Return the rows of a record with the note in each of them."""
        codec = codec_of(options.charset, frame.head)
        cells = (str(note.row), note.code, note.path, note.message)
        added = self._added(cells, frame, codec, options)
        return b"".join(
            raw if is_blank(row) else added.after(raw, row)
            for raw, row in self._rows_in(record.raw, codec, options)
        )

    def _added(
        self, cells: Sequence[str], frame: Frame, codec: str, options: FileOptions
    ) -> "_AddedCells":
        is_quoted = self.is_quoted(options)
        return _AddedCells(cells, frame, codec, options.delimiter, is_quoted=is_quoted)

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


def _grouped(
    rows: Iterator[Row], key_of: KeyOf, id_of: KeyOf, *, one_row: bool
) -> Iterator[Record]:
    """Yield the records: adjacent rows with the same key, or single rows.

    Each row without a key is a record.
    """
    first, key, name, size = 0, "", "", 0
    parts: list[bytes] = []
    gap: list[bytes] = []
    for number, raw, cells in rows:
        found = key_of(cells)
        if not found and is_blank(cells):
            if parts:
                gap.append(raw)
                size += len(raw)
            if size > MAX_RECORD_BYTES and gap:
                yield _record(first, name, parts)
                parts, gap, size = [], [], 0
            continue
        if parts and found and found == key and not one_row:
            parts += gap
            parts.append(raw)
            size += len(raw)
            name = name or id_of(cells)
            expect_kept(size, first, f"The rows of the order in row {first}")
        else:
            if parts:
                yield _record(first, name, parts)
            first, key, parts, size = number, found, [raw], len(raw)
            name = id_of(cells) if found else ""
        if gap:
            gap = []
    if parts:
        yield _record(first, name, parts)


def _record(row: int, key: str, parts: list[bytes]) -> Record:
    raw = parts[0] if len(parts) == 1 else b"".join(parts)
    return Record(row, key if key and _is_text(key) else None, raw)


def _is_text(key: str) -> bool:
    """Return whether a key has no bytes that are invalid in the charset of the file."""
    return key.isascii() or not any("\ud800" <= each <= "\udfff" for each in key)


class _AddedCells:
    """Cells that are added after the last column of rows, instead of those of an earlier result."""

    def __init__(
        self, cells: Sequence[str], frame: Frame, codec: str, delimiter: str, *, is_quoted: bool
    ) -> None:
        self._head, self._codec = frame.head, codec
        self._delimiter, self._is_quoted = delimiter, is_quoted
        self._has_earlier = frame.columns[-len(RESULT_COLUMNS) :] == RESULT_COLUMNS
        self._columns = len(frame.columns) - len(RESULT_COLUMNS) * self._has_earlier
        self._written = self._encoded(delimiter + joined(cells, delimiter, is_quoted=is_quoted))

    def after(self, raw: bytes, cells: Sequence[str]) -> bytes:
        """Return a row with the added cells."""
        own_end = _line_end(raw, self._codec)
        end = own_end or _line_end(self._head, self._codec) or self._encoded("\n")
        row, present = raw[: len(raw) - len(own_end)], len(cells)
        if self._has_earlier and present > self._columns:
            # A row with too many cells keeps all of them.
            present = max(self._columns, present - len(RESULT_COLUMNS))
            row = self._first_cells(row, present)
        if present < self._columns:
            row += self._encoded(self._delimiter * (self._columns - present))
        return row + self._written + end

    def _first_cells(self, row: bytes, count: int) -> bytes:
        text = text_of(row, self._codec)
        kept = first_cells(text, self._delimiter, count, is_quoted=self._is_quoted)
        # Not all bytes are those that the text is written with.
        return row[: len(row) - len(bytes_of(text[len(kept) :], self._codec))]

    def _encoded(self, text: str) -> bytes:
        return text.encode(self._codec, "replace")


def _line_end(raw: bytes, codec: str) -> bytes:
    """Return the bytes of the line end of a line, none if it has none."""
    if is_wide(codec):
        return line_end(raw[-_WIDEST_END:].decode(codec, "replace")).encode(codec)
    if raw.endswith(b"\r\n"):
        return b"\r\n"
    return raw[-1:] if raw.endswith((b"\n", b"\r")) else b""
