"""Mappings: how the columns of a file become the members of an order.

A mapping is plain data, as YAML or JSON has it. Each member has one source: the value of a column,
a constant, or a template of columns. A lookup table may replace the value.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Any

from orders.domain.file_records import FileOptions
from orders.domain.money import (
    MAX_FRACTION_DIGITS,
    MAX_INTEGER_DIGITS,
    exact_sum,
    format_amount,
)
from orders.domain.problems import MAX_PROBLEMS, Code, Problem, Steps, listed, pointer, shown
from orders.file_formats.bounds import MAX_LINES
from orders.file_formats.interface import Converted, Tree
from orders.file_formats.json_marks import not_an_order
from orders.file_formats.values import (
    amount_of,
    currency_of,
    text_of,
    time_of,
    whole_number_of,
)

_MONEY = frozenset(
    {
        "total_price",
        "delivery_cost",
        "final_price_per_item",
        "base_price_per_item",
        "min_price_per_item",
    }
)
_TIMES = frozenset({"create_time", "update_time"})
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
    }
)
_PLACE = re.compile(r"\{([^{}]+)\}")
# The number of a line in its order, in templates.
_LINE_NUMBER = "#"
_PRECISION = 40
# Each line of an order needs the values of all sources of lines, so there may not be very many.
MAX_SOURCES = 500
MAX_LINE_SOURCES = 100
# A template may repeat a long value.
MAX_TEMPLATE_CHARACTERS = 10_000


_PARTS = ("group_by", "line_if", "order", "line")


class MappingError(ValueError):
    """A mapping has a fault. The message names the member and what is allowed."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the value of a member comes from.

    `columns` are columns of which the first that is not blank has the value. `total` are columns
    whose amounts in all rows of the order are added. `less` are columns whose amounts are
    subtracted, divided by the whole number of `less_divided_by` if it is set. `divide_by` are
    columns of whole numbers: the amount is divided by the first that is not blank. `split`
    separates the values of an array.
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
    split: str | None = None

    @property
    def needed(self) -> Iterator[str]:
        """Yield the names of all columns that the value needs."""
        yield from self.columns
        if self.template is not None:
            yield from (name for name in _PLACE.findall(self.template) if name != _LINE_NUMBER)
        yield from (*self.total, *self.less, *self.less_divided_by, *self.divide_by)


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """The sources of an order's and of a line's members.

    Adjacent rows with the same value of `group_by` are one order. A row is a line unless the column
    `line_if` is blank in it. If there are `line_values`, the column must have one of them, in small
    letters.
    """

    group_by: str
    order: Mapping[str, Source]
    line: Mapping[str, Source]
    line_if: str | None = None
    line_values: frozenset[str] = frozenset()

    def is_line(self, row: Mapping[str, str]) -> bool:
        """Return whether a row is a line of its order."""
        if self.line_if is None:
            return True
        text = row.get(self.line_if, "").strip()
        return text.lower() in self.line_values if self.line_values else bool(text)

    @property
    def columns(self) -> frozenset[str]:
        """Return the names of all columns that are mapped."""
        sources = [*self.order.values(), *self.line.values()]
        named = {name for each in sources for name in each.needed}
        return frozenset({self.group_by, *named, *([self.line_if] if self.line_if else [])})


def read_mapping(tree: object) -> ColumnMapping:
    """Read a mapping. Raises MappingError."""
    if not isinstance(tree, Mapping):
        raise MappingError("The mapping must be an object with group_by, order and line")
    group_by = tree.get("group_by")
    if not isinstance(group_by, str) or not group_by:
        raise MappingError("group_by must name the column with the number of the order")
    return ColumnMapping(
        group_by,
        dict(_sources(tree.get("order"), "order", _ORDER_MEMBERS)),
        dict(_sources(tree.get("line"), "line", _LINE_MEMBERS)),
        *_line_if(tree.get("line_if")),
    )


