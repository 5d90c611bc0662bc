"""The file of a comparison: the orders as a shop has them, as CSV or as JSON Lines.

The whole file is checked before the hub is asked. It is kept in a temporary database on disk, so
that a file of any size needs little memory.
"""

import codecs
import csv
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from operator_cli.errors import UsageError
from operator_cli.export_rows import original
from orders.domain.identifiers import EXTERNAL_ID_RULE, is_external_id
from orders.domain.problems import shown
from orders.domain.times import parse_time
from orders.protocols.json_text import NotJsonError, read_json

type Entry = dict[str, object]

COMPARED = ("digest", "version", "update_time")
STANDARD_INPUT = "-"
MAX_FAULTS = 20
MAX_LINE_BYTES = 1024 * 1024
# What one request may have. Its body may have 4 MB.
MAX_BATCH = 10_000
MAX_BATCH_BYTES = 3_500_000
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII | re.IGNORECASE)
_NOT_UTF_8 = re.compile("[\ud800-\udfff]")
_MAX_VERSION = 2**53
_AROUND_AN_ENTRY = 80


class FileFormat(StrEnum):
    """The formats of the file."""

    CSV = "csv"
    JSONL = "jsonl"


class InvalidLineError(Exception):
    """A line does not describe an order. The text is a sentence without a full stop."""


