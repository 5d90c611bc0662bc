"""What all formats with columns share: a header, and rows that are grouped to orders by a key."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import BinaryIO

from orders.domain.file_records import (
    FileOptions,
    Frame,
    Note,
    OpenFile,
    Record,
    UnreadableFileError,
)
from orders.domain.problems import Code, shown
from orders.file_formats.bounds import MAX_RECORD_BYTES, MAX_ROWS, blocks, expect_kept
from orders.file_formats.charsets import bytes_of, codec_of, text_of
from orders.file_formats.csv_rows import (
    Row,
    first_cells,
    is_blank,
    joined,
    rows_of,
)
from orders.file_formats.interface import Beginning, Converted
from orders.file_formats.json_marks import not_an_order, too_large
from orders.file_formats.lines import line_end, raw_lines

RESULT_COLUMNS = ("_row", "_code", "_path", "_message")
# A first line by which spreadsheets name the delimiter.
_SEPARATOR_LINE = "sep="
_LONGEST_SEPARATOR_LINE = 16
_NOTED_ROWS = 1000
# Without a value, a column takes a byte in front of a note. A row without so many has no note.
_MOST_MISSING = 500

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
    def of_rows(self, rows: Sequence[Row], frame: Frame, options: FileOptions) -> Converted:
        """Return the order of the rows of a record."""

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

    def convert(self, record: Record, frame: Frame, options: FileOptions) -> Converted:
        """Return the order of a record."""
        refused = too_large(record.raw)
        if refused is not None:
            return refused
        rows = list(islice(self.rows(record, frame, options), MAX_ROWS + 1))
        if len(rows) > MAX_ROWS:
            return not_an_order(
                Code.ORDER_TOO_LARGE, f"The order must have at most {MAX_ROWS} rows; it has more"
            )
        return self.of_rows(rows, frame, options)

    def rows(self, record: Record, frame: Frame, options: FileOptions) -> Iterator[Row]:
        """Yield the rows of a record that have values, with their numbers in the file."""
        codec = codec_of(options.charset, frame.head)
        rows = rows_of(raw_lines((record.raw,), codec), codec, options.delimiter)
        for number, raw, cells in rows:
            if not is_blank(cells):
                yield record.row - 1 + number, raw, cells

    def head(self, frame: Frame, options: FileOptions) -> bytes:
        """Return the original header with the names of the appended columns."""
        codec, delimiter = codec_of(options.charset, frame.head), options.delimiter
        rows = rows_of(raw_lines((frame.head,), codec), codec, delimiter)
        *before, header = ((raw, cells) for _number, raw, cells in rows)
        appended = _appended(header, RESULT_COLUMNS, frame, delimiter, codec)
        return b"".join((*(raw for raw, _cells in before), appended))

    def annotated(self, record: Record, note: Note, frame: Frame, options: FileOptions) -> bytes:
        """Return the rows of a record with the note in each of them.

        A note is longer than most rows. So if there are very many, only the first ones have it.
        """
        codec, delimiter = codec_of(options.charset, frame.head), options.delimiter
        cells = (str(note.row), note.code, note.path, note.message)
        lines = raw_lines((record.raw,), codec)
        noted = [
            raw if is_blank(row) else _appended((raw, row), cells, frame, delimiter, codec)
            for _number, raw, row in islice(rows_of(lines, codec, delimiter), _NOTED_ROWS)
        ]
        return b"".join((*noted, *lines))

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
    before, size = [], 0
    for number, raw, cells in rows:
        before.append(raw)
        size += len(raw)
        expect_kept(size, number, "The header")
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
    return Record(row, key if key and _is_text(key) else None, raw, rows=len(parts))


def _is_text(key: str) -> bool:
    """Return whether a key has no bytes that are invalid in the charset of the file."""
    return key.isascii() or not any("\ud800" <= each <= "\udfff" for each in key)


def _appended(
    row: tuple[bytes, Sequence[str]],
    cells: Sequence[str],
    frame: Frame,
    delimiter: str,
    codec: str,
) -> bytes:
    """Return a row with cells after its last column, instead of those of an earlier result."""
    raw, present = row[0], len(row[1])
    whole = text_of(raw, codec)
    columns = len(frame.columns)
    if columns - present > _MOST_MISSING:
        return raw
    mark = raw[: len(raw) - len(bytes_of(whole, codec))]
    own_end = line_end(whole)
    end = own_end or line_end(text_of(frame.head, codec)) or "\n"
    text = whole.removesuffix(own_end)
    if frame.columns[-len(RESULT_COLUMNS) :] == RESULT_COLUMNS:
        columns -= len(RESULT_COLUMNS)
        if present > columns:
            text = first_cells(text, delimiter, columns)
            present = columns
    missing = delimiter * (columns - present)
    suffix = f"{missing}{delimiter}{joined(cells, delimiter)}{end}"
    return mark + bytes_of(text, codec) + suffix.encode(codec, "replace")
