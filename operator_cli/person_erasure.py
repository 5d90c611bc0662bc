"""Erases what the table holds about a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from operator_cli.composition import CommandDeadline
from operator_cli.person_items import PersonItem, Place
from orders.adapters.aws_faults import code_of
from orders.adapters.dynamodb_history import DynamoHistory
from orders.adapters.dynamodb_order_changes import DynamoOrderChanges
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_receipts import DynamoReceipts
from orders.adapters.table_keys import history_key, tombstone_key
from orders.application.change_order import ChangeOrder
from orders.application.delete_order import DeleteOrder, DeleteOrderCommand
from orders.application.errors import StorageError
from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.ports import Clock, Deadline, Unsent
from orders.application.publish_triggers import PublishTriggers
from orders.application.retries import pause_with_jitter
from orders.domain.changes import OrderChange
from orders.domain.history import OrderKey
from orders.domain.triggers import Trigger, TriggerPayload
from orders.runtime.composition.order_protocols import reduce_trigger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from orders.domain.order import Order

CLIENT = "operator"
CHANGED = "it changed meanwhile: repeat the command"
UNKNOWN = "the table did not answer in time: repeat the command"
REFUSED = "the table rejected the deletion"


@dataclass(frozen=True, slots=True)
class Erased:
    """What happened to one item. `kept_because` is None if it was erased."""

    item: PersonItem
    kept_because: str | None = None


class _LeftToRelay:
    """A TriggerPublisher that publishes nothing: only the functions may publish on the bus.

    The receipt of the request names its triggers, so that the relay publishes them.
    """

    def publish(self, triggers: Sequence[Trigger], deadline: Deadline) -> Sequence[Unsent]:
        del deadline
        return [Unsent(each, "LeftToRelay") for each in triggers]


def _thin(change: OrderChange, _deadline: Deadline) -> OrderChange:
    """Leave the order out of the trigger, whatever the policy of the account permits.

    Otherwise the archive and the tombstone would get a new copy of what is erased.
    """
    if change.trigger is None:
        return change
    return replace(change, trigger=reduce_trigger(change.trigger, TriggerPayload.THIN))


@dataclass(frozen=True, slots=True)
class ErasePerson:
    """Erases the items that a search for a person has found."""

    client: DynamoDBClient
    table: str
    clock: Clock
    new_request_id: Callable[[], str]
    deadline: Callable[[], CommandDeadline] = CommandDeadline.from_now

    def __call__(self, found: Sequence[PersonItem]) -> Iterator[Erased]:
        """Yield the result of each item. It can be repeated.

        Orders are deleted permanently, with their aliases and their whole history, but only if they
        are as they were found. Of other orders, the versions that concern the person are erased.
        """
        deletions = {Place.ORDER, Place.HIDDEN}
        erased: set[int] = set()
        for each in (item for item in found if item.place in deletions):
            kept_because = self._attempt(self._delete_order, each.order)
            if kept_because is None:
                erased.add(each.order.order_id)
            yield Erased(each, kept_because)
        for each in (item for item in found if item.place not in deletions):
            is_done = each.place is Place.VERSION and each.order.order_id in erased
            erase = self._empty_tombstone if each.place is Place.TOMBSTONE else self._delete_version
            yield Erased(each, None if is_done else self._attempt(erase, each.order))

    def _attempt(self, erase: Callable[[Order], str | None], order: Order) -> str | None:
        try:
            return erase(order)
        except StorageError as error:
            return f"the table did not answer: {error}"
        except ClientError as error:
            return f"AWS answered {code_of(error)}"

    def _delete_order(self, order: Order) -> str | None:
        command = DeleteOrderCommand(
            OrderAddress(order.account, None, order.order_id),
            order.version,
            self.new_request_id(),
            CLIENT,
            order.protocol,
            of_hidden=True,
        )
        report = self._delete(command, self.deadline())
        if report.refusal is not None:
            return CHANGED
        if report.unavailable:
            return UNKNOWN
        # The history function does the same, but not if its batch fails for six hours.
        key = OrderKey(order.account, order.order_id)
        DynamoHistory(self.client, self.table).erase([key], self.deadline())
        return None

    def _delete_version(self, order: Order) -> str | None:
        key = history_key(order.account, order.order_id, order.version)
        self.client.delete_item(TableName=self.table, Key=key)
        return None

    def _empty_tombstone(self, order: Order) -> str | None:
        """Take the document and the trigger out of a tombstone. Imports still need its key.

        The relay has the trigger in the stream.
        """
        removed = ("trigger", "digest", "defaults", "overrides")
        condition: Any = {
            "ConditionExpression": "attribute_exists(pk)",
            "UpdateExpression": "SET #document = :nothing REMOVE "
            + ", ".join(f"#{name}" for name in removed),
            "ExpressionAttributeNames": {f"#{name}": name for name in ("document", *removed)},
            "ExpressionAttributeValues": {":nothing": {"S": "{}"}},
        }
        try:
            self.client.update_item(
                TableName=self.table, Key=tombstone_key(order.account, order.order_id), **condition
            )
        except ClientError as error:
            # It expired meanwhile.
            if code_of(error) != "ConditionalCheckFailedException":
                raise
        return None

    @property
    def _delete(self) -> DeleteOrder:
        receipts = DynamoReceipts(self.client, self.table)
        change = ChangeOrder(
            GetOrderById(DynamoOrderIndex(self.client, self.table)),
            DynamoOrderChanges(self.client, self.table),
            PublishTriggers(_LeftToRelay(), receipts),
            pause_with_jitter,
            _thin,
        )
        return DeleteOrder(change, self.clock)
