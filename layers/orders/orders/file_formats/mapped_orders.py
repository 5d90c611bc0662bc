"""Orders from rows whose columns a mapping names, with the problems of their values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, partial
from itertools import product

from orders.domain.currencies import digits_of
from orders.domain.file_records import FileOptions
from orders.domain.money import (
    MAX_INTEGER_DIGITS,
    equal_shares,
    exact_decimal,
    exact_quotient,
    exact_sum,
    format_amount,
    line_total,
)
from orders.domain.problems import MAX_PROBLEMS, Code, Problem, Steps, listed, pointer, shown
from orders.file_formats.bounds import MAX_LINES
from orders.file_formats.interface import Converted, Tree
from orders.file_formats.json_marks import not_an_order
from orders.file_formats.mappings import (
    FIELDS,
    LINE_NUMBER,
    LINE_PLACE,
    MAX_TEMPLATE_CHARACTERS,
    MONEY,
    TIMES,
    ColumnMapping,
    Source,
)
from orders.file_formats.values import (
    amount_of,
    currency_beside,
    currency_of,
    text_of,
    time_of,
    unchanged_id,
    whole_number_of,
)

# The members whose digits spreadsheet programs change: numbers, and codes that may have a point.
_NUMBERS = frozenset({"external_id", "phone", "profile_id", "subscription_id"})
_CODES = frozenset({"field_value", "product", "sku"})
_IDS = _NUMBERS | _CODES
_PRICE = "final_price_per_item"
_DIVISOR = "a whole number of 1 or more, by which the amount is divided"
# What the external id of a line has in front of this is that of the line that it is a part of.
_SECOND_PART = "_2"


def convert(
    mapping: ColumnMapping,
    rows: Sequence[Mapping[str, str]],
    options: FileOptions,
    lines: Sequence[Mapping[str, str]] | None = None,
) -> Converted:
    """Return the order of its rows.

    `lines` are the lines if they are not the rows: some systems write them into one cell. A column
    of the order that is blank in the first row takes its value from a later one; different values
    are a problem.
    """
    merged, contradicting = _merged(rows, mapping.of_order)
    reader = _Reader(mapping, options, rows, merged)
    tree: Tree = {}
    for member, source in mapping.order.items():
        for name in source.needed if contradicting and not source.total else ():
            if name in contradicting:
                reader.add_contradiction(member, name, contradicting[name])
        reader.set(tree, (), member, source, rows if source.total else (merged,))
    if lines is None:
        lines = [row for row in rows if mapping.is_line(row)]
    if len(lines) > MAX_LINES:
        message = f"lines must have at most {MAX_LINES} lines; got {len(lines)}"
        return not_an_order(Code.ORDER_TOO_LARGE, message)
    digits = digits_of(str(tree.get("currency", "")))
    tree["lines"] = []
    for number, row in enumerate(lines, 1):
        tree["lines"] += reader.lines_of(row, number, len(tree["lines"]), digits)
    reader.check_currencies(tree.get("currency"))
    return Converted(tree, tuple(reader.faults), reader.sources)


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


def _merged(
    rows: Sequence[Mapping[str, str]], names: Sequence[str]
) -> tuple[Mapping[str, str], Mapping[str, Sequence[str]]]:
    """Return one row with the first values of columns, and the columns with several values."""
    if len(rows) == 1:
        return rows[0], {}
    found: dict[str, str] = {}
    contradicting: dict[str, Sequence[str]] = {}
    for name in names:
        values = [text for row in rows if (text := row.get(name)) and not text.isspace()]
        if values:
            found[name] = values[0]
            if len(values) > 1 and len(different := [*dict.fromkeys(values)]) > 1:
                contradicting[name] = different
    return found, contradicting


class _CellError(ValueError):
    """A cell has no such value. `allowed` says which it may have."""

    def __init__(self, allowed: object, name: str, text: str) -> None:
        super().__init__(allowed)
        self.name, self.text = name, text


class _InexactError(ValueError):
    """No decimal number expresses a price."""

    def __init__(self, price: Fraction) -> None:
        super().__init__("an amount that its items share exactly")
        self.price = price


class _Reader:
    """Reads the values of one record, and collects its problems."""

    def __init__(
        self,
        mapping: ColumnMapping,
        options: FileOptions,
        rows: Sequence[Mapping[str, str]],
        merged: Mapping[str, str],
    ) -> None:
        self._mapping, self._options = mapping, options
        self._readers = _readers(decimal_comma=options.decimal_comma, date_form=options.date_form)
        self._rows, self._merged = rows, merged
        # The rows of the lines, with the indexes of these in the order.
        self._lines: list[tuple[int, Mapping[str, str]]] = []
        self.faults: list[Problem] = []
        # The member that is read, and the path to what it is a part of.
        self._around: Steps = ()
        self._member = ""
        # The currencies that are beside amounts, with the first member, its column and its cell.
        self._currencies: dict[str, tuple[Steps, str, str]] = {}

    def check_currencies(self, currency: object) -> None:
        """Report an amount beside which another currency is written than that of the order."""
        for code, (path, name, text) in self._currencies.items():
            if isinstance(currency, str) and code != currency:
                allowed = ValueError(f"an amount in the currency of the order, {currency}")
                self._add_fault(path, allowed, name, text)

    def _read_amount(self, name: str, text: str) -> str:
        amount = amount_of(text, decimal_comma=self._options.decimal_comma)
        if code := currency_beside(text):
            path = (*self._around, self._member)
            self._currencies.setdefault(code, (path, name, text))
        return amount

    def sources(self) -> Mapping[str, str]:
        """Return the columns that members came from, by JSON pointer."""
        faulty = {each.path for each in self.faults}
        order, line = self._mapping.order.items(), self._mapping.line.items()
        members: list[tuple[Steps, Source, Mapping[str, str]]] = [
            ((member,), source, self._merged) for member, source in order
        ]
        for position, row in self._lines:
            members += [(("lines", position, member), source, row) for member, source in line]
        found = {}
        for path, source, row in members:
            # The problem of a faulty one names the column.
            if (steps := _steps(path)) not in faulty and (place := source.place_in(row)):
                found[pointer(*steps)] = place
        return found

    def add_contradiction(self, member: str, name: str, values: Sequence[str]) -> None:
        """Report a column of a member of the order that has several values."""
        message = (
            f'column "{name}" must have one value in all rows of an order; got {listed(values[:3])}'
        )
        self._report(_steps((member,)), message)

    def lines_of(
        self, row: Mapping[str, str], number: int, position: int, digits: int
    ) -> list[Tree]:
        """Return the line of a row: two lines if its items do not share its total exactly.

        `position` is the index of the first one in the order. `digits` are those of the currency.
        """
        line: Tree = {}
        numbered = {**row, LINE_NUMBER: str(number)}
        self._lines.append((position, numbered))
        inexact: tuple[Source, Fraction] | None = None
        around, rows = ("lines", position), (numbered,)
        for member, source in self._mapping.line.items():
            try:
                self.set(line, around, member, source, rows)
            except _InexactError as error:
                inexact = source, error.price
                line[_PRICE] = ""  # keeps its place
        if inexact is None:
            return [line]
        source, price = inexact
        count = _count_of(line)
        total = exact_decimal(price * count)
        if not count or total is None:
            name = source.needed[0]
            message = f'column "{name}" must be {_InexactError(price)}; got {shown(row[name])}'
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

    def set(
        self,
        tree: Tree,
        around: Steps,
        member: str,
        source: Source,
        rows: Sequence[Mapping[str, str]],
    ) -> None:
        """Set a member of the tree, unless its value is blank.

        Only a sum has more than one row. Raises _InexactError for a price of a line.
        """
        self._around, self._member = around, member
        try:
            value = self._value(member, source, rows)
        except _InexactError:
            if member == _PRICE:
                raise
            self._add_fault((*around, member), _InexactError(Fraction()), *source.text(rows[0]))
            return
        except _CellError as error:
            self._add_fault((*around, member), error, error.name, error.text)
            return
        except ValueError as allowed:
            self._add_fault((*around, member), allowed, *source.text(rows[0]))
            return
        if value is None:
            return
        if member.startswith(FIELDS):
            tree.setdefault("custom_fields", {})[member.removeprefix(FIELDS)] = value
        else:
            tree[member] = value

    def _add_fault(self, path: Steps, allowed: ValueError, name: str, text: str) -> None:
        steps = _steps(path)
        place = f'column "{name}"' if name else str(steps[-1])
        self._report(steps, f"{place} must be {allowed}; got {shown(text)}")

    def _report(self, steps: Steps, message: str) -> None:
        """Keep a problem. Those beyond the most problems of an order are not needed."""
        if len(self.faults) <= MAX_PROBLEMS:
            self.faults.append(Problem(Code.INVALID_VALUE, steps, message))

    def _value(self, member: str, source: Source, rows: Sequence[Mapping[str, str]]) -> object:
        if source.constant is not None:
            return source.constant
        row = rows[0]
        if source.is_column:
            for name in source.columns:
                if (cell := row.get(name)) and (text := text_of(cell)):
                    return self._of_member(member, name, text)
        if source.if_filled and (known := source.filled(row)) is not None:
            return known
        if source.total:
            return self._amount(source, rows)
        _, text = source.text(row)
        if not text:
            return source.default and source.default.replace(LINE_PLACE, row.get(LINE_NUMBER, ""))
        if source.template is not None and len(text) > MAX_TEMPLATE_CHARACTERS:
            raise ValueError(f"a text of at most {MAX_TEMPLATE_CHARACTERS} characters")
        return self._read(member, text, source, row)

    def _read(self, member: str, text: str, source: Source, row: Mapping[str, str]) -> object:
        """Return a value in the form that the import accepts."""
        if source.split is not None:
            return [each.strip() for each in text.split(source.split) if each.strip()]
        if source.lookup:
            return self._looked_up(source, text)
        if member in MONEY and not source.is_plain:
            return self._amount(source, [row])
        if source.template is not None and member in _IDS:
            return text
        return self._of_member(member, source.text(row)[0], text)

    def _of_member(self, member: str, name: str, text: str) -> str:
        """Return the text of a column in the form that its member has."""
        if member in MONEY:
            return self._read_amount(name, text)
        read = self._readers.get(member)
        return text if read is None else read(text)

    def _looked_up(self, source: Source, text: str) -> str:
        if (found := source.lookup.get(text)) is not None:
            return found
        if (found := source.folded.get(text.lower())) is not None:
            return found
        if source.default is not None:
            return source.default
        raise ValueError(f"one of {listed(list(source.lookup))}")

    def _amount(self, source: Source, rows: Sequence[Mapping[str, str]]) -> str | None:
        """Return an amount that is computed. Raises _InexactError if it had to be rounded."""
        names = source.total or (source.text(rows[0])[0],)
        found = self._numbers(names, rows)
        if not found:
            return source.default
        whole, divisor, row = exact_sum(found), source.divisor, rows[0]
        if source.less:
            off = exact_sum(map(Decimal.copy_abs, self._numbers(source.less, rows)))
            if off:
                shared_by = self._count(source.less_divided_by, row)
                whole = exact_sum((line_total(whole, shared_by), off.copy_negate()))
                divisor *= shared_by
        if source.divide_by:
            divisor *= self._count(source.divide_by, row)
        amount = exact_quotient(whole, divisor)
        if amount is None:
            raise _InexactError(Fraction(whole) / divisor)
        return format_amount(amount) if amount >= 0 else f"-{format_amount(-amount)}"

    def _numbers(
        self, names: Sequence[str], rows: Sequence[Mapping[str, str]]
    ) -> Sequence[Decimal]:
        """Return the amounts of columns in rows. Raises _CellError."""
        found = []
        for name, row in product(names, rows):
            if not (text := text_of(row.get(name, ""))):
                continue
            try:
                number = Decimal(self._read_amount(name, text))
            except ValueError as allowed:
                raise _CellError(allowed, name, text) from None
            if number.adjusted() > MAX_INTEGER_DIGITS:
                most = f"an amount of at most {MAX_INTEGER_DIGITS} digits"
                raise _CellError(most, name, text)
            found.append(number)
        return found

    def _count(self, names: Sequence[str], row: Mapping[str, str]) -> int:
        """Return the number of items that an amount is divided by, 1 without names of columns."""
        if not names:
            return 1
        number = next((text for name in names if (text := text_of(row.get(name, "")))), "")
        try:
            count = int(whole_number_of(number, decimal_comma=self._options.decimal_comma))
        except ValueError:
            count = 0
        if count < 1:
            raise _CellError(_DIVISOR, names[0], number)
        return count


@lru_cache(maxsize=16)
def _readers(*, decimal_comma: bool, date_form: str) -> Mapping[str, Callable[[str], str]]:
    """Return the functions that read the text of members in the form that the import accepts."""
    return {
        **dict.fromkeys(TIMES, partial(time_of, date_form=date_form)),
        **dict.fromkeys(_NUMBERS, partial(unchanged_id, may_have_point=False)),
        **dict.fromkeys(_CODES, partial(unchanged_id, may_have_point=True)),
        "count": partial(whole_number_of, decimal_comma=decimal_comma),
        "currency": currency_of,
    }


def _count_of(line: Tree) -> int:
    """Return the number of items of a line, 0 if it cannot be read."""
    text = str(line.get("count", ""))
    return int(text) if text.isdecimal() else 0


def _steps(path: Steps) -> Steps:
    """Return the path to a member whose name may have a custom field's id in it."""
    last = path[-1]
    if isinstance(last, str) and last.startswith(FIELDS):
        return (*path[:-1], "custom_fields", last.removeprefix(FIELDS))
    return path
