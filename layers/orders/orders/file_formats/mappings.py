"""Mappings: how the columns of a file become the members of an order.

A mapping is plain data, as YAML or JSON has it. Each member has one source: the value of a column,
a constant, or a template of columns. A lookup table may replace the value.
"""

import json
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache, partial
from itertools import product
from typing import Any

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
from orders.file_formats.values import (
    amount_of,
    currency_beside,
    currency_of,
    text_of,
    time_of,
    unchanged_id,
    whole_number_of,
)

MONEY = frozenset(
    {
        "total_price",
        "delivery_cost",
        "final_price_per_item",
        "base_price_per_item",
        "min_price_per_item",
    }
)
TIMES = frozenset({"create_time", "update_time"})
_ORDER_MEMBERS = frozenset(
    {
        "external_id",
        "matching",
        "email",
        "phone",
        "profile_id",
        "field_name",
        "field_value",
        "provider",
        "subscription_id",
        "endpoint",
        "tags",
        "status",
        "delivery_cost",
        "total_price",
        "currency",
        "create_time",
        "update_time",
        "region",
        "skip_triggers",
    }
)
_LINE_MEMBERS = frozenset(
    {
        "external_id",
        "status",
        "product",
        "sku",
        "base_price_per_item",
        "min_price_per_item",
        "final_price_per_item",
        "count",
    }
)
# The members whose digits spreadsheet programs change: numbers, and codes that may have a point.
_NUMBERS = frozenset({"external_id", "phone", "profile_id", "subscription_id"})
_CODES = frozenset({"field_value", "product", "sku"})
_IDS = _NUMBERS | _CODES
_FIELDS = "custom_fields."
_SOURCE_MEMBERS = frozenset(
    {
        "column",
        "constant",
        "template",
        "sum",
        "lookup",
        "default",
        "less",
        "less_divided_by",
        "divide_by",
        "split",
        "if_filled",
    }
)
# What says where a value comes from, and what may be beside it.
_KINDS = ("column", "constant", "template", "sum")
_OF_AMOUNTS = frozenset({"less", "less_divided_by", "divide_by"})
_BESIDE = {
    "column": frozenset({"lookup", "default", "split", "if_filled", *_OF_AMOUNTS}),
    "constant": frozenset[str](),
    "template": frozenset({"lookup", "default", "split", "if_filled"}),
    "sum": frozenset({"default", "if_filled", *_OF_AMOUNTS}),
}
_PLACE = re.compile(r"\{([^{}]+)\}")
# The number of a line in its order: in templates, and in defaults.
_LINE_NUMBER, _LINE_PLACE = "#", "{#}"
_PRICE = "final_price_per_item"
_DIVISOR = "a whole number of 1 or more, by which the amount is divided"
# What the external id of a line has in front of this is that of the line that it is a part of.
_SECOND_PART = "_2"
# Each line of an order needs the values of all sources of lines, so there may not be very many.
MAX_SOURCES = 500
MAX_LINE_SOURCES = 100
# A template may repeat a long value.
MAX_TEMPLATE_CHARACTERS = 10_000

_PARTS = ("group_by", "line_if", "order", "line")


class MappingError(ValueError):
    """A mapping has a fault. The message names the member and what is allowed."""


