"""Read the committed changes from the records of the table's stream."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from orders.adapters.order_items import (
    Envelope,
    Item,
    is_hidden,
    is_order,
    is_tombstone,
    read_envelope,
    read_order,
)
from orders.adapters.table_keys import account_of_order
from orders.application.ports import Parked, RequestKey, Unreadable
from orders.application.trigger_payloads import ReduceTrigger
from orders.domain.history import OrderKey, ReplacedVersion
from orders.domain.order import LineMembers, Order
from orders.domain.triggers import (
    Contents,
    Trigger,
    TriggerKind,
    deletion_of,
    trigger_of,
)


@dataclass(frozen=True, slots=True)
class StreamedChange:
    """The CommittedChange of one record."""

    sequence_number: str
    request: RequestKey
    trigger: Trigger
    committed_at: datetime


# Returns the member names of the lines in the documents of the order's protocol. Raises ValueError
# for an unknown protocol.
type LinesOf = Callable[[Order], LineMembers | None]


@dataclass(frozen=True, slots=True)
class TriggerRules:
    """How the protocol of an order makes its trigger.

    `reduce_trigger` leaves out what the stored payload does not permit. `contents` shows two
    versions of an order in the form of its protocol.
    """

    lines_of: LinesOf
    reduce_trigger: ReduceTrigger
    contents: Contents


def read_record(
    record: Mapping[str, Any], rules: TriggerRules
) -> StreamedChange | Unreadable | None:
    """Read one record, as Lambda delivers it. Return None if it has no trigger.

    The trigger has the payload with which it was stored.
    """
    data = record["dynamodb"]
    number = str(data["SequenceNumber"])
    try:
        after = data.get("NewImage")
        if after is None or not _has_trigger(after):
            return None
        return _change(number, data, after, rules)
    except (KeyError, TypeError, ValueError) as error:
        return _unreadable(number, data, error)


@dataclass(frozen=True, slots=True)
class StreamedHistory:
    """The HistoryRecord of one record."""

    sequence_number: str
    content: ReplacedVersion | OrderKey


def read_history_record(record: Mapping[str, Any]) -> StreamedHistory | Unreadable | None:
    """Read one record, as Lambda delivers it. Return None if no order was replaced or deleted."""
    data = record["dynamodb"]
    number = str(data["SequenceNumber"])
    try:
        before = data.get("OldImage")
        if before is None or not (is_order(before) or is_hidden(before)):
            return None
        account = account_of_order(before["pk"]["S"])
        order = read_order(account, before)
        if "NewImage" not in data:
            return StreamedHistory(number, OrderKey(account, order.order_id))
        kind = TriggerKind(read_envelope(before).kind) if "trigger" in before else None
        return StreamedHistory(number, ReplacedVersion(order, kind, _committed_at(data)))
    except (KeyError, TypeError, ValueError) as error:
        return _unreadable(number, data, error)


def _unreadable(number: str, data: Mapping[str, Any], error: Exception) -> Unreadable:
    what = {"sequence_number": number, "keys": data.get("Keys")}
    return Unreadable(number, Parked(f"unreadable record: {type(error).__name__}", what))


def _committed_at(data: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(float(data["ApproximateCreationDateTime"]), UTC)


def _change(
    number: str,
    data: Mapping[str, Any],
    image: Item,
    rules: TriggerRules,
) -> StreamedChange:
    account = account_of_order(image["pk"]["S"])
    after = read_order(account, image)
    envelope = read_envelope(image)
    lines = rules.lines_of(after)
    if is_tombstone(image) or is_hidden(image):
        trigger = deletion_of(after)
    else:
        before = _before_move(after, envelope) or _before(account, data.get("OldImage"))
        trigger = trigger_of(before, after, lines, rules.contents)
        if envelope.changes is not None:
            trigger = replace(trigger, changes=envelope.changes)
    if (trigger.id, str(trigger.kind)) != (envelope.id, envelope.kind):
        raise ValueError("the images do not match the stored trigger")
    request = RequestKey(account, envelope.request_id)
    trigger = rules.reduce_trigger(trigger, envelope.payload)
    return StreamedChange(number, request, trigger, _committed_at(data))


def _has_trigger(image: object) -> bool:
    if not isinstance(image, Mapping):
        raise TypeError("an image is not an item")
    if "trigger" not in image:
        return False
    if "type" not in image:
        raise KeyError("type")
    return is_order(image) or is_tombstone(image) or is_hidden(image)


def _before_move(after: Order, envelope: Envelope) -> Order | None:
    """Return an order with its external id before a move, None if it was not moved."""
    moved_from = envelope.moved_from
    return None if moved_from is None else replace(after, external_id=moved_from)


def _before(account: str, image: Item | None) -> Order | None:
    """Return the order before the change, None if it is new.

    The order before a revival was softly deleted.
    """
    if image is None or not (is_order(image) or is_hidden(image)):
        return None
    return read_order(account, image)
