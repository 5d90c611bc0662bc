"""Convert orders, aliases and index entries to items of the single table, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from orders.adapters.table_keys import (
    change_key,
    hidden_key,
    index_key,
    marker_key,
    order_key,
    tombstone_key,
)
from orders.application.ports import IndexEntry
from orders.domain.changes import StoredOrder
from orders.domain.deletions import DELETIONS_KEPT, Deletion
from orders.domain.fulfilment import Fulfilment
from orders.domain.order import Order, Presence
from orders.domain.triggers import (
    Trigger,
    TriggerKind,
    TriggerPayload,
    changes_of_move,
    without_document,
)

type Item = Mapping[str, Any]

# Stream records expire after one day, so the relay needs no tombstone after two days.
TOMBSTONE_KEPT = timedelta(days=2)
# Attributes that an order's item may not have. An update must remove them.
OPTIONAL_ATTRIBUTES = (
    "trigger",
    "update_time",
    "fulfilment",
    "endpoint",
    "defaults",
    "through",
    "presence",
    "overrides",
)


def is_order(item: Item) -> bool:
    """Return whether an item with an order's key is an order, not an alias or a hidden order."""
    return _type_of(item) == "order"


def is_hidden(item: Item) -> bool:
    """Return whether an item with an order's key is a softly deleted order.

    It has a type of its own, so that no reader takes it for an order.
    """
    return _type_of(item) == "hidden"


def is_alias(item: Item) -> bool:
    """Return whether an item with an order's key is an alias."""
    return _type_of(item) == "alias"


def is_tombstone(item: Item) -> bool:
    """Return whether an item is the tombstone of a deleted order."""
    return _type_of(item) == "tombstone"


def is_marker(item: Item) -> bool:
    """Return whether an item is the marker of a deleted order."""
    return _type_of(item) == "deletion"


def _type_of(item: Item) -> str | None:
    """Return the type in an item. Index items have none."""
    return str(item["type"]["S"]) if "type" in item else None


def read_aliases(index: Item) -> tuple[str, ...]:
    """Return the aliases of the order in its index item."""
    return tuple(alias["S"] for alias in index["aliases"]["L"]) if "aliases" in index else ()


def index_item(account: str, order: Order) -> dict[str, Any]:
    """Return the index item of a new order, which maps its order id to its external id.

    It is small, because a count reads thousands of them: its key tells its type.
    """
    return {**index_key(account, order.order_id), "name": {"S": order.external_id}}


def read_index_entry(item: Item) -> IndexEntry:
    """Return the entry that an index item is."""
    moved_in = int(item["moved_in"]["N"]) if was_moved(item) else None
    return IndexEntry(indexed_id(item), indexed_name(item), read_aliases(item), moved_in)


def indexed_id(entry: Item) -> int:
    """Return the order id of an index item."""
    return int(entry["sk"]["S"])


def indexed_name(entry: Item) -> str:
    """Return the external id in an index item."""
    return str(entry["name"]["S"])


def was_moved(entry: Item) -> bool:
    """Return whether the external id in an index item was ever changed."""
    return "moved_in" in entry


def of_renamed(item: dict[str, Any]) -> dict[str, Any]:
    """Return the item of an order that has aliases. Every later version of it keeps the mark."""
    return {**item, "renamed": {"BOOL": True}}


def is_renamed(item: Item) -> bool:
    """Return whether an order's item says that the order has aliases."""
    return "renamed" in item


def insertion(table: str, item: Item) -> dict[str, Any]:
    """Return the statement that inserts an item, and fails if the key exists."""
    return {"Statement": _insertion(table, tuple(item)), "Parameters": list(item.values())}


@lru_cache
def _insertion(table: str, names: tuple[str, ...]) -> str:
    """Return the text of the statement, of which there are few: items have the same members."""
    members = ", ".join(f"'{name}': ?" for name in names)
    return f'INSERT INTO "{table}" VALUE {{{members}}}'


def alias_item(account: str, external_id: str, order_id: int) -> dict[str, Any]:
    """Return the alias item, which replaces an order under a former external id."""
    return {
        **order_key(account, external_id),
        "type": {"S": "alias"},
        "order_id": {"N": str(order_id)},
    }


