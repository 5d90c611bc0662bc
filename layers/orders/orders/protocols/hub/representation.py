"""The neutral shape of the orders of all protocols, and of their changes and versions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orders.application.read_changes import ListedChange
from orders.application.read_history import RecordedVersion
from orders.domain.changes import StoredOrder
from orders.domain.deletions import Deletion
from orders.domain.money import format_amount
from orders.domain.order import LineMembers, Order, Presence
from orders.domain.order_summary import LineSummary, OrderSummary, Summarise
from orders.domain.times import format_time
from orders.domain.triggers import Contents, documents_of, trigger_of
from orders.protocols.json_text import written_json

type Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OrderProtocols:
    """What the protocols know of the orders that they stored.

    `present` returns an order as JSON in its protocol's shape, `lines_of` the names of its lines.
    `contents` shows two versions of an order as triggers do.
    """

    names: tuple[str, ...]
    summarise: Summarise
    present: Callable[[Order], bytes]
    lines_of: Callable[[Order], LineMembers | None]
    contents: Contents = documents_of


def order_of(stored: StoredOrder, protocols: OrderProtocols) -> Tree:
    """Return an order in the neutral shape. Amounts are decimal text in major units."""
    order = stored.order
    summary = protocols.summarise(order)
    state = order.fulfilment
    return {
        "order_id": order.order_id,
        "external_id": order.external_id,
        "former_external_ids": list(stored.aliases),
        "version": order.version,
        "digest": order.digest,
        "protocol": order.protocol,
        "endpoint": order.endpoint,
        "status": order.status,
        "fulfilment": {"status": state.status, "substatus": state.substatus},
        "created_at": format_time(order.created_at),
        "updated_at": format_time(order.updated_at),
        "ordered_at": format_time(summary.created_at),
        "update_time": None if order.update_time is None else format_time(order.update_time),
        "client": order.client,
        "request_id": order.request_id,
        "email": summary.email,
        "currency": summary.currency,
        "total_price": format_amount(summary.total_price),
        "delivery_cost": format_amount(summary.delivery_cost),
        "lines": [_line(each, summary) for each in summary.lines],
        "document": written_json(protocols.present(order)),
    }


def change_of(change: ListedChange, protocols: OrderProtocols, *, with_order: bool) -> Tree:
    """Return a change. A deletion, also a soft one, has neither a digest nor an order."""
    stored = change.stored
    tree: Tree = {
        "kind": str(change.kind),
        "at": format_time(change.at.changed_at),
        "order_id": change.at.order_id,
        "external_id": change.external_id,
        "version": change.version,
        "digest": None if stored is None else stored.order.digest,
    }
    if with_order:
        tree["order"] = None if stored is None else order_of(stored, protocols)
    return tree


def version_of(recorded: RecordedVersion, protocols: OrderProtocols) -> Tree:
    """Return a version with what changed, as triggers have it. It is null if it is not known.

    A soft deletion has neither a status nor a digest, as a permanent one.
    """
    order = recorded.order
    changed: object = None
    if order.presence is not Presence.PRESENT:
        changed = {} if order.presence is Presence.REVIVED else None
    elif recorded.before is not None:
        lines = protocols.lines_of(order)
        trigger = trigger_of(recorded.before, order, lines, protocols.contents)
        changed = written_json(trigger.changes.encode())
    elif order.version == 1:
        changed = {}
    return {
        "version": order.version,
        "at": format_time(order.updated_at),
        "external_id": order.external_id,
        "status": None if order.is_hidden else order.status,
        "digest": None if order.is_hidden else order.digest,
        "client": order.client,
        "request_id": order.request_id,
        "protocol": order.through or order.protocol,
        "trigger": None if recorded.trigger is None else str(recorded.trigger),
        "changed": changed,
    }


def deletion_of(deletion: Deletion) -> Tree:
    """Return the version as which a permanent deletion counts."""
    return {
        "version": deletion.version,
        "at": format_time(deletion.at),
        "external_id": deletion.external_id,
        "status": None,
        "digest": None,
        "client": deletion.client,
        "request_id": deletion.request_id,
        "protocol": deletion.through,
        "trigger": None if deletion.trigger is None else str(deletion.trigger),
        "changed": None,
    }


def _line(line: LineSummary, summary: OrderSummary) -> Tree:
    base = line.base_price
    return {
        "external_id": line.external_id,
        "article": line.article,
        "count": line.count,
        "price": format_amount(line.price),
        "base_price": None if base is None else format_amount(base),
        "total": format_amount(summary.total_of(line)),
    }
