"""Orders from rows whose columns a mapping names, with the problems of their values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from orders.domain.currencies import digits_of
from orders.domain.file_records import FileOptions
from orders.domain.money import equal_shares, exact_decimal, format_amount
from orders.domain.problems import MAX_PROBLEMS, Code, Problem, Steps, listed, pointer, shown
from orders.file_formats.bounds import MAX_LINES
from orders.file_formats.interface import Converted, Tree
from orders.file_formats.json_marks import not_an_order
from orders.file_formats.mapped_values import (
    CellError,
    CurrencyBeside,
    InexactError,
    ReadValue,
    Row,
    ValueReaders,
)
from orders.file_formats.mappings import FIELDS, LINE_NUMBER, ColumnMapping, Source

_FIELDS_MEMBER = "custom_fields"
_PRICE = "final_price_per_item"
# What the external id of a line has in front of this is that of the line that it is a part of.
_SECOND_PART = "_2"


@dataclass(frozen=True, slots=True)
class _Member:
    """A member of an order or a line. `steps` lead to it from there."""

    name: str
    steps: Steps
    source: Source
    read: ReadValue
    is_sum: bool
    is_field: bool


class MappedOrders:
    """Converts the orders of a file by its mapping."""

    def __init__(self, mapping: ColumnMapping, options: FileOptions) -> None:
        self.mapping = mapping
        readers = ValueReaders(options)
        self.order = _members(mapping.order, readers)
        self.line = _members(mapping.line, readers)

    def convert(self, rows: Sequence[Row], lines: Sequence[Row] | None = None) -> Converted:
        """Return the order of its rows.

        `lines` are the lines if they are not the rows: some systems write them into one cell. A
        column of the order that is blank in the first row takes its value from a later one;
        different values are a problem.
        """
        merged, contradicting = _merged(rows, self.mapping.of_order)
        reading = _Reading(self, merged, contradicting)
        tree = reading.read(self.order, (), merged, rows)
        if lines is None:
            lines = [row for row in rows if self.mapping.is_line(row)]
        if len(lines) > MAX_LINES:
            message = f"lines must have at most {MAX_LINES} lines; got {len(lines)}"
            return not_an_order(Code.ORDER_TOO_LARGE, message)
        digits = digits_of(str(tree.get("currency", "")))
        found: list[Tree] = []
        for number, row in enumerate(lines, 1):
            found += reading.lines_of(row, number, len(found), digits)
        tree["lines"] = found
        reading.check_currencies(tree.get("currency"))
        return Converted(tree, tuple(reading.faults), reading.sources)


class LatestOrders:
    """Keeps what converts the orders of the latest file: each of its records needs it."""

    def __init__(self, mapping_of: Callable[[FileOptions], ColumnMapping]) -> None:
        self._mapping_of = mapping_of
        self._latest: tuple[FileOptions, MappedOrders] | None = None

    def of(self, options: FileOptions) -> MappedOrders:
        """Return what converts the orders of a file with these options."""
        latest = self._latest
        if latest is None or latest[0] is not options:
            latest = options, MappedOrders(self._mapping_of(options), options)
            self._latest = latest
        return latest[1]


def convert(
    mapping: ColumnMapping,
    rows: Sequence[Row],
    options: FileOptions,
    lines: Sequence[Row] | None = None,
) -> Converted:
    """Return one order of its rows."""
    return MappedOrders(mapping, options).convert(rows, lines)


def _members(sources: Mapping[str, Source], readers: ValueReaders) -> Sequence[_Member]:
    return [
        _Member(
            name,
            _steps_to(name),
            source,
            readers.of(name, source),
            is_sum=bool(source.total),
            is_field=name.startswith(FIELDS),
        )
        for name, source in sources.items()
    ]


def _steps_to(member: str) -> Steps:
    """Return the steps to a member, whose name may have a custom field's id in it."""
    if member.startswith(FIELDS):
        return (_FIELDS_MEMBER, member.removeprefix(FIELDS))
    return (member,)


def matched_by(found: Converted, field_name: str, value: str) -> Converted:
    """Return an order whose customer is found by a field if it has neither an email nor a phone.

    A mapping that does not match by `email_phone` has its own customer.
    """
    tree = found.tree
    is_matched = tree.get("matching") != "email_phone" or {"email", "phone"} & tree.keys()
    if is_matched or not value:
        return found
    custom = {"matching": "custom", "field_name": field_name, "field_value": value}
    return replace(found, tree={**tree, **custom})


def _merged(rows: Sequence[Row], names: Sequence[str]) -> tuple[Row, Mapping[str, Sequence[str]]]:
    """Return one row with the first values of columns, and the columns with several values."""
    if len(rows) == 1:
        return rows[0], {}
    found: dict[str, str] = {}
    contradicting: dict[str, list[str]] = {}
    for name in names:
        first = ""
        for row in rows:
            text = row.get(name)
            if not text or text == first or text.isspace():
                continue
            if not first:
                found[name] = first = text
            elif text not in (different := contradicting.setdefault(name, [first])):
                different.append(text)
    return found, contradicting