def order_item(order: Order, trigger: Trigger | None) -> dict[str, Any]:
    """Return the item of an order, with the trigger for the relay if there is one.

    From the second version on, the item is in the index `changes`. A new order is not, which saves
    its write unit: the index by creation contains it. A softly deleted order is in neither: its
    marker shows the deletion.
    """
    item = contents_of(order, trigger)
    if order.is_hidden:
        return {**item, "type": {"S": "hidden"}}
    if order.version > 1:
        item |= change_key(order.account, order.order_id, order.updated_at)
    return item


def contents_of(order: Order, trigger: Trigger | None) -> dict[str, Any]:
    """Return the attributes that an order has in every item that contains a version of it."""
    item: dict[str, Any] = {
        **order_key(order.account, order.external_id),
        "type": {"S": "order"},
        "order_id": {"N": str(order.order_id)},
        "version": {"N": str(order.version)},
        "status": {"S": order.status},
        "protocol": {"S": order.protocol},
        "document": {"S": order.document},
        "digest": {"S": order.digest},
        "created_at": {"S": order.created_at.isoformat()},
        "updated_at": {"S": order.updated_at.isoformat()},
        "request_id": {"S": order.request_id},
        "client": {"S": order.client},
    }
    if order.update_time is not None:
        item["update_time"] = {"S": order.update_time.isoformat()}
    if order.endpoint is not None:
        item["endpoint"] = {"S": order.endpoint}
    # Most orders have the first state: it is left out to save space.
    if order.fulfilment is not Fulfilment.STARTED:
        item["fulfilment"] = {"S": order.fulfilment.name}
    if order.defaults:
        item["defaults"] = {"S": order.defaults}
    if order.overrides:
        item["overrides"] = {"S": order.overrides}
    if order.through:
        item["through"] = {"S": order.through}
    if order.presence is not Presence.PRESENT:
        item["presence"] = {"S": str(order.presence)}
    if trigger is not None:
        item["trigger"] = {"M": _envelope(trigger)}
    return item


def hidden_entry(stored: StoredOrder) -> dict[str, Any]:
    """Return the entry of a softly deleted order: what its index item contained."""
    order = stored.order
    entry = {**hidden_key(order.account, order.order_id), "name": {"S": order.external_id}}
    return entry | ({"aliases": listed(stored.aliases)} if stored.aliases else {})


def revived_entry(stored: StoredOrder) -> dict[str, Any]:
    """Return the index item of an order that was revived."""
    order = stored.order
    # The version makes each index item unique, as after a move.
    moved = {**index_item(order.account, order), "moved_in": {"N": str(order.version)}}
    return moved | ({"aliases": listed(stored.aliases)} if stored.aliases else {})


def listed(aliases: Iterable[str]) -> dict[str, Any]:
    """Return aliases as an attribute of an index item."""
    return {"L": [{"S": alias} for alias in aliases]}


def tombstone_item(last: Order, trigger: Trigger | None) -> dict[str, Any]:
    """Return the tombstone of a deleted order. It contains the trigger of the deletion.

    Of the document it contains what the relay needs for the trigger, and nothing without one.
    """
    expires_at = last.updated_at + TOMBSTONE_KEPT
    contents = without_document(last) if trigger is None else trigger.order
    return {
        **contents_of(contents, trigger),
        **tombstone_key(last.account, last.order_id),
        "type": {"S": "tombstone"},
        "external_id": {"S": last.external_id},
        "expires_at": {"N": str(int(expires_at.timestamp()))},
    }


def marker_item(last: Order, trigger: Trigger | None, *, permanent: bool) -> dict[str, Any]:
    """Return the marker of a deleted order. It shows the deletion in the index `changes`."""
    expires_at = last.updated_at + DELETIONS_KEPT
    return {
        **marker_key(last.account, last.order_id),
        **change_key(last.account, last.order_id, last.updated_at),
        "type": {"S": "deletion"},
        "order_id": {"N": str(last.order_id)},
        "external_id": {"S": last.external_id},
        "protocol": {"S": last.protocol},
        "version": {"N": str(last.version)},
        "deleted_at": {"S": last.updated_at.isoformat()},
        "request_id": {"S": last.request_id},
        "client": {"S": last.client},
        "through": {"S": last.through or last.protocol},
        "expires_at": {"N": str(int(expires_at.timestamp()))},
        **({} if permanent else {"soft": {"BOOL": True}}),
        # Nearly all deletions have a trigger.
        **({"quiet": {"BOOL": True}} if trigger is None else {}),
    }


