"""The columns of an Altcraft CSV file: which member each one has, and how its cells are read."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

from orders.domain.file_records import FileOptions
from orders.file_formats.table_format import RESULT_COLUMNS
from orders.file_formats.values import amount_of, time_of
from orders.protocols.altcraft.requests import LINE_MEMBERS, ORDER_MEMBERS

LINE = "line."
AMOUNTS = frozenset(
    {"total_price", "delivery_cost", "base_price_per_item", "min_price_per_item"}
    | {"final_price_per_item"}
)
TIMES = frozenset({"create_time", "update_time"})
_OBJECTS = frozenset({"lines", "custom_fields"})
_FIELDS = "custom_fields."

type _Read = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a header: where its value goes, as steps, and how it is read if not as text."""

    place: int
    name: str
    steps: tuple[str, ...]
    read: _Read | None = None
    is_amount: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a header: those of the order, those of its lines, and unknown ones."""

    width: int
    order: tuple[Column, ...]
    line: tuple[Column, ...]
    unknown: tuple[str, ...]


@lru_cache(maxsize=8)
def _columns(names: tuple[str, ...], *, decimal_comma: bool, date_form: str) -> Columns:
    order: list[Column] = []
    line: list[Column] = []
    unknown: list[str] = []
    for place, name in enumerate(names):
        own = name.removeprefix(LINE)
        found, members = (line, LINE_MEMBERS) if name != own else (order, ORDER_MEMBERS)
        if not name or name in RESULT_COLUMNS:
            continue
        if own.startswith(_FIELDS) and own != _FIELDS:
            steps = ("custom_fields", own.removeprefix(_FIELDS))
            found.append(Column(place, name, steps))
        elif own in members and own not in _OBJECTS:
            read = _reader_of(own, decimal_comma=decimal_comma, date_form=date_form)
            found.append(Column(place, name, (own,), read, is_amount=own in AMOUNTS))
        else:
            unknown.append(name)
            if name not in _OBJECTS:
                # The policy of the account decides about it.
                order.append(Column(place, name, (name,)))
    return Columns(len(names), tuple(order), tuple(line), tuple(unknown))


def _reader_of(member: str, *, decimal_comma: bool, date_form: str) -> _Read | None:
    """Return the function that reads the text of a member, None for one that is text."""
    if member in AMOUNTS:
        return partial(amount_of, decimal_comma=decimal_comma)
    if member in TIMES:
        return partial(time_of, date_form=date_form)
    return _tags_of if member == "tags" else None


def _tags_of(cell: str) -> list[str]:
    return cell.split("|")


def columns_of(names: tuple[str, ...], options: FileOptions) -> Columns:
    """Return the columns of a header."""
    return _columns(names, decimal_comma=options.decimal_comma, date_form=options.date_form)
