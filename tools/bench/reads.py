"""Measures the calls and the read units of pages of 100 orders with DynamoDB Local."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orders.application.deadlines import NoDeadline
from orders.application.follow_orders import FollowOrders, FollowQuery
from orders.application.list_orders import MAX_COUNTED, ListOrders, OrdersQuery, PageWanted
from orders.application.ports import ChangeRange, CountedChanges
from orders.domain.ranges import Range
from orders.runtime.composition import utc_now
from orders.runtime.composition.listing import list_orders
from tools.bench.capacity import consumption
from tools.bench.world import ACCOUNT, World

LIMIT = 100
WITH_TOTAL = ", with the total"
_DEADLINE = NoDeadline()


@dataclass(frozen=True, slots=True)
class Page:
    """The calls and read units of one page, with `stored` orders in the table."""

    name: str
    stored: int
    calls: int
    read_units: float


def measure_pages(world: World, since: datetime, stored: int) -> list[Page]:
    """Measure the kinds of pages. At least 100 orders were changed since the time."""
    measured = []
    for name, read in _reads(list_orders(world.hub), since):
        with consumption(world.hub.dynamodb) as consumed:
            found = read()
        if found != LIMIT:
            raise RuntimeError(f"a page of {name} has {found} orders")
        measured.append(Page(name, stored, consumed.calls, consumed.units))
    return measured


def _reads(lists: ListOrders, since: datetime) -> Iterator[tuple[str, Callable[[], int]]]:
    """Yield the name of each kind, and a function that reads a page and counts its orders."""
    newest = OrdersQuery(ACCOUNT, newest_first=True)
    changed = OrdersQuery(ACCOUNT, changed=Range(since, None), by_change=True)
    changes = ChangeRange(since)
    follow = FollowOrders(lists.index, utc_now)

    def listed(query: OrdersQuery, *, with_total: bool = False) -> int:
        return len(lists(query, PageWanted(LIMIT, with_total=with_total), _DEADLINE).orders)

    def entries() -> int:
        return len(lists.changes.changed(ACCOUNT, changes, LIMIT, _DEADLINE).changes)

    def counted_entries() -> int:
        lists.changes.count(ACCOUNT, CountedChanges(changes, MAX_COUNTED), _DEADLINE)
        return entries()

    def followed() -> int:
        return len(follow(FollowQuery(ACCOUNT, LIMIT), _DEADLINE).orders)

    yield "the newest orders", lambda: listed(newest)
    yield "the oldest orders", followed
    yield f"the newest orders{WITH_TOTAL}", lambda: listed(newest, with_total=True)
    yield "the index by change", entries
    yield f"the index by change{WITH_TOTAL}", counted_entries
    yield "orders created or changed since a time", lambda: listed(changed)
    yield (
        f"orders created or changed since a time{WITH_TOTAL}",
        lambda: listed(changed, with_total=True),
    )


def by_name(pages: Sequence[Page]) -> Mapping[str, Sequence[Page]]:
    """Return the pages of each kind."""
    return {
        name: [each for each in pages if each.name == name]
        for name in dict.fromkeys(each.name for each in pages)
    }
