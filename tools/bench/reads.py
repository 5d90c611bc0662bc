"""Measures the calls and the read units of reads with DynamoDB Local: pages have 100 orders."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from orders.adapters.dynamodb_change_index import DynamoChangeIndex
from orders.adapters.dynamodb_fingerprints import DynamoFingerprints
from orders.adapters.dynamodb_history import DynamoHistory
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.application.deadlines import NoDeadline
from orders.application.find_order_by_external_id import FindOrderByExternalId
from orders.application.follow_orders import FollowOrders, FollowQuery
from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.list_orders import MAX_COUNTED, ListOrders, OrdersQuery, PageWanted
from orders.application.ports import ChangeRange, CountedChanges
from orders.application.read_changes import SETTLED_AFTER, ChangesQuery, ReadChanges
from orders.application.read_history import ReadHistory
from orders.application.reconcile import Comparison, Expected, Reconcile
from orders.domain.history import OrderKey
from orders.domain.ranges import Range
from orders.runtime.composition import utc_now
from orders.runtime.composition.listing import list_orders
from tools.bench.capacity import consumption
from tools.bench.requests import order as sent_order
from tools.bench.rounds import in_rounds
from tools.bench.world import ACCOUNT, World

LIMIT = 100
WITH_TOTAL = ", with the total"
_DEADLINE = NoDeadline()


@dataclass(frozen=True, slots=True)
class Page:
    """The calls, their rounds and the units of one read, with `stored` orders in the table."""

    name: str
    stored: int
    calls: int
    read_units: float
    rounds: int


def measure_pages(world: World, since: datetime, stored: int) -> list[Page]:
    """Measure the kinds of reads. At least 100 orders were changed since the time."""
    measured = []
    pages = ((name, read, LIMIT) for name, read in _reads(list_orders(world.hub), since))
    for name, read, expected in (*pages, *_hub_reads(world)):
        with consumption(world.hub.dynamodb) as consumed:
            found = read()
        # Each call takes a while, so that those which are made together overlap.
        with in_rounds(world.hub.dynamodb) as rounds:
            read()
        if found != expected:
            raise RuntimeError(f"{name}: {found} instead of {expected} were read")
        measured.append(Page(name, stored, consumed.calls, consumed.units, rounds.count))
    return measured


def _reads(lists: ListOrders, since: datetime) -> Iterator[tuple[str, Callable[[], int]]]:
    """Yield the name of each kind, and a function that reads a page and counts its orders."""
    newest = OrdersQuery(ACCOUNT, newest_first=True)
    changed = OrdersQuery(ACCOUNT, changed=Range(since, None), by_change=True)
    created = OrdersQuery(ACCOUNT, created=Range(since, None), newest_first=True)
    filtered = OrdersQuery(ACCOUNT, matches=lambda _order: True, newest_first=True)
    changes = ChangeRange(since)
    follow = FollowOrders(lists.index, utc_now)

    def listed(query: OrdersQuery, *, with_total: bool = False) -> int:
        return len(lists(query, PageWanted(LIMIT, with_total=with_total), _DEADLINE).orders)

    def entries() -> int:
        found = islice(lists.changes.entries(ACCOUNT, changes, _DEADLINE), LIMIT)
        return len(lists.changes.read(ACCOUNT, list(found), _DEADLINE))

    def counted_entries() -> int:
        lists.changes.count(ACCOUNT, CountedChanges(changes, MAX_COUNTED), _DEADLINE)
        return entries()

    def followed() -> int:
        return len(follow(FollowQuery(ACCOUNT, LIMIT), _DEADLINE).orders)

    yield "the newest orders", lambda: listed(newest)
    yield "the oldest orders, as Altcraft lists them", followed
    yield f"the newest orders{WITH_TOTAL}", lambda: listed(newest, with_total=True)
    yield "orders created since a time", lambda: listed(created)
    yield f"orders created since a time{WITH_TOTAL}", lambda: listed(created, with_total=True)
    yield "orders that match a filter which no index has", lambda: listed(filtered)
    yield "the index by change", entries
    yield f"the index by change{WITH_TOTAL}", counted_entries
    yield "orders created or changed since a time", lambda: listed(changed)
    yield (
        f"orders created or changed since a time{WITH_TOTAL}",
        lambda: listed(changed, with_total=True),
    )


def _hub_reads(world: World) -> Iterator[tuple[str, Callable[[], int], int]]:
    """Yield the reads of the hub's own API that no other protocol has, and what each returns."""
    client, table = world.hub.dynamodb, world.table
    index, change_index = DynamoOrderIndex(client, table), DynamoChangeIndex(client, table)
    by_name, by_id = FindOrderByExternalId(DynamoOrders(client, table)), GetOrderById(index)
    changes = ReadChanges(index, change_index, lambda: utc_now() + SETTLED_AFTER)
    history = ReadHistory(index, DynamoHistory(client, table))
    reconcile = Reconcile(DynamoFingerprints(client, table))
    names = [str(sent_order(number)["external_id"]) for number in range(LIMIT)]
    first = by_name(ACCOUNT, names[0], _DEADLINE)
    if first is None:
        raise RuntimeError(f"{names[0]} is not stored")
    number = first.order.order_id
    end = changes(ChangesQuery(ACCOUNT, LIMIT), _DEADLINE).read_until

    def one() -> int:
        return int(by_id(OrderAddress(ACCOUNT, None, number), _DEADLINE) is not None)

    def named() -> int:
        return one() if by_name(ACCOUNT, names[0], _DEADLINE) else 0

    def versions() -> int:
        listed = history(OrderKey(ACCOUNT, number), None, LIMIT, _DEADLINE)
        return 0 if listed is None else len(listed.versions)

    def changed() -> int:
        return len(changes(ChangesQuery(ACCOUNT, LIMIT, end), _DEADLINE).changes)

    def compared() -> int:
        results = reconcile(ACCOUNT, [Expected(name, version=0) for name in names], _DEADLINE)
        return sum(each.result is Comparison.DIFFERENT for each in results)

    yield "one order by its order id", one, 1
    yield "one order by its external id, through the hub's own API", named, 1
    yield "the history of an order with two versions", versions, 2
    yield "the changes that follow a cursor", changed, LIMIT
    yield "a comparison of 100 orders", compared, LIMIT


def by_name(pages: Sequence[Page]) -> Mapping[str, Sequence[Page]]:
    """Return the reads of each kind."""
    return {
        name: [each for each in pages if each.name == name]
        for name in dict.fromkeys(each.name for each in pages)
    }
