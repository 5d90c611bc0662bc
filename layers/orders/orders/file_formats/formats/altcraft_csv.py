"""Orders of the Altcraft import as CSV: one row a line, with the members' names in the header."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from orders.domain.file_records import FileOptions, Frame, Record, UnreadableFileError
from orders.domain.problems import Code, Problem, pointer, shown
from orders.file_formats.cells import (
    column,
    first_rows,
    guess_date_form,
    guess_decimal_comma,
    guess_delimiter,
    plain_amount,
    plain_time,
)
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
_TIMES = frozenset({"create_time", "update_time"})


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the columns of a header belong: members of the order, those of its lines, others."""

    order: Mapping[int, tuple[str, ...]]
    line: Mapping[int, tuple[str, ...]]
    unknown: Mapping[int, str]


@lru_cache(maxsize=8)
def _columns(names: tuple[str, ...]) -> _Columns:
    order: dict[int, tuple[str, ...]] = {}
    line: dict[int, tuple[str, ...]] = {}
    unknown: dict[int, str] = {}
    for place, name in enumerate(names):
        own = name.removeprefix(_LINE)
        found, members = (line, LINE_MEMBERS) if name != own else (order, ORDER_MEMBERS)
        if own.startswith(_FIELDS) and own != _FIELDS:
            found[place] = ("custom_fields", own.removeprefix(_FIELDS))
        elif own in members and own not in _OBJECTS:
            found[place] = (own,)
        elif name and name not in RESULT_COLUMNS:
            unknown[place] = name
    return _Columns(order, line, unknown)


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
        amounts = column(rows, (*_AMOUNTS, *(_LINE + name for name in _AMOUNTS)))
        return FileOptions(
            format=self.name,
            charset=beginning.charset,
            delimiter=delimiter,
            decimal_comma=guess_decimal_comma(amounts),
            date_form=guess_date_form(column(rows, _TIMES)),
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

    def ignored(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the names of the columns that no member of an order has."""
        return tuple(_columns(tuple(columns)).unknown.values())

    def convert(self, record: Record, frame: Frame, options: FileOptions) -> Converted:
        """Return the order of adjacent rows. Blank cells are absent members."""
        columns = _columns(frame.columns)
        order = _Order(options)
        for number, _raw, cells in self.rows(record, frame, options):
            if any(cells[len(frame.columns) :]):
                order.add_fault(
                    Code.MALFORMED,
                    ("lines", len(order.lines)),
                    f"Row {number} must have {len(frame.columns)} cells; got {len(cells)}",
                )
            present = {place: cell for place, cell in enumerate(cells) if cell.strip()}
            for place, steps in columns.order.items():
                if place in present:
                    order.add(steps, present[place], frame.columns[place], number)
            for place, name in columns.unknown.items():
                if place in present and name not in _OBJECTS and place < len(frame.columns):
                    order.add((name,), present[place], name, number)
            line = [
                (columns.line[place], present[place], place)
                for place in columns.line
                if place in present
            ]
            if line:
                order.add_line(line, frame.columns, number)
        return order.converted()


class _Order:
    """An order whose rows are added one by one."""

    def __init__(self, options: FileOptions) -> None:
        self._options = options
        self._tree: Tree = {}
        self.lines: list[Tree] = []
        self._faults: list[Problem] = []
        self._source_of: dict[str, str] = {}
        self._seen: dict[tuple[str, ...], tuple[str, int]] = {}

    def add_fault(self, code: Code, path: tuple[str | int, ...], message: str) -> None:
        self._faults.append(Problem(code, path, message))

    def add(self, steps: tuple[str, ...], cell: str, name: str, row: int) -> None:
        """Add a value of the order. It may be repeated in later rows, but not differ."""
        before = self._seen.setdefault(steps, (cell, row))
        if before[0] != cell:
            self.add_fault(
                Code.INVALID_VALUE,
                steps,
                f"{name} must be the same in all rows of an order; got {shown(before[0])} in row "
                f"{before[1]} and {shown(cell)} in row {row}",
            )
        if before == (cell, row):
            self._set(self._tree, steps, cell)
            self._source_of[pointer(*steps)] = f"column {name}, row {row}"

    def add_line(
        self,
        cells: Iterable[tuple[tuple[str, ...], str, int]],
        names: Sequence[str],
        row: int,
    ) -> None:
        line: Tree = {}
        position = len(self.lines)
        for steps, cell, place in cells:
            self._set(line, steps, cell)
            self._source_of[pointer("lines", position, *steps)] = (
                f"column {names[place]}, row {row}"
            )
        self._source_of[pointer("lines", position)] = f"row {row}"
        self.lines.append(line)

    def converted(self) -> Converted:
        if self.lines:
            self._tree["lines"] = self.lines
        illegal = JsonText(self._tree, may_be_faulty=True).faults()
        return Converted(self._tree, (*self._faults, *illegal), self._source_of)

    def _set(self, tree: Tree, steps: tuple[str, ...], cell: str) -> None:
        *around, name = steps
        for each in around:
            tree = tree.setdefault(each, {})
        tree[name] = self._value(name, cell, is_member=not around)

    def _value(self, name: str, cell: str, *, is_member: bool) -> object:
        if is_member and name in _AMOUNTS:
            return plain_amount(cell, decimal_comma=self._options.decimal_comma)
        if is_member and name in _TIMES:
            return plain_time(cell, self._options.date_form)
        if is_member and name == "tags":
            return cell.split("|")
        return cell


FORMAT = AltcraftCsv()
