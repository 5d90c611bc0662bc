"""Mappings: where the values of an order's members come from in a file with columns.

Each member has one source: the value of a column, a constant, or a template of columns. A lookup
table may replace the value.
"""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from orders.file_formats.values import text_of

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
ORDER_MEMBERS = frozenset(
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
LINE_MEMBERS = frozenset(
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
FIELDS = "custom_fields."
PLACE = re.compile(r"\{([^{}]+)\}")
# The number of a line in its order: in templates, and in defaults.
LINE_NUMBER, LINE_PLACE = "#", "{#}"
# A template may repeat a long value.
MAX_TEMPLATE_CHARACTERS = 10_000


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
        return [name for name in self._places if name != LINE_NUMBER]

    @cached_property
    def _places(self) -> Sequence[str]:
        """Return all names in the template."""
        return PLACE.findall(self.template or "")

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
        if self.template == LINE_PLACE:
            return "", text_of(row.get(LINE_NUMBER, "")).strip()
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


def _filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template with the values of its columns, or so much of it that it is too long."""
    parts: list[str] = []
    size = end = 0
    for place in PLACE.finditer(template):
        if size > MAX_TEMPLATE_CHARACTERS:
            break
        parts += (template[end : place.start()], values[place[1]])
        size += len(parts[-2]) + len(parts[-1])
        end = place.end()
    return "".join((*parts, template[end:])).strip()
