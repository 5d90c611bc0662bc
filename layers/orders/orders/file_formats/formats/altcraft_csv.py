"""Orders of the Altcraft import as CSV: one row a line, with the members' names in the header."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from orders.domain.file_records import FileOptions, Frame, UnreadableFileError
from orders.domain.problems import Code, Problem, pointer, shown
from orders.file_formats.cells import (
    first_rows,
    guess_date_form,
    guess_decimal_comma,
    guess_delimiter,
    plain_amount,
    plain_time,
    values_of,
)
from orders.file_formats.csv_rows import Row
from orders.file_formats.interface import Beginning, Converted, Tree
from orders.file_formats.table_format import RESULT_COLUMNS, KeyOf, TableFormat
from orders.protocols.altcraft.requests import LINE_MEMBERS, ORDER_MEMBERS
from orders.protocols.json_text import JsonText

KEY = "external_id"
_OBJECTS = frozenset({"lines", "custom_fields"})
_FIELDS, _LINE = "custom_fields.", "line."
_AMOUNTS = frozenset(
    {"total_price", "delivery_cost", "base_price_per_item", "min_price_per_item"}
    | {"final_price_per_item"}
)
# Characters that may be illegal in the text of an order.
_SUSPECT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TIMES = frozenset({"create_time", "update_time"})


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a header: where its value goes, as steps and as JSON pointer."""

    place: int
    name: str
    steps: tuple[str, ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of a header: those of the order, those of its lines, and unknown ones."""

    order: tuple[_Column, ...]
    line: tuple[_Column, ...]
    unknown: tuple[_Column, ...]


@lru_cache(maxsize=8)
def _columns(names: tuple[str, ...]) -> _Columns:
    order: list[_Column] = []
    line: list[_Column] = []
    unknown: list[_Column] = []
    for place, name in enumerate(names):
        own = name.removeprefix(_LINE)
        found, members = (line, LINE_MEMBERS) if name != own else (order, ORDER_MEMBERS)
        steps: tuple[str, ...] = (own,)
        if own.startswith(_FIELDS) and own != _FIELDS:
            steps = ("custom_fields", own.removeprefix(_FIELDS))
        elif own not in members or own in _OBJECTS:
            found, steps = unknown, (name,)
        if name and name not in RESULT_COLUMNS:
            found.append(_Column(place, name, steps, pointer(*steps)))
    return _Columns(tuple(order), tuple(line), tuple(unknown))


class AltcraftCsv(TableFormat):
    """Adjacent rows with the same external_id are one order."""

    name = "altcraft_csv"

    def guess(self, beginning: Beginning) -> FileOptions | None:
        """Return how to read a file whose header names the order and its lines."""
        delimiter = guess_delimiter(beginning.text)
        rows = first_rows(beginning.text, delimiter)
        names = {name.strip() for name in rows[0]} if rows else set()
        if KEY not in names or not any(name.startswith(_LINE) for name in names):
            return None
        amounts = values_of(rows, (*_AMOUNTS, *(_LINE + name for name in _AMOUNTS)))
        return FileOptions(
            format=self.name,
            charset=beginning.charset,
            delimiter=delimiter,
            decimal_comma=guess_decimal_comma(amounts),
            date_form=guess_date_form(values_of(rows, _TIMES)),
        )

    def key_of(self, columns: Sequence[str], options: FileOptions) -> KeyOf:
        """Return a function that returns the external id of a row."""
        del options
        named = [name for name in columns if name and name not in RESULT_COLUMNS]
        repeated = next((name for name, times in Counter(named).items() if times > 1), None)
        if repeated is not None:
            message = f"The header must have each column once; it repeats {shown(repeated)}"
            raise UnreadableFileError("duplicate_column", message)
        if KEY not in columns:
            message = f"The header must have the column {KEY}; got {shown(', '.join(columns))}"
            raise UnreadableFileError("missing_column", f"{message}. Check the delimiter")
        place = columns.index(KEY)
        return lambda cells: cells[place] if place < len(cells) else ""

    def ignored(self, columns: Sequence[str], options: FileOptions) -> tuple[str, ...]:
        """Return the names of the columns that no member of an order has."""
        del options
        return tuple(each.name for each in _columns(tuple(columns)).unknown)

    def of_rows(self, rows: Sequence[Row], frame: Frame, options: FileOptions) -> Converted:
        """Return the order of adjacent rows. Blank cells are absent members."""
        known = _columns(frame.columns)
        members = (*known.order, *(each for each in known.unknown if each.name not in _OBJECTS))
        order = _Order(options)
        for number, _raw, cells in rows:
            if any(cells[len(frame.columns) :]):
                order.add_fault(
                    Code.MALFORMED,
                    ("lines", len(order.lines)),
                    f"Row {number} must have {len(frame.columns)} cells; got {len(cells)}",
                )
            found = len(cells)
            for column in members:
                if column.place < found and (cell := cells[column.place]) and not cell.isspace():
                    order.add(column, cell, number)
            line = [
                (column, cell)
                for column in known.line
                if column.place < found and (cell := cells[column.place]) and not cell.isspace()
            ]
            if line:
                order.add_line(line, number)
        return order.converted()


class _Order:
    """An order whose rows are added one by one."""

    def __init__(self, options: FileOptions) -> None:
        self._options = options
        self._tree: Tree = {}
        self.lines: list[Tree] = []
        self._faults: list[Problem] = []
        self._source_of: dict[str, str] = {}
        self._is_suspect = False
        self._seen: dict[str, tuple[str, int]] = {}

    def add_fault(self, code: Code, path: tuple[str | int, ...], message: str) -> None:
        self._faults.append(Problem(code, path, message))

    def add(self, column: _Column, cell: str, row: int) -> None:
        """Add a value of the order. It may be repeated in later rows, but not differ."""
        before = self._seen.get(column.pointer)
        if before is None:
            self._seen[column.pointer] = (cell, row)
            self._set(self._tree, column, cell)
            self._source_of[column.pointer] = f"column {column.name}, row {row}"
        elif before[0] != cell:
            self.add_fault(
                Code.INVALID_VALUE,
                column.steps,
                f"{column.name} must be the same in all rows of an order; got {shown(before[0])} "
                f"in row {before[1]} and {shown(cell)} in row {row}",
            )

    def add_line(self, cells: Iterable[tuple[_Column, str]], row: int) -> None:
        line: Tree = {}
        around = f"/lines/{len(self.lines)}"
        self._source_of[around] = f"row {row}"
        for column, cell in cells:
            self._set(line, column, cell)
            self._source_of[around + column.pointer] = f"column {column.name}, row {row}"
        self.lines.append(line)

    def converted(self) -> Converted:
        if self.lines:
            self._tree["lines"] = self.lines
        illegal = JsonText(self._tree, self._is_suspect).faults()
        return Converted(self._tree, (*self._faults, *illegal), self._source_of)

    def _set(self, tree: Tree, column: _Column, cell: str) -> None:
        self._is_suspect = self._is_suspect or _SUSPECT.search(cell) is not None
        *around, name = column.steps
        if around:
            tree.setdefault(around[0], {})[name] = cell
        elif name in _AMOUNTS:
            tree[name] = plain_amount(cell, decimal_comma=self._options.decimal_comma)
        elif name in _TIMES:
            tree[name] = plain_time(cell, self._options.date_form)
        else:
            tree[name] = cell.split("|") if name == "tags" else cell


FORMAT = AltcraftCsv()
