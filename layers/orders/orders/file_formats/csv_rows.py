"""The rows of a file with columns, with their original bytes."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from io import StringIO

from orders.domain.file_records import UnreadableFileError
from orders.file_formats.bounds import MAX_COLUMNS, MAX_RECORD_BYTES
from orders.file_formats.charsets import bytes_of, is_wide, marked_text_of, text_of

# The number of the row, from 1, its bytes with the line end, and its cells.
type Row = tuple[int, bytes, list[str]]

DELIMITERS = ",;\t|"
_MARK = "\ufeff"
_LIMIT = f"{MAX_RECORD_BYTES // 1024**2} MB"
# The limit of the process. A row is not larger, so no cell is.
csv.field_size_limit(MAX_RECORD_BYTES)


def rows_of(lines: Iterable[bytes], codec: str, delimiter: str) -> Iterator[Row]:
    """Yield the rows, also blank ones. A quoted cell may have line breaks.

    Raises UnreadableFileError for a row that is too large and for a quote that is not closed.
    """
    number = 1
    pending: list[bytes] = []

    def texts() -> Iterator[str]:
        size = 0
        for line in lines:
            # The reader asks for another line, although the row is not complete.
            size = size + len(line) if pending else len(line)
            if size > MAX_RECORD_BYTES:
                raise UnreadableFileError("record_too_large", _too_large(number, pending), number)
            pending.append(line)
            yield text_of(line, codec)
        if pending:
            message = f"Row {number} has a quoted cell without a closing quote"
            raise UnreadableFileError("malformed", message, number)

    try:
        for cells in csv.reader(texts(), delimiter=delimiter):
            raw = pending[0] if len(pending) == 1 else b"".join(pending)
            pending.clear()
            if len(cells) > MAX_COLUMNS:
                message = f"Row {number} must have at most {MAX_COLUMNS} cells; got {len(cells)}"
                raise UnreadableFileError("too_many_columns", message, number)
            yield number, raw, cells
            number += 1
    except csv.Error as error:
        message = f"Row {number} cannot be read: {error}"
        raise UnreadableFileError("malformed", message, number) from None


def rows_of_record(raw: bytes, codec: str, delimiter: str) -> Iterator[tuple[bytes, list[str]]]:
    """Yield the bytes and the cells of each row of a record, which `rows_of` has found before."""
    # These lines end with LF, CR LF or CR, as those of `raw_lines` do.
    texts = list(StringIO(marked_text_of(raw, codec), newline=""))
    if is_wide(codec):
        lines = [bytes_of(text, codec) for text in texts]
    else:
        lines = raw.splitlines(keepends=True)
    plain = (text.removeprefix(_MARK) for text in texts)
    reader = csv.reader(plain, delimiter=delimiter)
    start = 0
    for cells in reader:
        end = reader.line_num
        yield lines[start] if end == start + 1 else b"".join(lines[start:end]), cells
        start = end


def _too_large(number: int, pending: Sequence[bytes]) -> str:
    hint = "; a quoted cell may lack its closing quote" if pending else ""
    return f"Row {number} must have at most {_LIMIT}{hint}"


def is_blank(cells: Iterable[str]) -> bool:
    """Return whether a row has no value, as those that spreadsheets leave at the end."""
    return not "".join(cells).strip()


def first_cells(text: str, delimiter: str, count: int) -> str:
    """Return the written text of the first cells of a row, with its quotes."""
    cell = _cell(delimiter)
    end = 0
    for number in range(count):
        start = end + (1 if number else 0)
        found = cell.match(text, start)
        if found is None:
            break
        end = found.end()
        if end == len(text):
            break
    return text[:end]


@cache
def _cell(delimiter: str) -> re.Pattern[str]:
    rest = f"[^{re.escape(delimiter)}]*+"
    return re.compile(f'"(?:[^"]|"")*+"{rest}|{rest}')


def joined(cells: Iterable[str], delimiter: str) -> str:
    """Return cells as text that no spreadsheet takes for formulas."""
    return delimiter.join(_written(cell, delimiter) for cell in cells)


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _written(cell: str, delimiter: str) -> str:
    text = f"'{cell}" if cell.startswith(_FORMULA) else cell
    if any(each in text for each in (delimiter, '"', "\r", "\n")):
        doubled = text.replace('"', '""')
        return f'"{doubled}"'
    return text