@dataclass(frozen=True)
class Source:
    """Where the value of a member comes from.

    `columns` are columns of which the first that is not blank has the value. `total` are columns
    whose amounts are added: of a line in its row, of an order in all of its rows. `less` are
    columns whose amounts are subtracted with or without a minus sign, divided by the whole number
    of `less_divided_by` if it is set. `divide_by` are columns of whole numbers: the amount is
    divided by the first that is not blank, and by `divisor`. `split` separates the values of an
    array. `if_filled` has columns with the value of the member if the column is not blank.
    """

    columns: tuple[str, ...] = ()
    constant: object = None
    template: str | None = None
    lookup: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None
    total: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    less_divided_by: tuple[str, ...] = ()
    divide_by: tuple[str, ...] = ()
    divisor: int = 1
    split: str | None = None
    if_filled: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def is_plain(self) -> bool:
        """Return whether an amount is that of its column."""
        return not self.less and not self.divide_by and self.divisor == 1

    @cached_property
    def is_column(self) -> bool:
        """Return whether a value is that of a column, read as its member is."""
        return self == Source(columns=self.columns, default=self.default)

    @property
    def places(self) -> Sequence[str]:
        """Return the names of the columns in the template."""
        return [name for name in self._places if name != _LINE_NUMBER]

    @cached_property
    def _places(self) -> Sequence[str]:
        """Return all names in the template."""
        return _PLACE.findall(self.template or "")

    @cached_property
    def needed(self) -> Sequence[str]:
        """Return the names of all columns that the value needs."""
        of_amounts = (*self.total, *self.less, *self.less_divided_by, *self.divide_by)
        return (*self.columns, *self.places, *of_amounts, *self.if_filled)

    @cached_property
    def folded(self) -> Mapping[str, str]:
        """Return the lookup table in small letters. The first of equal values counts."""
        return {each.lower(): word for each, word in reversed([*self.lookup.items()])}

    def missing(self, columns: Container[str]) -> Iterator[Sequence[str]]:
        """Yield the names of which a file with these columns has none, but should have one."""
        for names in (self.columns, self.total, self.less, self.divide_by, tuple(self.if_filled)):
            if names and not any(name in columns for name in names):
                yield names
        yield from ((name,) for name in self.places if name not in columns)

    def text(self, row: Mapping[str, str]) -> tuple[str, str]:
        """Return the name of the column that has the value, and its text."""
        if self.template is not None:
            values = {name: text_of(row.get(name, "")) for name in self._places}
            if not any(values.values()):
                return "", ""
            return "", _filled(self.template, values)
        for name in self.columns:
            if text := text_of(row.get(name, "")):
                return name, text
        return (self.columns[0] if self.columns else ""), ""

    def place_in(self, row: Mapping[str, str]) -> str:
        """Return the columns that the value comes from in words, "" for a constant."""
        if self.total:
            return f"columns {', '.join(self.total)}"
        name = self.text(row)[0]
        return f"column {name}" if name else ""

    def filled(self, row: Mapping[str, str]) -> str | None:
        """Return the value of the first column of `if_filled` that is not blank."""
        found = (value for name, value in self.if_filled.items() if text_of(row.get(name, "")))
        return next(found, None)


