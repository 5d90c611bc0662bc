"""The first orders of a file as a mapping reads them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from operator_cli.history_text import printable
from operator_cli.import_source import ImportSource, SmallFile
from orders.domain.problems import NOTHING_REPORTED, Problem
from orders.domain.settings import Endpoint, Rulebook, Settings, blames_settings
from orders.domain.submissions import Rejection
from orders.file_formats.mappings import ColumnMapping, Source

CHECKED_ORDERS = 20
COLUMNS = (
    *("row", "external_id", "create_time", "status", "currency", "total_price", "lines"),
    "customer",
)
_CUSTOMER = ("email", "phone", "profile_id", "field_value")


@dataclass(frozen=True, slots=True)
class CheckedOrder:
    """An order as it would be imported, and its problems. Their paths begin at the order."""

    row: int
    tree: Mapping[str, Any]
    problems: Sequence[Problem]

    def as_row(self) -> Mapping[str, object]:
        """Return the order as a row of a table."""
        customer = (self.tree[name] for name in _CUSTOMER if name in self.tree)
        values = {
            **{name: self.tree.get(name) for name in COLUMNS},
            "row": self.row,
            "lines": len(self.tree.get("lines", ())),
            "customer": next(customer, None),
        }
        return {
            name: None if each is None else printable(str(each)) for name, each in values.items()
        }

    def as_json(self) -> Mapping[str, object]:
        """Return the order as JSON."""
        return {
            "row": self.row,
            "order": self.tree,
            "problems": [
                {"code": str(each.code), "path": each.pointer, "message": each.message}
                for each in self.problems
            ],
        }


def checked_orders(source: ImportSource, first: SmallFile) -> Iterator[CheckedOrder]:
    """Yield records as orders. What depends on the account's settings is not checked."""
    found = source.formats.named(source.options.format)
    for record in first.records:
        converted = found.convert(record, first.frame, source.options)
        [sent] = source.formats.port.sent_orders(
            [record], first.frame, source.options, skip_triggers=True
        )
        checked = sent.submit(Rulebook.of(_settings_for(converted.tree)), NOTHING_REPORTED)
        problems = checked.problems if isinstance(checked, Rejection) else ()
        yield CheckedOrder(
            record.row,
            converted.tree,
            [_below_order(each) for each in problems if not blames_settings(each)],
        )


def missing_columns(mapping: ColumnMapping, columns: Sequence[str]) -> Iterator[str]:
    """Yield the members of the order whose columns the file does not have, with these columns."""
    for member, source in mapping.order.items():
        yield from _missing(f"order.{member}", source, columns)


def missing_line_columns(mapping: ColumnMapping, columns: Sequence[str]) -> Iterator[str]:
    """Yield the members of a line whose columns the file does not have, with these columns."""
    for member, source in mapping.line.items():
        yield from _missing(f"line.{member}", source, columns)


def _missing(member: str, source: Source, columns: Sequence[str]) -> Iterator[str]:
    """Yield the member with columns that the file does not have. A template needs all of them."""
    found = [name for names in source.missing(columns) for name in names]
    if found:
        yield f"{member} ({', '.join(dict.fromkeys(found))})"


def problem_lines(orders: Sequence[CheckedOrder]) -> Iterator[str]:
    """Yield a line for each problem."""
    for order in orders:
        name = printable(str(order.tree.get("external_id", "")))
        for each in order.problems:
            place = f"{each.pointer}: " if each.pointer else ""
            yield printable(f"  row {order.row}  {name}  {place}{each.message}")


def _below_order(problem: Problem) -> Problem:
    return Problem(problem.code, problem.path[2:], problem.message)


def _settings_for(tree: Mapping[str, Any]) -> Settings:
    """Return settings that allow the currency and the endpoint of an order."""
    currency, endpoint = str(tree.get("currency", "")), str(tree.get("endpoint", ""))
    return Settings(currencies=(currency,), endpoints={endpoint: Endpoint(endpoint)})


def as_json(
    source: ImportSource, orders: Sequence[CheckedOrder], missing: Sequence[str]
) -> Mapping[str, object]:
    """Return the result of a check as JSON."""
    return {
        "format": source.options.format,
        "orders": [each.as_json() for each in orders],
        "unmapped": list(source.ignored),
        "missing": list(missing),
    }
