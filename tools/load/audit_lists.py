"""Compares a list that was read in pages with the orders that it must have."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tools.load.audit import Difference


@dataclass(frozen=True, slots=True)
class Row:
    """What a list shows of one order. `version` is 0 if the list does not show it."""

    order_id: int
    external_id: str
    version: int = 0
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `total` is None if it has none, otherwise that of the whole list."""

    limit: int
    rows: Sequence[Row]
    total: int | None = None


@dataclass(frozen=True, slots=True)
class ReadList:
    """A list of an account that was read to its end."""

    account: str
    name: str
    pages: Sequence[Page]

    @property
    def rows(self) -> list[Row]:
        """The rows of all pages."""
        return [row for page in self.pages for row in page.rows]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rows that a list must have.

    They are in its sequence, unless `is_sorted` is false. If it is `counted`, each page has a total
    of the rows, without the deleted ones.
    """

    rows: Sequence[Row]
    is_sorted: bool = True
    counted: bool = True


def list_differences(read: ReadList, wanted: Wanted) -> Iterator[Difference]:
    """Return every order that is missing, twice or wrong, and every short page and wrong total."""
    yield from _of_rows(read, wanted)
    if wanted.is_sorted:
        yield from _of_sequence(read, wanted)
    yield from _of_pages(read, wanted)


def _of_rows(read: ReadList, wanted: Wanted) -> Iterator[Difference]:
    shown = {row.order_id: row for row in read.rows}
    counts = Counter(row.order_id for row in read.rows)
    expected = {row.order_id: row for row in wanted.rows}
    for order_id, row in expected.items():
        if order_id not in shown:
            yield _of(read, "not listed", row, f"order id {order_id} is missing")
    for order_id, row in shown.items():
        if counts[order_id] > 1:
            yield _of(read, "listed twice", row, f"{counts[order_id]} times")
        if row != expected.get(order_id):
            detail = f"{row} instead of {expected.get(order_id, 'no order')}"
            yield _of(read, "wrongly listed", row, detail)


def _of_sequence(read: ReadList, wanted: Wanted) -> Iterator[Difference]:
    places = {row.order_id: place for place, row in enumerate(wanted.rows)}
    known = [row for row in read.rows if row.order_id in places]
    for one, other in pairwise(known):
        if places[other.order_id] < places[one.order_id]:
            yield _of(read, "sequence", other, f"it follows {one.external_id}")


def _of(read: ReadList, kind: str, row: Row, detail: str) -> Difference:
    return Difference(kind, read.account, row.external_id, f"{read.name}: {detail}")


def _of_pages(read: ReadList, wanted: Wanted) -> Iterator[Difference]:
    total = sum(not row.is_deleted for row in wanted.rows) if wanted.counted else None
    for number, page in enumerate(read.pages, start=1):
        where = f"{read.name}: page {number} of {len(read.pages)}"
        if len(page.rows) > page.limit or (
            len(page.rows) < page.limit and number < len(read.pages)
        ):
            detail = f"{where} has {len(page.rows)} orders instead of {page.limit}"
            yield Difference("page size", read.account, "", detail)
        if page.total != total:
            detail = f"{where} has the total {page.total} instead of {total}"
            yield Difference("total", read.account, "", detail)