@dataclass(frozen=True)
class ColumnMapping:
    """The sources of an order's and of a line's members.

    Adjacent rows with the same value of `group_by` are one order: it names columns, of which a file
    has the first. A row is a line unless all columns of `line_if` are blank in it. If there are
    `line_values`, the first that is not blank must have one of them, in small letters; if "" is one
    of them, a row with values of a line and a blank column is a line too. If there are
    `other_values`, it must have none of them.
    """

    group_by: tuple[str, ...]
    order: Mapping[str, Source]
    line: Mapping[str, Source]
    line_if: tuple[str, ...] = ()
    line_values: frozenset[str] = frozenset()
    other_values: frozenset[str] = frozenset()

    def is_line(self, row: Mapping[str, str]) -> bool:
        """Return whether a row is a line of its order."""
        if not self.line_if:
            return True
        texts = [text for name in self.line_if if (text := row.get(name, "").strip())]
        if self.other_values:
            return not texts or texts[0].lower() not in self.other_values
        if not self.line_values or not texts:
            return bool(texts) or ("" in self.line_values and self._has_line(row))
        return texts[0].lower() in self.line_values

    def _has_line(self, row: Mapping[str, str]) -> bool:
        """Return whether a row has a value of a line."""
        return any(row.get(name, "").strip() for each in self.line.values() for name in each.needed)

    @cached_property
    def of_order(self) -> Sequence[str]:
        """Return the names of the columns that members of the order need."""
        sources = [each for each in self.order.values() if not each.total]
        return tuple(dict.fromkeys(name for each in sources for name in each.needed))

    @cached_property
    def columns(self) -> frozenset[str]:
        """Return the names of all columns that are mapped."""
        sources = [*self.order.values(), *self.line.values()]
        named = {name for each in sources for name in each.needed}
        return frozenset({*self.group_by, *named, *self.line_if})

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Return the names of the columns with amounts and numbers of items."""
        return self.columns_of(MONEY | {"count"})

    def columns_of(self, members: Container[str]) -> frozenset[str]:
        """Return the names of the columns that these members of the order and its lines need."""
        sources = (*self.order.items(), *self.line.items())
        return frozenset(
            name
            for member, source in sources
            if member in members
            for name in (*source.columns, *source.total, *source.less)
        )


def read_mapping(tree: object) -> ColumnMapping:
    """Read a mapping. Raises MappingError."""
    if not isinstance(tree, Mapping):
        raise MappingError("The mapping must be an object with group_by, order and line")
    return ColumnMapping(
        _group_by(tree.get("group_by")),
        dict(_sources(tree.get("order"), "order", _ORDER_MEMBERS)),
        dict(_sources(tree.get("line"), "line", _LINE_MEMBERS)),
        *_line_if(tree.get("line_if")),
    )


def _group_by(tree: object) -> tuple[str, ...]:
    names = [tree] if isinstance(tree, str) else tree
    if isinstance(names, list) and names and all(isinstance(each, str) and each for each in names):
        return tuple(names)
    raise MappingError("group_by must name the column with the number of the order")


def _line_if(tree: object) -> tuple[tuple[str, ...], frozenset[str], frozenset[str]]:
    """Return the columns that say whether a row is a line, and the values that do."""
    if tree is None:
        return (), frozenset(), frozenset()
    found = tree if isinstance(tree, Mapping) else {"column": tree}
    is_known = isinstance(found.get("column"), str | list) and found["column"]
    if not is_known or set(found) - {"column", "is", "is_not"}:
        raise MappingError(
            "line_if must name a column that is blank in rows without a line, or have column, and "
            "is or is_not"
        )
    if {"is", "is_not"} <= found.keys():
        raise MappingError("line_if must have only one of is and is_not")
    return _names(found["column"], "line_if"), _values(found, "is"), _values(found, "is_not")


def _values(tree: Mapping[str, object], name: str) -> frozenset[str]:
    return frozenset(each.lower() for each in _texts(tree.get(name, []), f"line_if.{name}"))


def is_whole(tree: Mapping[str, object]) -> bool:
    """Return whether a mapping has what a file of no known system needs."""
    return {"group_by", "order", "line"} <= tree.keys()


def check_mapping(tree: Mapping[str, object]) -> None:
    """Check a mapping, which may change only some members of a preset. Raises MappingError."""
    unknown = [name for name in tree if name not in _PARTS]
    if unknown or not tree:
        got = shown(unknown[0]) if unknown else "none of them"
        raise MappingError(f"The mapping must have only {listed(_PARTS)}; got {got}")
    read_mapping({"group_by": "any", "order": {}, "line": {}, **tree})


def overridden(mapping: ColumnMapping, changes: Mapping[str, object]) -> ColumnMapping:
    """Return the mapping with other sources for some members. Raises MappingError."""
    if not changes:
        return mapping
    order = dict(_sources(changes.get("order", {}), "order", _ORDER_MEMBERS))
    line = dict(_sources(changes.get("line", {}), "line", _LINE_MEMBERS))
    line_if = changes.get("line_if")
    present = mapping.line_if, mapping.line_values, mapping.other_values
    return ColumnMapping(
        _group_by(changes["group_by"]) if "group_by" in changes else mapping.group_by,
        {**mapping.order, **order},
        {**mapping.line, **line},
        *(present if line_if is None else _line_if(line_if)),
    )


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
        numbered = {**row, _LINE_NUMBER: str(number)}
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
        if member.startswith(_FIELDS):
            tree.setdefault("custom_fields", {})[member.removeprefix(_FIELDS)] = value
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
            return source.default and source.default.replace(_LINE_PLACE, row.get(_LINE_NUMBER, ""))
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


def _filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template with the values of its columns, or so much of it that it is too long."""
    parts: list[str] = []
    size = end = 0
    for place in _PLACE.finditer(template):
        if size > MAX_TEMPLATE_CHARACTERS:
            break
        parts += (template[end : place.start()], values[place[1]])
        size += len(parts[-2]) + len(parts[-1])
        end = place.end()
    return "".join((*parts, template[end:])).strip()


def _count_of(line: Tree) -> int:
    """Return the number of items of a line, 0 if it cannot be read."""
    text = str(line.get("count", ""))
    return int(text) if text.isdecimal() else 0


def _steps(path: Steps) -> Steps:
    """Return the path to a member whose name may have a custom field's id in it."""
    last = path[-1]
    if isinstance(last, str) and last.startswith(_FIELDS):
        return (*path[:-1], "custom_fields", last.removeprefix(_FIELDS))
    return path


def _sources(tree: object, where: str, members: frozenset[str]) -> Iterator[tuple[str, Source]]:
    if not isinstance(tree, Mapping):
        raise MappingError(f"{where} must be an object of members with their sources")
    most = MAX_LINE_SOURCES if where == "line" else MAX_SOURCES
    needed = 0
    for member, source in tree.items():
        if member not in members and not str(member).startswith(_FIELDS):
            allowed = listed(sorted(members))
            raise MappingError(
                f"{where} must have only the members {allowed} and custom_fields.<id>; "
                f"got {shown(str(member))}"
            )
        read = _source(source, str(member), f"{where}.{member}")
        needed += 1 + len(read.needed)
        if needed > most:
            message = f"{where} must have at most {most} members and columns together"
            raise MappingError(message)
        yield str(member), read


