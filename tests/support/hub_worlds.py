"""A hub as the `orders` command reads it, and the writes behind it: in memory or in a table."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from operator_cli.errors import UnavailableError
from operator_cli.hub import CHANGES, HISTORY, ORDER, ORDERS, RECONCILE, Hub, HubAnswer, HubRequest
from operator_cli.hub_reads import HubReads
from orders.application.ports import HistoryRepository, WriteOutcome
from orders.domain.changes import OrderChange
from orders.domain.history import ReplacedVersion
from orders.domain.importing import Write
from orders.domain.order import Cause, Order
from orders.domain.triggers import Trigger, trigger_of
from orders.protocols.altcraft.documents import LINES
from tests.support import hub as api
from tests.support.deadlines import DEADLINE
from tests.support.fakes import FakeFingerprints
from tests.support.order_changes import deletion, renaming, soft_deletion
from tests.support.order_stores import OrderStore
from tests.support.yandex_market import stored_order

# The orders are older than a minute, so that their changes are settled.
LATER = api.START + timedelta(days=1)
_ROUTES = {
    ORDERS: api.ORDERS,
    ORDER: "order",
    HISTORY: "history",
    CHANGES: api.CHANGES,
    RECONCILE: api.RECONCILE,
}


@dataclass
class MemoryHub:
    """The port `Hub` on the endpoints with fakes. `before` may raise what a request meets."""

    hub: api.Hub = field(default_factory=lambda: api.Hub(now=LATER))
    before: Callable[[HubRequest], None] = lambda _request: None
    name: str = "memory"
    account: str | None = "demo"
    requests: list[HubRequest] = field(default_factory=list)
    lists_ids: bool = False

    def ids_of_orders(
        self, created: Mapping[str, tuple[str, ...]]
    ) -> Iterator[tuple[int, str]] | None:
        if not self.lists_ids:
            return None
        answer = self.ask(HubRequest("GET", ORDERS, query={**created, "limit": ("200",)}))
        assert answer.status == 200
        orders = json.loads(answer.body)["orders"]
        return iter([(each["order_id"], each["external_id"]) for each in orders])

    def ask(self, request: HubRequest) -> HubAnswer:
        self.requests.append(request)
        self.before(request)
        answer = self.hub.ask(
            _ROUTES[request.resource],
            request.query,
            request.path.get("order_id"),
            request.body or None,
        )
        return HubAnswer(answer.status, answer.body)


@dataclass
class World:
    """The orders of the account `demo`, and the hub through which a command reads them."""

    store: OrderStore
    history: HistoryRepository
    hub: Hub
    count: int = 0
    triggers: list[Trigger] = field(default_factory=list)

    @property
    def reads(self) -> HubReads:
        return HubReads(self.hub)

    def create(self, *external_ids: str, **members: object) -> Order:
        """Store new orders, each a second later than the one before; return the last."""
        for external_id in external_ids:
            self.count += 1
            at = api.START + timedelta(seconds=self.count)
            order = replace(
                stored_order(external_id, api.order_number(at), **members),  # type: ignore[arg-type]
                created_at=at,
                updated_at=at,
                client="shop",
            )
            self._save(None, order)
        return order

    def create_many(self, count: int, form: str = "A-{}") -> list[Order]:
        """Store new orders with numbers in their external ids."""
        return [self.create(form.format(number)) for number in range(count)]

    def update(self, external_id: str, **members: object) -> Order:
        before = self.named(external_id)
        document = {**json.loads(before.document), **members}
        after = replace(
            before.next_version(Cause("update", "shop", _later(before))),
            document=json.dumps(document),
            status=str(document["status"]),
        )
        self._save(before, after)
        return after

    def rename(self, external_id: str, new: str) -> None:
        before = self.named(external_id)
        stored = self.store.found(before.order_id)
        self._change(renaming(stored, new, _later(before)))

    def delete(self, external_id: str) -> None:
        before = self.named(external_id)
        self._change(deletion(self.store.found(before.order_id), _later(before)))

    def delete_softly(self, external_id: str) -> None:
        before = self.named(external_id)
        self._change(soft_deletion(self.store.found(before.order_id), _later(before)))

    def named(self, external_id: str) -> Order:
        return self.store.by_name(external_id)[external_id]

    def _change(self, change: OrderChange) -> None:
        assert self.store.changes.save(change, DEADLINE) is WriteOutcome.COMMITTED
        if change.trigger is not None:
            self.triggers.append(change.trigger)
        self._keep(change.before.order)

    def _save(self, before: Order | None, after: Order) -> None:
        trigger = trigger_of(before, after, LINES)
        self.triggers.append(trigger)
        write = Write(after, before.version if before else None, trigger)
        [outcome] = self.store.orders.save(after.account, [write], DEADLINE)
        assert outcome is WriteOutcome.COMMITTED
        if before:
            self._keep(before)

    def _keep(self, before: Order) -> None:
        replaced = ReplacedVersion(before, None, before.updated_at)
        self.history.keep([(replaced, 400)], DEADLINE)


def _later(before: Order) -> datetime:
    return before.updated_at + timedelta(hours=1)


def memory_world() -> World:
    """Return an empty world in memory. Its hub is a MemoryHub."""
    hub = MemoryHub()
    store = OrderStore(
        hub.hub.orders,
        hub.hub.index,
        hub.hub.changes,
        hub.hub.change_index,
        FakeFingerprints(hub.hub.orders),
    )
    return World(store, hub.hub.history, hub)


def memory_hub(world: World) -> MemoryHub:
    """Return the hub of a world in memory."""
    assert isinstance(world.hub, MemoryHub)
    return world.hub


def fault_after(requests: int, error: BaseException | None = None) -> Callable[[HubRequest], None]:
    """Return what lets a number of requests pass, and then raises an error at each."""
    passed = 0

    def check(_request: HubRequest) -> None:
        nonlocal passed
        passed += 1
        if passed > requests:
            raise error or UnavailableError("The hub is away.", may_pass=True)

    return check