class ShopOrders:
    """The orders of a file, and which orders of the hub they are."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute(
            "CREATE TABLE shop (place INTEGER PRIMARY KEY, line INTEGER, external_id TEXT UNIQUE,"
            " digest TEXT, version INTEGER, update_time TEXT)"
        )
        database.execute("CREATE TABLE found (order_id INTEGER PRIMARY KEY)")

    def add(self, line: int, entry: Mapping[str, object]) -> None:
        """Add the order of a line. Raises InvalidLineError if another line has its external id."""
        external_id = entry["external_id"]
        values = (line, external_id, *(entry.get(name) for name in COMPARED))
        try:
            self._database.execute(
                "INSERT INTO shop (line, external_id, digest, version, update_time)"
                " VALUES (?, ?, ?, ?, ?)",
                values,
            )
        except sqlite3.IntegrityError:
            query = "SELECT line FROM shop WHERE external_id = ?"
            [first] = self._database.execute(query, (external_id,)).fetchone()
            text = f"external_id {shown(external_id)} is a duplicate; line {first} has it too"
            raise InvalidLineError(text) from None

    def count(self) -> int:
        """Return the number of orders."""
        [number] = self._database.execute("SELECT count(*) FROM shop").fetchone()
        return cast("int", number)

    def batches(self) -> Iterator[list[Entry]]:
        """Yield the orders in the sequence of the file, as many as one request may have."""
        batch: list[Entry] = []
        size = 0
        query = f"SELECT external_id, {', '.join(COMPARED)} FROM shop ORDER BY place"  # noqa: S608
        for row in self._database.execute(query):
            named = zip(("external_id", *COMPARED), row, strict=True)
            entry = {name: value for name, value in named if value is not None}
            added = _AROUND_AN_ENTRY + sum(2 * len(str(each).encode()) for each in entry.values())
            if batch and (len(batch) == MAX_BATCH or size + added > MAX_BATCH_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(entry)
            size += added
        if batch:
            yield batch

    def note_found(self, order_ids: Iterable[int]) -> None:
        """Note orders of the hub that belong to orders of the file."""
        self._database.executemany(
            "INSERT OR IGNORE INTO found VALUES (?)", ((each,) for each in order_ids)
        )

    def lacks(self, order_id: int, external_id: str) -> bool:
        """Return whether no order of the file belongs to this order of the hub."""
        found = self._database.execute(
            "SELECT EXISTS (SELECT 1 FROM found WHERE order_id = ?)"
            " OR EXISTS (SELECT 1 FROM shop WHERE external_id = ?)",
            (order_id, external_id),
        ).fetchone()
        return not found[0]


@contextmanager
def read_shop_orders(path: str, given: FileFormat | None) -> Iterator[ShopOrders]:
    """Read a file; `-` is standard input. Raises UsageError that lists the invalid lines."""
    name = "standard input" if path == STANDARD_INPUT else path
    # SQLite moves a database without a name from memory to a temporary file when it grows.
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        orders = ShopOrders(database)
        database.execute("BEGIN")
        try:
            with _opened(path) as opened:
                _read_all(name, opened, _format_of(path, given), orders)
        except OSError as error:
            raise UsageError(f"{name} cannot be read: {error.strerror}.") from error
        yield orders


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    if path == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    with Path(path).open("rb") as opened:
        yield opened


def _format_of(path: str, given: FileFormat | None) -> FileFormat:
    if given is not None:
        return given
    suffix = Path(path).suffix.lower()
    if suffix == ".csv":
        return FileFormat.CSV
    if suffix in {".jsonl", ".ndjson"}:
        return FileFormat.JSONL
    raise UsageError("The file must end with .csv or .jsonl, or --format is required.")


def _read_all(name: str, opened: IO[bytes], of: FileFormat, orders: ShopOrders) -> None:
    faults: list[str] = []
    read = _csv_entries if of is FileFormat.CSV else _json_entries
    for line, make in read(_text_lines(name, opened)):
        try:
            orders.add(line, make())
        except InvalidLineError as error:
            faults.append(f"{name}:{line}: {error}.")
            if len(faults) == MAX_FAULTS:
                faults.append("The lines that follow were not checked.")
                break
    if faults:
        raise UsageError("\n".join(["Nothing was compared, because lines are invalid:", *faults]))


type Numbered = Iterator[tuple[int, Callable[[], Entry]]]


def _text_lines(name: str, opened: IO[bytes]) -> Iterator[str]:
    """Yield the lines. Bytes that are not UTF-8 become surrogates."""
    number = 0
    while raw := opened.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(raw) > MAX_LINE_BYTES:
            raise UsageError(f"{name}:{number}: a line must have at most {MAX_LINE_BYTES} bytes.")
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        yield raw.decode(errors="surrogateescape")


def _expect_utf_8(text: str) -> None:
    if _NOT_UTF_8.search(text):
        raise InvalidLineError("the text must be UTF-8")


def _json_entries(lines: Iterator[str]) -> Numbered:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield number, partial(_json_entry, line)


def _json_entry(line: str) -> Entry:
    _expect_utf_8(line)
    try:
        text = read_json(line.encode())
    except NotJsonError as error:
        raise InvalidLineError(str(error).replace("The body", "the line", 1)) from None
    if not isinstance(text.tree, dict):
        raise InvalidLineError("a line must be an object in JSON")
    faults = text.faults(1)
    if faults:
        raise InvalidLineError(faults[0].message)
    return _entry(text.tree)


def _csv_entries(lines: Iterator[str]) -> Numbered:
    """Yield the rows with the number of their first line. A quoted cell may have several lines."""
    names: list[str] | None = None
    reader = csv.reader(lines, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield number, partial(_reject, f"the line is not CSV: {error}")
            continue
        if not any(map(str.strip, cells)):
            continue
        if names is None:
            names = _header(cells)
        else:
            yield number, partial(_csv_entry, names, cells)
    if names is None:
        raise UsageError("The first line of the file must name the columns; the file has none.")


def _reject(text: str) -> Entry:
    raise InvalidLineError(text)


def _header(cells: list[str]) -> list[str]:
    names = [each.strip() for each in cells]
    if "external_id" not in names or not set(names) & set(COMPARED):
        raise UsageError(
            "The first line of the file must name the column external_id and at least one of "
            f"{', '.join(COMPARED)}, separated by commas; got {shown(','.join(names))}."
        )
    known = [name for name in names if name in {"external_id", *COMPARED}]
    if len(set(known)) != len(known):
        raise UsageError("The first line of the file names a column twice.")
    return names


def _csv_entry(names: list[str], cells: list[str]) -> Entry:
    _expect_utf_8("".join(cells))
    if len(cells) != len(names):
        raise InvalidLineError(f"the line must have {len(names)} cells; got {len(cells)}")
    row = dict(zip(names, cells, strict=True))
    given: dict[str, Any] = {name: row[name].strip() for name in COMPARED if row.get(name)}
    version = given.get("version", "")
    if version.isascii() and version.isdecimal() and len(version) <= len(str(_MAX_VERSION)):
        given["version"] = int(version)
    return _entry({**given, "external_id": original(row["external_id"])})


def _entry(tree: Mapping[str, Any]) -> Entry:
    """Return the members that are compared; others are ignored. Raises InvalidLineError."""
    external_id = tree.get("external_id")
    if isinstance(external_id, int) and not isinstance(external_id, bool):
        external_id = str(external_id)
    if external_id is None:
        raise InvalidLineError("external_id is required")
    if not isinstance(external_id, str) or not is_external_id(external_id):
        raise InvalidLineError(f"external_id must have {EXTERNAL_ID_RULE}; got {_got(external_id)}")
    entry: Entry = {"external_id": external_id}
    for name, check in _CHECKS.items():
        value = tree.get(name)
        if value is None or value == "":
            continue
        rule = check(value)
        if rule:
            raise InvalidLineError(f"{name} must {rule}; got {_got(value)}")
        entry[name] = value
    if len(entry) == 1:
        raise InvalidLineError(f"at least one of {', '.join(COMPARED)} is required")
    return entry


def _digest_rule(value: object) -> str:
    is_digest = isinstance(value, str) and _DIGEST.fullmatch(value) is not None
    return "" if is_digest else "have 64 hexadecimal digits"


def _version_rule(value: object) -> str:
    is_version = type(value) is int and 1 <= value <= _MAX_VERSION
    return "" if is_version else "be a whole number from 1"


def _time_rule(value: object) -> str:
    try:
        parse_time(value)
    except ValueError as error:
        return f"be {error}"
    return ""


_CHECKS: Mapping[str, Callable[[object], str]] = {
    "digest": _digest_rule,
    "version": _version_rule,
    "update_time": _time_rule,
}


def _got(value: object) -> str:
    return shown(value) if isinstance(value, str) else "another type"