def _source(tree: Any, member: str, where: str) -> Source:  # noqa: ANN401 - any value of YAML
    if isinstance(tree, str):
        return Source(columns=_names(tree, where))
    if not isinstance(tree, Mapping):
        raise MappingError(f"{where} must be the name of a column, or an object")
    unknown = [str(name) for name in tree if name not in _SOURCE_MEMBERS]
    if unknown:
        allowed = listed(sorted(_SOURCE_MEMBERS))
        raise MappingError(f"{where} must have only {allowed}; got {shown(unknown[0])}")
    kinds = [name for name in _KINDS if name in tree]
    if len(kinds) != 1:
        raise MappingError(f"{where} must have exactly one of {listed(_KINDS)}")
    _check_beside(kinds[0], tree, member, where)
    divide_by, divisor = _divide_by(tree.get("divide_by", []), f"{where}.divide_by")
    return Source(
        columns=_names(tree["column"], f"{where}.column") if "column" in tree else (),
        constant=_constant(tree["constant"], f"{where}.constant") if "constant" in tree else None,
        template=_template(tree.get("template"), f"{where}.template"),
        lookup=_lookup(tree.get("lookup", {}), f"{where}.lookup"),
        default=_word(tree["default"], f"{where}.default") if "default" in tree else None,
        total=_names(tree["sum"], f"{where}.sum") if "sum" in tree else (),
        less=_names(tree["less"], f"{where}.less") if "less" in tree else (),
        less_divided_by=(
            _names(tree["less_divided_by"], f"{where}.less_divided_by")
            if "less_divided_by" in tree
            else ()
        ),
        divide_by=divide_by,
        divisor=divisor,
        split=_text(tree.get("split"), f"{where}.split"),
        if_filled=_lookup(tree.get("if_filled", {}), f"{where}.if_filled"),
    )


def _check_beside(kind: str, tree: Mapping[str, object], member: str, where: str) -> None:
    """Raise MappingError for a member of a source that would have no effect."""
    beside = [name for name in tree if name != kind]
    allowed = set(_BESIDE[kind])
    if member not in MONEY:
        allowed -= _OF_AMOUNTS
    elif allowed & _OF_AMOUNTS & set(beside):
        allowed.discard("lookup")
    if kind == "sum" and member not in MONEY:
        raise MappingError(f"{where} must not have sum: only {listed(sorted(MONEY))} may have it")
    if member != "tags" and not member.startswith(_FIELDS):
        allowed.discard("split")
    wrong = next((name for name in beside if name not in allowed), None)
    if wrong is not None:
        others = f"only {listed(sorted(allowed))}" if allowed else "nothing"
        raise MappingError(f"{where} must have {others} beside {kind}; got {wrong}")


def _divide_by(value: object, where: str) -> tuple[tuple[str, ...], int]:
    """Return the columns, and the number, that an amount is divided by."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 1:
            raise MappingError(f"{where} must be 1 or more; got {value}")
        return (), value
    return (_names(value, where) if value != [] else ()), 1


def _constant(value: object, where: str) -> object:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    if isinstance(value, bool | int):
        return value
    return _word(value, where)


def _template(value: object, where: str) -> str | None:
    text = _text(value, where)
    if text is not None and (not _PLACE.search(text) or set("{}") & set(_PLACE.sub("", text))):
        raise MappingError(
            f'{where} must have names of columns in braces, such as "{{Date}} {{Time}}"; '
            f"got {shown(text)}"
        )
    return text


def _lookup(tree: object, where: str) -> Mapping[str, str]:
    if not isinstance(tree, Mapping):
        raise MappingError(f"{where} must be an object of values and what replaces them")
    return {str(name): _word(value, f"{where}.{name}") for name, value in tree.items()}


def _word(value: object, where: str) -> str:
    """Return a text, or a number as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise MappingError(f"{where} must be text or a number; got {shown(json.dumps(value))}")


def _text(value: object, where: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise MappingError(f"{where} must be text; got {shown(json.dumps(value))}")
    return value


def _texts(value: object, where: str) -> Sequence[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
        raise MappingError(f"{where} must be text, or a list of texts")
    return texts


def _names(value: object, where: str) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    is_list = isinstance(names, list) and all(isinstance(each, str) and each for each in names)
    if not isinstance(names, list) or not is_list or not names:
        raise MappingError(f"{where} must be the text of a column's name, or a list of such texts")
    return tuple(names)
