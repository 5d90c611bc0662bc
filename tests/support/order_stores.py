"""Order stores for the contract tests: one of fakes, one in DynamoDB Local."""

from dataclasses import dataclass

from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_change_index import DynamoChangeIndex
from orders.adapters.dynamodb_fingerprints import DynamoFingerprints
from orders.adapters.dynamodb_order_changes import DynamoOrderChanges
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.application.ports import (
    Change,
    ChangeIndex,
    ChangeRange,
    Fingerprints,
    OrderChanges,
    OrderIndex,
    OrderRepository,
    WriteOutcome,
)
from orders.domain.changes import StoredOrder
from orders.domain.importing import Write
from orders.domain.order import Order
from tests.support.deadlines import DEADLINE
from tests.support.fakes import (
    FakeChangeIndex,
    FakeFingerprints,
    FakeOrderChanges,
    FakeOrderIndex,
    FakeOrders,
)
from tests.support.order_changes import renaming
from tests.support.template_tables import create_table


@dataclass
class OrderStore:
    """The ports of one order store."""

    orders: OrderRepository
    index: OrderIndex
    changes: OrderChanges
    changed: ChangeIndex
    fingerprints: Fingerprints

    def create(self, *orders: Order) -> None:
        for order in orders:
            [outcome] = self.orders.save(order.account, [Write(order, None, None)], DEADLINE)
            assert outcome is WriteOutcome.COMMITTED

    def found(self, order_id: int, account: str = "demo") -> StoredOrder:
        stored = self.index.find_by_order_id(account, order_id, DEADLINE)
        assert stored is not None
        return stored

    def by_name(self, *names: str) -> dict[str, Order]:
        return dict(self.orders.find_by_external_ids("demo", names, DEADLINE).orders)

    def changes_in(self, wanted: ChangeRange, account: str = "demo") -> list[Change]:
        entries = list(self.changed.entries(account, wanted, DEADLINE))
        return list(self.changed.read(account, entries, DEADLINE))

    def rename(self, order_id: int, external_id: str) -> WriteOutcome:
        return self.changes.save(renaming(self.found(order_id), external_id), DEADLINE)


def memory_store() -> OrderStore:
    """Return a store made of fakes."""
    orders = FakeOrders()
    return OrderStore(
        orders,
        FakeOrderIndex(orders),
        FakeOrderChanges(orders),
        FakeChangeIndex(orders),
        FakeFingerprints(orders),
    )


def table_store(client: DynamoDBClient) -> OrderStore:
    """Return a store with a new table in DynamoDB Local."""
    return store_in(client, create_table(client))


def store_in(client: DynamoDBClient, table: str) -> OrderStore:
    """Return the store of an existing table."""
    return OrderStore(
        DynamoOrders(client, table),
        DynamoOrderIndex(client, table),
        DynamoOrderChanges(client, table),
        DynamoChangeIndex(client, table),
        DynamoFingerprints(client, table),
    )
