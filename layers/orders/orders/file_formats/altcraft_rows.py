"""An order of the Altcraft import from the rows of a CSV file, with their problems and places."""

import re

from orders.domain.problems import Code, Problem, Steps, pointer, shown
from orders.file_formats.altcraft_columns import Column, Columns
from orders.file_formats.interface import Converted, Tree
from orders.file_formats.values import currency_beside
from orders.protocols.json_text import JsonText

# Characters that may be illegal in the text of an order.
_SUSPECT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class OrderOfRows:
    """An order whose rows are added one by one. Blank cells are absent members."""

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
        text = "".join(cells)
        if not text.isprintable() and _SUSPECT.search(text):
            self._is_suspect = True
        first = self._first
        for column in columns.order:
            cell = cells[column.place]
            before = first.get(column.place)
            if before is not None and before[0] == cell:
                continue
            if cell and not cell.isspace():
                self._add_value(column, cell, row, before)
        line: Tree = {}
        for column in columns.line:
            cell = cells[column.place]
            if cell and not cell.isspace():
                self._set(line, column, cell, row, ("lines", place))
        if line or any(cells[column.place].strip() for column in columns.line):
            self._lines.append(line)
            self._rows.append((row, cells))

    def _add_value(
        self, column: Column, cell: str, row: int, before: tuple[str, int] | None
    ) -> None:
        if before is None:
            self._first[column.place] = (cell, row)
            self._set(self._tree, column, cell, row, ())
        else:
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
        if column.is_amount and value != cell and (currency := currency_beside(cell)):
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