def is_soft(marker: Item) -> bool:
    """Return whether a marker shows a soft deletion: the order can be revived."""
    return "soft" in marker


def _envelope(trigger: Trigger) -> dict[str, Any]:
    """Return the stored form of a trigger. The relay reads it from the table's stream."""
    envelope = {
        "id": {"S": trigger.id},
        "kind": {"S": trigger.kind},
        "request_id": {"S": trigger.order.request_id},
    }
    if trigger.kind is TriggerKind.ORDER_EXTERNAL_ID_CHANGED:
        # In the stream a moved order looks like a new one, so its changes are stored here.
        envelope["moved_from"] = {"S": trigger.changed["external_id"]["old"]}
        if kept := changes_of_move(trigger):
            envelope["changes"] = {"S": kept}
    if trigger.payload is not TriggerPayload.FULL:
        envelope["payload"] = {"S": trigger.payload}
    return envelope


@dataclass(frozen=True, slots=True)
class Envelope:
    """The stored trigger of an item.

    `moved_from` is the external id before a move. `changes` are those of the trigger if the move
    changed more than the external id.
    """

    id: str
    kind: str
    request_id: str
    moved_from: str | None
    payload: TriggerPayload = TriggerPayload.FULL
    changes: str | None = None


def read_envelope(item: Item) -> Envelope:
    """Return the stored trigger of an item that has one."""
    members = item["trigger"]["M"]
    return Envelope(
        id=members["id"]["S"],
        kind=members["kind"]["S"],
        request_id=members["request_id"]["S"],
        moved_from=members["moved_from"]["S"] if "moved_from" in members else None,
        payload=TriggerPayload(members["payload"]["S"])
        if "payload" in members
        else TriggerPayload.FULL,
        changes=members["changes"]["S"] if "changes" in members else None,
    )


def read_order(account: str, item: Item) -> Order:
    """Return the order in an item. A tombstone contains the version of the deletion."""
    if is_order(item) or is_hidden(item):
        external_id = item["pk"]["S"].removeprefix(order_key(account, "")["pk"]["S"])
    else:
        external_id = item["external_id"]["S"]
    fulfilment = item.get("fulfilment")
    return Order(
        account=account,
        external_id=external_id,
        order_id=int(item["order_id"]["N"]),
        version=int(item["version"]["N"]),
        status=item["status"]["S"],
        protocol=item["protocol"]["S"],
        document=item["document"]["S"],
        created_at=datetime.fromisoformat(item["created_at"]["S"]),
        updated_at=datetime.fromisoformat(item["updated_at"]["S"]),
        request_id=item["request_id"]["S"],
        update_time=(
            datetime.fromisoformat(item["update_time"]["S"]) if "update_time" in item else None
        ),
        fulfilment=Fulfilment[fulfilment["S"]] if fulfilment else Fulfilment.STARTED,
        endpoint=item["endpoint"]["S"] if "endpoint" in item else None,
        client=item["client"]["S"],
        defaults=item["defaults"]["S"] if "defaults" in item else "",
        through=item["through"]["S"] if "through" in item else "",
        overrides=item["overrides"]["S"] if "overrides" in item else "",
        presence=Presence(item["presence"]["S"]) if "presence" in item else Presence.PRESENT,
    )


def read_stored(account: str, item: Item, aliases: tuple[str, ...] = ()) -> StoredOrder:
    """Return the order in an item, with its trigger and its aliases."""
    trigger = TriggerKind(read_envelope(item).kind) if "trigger" in item else None
    return StoredOrder(read_order(account, item), aliases, trigger)


def read_deletion(marker: Item) -> Deletion:
    """Return the deletion that the marker of a deleted order shows."""
    return Deletion(
        order_id=int(marker["order_id"]["N"]),
        external_id=marker["external_id"]["S"],
        version=int(marker["version"]["N"]),
        protocol=marker["protocol"]["S"],
        through=marker.get("through", marker["protocol"])["S"],
        at=datetime.fromisoformat(marker["deleted_at"]["S"]),
        request_id=marker["request_id"]["S"],
        client=marker["client"]["S"],
        trigger=None if "quiet" in marker else TriggerKind.ORDER_DELETED,
    )
