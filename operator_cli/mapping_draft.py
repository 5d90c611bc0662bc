"""Drafts of mappings, written from the first rows of a file."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from operator_cli.column_names import LINE_NAMES, ORDER_NAMES, plain_name, status_of, suggested

# Words that YAML reads as something else are no such names.
_PLAIN = re.compile(
    r"(?!(?:true|false|null|yes|no|on|off|y|n)$)[^\W\d_][\w-]*(?: [\w-]+)*", re.IGNORECASE
)
_SHOWN_ROWS = 3
_SHOWN_CHARACTERS = 40
_MOST_STATUSES = 20


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The names of the columns of a file, and its first rows by these names."""

    columns: Sequence[str]
    rows: Sequence[Mapping[str, str]]
    repeated: Sequence[str] = ()

    def comment(self, column: str) -> str:
        """Return the values of a column in the first rows."""
        values = [row.get(column, "") for row in self.rows[:_SHOWN_ROWS]]
        return " | ".join(_quoted(each[:_SHOWN_CHARACTERS]) for each in values)


def draft_lines(name: str, first: FirstRows) -> Iterator[str]:
    """Yield the lines of a draft for a file of no known system."""
    of_order = suggested(first.columns, ORDER_NAMES)
    left = [each for each in first.columns if each not in of_order.values()]
    of_line = suggested(left, LINE_NAMES)
    yield f"# Draft of a mapping for {_quoted(name)}. Check each member, then check the file:"
    yield "#   orders mapping check FILE THIS_FILE"
    yield "#   orders import FILE --format mapped_csv --mapping THIS_FILE"
    yield "# Beside each column are its values in the first rows."
    for each in first.repeated:
        yield f"# TODO The header has {_quoted(each)} more than once: give its columns other names."
    yield ""
    yield from _group_lines(of_order, first)
    yield ""
    yield "order:"
    yield from _order_lines(of_order, first)
    yield ""
    yield "line:"
    yield from _line_lines(of_line, first)
    used = {*of_order.values(), *of_line.values()}
    yield from unmapped_lines([each for each in first.columns if each not in used], first)


def unmapped_lines(columns: Sequence[str], first: FirstRows) -> Iterator[str]:
    """Yield comments about the columns that a mapping does not read."""
    if columns:
        yield ""
        yield "# No member has these columns. custom_fields.ID may have one."
    for column in columns:
        yield f"#   {scalar(column)}: {first.comment(column)}"


def preset_lines(name: str, format_name: str, text: str, first: FirstRows) -> Iterator[str]:
    """Yield the lines of the mapping of a preset."""
    yield f"# The mapping of {format_name}, which reads {_quoted(name)} without any mapping."
    yield "# Keep only what should differ: other members keep the sources of the format."
    yield "#   orders mapping check FILE THIS_FILE"
    yield "#   orders import FILE --mapping THIS_FILE"
    yield ""
    yield from text.splitlines()
    yield ""
    yield "# The values of the first rows:"
    for column in first.columns:
        yield f"#   {scalar(column)}: {first.comment(column)}"


def _group_lines(of_order: Mapping[str, str], first: FirstRows) -> Iterator[str]:
    key = of_order.get("external_id")
    yield "# Adjacent rows with the same value are one order."
    if key is None:
        key = first.columns[0]
        yield "# TODO No column's name suggests the number of the order; this is the first column."
    yield _entry("group_by", scalar(key), first.comment(key))


def _order_lines(of_order: Mapping[str, str], first: FirstRows) -> Iterator[str]:
    key = of_order.get("external_id", first.columns[0])
    yield _entry("  external_id", scalar(key), "")
    yield _entry("  endpoint", "{constant: website}", "TODO an endpoint of the account")
    yield from _matching_lines({"email", "phone"} & of_order.keys())
    for member in ("status", "currency", "total_price"):
        if member not in of_order:
            yield f"  # TODO {member} is required."
    if "status" not in of_order:
        yield "  status: {constant: new}"
    if "currency" not in of_order:
        yield "  # currency: {constant: USD}"
    for member, column in of_order.items():
        if member == "status":
            yield from _status_lines(column, first)
        elif member == "tags":
            yield _entry(
                "  tags", f"{{column: {scalar(column)}, split: ','}}", first.comment(column)
            )
        elif member != "external_id":
            yield _entry(f"  {member}", scalar(column), first.comment(column))


def _matching_lines(customer: Collection[str]) -> Iterator[str]:
    if not customer:
        yield "  # TODO email, phone or profile_id must have a column."
        return
    matching = "email_phone" if len(customer) > 1 else next(iter(customer))
    yield f"  matching: {{constant: {matching}}}"


def _status_lines(column: str, first: FirstRows) -> Iterator[str]:
    values = dict.fromkeys(text for row in first.rows if (text := row.get(column, "").strip()))
    yield "  # One of new, paid, delivered, canceled, part_refunded."
    yield "  status:"
    yield f"    column: {scalar(column)}"
    yield "    default: new" if not values else "    lookup:"
    for value in list(values)[:_MOST_STATUSES]:
        found = status_of(value)
        comment = "" if found else "TODO"
        yield _entry(f"      {scalar(value)}", found or "new", comment)


def _line_lines(of_line: Mapping[str, str], first: FirstRows) -> Iterator[str]:
    if "external_id" not in of_line:
        yield _entry("  external_id", "{template: '{#}'}", "the number of the line in its order")
    for member in ("sku", "count", "final_price_per_item"):
        if member == "sku" and "product" in of_line:
            continue
        if member not in of_line:
            yield f"  # TODO {member} is required."
    for member, column in of_line.items():
        yield _entry(f"  {member}", scalar(column), first.comment(column))


def _entry(name: str, value: str, comment: str) -> str:
    return f"{name}: {value}  # {comment}" if comment else f"{name}: {value}"


def scalar(text: str) -> str:
    """Return a text as YAML."""
    return text if _PLAIN.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    """Return a text in quotes, as JSON and YAML read it, in one line that a terminal can show."""
    return "".join(
        each if each.isprintable() else json.dumps(each)[1:-1]
        for each in json.dumps(text, ensure_ascii=False)
    )


def named_rows(rows: Sequence[Sequence[str]]) -> FirstRows:
    """Return rows by the names in the first of them. Of a repeated name, the first one counts."""
    if not rows:
        return FirstRows((), ())
    header, *others = rows
    columns = list(_names(header))
    places = {name: place for place, name in reversed(list(enumerate(map(str.strip, header))))}
    found = [
        {name: row[places[name]] if places[name] < len(row) else "" for name in columns}
        for row in others
    ]
    names = [name.strip() for name in header]
    return FirstRows(columns, found, [each for each in columns if names.count(each) > 1])


def has_title(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first row is no header, because it has one cell and others have more."""
    cells = [sum(1 for cell in row if cell.strip()) for row in rows]
    return cells[:1] == [1] and max(cells) > 1


def _names(header: Iterable[str]) -> Iterator[str]:
    from orders.file_formats.table_format import RESULT_COLUMNS

    names = dict.fromkeys(map(str.strip, header))
    yield from (each for each in names if each not in {"", *RESULT_COLUMNS} and plain_name(each))
