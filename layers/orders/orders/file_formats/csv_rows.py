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


def rows_of(
    lines: Iterable[bytes], codec: str, delimiter: str, *, is_quoted: bool = True
) -> Iterator[Row]:
    """Yield the rows, also blank ones. A quoted cell may have line breaks.

    In a file that is not quoted, a quote is a character of its cell. Raises UnreadableFileError for
    a row that is too large and for a quote that is not closed.
    """
    return _quoted(lines, codec, delimiter) if is_quoted else _plain(lines, codec, delimiter)


def _plain(lines: Iterable[bytes], codec: str, delimiter: str) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_RECORD_BYTES:
            raise UnreadableFileError("record_too_large", _too_large(number, ()), number)
        cells = _split(text_of(line, codec), delimiter)
        _expect_columns(number, cells)
        yield number, line, cells


def _split(text: str, delimiter: str) -> list[str]:
    cells = text.rstrip("\r\n").split(delimiter)
    return list(map(_unquoted, cells)) if '"' in text else cells


def _unquoted(cell: str) -> str:
    """Return a cell without the quotes around it, which spreadsheets write."""
    is_quoted = len(cell) > 1 and cell[0] == cell[-1] == '"'
    return cell[1:-1].replace('""', '"') if is_quoted else cell


def _expect_columns(number: int, cells: Sequence[str]) -> None:
    if len(cells) > MAX_COLUMNS:
        message = f"Row {number} must have at most {MAX_COLUMNS} cells; got {len(cells)}"
        raise UnreadableFileError("too_many_columns", message, number)


def _quoted(lines: Iterable[bytes], codec: str, delimiter: str) -> Iterator[Row]:
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
            _expect_columns(number, cells)
            yield number, raw, cells
            number += 1
    except csv.Error as error:
        message = f"Row {number} cannot be read: {error}"
        raise UnreadableFileError("malformed", message, number) from None


def rows_of_record(
    raw: bytes, codec: str, delimiter: str, *, is_quoted: bool = True
) -> Iterator[tuple[bytes, list[str]]]:
    """Yield the bytes and the cells of each row of a record, which `rows_of` has found before."""
    if is_quoted and b'"' not in raw and not is_wide(codec):
        # The lines of most records are their rows.
        for line in raw.splitlines(keepends=True):
            text = text_of(line, codec).rstrip("\r\n")
            yield line, text.split(delimiter) if text else []
        return
    # These lines end with LF, CR LF or CR, as those of `raw_lines` do.
    marked = list(StringIO(marked_text_of(raw, codec), newline=""))
    if is_wide(codec):
        lines = [bytes_of(each, codec) for each in marked]
    else:
        lines = raw.splitlines(keepends=True)
    texts = (each.removeprefix(_MARK) for each in marked)
    if not is_quoted:
        yield from zip(lines, (_split(each, delimiter) for each in texts), strict=True)
        return
    reader = csv.reader(texts, delimiter=delimiter)
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


def first_cells(text: str, delimiter: str, count: int, *, is_quoted: bool = True) -> str:
    """Return the written text of the first cells of a row, with its quotes."""
    if not is_quoted:
        return delimiter.join(text.split(delimiter)[:count])
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


def joined(cells: Iterable[str], delimiter: str, *, is_quoted: bool = True) -> str:
    """Return cells as text that no spreadsheet takes for formulas."""
    if not is_quoted:
        cells = (_BREAKS.sub(" ", cell.replace(delimiter, " ")) for cell in cells)
    return delimiter.join(_written(cell, delimiter) for cell in cells)


_BREAKS = re.compile(r"[\r\n]+")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _written(cell: str, delimiter: str) -> str:
    text = f"'{cell}" if cell.startswith(_FORMULA) else cell
    if delimiter in text or '"' in text or "\r" in text or "\n" in text:
        doubled = text.replace('"', '""')
        return f'"{doubled}"'
    return text
