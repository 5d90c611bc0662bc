"""Orders of the Altcraft import as CSV: one row a line, with the members' names in the header."""

import re
from collections.abc import Sequence

from orders.domain.file_records import FileOptions, Frame, Record, UnreadableFileError
from orders.domain.problems import Code, Problem, Steps, pointer, shown
from orders.file_formats.altcraft_columns import AMOUNTS, LINE, TIMES, Column, Columns, columns_of
from orders.file_formats.cells import (
    first_rows,
    guess_date_form,
    guess_decimal_comma,
    guess_delimiter,
    values_of,
)
from orders.file_formats.interface import Beginning, Converted, Tree
from orders.file_formats.table_format import RESULT_COLUMNS, KeyOf, TableFormat
from orders.file_formats.values import currency_beside
from orders.protocols.json_text import JsonText

KEY = "external_id"
# Characters that may be illegal in the text of an order.
_SUSPECT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class AltcraftCsv(TableFormat):
    """Adjacent rows with the same external_id are one order."""

    name = "altcraft_csv"

    def guess(self, beginning: Beginning) -> FileOptions | None:
        """Return how to read a file whose header names the order and its lines."""
        delimiter = guess_delimiter(beginning.text)
        rows = first_rows(beginning.text, delimiter)
        names = {name.strip() for name in rows[0]} if rows else set()
        if KEY not in names or not any(name.startswith(LINE) for name in names):
            return None
        amounts = values_of(rows, (*AMOUNTS, *(LINE + name for name in AMOUNTS)))
        return FileOptions(
            format=self.name,
            charset=beginning.charset,
            delimiter=delimiter,
            decimal_comma=guess_decimal_comma(amounts),
            date_form=guess_date_form(values_of(rows, TIMES)),
        )

    def key_of(self, columns: Sequence[str], options: FileOptions) -> KeyOf:
        """Return a function that returns the external id of a row."""
        del options
        named = [name for name in columns if name and name not in RESULT_COLUMNS]
        repeated = next((name for name in named if named.count(name) > 1), None)
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
        return columns_of(tuple(columns), options).unknown

    def convert(self, record: Record, frame: Frame, options: FileOptions) -> Converted:
        """Return the order of adjacent rows. Blank cells are absent members."""
        order = _Order(columns_of(frame.columns, options))
        for number, _raw, cells in self.rows(record, frame, options):
            order.add(number, cells)
        return order.converted()


class _Order:
    """An order whose rows are added one by one."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._tree: Tree = {}
        self._lines: list[Tree] = []
        self._faults: list[Problem] = []
        self._is_suspect = False
        # The first value of each column of the order, and its row, by the place of the column.
        self._first: dict[int, tuple[str, int]] = {}
        # The currencies beside amounts: each with the path, the column, the cell and its row.
        self._currencies: list[tuple[str, Steps, str, str, int]] = []
        # The rows of the lines.
        self._rows: list[tuple[int, list[str]]] = []

    def add(self, row: int, cells: list[str]) -> None:
        """Add a row. A value of the order may be repeated in later rows, but not differ."""
        columns, place = self._columns, len(self._lines)
        missing = columns.width - len(cells)
        if missing < 0 and any(cells[columns.width :]):
            message = f"Row {row} must have {columns.width} cells; got {len(cells)}"
            self._faults.append(Problem(Code.MALFORMED, ("lines", place), message))
        elif missing > 0:
            cells = cells + [""] * missing
        self._is_suspect = self._is_suspect or _SUSPECT.search("".join(cells)) is not None
        for column in columns.order:
            cell = cells[column.place]
            if cell and not cell.isspace():
                self._add_value(column, cell, row)
        line: Tree = {}
        for column in columns.line:
            cell = cells[column.place]
            if cell and not cell.isspace():
                self._set(line, column, cell, row, ("lines", place))
        if line or any(cells[column.place].strip() for column in columns.line):
            self._lines.append(line)
            self._rows.append((row, cells))

    def _add_value(self, column: Column, cell: str, row: int) -> None:
        before = self._first.get(column.place)
        if before is None:
            self._first[column.place] = (cell, row)
            self._set(self._tree, column, cell, row, ())
        elif before[0] != cell:
            message = (
                f"{column.name} must be the same in all rows of an order; got {shown(before[0])} "
                f"in row {before[1]} and {shown(cell)} in row {row}"
            )
            self._faults.append(Problem(Code.INVALID_VALUE, column.steps, message))

    def _set(self, tree: Tree, column: Column, cell: str, row: int, around: Steps) -> None:
        try:
            value = cell if column.read is None else column.read(cell)
        except ValueError as allowed:
            message = f'column "{column.name}" must be {allowed}; got {shown(cell)} in row {row}'
            self._faults.append(Problem(Code.INVALID_VALUE, (*around, *column.steps), message))
            return
        steps = column.steps
        if column.is_amount and (currency := currency_beside(cell)):
            self._currencies.append((currency, (*around, *steps), column.name, cell, row))
        if len(steps) == 1:
            tree[steps[0]] = value
        else:
            tree.setdefault(steps[0], {})[steps[1]] = value

    def converted(self) -> Converted:
        """Return the order."""
        if self._lines:
            self._tree["lines"] = self._lines
        self._check_currencies(self._tree.get("currency"))
        illegal = JsonText(self._tree, self._is_suspect).faults()
        return Converted(self._tree, (*self._faults, *illegal), self._sources)

    def _check_currencies(self, currency: object) -> None:
        """Report amounts beside which another currency is written than that of the order."""
        for beside, path, name, cell, row in self._currencies:
            if isinstance(currency, str) and beside != currency.strip():
                message = (
                    f'column "{name}" must be an amount in the currency of the order, {currency}; '
                    f"got {shown(cell)} in row {row}"
                )
                self._faults.append(Problem(Code.INVALID_VALUE, path, message))

    def _sources(self) -> dict[str, str]:
        """Return the column and the row of each member."""
        found = {
            pointer(*column.steps): f"column {column.name}, row {self._first[column.place][1]}"
            for column in self._columns.order
            if column.place in self._first
        }
        for place, (row, cells) in enumerate(self._rows):
            found[pointer("lines", place)] = f"row {row}"
            for column in self._columns.line:
                if cells[column.place].strip():
                    path = pointer("lines", place, *column.steps)
                    found[path] = f"column {column.name}, row {row}"
        return found


FORMAT = AltcraftCsv()