def _line_if(tree: object) -> tuple[str | None, frozenset[str]]:
    """Return the column that says whether a row is a line, and the values that say so."""
    if tree is None or isinstance(tree, str):
        return tree, frozenset()
    column = tree.get("column") if isinstance(tree, Mapping) else None
    if not isinstance(tree, Mapping) or not isinstance(column, str) or set(tree) - {"column", "is"}:
        raise MappingError(
            "line_if must name a column that is blank in rows without a line, or have column and is"
        )
    return column, frozenset(each.lower() for each in _names(tree.get("is", []), "line_if.is"))


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
    order = dict(_sources(changes.get("order", {}), "order", _ORDER_MEMBERS))
    line = dict(_sources(changes.get("line", {}), "line", _LINE_MEMBERS))
    group_by, line_if = changes.get("group_by"), changes.get("line_if")
    present = mapping.line_if, mapping.line_values
    return ColumnMapping(
        group_by if isinstance(group_by, str) else mapping.group_by,
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
    reader = _Reader(options)
    tree: Tree = {}
    for member, source in mapping.order.items():
        if source.total:
            reader.add(tree, member, source, rows)
        else:
            reader.set(tree, (member,), member, source, _merged(rows, source, member, reader))
    if lines is None:
        lines = [row for row in rows if mapping.is_line(row)]
    if len(lines) > MAX_LINES:
        message = f"lines must have at most {MAX_LINES} lines; got {len(lines)}"
        return not_an_order(Code.ORDER_TOO_LARGE, message)
    tree["lines"] = []
    for number, row in enumerate(lines, 1):
        line: Tree = {}
        for member, source in mapping.line.items():
            path = ("lines", number - 1, member)
            reader.set(line, path, member, source, {**row, _LINE_NUMBER: str(number)})
        tree["lines"].append(line)
    return Converted(tree, tuple(reader.faults), dict(reader.source_of))


def _merged(
    rows: Sequence[Mapping[str, str]], source: Source, member: str, reader: "_Reader"
) -> Mapping[str, str]:
    """Return one row with the columns that a source needs. Reports values that contradict."""
    found: dict[str, str] = {}
    for name in source.needed:
        values = list(dict.fromkeys(row[name] for row in rows if row.get(name, "").strip()))
        found[name] = values[0] if values else ""
        if len(values) > 1:
            message = (
                f'column "{name}" must have one value in all rows of an order; '
                f"got {listed(values[:3])}"
            )
            reader.report(_steps((member,)), message)
    return found


class _Reader:
    """Reads the values of one record, and collects its problems."""

    def __init__(self, options: FileOptions) -> None:
        self._options = options
        self.faults: list[Problem] = []
        self.source_of: dict[str, str] = {}

    def report(self, steps: Steps, message: str) -> None:
        """Keep a problem. Those beyond the most problems of an order are not needed."""
        if len(self.faults) <= MAX_PROBLEMS:
            self.faults.append(Problem(Code.INVALID_VALUE, steps, message))

    def add(
        self, tree: Tree, member: str, source: Source, rows: Sequence[Mapping[str, str]]
    ) -> None:
        """Set a member of the order to the sum of columns in all rows."""
        comma = self._options.decimal_comma
        amounts = []
        for name in source.total:
            for row in rows:
                text = text_of(row.get(name, ""))
                if not text:
                    continue
                try:
                    amounts.append(Decimal(amount_of(text, decimal_comma=comma)))
                except ValueError as allowed:
                    message = f'column "{name}" must be {allowed}; got {shown(text)}'
                    self.report((member,), message)
        if amounts:
            self.source_of[pointer(member)] = f"columns {', '.join(source.total)}"
            tree[member] = format_amount(exact_sum(amounts))

    def set(
        self, tree: Tree, path: Steps, member: str, source: Source, row: Mapping[str, str]
    ) -> None:
        """Set a member of the tree, unless its value is blank."""
        steps = _steps(path)
        try:
            value = self._value(member, source, row)
        except ValueError as allowed:
            name, text = self._text(source, row)
            message = f'column "{name or member}" must be {allowed}; got {shown(text)}'
            self.report(steps, message)
            return
        if value is None:
            return
        name, _ = self._text(source, row)
        if name:
            self.source_of[pointer(*steps)] = f"column {name}"
        if member.startswith(_FIELDS):
            tree.setdefault("custom_fields", {})[member.removeprefix(_FIELDS)] = value
        else:
            tree[member] = value

    def _value(self, member: str, source: Source, row: Mapping[str, str]) -> object:
        if source.constant is not None:
            return source.constant
        _, text = self._text(source, row)
        if not text:
            return source.default
        if source.template is not None and len(text) > MAX_TEMPLATE_CHARACTERS:
            raise ValueError(f"a text of at most {MAX_TEMPLATE_CHARACTERS} characters")
        if source.split is not None:
            return [each.strip() for each in text.split(source.split) if each.strip()]
        return (
            self._looked_up(source, text)
            if source.lookup
            else self._read(member, text, source, row)
        )

    def _read(self, member: str, text: str, source: Source, row: Mapping[str, str]) -> str:
        """Return a value in the form that the import accepts: the member decides which."""
        if member in _MONEY:
            return self._amount(source, text, row)
        if member == "count":
            return whole_number_of(text, decimal_comma=self._options.decimal_comma)
        if member in _TIMES:
            return time_of(text, self._options.date_form)
        return currency_of(text) if member == "currency" else text

    def _text(self, source: Source, row: Mapping[str, str]) -> tuple[str, str]:
        """Return the name of the column that has the value, and its text."""
        if source.template is not None:
            return "", _filled(source.template, row)
        for name in source.columns:
            if text := text_of(row.get(name, "")):
                return name, text
        return (source.columns[0] if source.columns else ""), ""

    def _looked_up(self, source: Source, text: str) -> str:
        found = source.lookup.get(text, source.lookup.get(text.lower()))
        if found is not None:
            return found
        if source.default is not None:
            return source.default
        raise ValueError(f"one of {listed(list(source.lookup))}")

    def _amount(self, source: Source, text: str, row: Mapping[str, str]) -> str:
        comma = self._options.decimal_comma
        amount = amount_of(text, decimal_comma=comma)
        if not source.less and not source.divide_by:
            return amount
        with localcontext(prec=_PRECISION):
            less = [row[name] for name in source.less if row.get(name, "").strip()]
            off = sum((Decimal(amount_of(each, decimal_comma=comma)) for each in less), Decimal())
            off = off / self._count(source.less_divided_by, row) if off else off
            # Only a price that no decimal number expresses is rounded, in the last digit allowed.
            exact = (Decimal(amount) - off) / self._count(source.divide_by, row)
            if exact.adjusted() > MAX_INTEGER_DIGITS:
                raise ValueError(f"an amount of at most {MAX_INTEGER_DIGITS} digits")
            price = round(exact, MAX_FRACTION_DIGITS)
        return format_amount(price) if price >= 0 else f"-{format_amount(-price)}"

    def _count(self, names: Sequence[str], row: Mapping[str, str]) -> Decimal:
        """Return the number of items that an amount is divided by, 1 without names of columns."""
        if not names:
            return Decimal(1)
        number = next((text for name in names if (text := text_of(row.get(name, "")))), "")
        try:
            count = Decimal(whole_number_of(number, decimal_comma=self._options.decimal_comma))
        except ValueError:
            count = Decimal(0)
        if count < 1:
            raise ValueError(f'an amount of at least one item in "{names[0]}"')
        return count


def _filled(template: str, row: Mapping[str, str]) -> str:
    """Return a template with the values of its columns, or so much of it that it is too long."""
    parts: list[str] = []
    size = end = 0
    for place in _PLACE.finditer(template):
        if size > MAX_TEMPLATE_CHARACTERS:
            break
        parts += (template[end : place.start()], text_of(row.get(place[1], "")))
        size += len(parts[-2]) + len(parts[-1])
        end = place.end()
    return "".join((*parts, template[end:])).strip()


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
        read = _source(source, f"{where}.{member}")
        needed += 1 + sum(1 for _ in read.needed)
        if needed > most:
            message = f"{where} must have at most {most} members and columns together"
            raise MappingError(message)
        yield str(member), read


def _source(tree: Any, where: str) -> Source:  # noqa: ANN401 - any value of YAML
    if isinstance(tree, str):
        return Source(columns=(tree,))
    if not isinstance(tree, Mapping):
        raise MappingError(f"{where} must be the name of a column, or an object")
    unknown = [str(name) for name in tree if name not in _SOURCE_MEMBERS]
    if unknown:
        allowed = listed(sorted(_SOURCE_MEMBERS))
        raise MappingError(f"{where} must have only {allowed}; got {shown(unknown[0])}")
    kinds = [name for name in ("column", "constant", "template", "sum") if name in tree]
    if len(kinds) != 1:
        raise MappingError(f"{where} must have exactly one of column, constant, template and sum")
    lookup = tree.get("lookup", {})
    if not isinstance(lookup, Mapping):
        raise MappingError(f"{where}.lookup must be an object of values and what replaces them")
    return Source(
        columns=_names(tree.get("column", []), f"{where}.column"),
        constant=tree.get("constant"),
        template=_text(tree.get("template"), f"{where}.template"),
        lookup={str(name): str(value) for name, value in lookup.items()},
        default=_text(tree.get("default"), f"{where}.default"),
        total=_names(tree.get("sum", []), f"{where}.sum"),
        less=_names(tree.get("less", []), f"{where}.less"),
        less_divided_by=_names(tree.get("less_divided_by", []), f"{where}.less_divided_by"),
        divide_by=_names(tree.get("divide_by", []), f"{where}.divide_by"),
        split=_text(tree.get("split"), f"{where}.split"),
    )


def _text(value: object, where: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise MappingError(f"{where} must be text; got {shown(str(value))}")
    return value


def _names(value: object, where: str) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise MappingError(f"{where} must be the text of a column's name, or a list of such texts")
    return tuple(names)