class _Reading:
    """The reading of one order, with the problems that it has found."""

    def __init__(
        self, orders: MappedOrders, merged: Row, contradicting: Mapping[str, Sequence[str]]
    ) -> None:
        self._orders, self._merged, self._contradicting = orders, merged, contradicting
        # The rows of the lines, with the indexes of these in the order.
        self._lines: list[tuple[int, Row]] = []
        self.faults: list[Problem] = []
        # The source of a price that no decimal number expresses.
        self._inexact: tuple[Source, Fraction] | None = None
        # The currencies beside amounts of the member that is read.
        self._beside: list[CurrencyBeside] = []
        # The first amount with each currency beside it, and the path to its member.
        self._currencies: dict[str, tuple[Steps, CurrencyBeside]] = {}

    def read(
        self, members: Sequence[_Member], around: Steps, row: Row, all_rows: Sequence[Row]
    ) -> Tree:
        """Return the members that a row has. Only a sum is that of all rows."""
        tree: Tree = {}
        rows, beside = (row,), self._beside
        contradicting = self._contradicting if not around else None
        for member in members:
            if contradicting:
                self._report_contradictions(member)
            try:
                value = member.read(all_rows if member.is_sum else rows, beside)
            except ValueError as error:
                value = self._value_of_fault(around, member, row, error)
            if beside:
                self._note_currencies((*around, *member.steps))
            if value is None:
                continue
            if member.is_field:
                tree.setdefault(_FIELDS_MEMBER, {})[member.steps[1]] = value
            else:
                tree[member.name] = value
        return tree

    def _value_of_fault(
        self, around: Steps, member: _Member, row: Row, error: ValueError
    ) -> str | None:
        """Report why a member cannot be read. Return what keeps its place, if it needs one."""
        if isinstance(error, InexactError) and member.name == _PRICE:
            self._inexact = member.source, error.price
            return ""
        if isinstance(error, CellError):
            name, text = error.name, error.text
        else:
            name, text = member.source.text(row)
        self._add_fault((*around, *member.steps), error, name, text)
        return None

    def _note_currencies(self, path: Steps) -> None:
        for each in self._beside:
            self._currencies.setdefault(each.code, (path, each))
        self._beside.clear()

    def check_currencies(self, currency: object) -> None:
        """Report an amount beside which another currency is written than that of the order."""
        for code, (path, beside) in self._currencies.items():
            if isinstance(currency, str) and code != currency:
                allowed = f"an amount in the currency of the order, {currency}"
                self._add_fault(path, allowed, beside.column, beside.text)

    def _add_fault(self, path: Steps, allowed: object, name: str, text: str) -> None:
        place = f'column "{name}"' if name else str(path[-1])
        self._report(path, f"{place} must be {allowed}; got {shown(text)}")

    def _report(self, path: Steps, message: str) -> None:
        """Keep a problem. Those beyond the most problems of an order are not needed."""
        if len(self.faults) <= MAX_PROBLEMS:
            self.faults.append(Problem(Code.INVALID_VALUE, path, message))

    def sources(self) -> Mapping[str, str]:
        """Return the columns that members came from, by JSON pointer."""
        faulty = {each.path for each in self.faults}
        members: list[tuple[Steps, _Member, Row]] = [
            (each.steps, each, self._merged) for each in self._orders.order
        ]
        for position, row in self._lines:
            around = ("lines", position)
            members += [((*around, *each.steps), each, row) for each in self._orders.line]
        found = {}
        for path, member, row in members:
            # The problem of a faulty one names the column.
            if path not in faulty and (place := member.source.place_in(row)):
                found[pointer(*path)] = place
        return found

    def _report_contradictions(self, member: _Member) -> None:
        """Report the columns of a member of the order that have several values."""
        for name in () if member.is_sum else member.source.needed:
            if name in self._contradicting:
                values = listed(self._contradicting[name][:3])
                message = f'column "{name}" must have one value in all rows of an order'
                self._report(member.steps, f"{message}; got {values}")

    def lines_of(self, row: Row, number: int, position: int, digits: int) -> list[Tree]:
        """Return the line of a row: two lines if its items do not share its total exactly.

        `position` is the index of the first one in the order. `digits` are those of the currency.
        """
        numbered = {**row, LINE_NUMBER: str(number)}
        self._lines.append((position, numbered))
        self._inexact = None
        line = self.read(self._orders.line, ("lines", position), numbered, (numbered,))
        if self._inexact is None:
            return [line]
        source, price = self._inexact
        count = _count_of(line)
        total = exact_decimal(price * count)
        if not count or total is None:
            name = source.needed[0]
            message = f'column "{name}" must be {InexactError(price)}; got {shown(row[name])}'
            self._report(("lines", position, _PRICE), message)
            return [line]
        parts = zip(("", _SECOND_PART), equal_shares(total, count, digits), strict=True)
        return [
            {
                **line,
                "external_id": f"{line.get('external_id', '')}{suffix}",
                "count": str(share.count),
                _PRICE: format_amount(share.price),
            }
            for suffix, share in parts
        ]


def _count_of(line: Tree) -> int:
    """Return the number of items of a line, 0 if it cannot be read."""
    text = str(line.get("count", ""))
    return int(text) if text.isdecimal() else 0
