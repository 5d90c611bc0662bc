"""Orders and planned changes for tests of the order stores."""

from datetime import UTC, datetime
from uuid import uuid4

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.deletions import plan_deletion, plan_revival, plan_soft_deletion
from orders.domain.external_ids import plan_external_id_update
from orders.domain.fulfilment import Fulfilment, SalesModel
from orders.domain.order import Cause, Order
from orders.domain.settings import ExternalIdPolicy
from orders.domain.status_updates import Move, plan_status_update

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
DOCUMENT = (
    '{"comment":"я","currency":"USD","endpoint":"website","lines":[],'
    '"status":"new","total_price":"1"}'
)


def new_order(external_id: str = "A", order_id: int = 1, account: str = "demo") -> Order:
    """Return the first version of an order."""
    return Order(
        account=account,
        external_id=external_id,
        order_id=order_id,
        version=1,
        status="new",
        protocol="altcraft",
        document=DOCUMENT,
        created_at=NOW,
        updated_at=NOW,
        request_id="request",
        update_time=NOW,
        endpoint="website",
    )


def renaming(stored: StoredOrder, external_id: str, at: datetime = NOW) -> OrderChange:
    """Return the change that gives an order another external id."""
    # DynamoDB Local shares idempotency tokens between tables, so each change needs its own.
    request_id = uuid4().hex
    change = plan_external_id_update(
        stored, external_id, ExternalIdPolicy.CHANGE, Cause(request_id, "shop", at)
    )
    assert isinstance(change, OrderChange)
    return change


def deletion(stored: StoredOrder, at: datetime = NOW) -> OrderChange:
    """Return the change that deletes an order."""
    change = plan_deletion(stored, None, Cause(uuid4().hex, "shop", at))
    assert isinstance(change, OrderChange)
    return change


def soft_deletion(stored: StoredOrder, at: datetime = NOW) -> OrderChange:
    """Return the change that deletes an order softly."""
    change = plan_soft_deletion(stored, None, Cause(uuid4().hex, "shop", at))
    assert isinstance(change, OrderChange)
    return change


def revival(stored: StoredOrder, at: datetime = NOW) -> OrderChange:
    """Return the change that ends a soft deletion."""
    change = plan_revival(stored, Cause(uuid4().hex, "shop", at))
    assert change is not None
    return change


def shipping(stored: StoredOrder, at: datetime = NOW) -> OrderChange:
    """Return the change that moves an order to READY_TO_SHIP."""
    move = Move(Fulfilment.READY_TO_SHIP, SalesModel.FBS)
    change = plan_status_update(stored, move, Cause(uuid4().hex, "shop", at))
    assert isinstance(change, OrderChange)
    return change
