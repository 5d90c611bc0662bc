"""Compares the indexes, the markers and the history of a table with its orders."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

from orders.domain.order import Order
from orders.domain.order_numbers import time_of
from tools.load.audit import Difference
from tools.load.table import Contents, Entry, Number, Place

type EndOfWriter = Callable[[datetime], datetime]


def number_of(order: Order) -> Number:
    """Return the account and the id of an order."""
    return Number(order.account, order.order_id)


def place_of(order: Order) -> Place:
    """Return the place that a changed order has in the index by change."""
    return Place(number_of(order), order.updated_at)


def orphans(contents: Contents) -> list[Entry]:
    """Return the entries of the index by creation that have no order."""
    names = {number_of(order): order.external_id for order in contents.orders}
    return [each for each in contents.entries if each.number not in names]


def entry_differences(
    contents: Contents, now: datetime, ends_at: EndOfWriter
) -> Iterator[Difference]:
    """Return the orders without their entry, and the entries without their order.

    The latter may exist as long as their writers may live: `ends_at` returns the end of a writer
    that took its order id at a time.
    """
    entries = {each.number: each for each in contents.entries}
    for order in contents.orders:
        entry = entries.get(number_of(order))
        if entry is None or entry.name != order.external_id:
            detail = f"the index by creation has {entry.name if entry else 'nothing'}"
            yield Difference("not indexed", order.account, order.external_id, detail)
    hidden = {number_of(each): each.external_id for each in contents.hidden}
    kept = {each.number: each.name for each in contents.hidden_entries}
    for number in sorted(hidden.keys() | kept.keys()):
        if hidden.get(number) != kept.get(number):
            detail = f"the entry of the softly deleted order has {kept.get(number, 'nothing')}"
            yield Difference("hidden entry", number.account, hidden.get(number, ""), detail)
    for orphan in orphans(contents):
        if now >= ends_at(time_of(orphan.number.order_id)):
            detail = f"the entry of order id {orphan.number.order_id} has no order"
            yield Difference("orphan entry", orphan.number.account, orphan.name, detail)


def change_differences(contents: Contents) -> Iterator[Difference]:
    """Return what is wrong in the index by change.

    It must have exactly the orders that changed, and the markers of those that were deleted.
    """
    markers = Counter(each.place for each in contents.markers)
    expected = Counter(place_of(each) for each in contents.orders if each.version > 1) + markers
    listed = Counter(contents.places)
    for place in sorted(expected - listed):
        yield _of(place.number, "no change", f"the change at {place.changed_at} is not listed")
    for place in sorted(listed - expected):
        yield _of(place.number, "wrong change", f"a change at {place.changed_at} is listed")
    marked = {each.place.number for each in contents.markers}
    deleted = {*contents.tombstones, *map(number_of, contents.hidden)}
    for number in sorted(deleted ^ marked):
        has = "a tombstone but no marker" if number in deleted else "a marker but no tombstone"
        yield _of(number, "marker", f"the deleted order has {has}")
    for number in sorted(marked & {number_of(each) for each in contents.orders}):
        yield _of(number, "marker", "the order exists, but has the marker of a deleted one")


def history_differences(contents: Contents) -> Iterator[Difference]:
    """Return the orders whose history is not that of the versions before the present one.

    A permanently deleted order has no history, a softly deleted one keeps it.
    """
    kept = dict(contents.versions)
    stored = (*contents.orders, *contents.hidden)
    present = {number_of(each): each.version for each in stored}
    for number in sorted(present.keys() | kept.keys()):
        expected = tuple(range(1, present.get(number, 1)))
        versions = kept.get(number, ())
        if versions != expected:
            detail = f"versions {list(versions)} instead of {list(expected)}"
            yield _of(number, "history", detail)


def _of(number: Number, kind: str, detail: str) -> Difference:
    return Difference(kind, number.account, f"order id {number.order_id}", detail)
