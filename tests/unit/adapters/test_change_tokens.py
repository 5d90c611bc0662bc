"""The idempotency token of each transaction on an order.

DynamoDB answers a token that it has seen in the last ten minutes with the outcome of the first
transaction, and writes nothing.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from orders.adapters.dynamodb_order_changes import DynamoOrderChanges
from orders.application.ports import WriteOutcome
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.deletions import plan_revival, plan_soft_deletion
from orders.domain.order import Cause
from tests.support.deadlines import DEADLINE
from tests.support.order_changes import NOW, new_order

CAUSE = Cause("one request", "shop", NOW)


@dataclass
class Table:
    """A table that accepts every transaction."""

    tokens: list[str] = field(default_factory=list)

    def transact_write_items(self, **sent: Any) -> None:  # noqa: ANN401 - botocore's
        self.tokens.append(sent["ClientRequestToken"])

    def save(self, *changes: OrderChange | None) -> list[str]:
        """Save the changes. Return their tokens."""
        store = DynamoOrderChanges(self, "orders")  # type: ignore[arg-type]
        for change in changes:
            assert change is not None
            assert store.save(change, DEADLINE) is WriteOutcome.COMMITTED
        return self.tokens


def _hide(stored: StoredOrder, cause: Cause = CAUSE) -> OrderChange:
    change = plan_soft_deletion(stored, None, cause)
    assert isinstance(change, OrderChange)
    return change


def test_a_deletion_a_revival_and_a_deletion_of_one_request_are_three_transactions() -> None:
    first = _hide(StoredOrder(new_order()))
    revival = plan_revival(first.after, CAUSE)
    assert revival is not None
    second = _hide(revival.after)
    assert len(set(Table().save(first, revival, second))) == 3


def test_two_attempts_at_one_version_are_the_same_transaction_only_at_one_time() -> None:
    stored = StoredOrder(new_order())
    later = replace(CAUSE, at=NOW + timedelta(microseconds=5))
    once, again, at_another_time = Table().save(_hide(stored), _hide(stored), _hide(stored, later))
    assert once == again
    assert at_another_time != once


def test_another_request_is_another_transaction() -> None:
    stored = StoredOrder(new_order())
    once, another = Table().save(
        _hide(stored), _hide(stored, replace(CAUSE, request_id="another request"))
    )
    assert once != another
    assert len(once) <= 36
