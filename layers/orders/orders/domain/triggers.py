"""Triggers: the business events that consumers receive for committed changes."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from orders.domain.order import LineMembers, Order, Presence, Tree
from orders.domain.personal_data import PersonalData, changes_without

SCHEMA_VERSION = 1


class TriggerKind(StrEnum):
    """The `detail-type` of the events. Published."""

    ORDER_CREATED = "OrderCreated"
    ORDER_DELETED = "OrderDeleted"
    ORDER_EXTERNAL_ID_CHANGED = "OrderExternalIdChanged"
    ORDER_STATUS_CHANGED = "OrderStatusChanged"
    ORDER_LINE_STATUS_CHANGED = "OrderLineStatusChanged"
    ORDER_UPDATED = "OrderUpdated"


class TriggerPayload(StrEnum):
    """How much of an order its triggers contain. Published.

    WITHOUT_PERSON leaves out personal data, THIN the whole order.
    """

    FULL = "full"
    WITHOUT_PERSON = "without_person"
    THIN = "thin"


type Change = Mapping[str, Any]
# Returns the contents of two versions of an order in the form in which triggers show changes. What
# is equal in both may be left out.
type Contents = Callable[[Order, Order], tuple[Tree, Tree]]


@dataclass(frozen=True, slots=True)
class Trigger:
    """One business event: the committed version `order`, and its changes.

    `changes` is the JSON text of `changed`: it takes a fraction of the memory, and an import holds
    the triggers of all its orders. `order` and `changes` contain no more than `payload` permits.
    """

    id: str
    kind: TriggerKind
    order: Order
    changes: str = "{}"
    payload: TriggerPayload = TriggerPayload.FULL

    @property
    def changed(self) -> Mapping[str, Change]:
        """Return the `old` and `new` value of each changed member by its name.

        `old` is absent if the member was added, `new` if it was removed. Unchanged lines are left
        out. A changed `fulfilment` is included, although it is not part of the document.
        """
        changed: Mapping[str, Change] = json.loads(self.changes)
        return changed

    @property
    def revived(self) -> bool:
        """Return whether the event ends a soft deletion. It then is an OrderCreated."""
        return self.kind is TriggerKind.ORDER_CREATED and self.order.presence is Presence.REVIVED


def trigger_id(account: str, order_id: int, version: int) -> str:
    """Return the trigger id of one committed version. The same version always has the same id."""
    return hashlib.sha256(f"{account}\n{order_id}\n{version}".encode()).hexdigest()[:32]


def documents_of(before: Order, after: Order) -> tuple[Tree, Tree]:
    """Return the contents of two versions of an order as their documents have them."""
    return before.tree(), after.tree()


@dataclass(frozen=True, slots=True)
class TriggerForm:
    """How the triggers of an order show its changes: `lines` and `contents` of `trigger_of`."""

    lines: LineMembers | None = None
    contents: Contents = documents_of


# How the triggers of an order show its changes if it has no lines that triggers name.
AS_DOCUMENTS = TriggerForm()


def trigger_of(
    before: Order | None,
    after: Order,
    lines: LineMembers | None = None,
    contents: Contents = documents_of,
) -> Trigger:
    """Return the trigger of the change from `before` to `after`. `before` is None if it is new.

    The end of a soft deletion has the trigger of a new order.
    `lines` names the lines in the contents of two versions, which `contents` returns. Both are
    needed only if the contents may differ.
    """
    identity = trigger_id(after.account, after.order_id, after.version)
    if before is None or before.is_hidden:
        return Trigger(identity, TriggerKind.ORDER_CREATED, after)
    old, new = contents(before, after)
    changed = _changes(old, new, lines) | _fulfilment_change(before, after)
    kind = _kind_of_change(before, after, old, new, lines)
    return Trigger(identity, kind, after, _written(changed))


def changes_of_move(trigger: Trigger | None) -> str:
    """Return the changes that are stored with a move, "" if only the external id changes.

    Nothing else tells the relay how the order was before. The store limits their size.
    """
    is_move = trigger is not None and trigger.kind is TriggerKind.ORDER_EXTERNAL_ID_CHANGED
    return trigger.changes if trigger and is_move and len(trigger.changed) > 1 else ""


def deletion_of(last: Order) -> Trigger:
    """Return the trigger of a deletion. `last` is the version that the deletion counts as.

    The trigger contains the last document of the order.
    """
    identity = trigger_id(last.account, last.order_id, last.version)
    return Trigger(identity, TriggerKind.ORDER_DELETED, last)


def reduced(trigger: Trigger, payload: TriggerPayload, personal: PersonalData) -> Trigger:
    """Return the trigger with what `payload` permits, and with no more than it had.

    `personal` is the personal data of the order's protocol.
    """
    if payload is TriggerPayload.FULL:
        return trigger
    order = trigger.order
    is_thin = TriggerPayload.THIN in {payload, trigger.payload}
    return replace(
        trigger,
        order=without_document(order) if is_thin else personal.without_person(order),
        changes=_written(changes_without(trigger.changed, personal.members)),
        payload=TriggerPayload.THIN if is_thin else payload,
    )


def without_document(order: Order) -> Order:
    """Return what remains of an order if nothing of its document may be kept."""
    return replace(order, document="{}", defaults="", overrides="")


def _written(changed: Mapping[str, Change]) -> str:
    return json.dumps(changed, ensure_ascii=False, separators=(",", ":"))


def _kind_of_change(
    before: Order, after: Order, old: Tree, new: Tree, lines: LineMembers | None
) -> TriggerKind:
    if before.external_id != after.external_id:
        return TriggerKind.ORDER_EXTERNAL_ID_CHANGED
    if before.status != after.status:
        return TriggerKind.ORDER_STATUS_CHANGED
    if lines is not None and _has_line_of_other_status(old, new, lines):
        return TriggerKind.ORDER_LINE_STATUS_CHANGED
    return TriggerKind.ORDER_UPDATED


def _has_line_of_other_status(old: Tree, new: Tree, members: LineMembers) -> bool:
    """Return whether a line that is in both documents has another status in the new one."""
    known = dict(_line_statuses(old, members))
    return any(known.get(line, status) != status for line, status in _line_statuses(new, members))


def _line_statuses(tree: Tree, members: LineMembers) -> Iterator[tuple[str, str]]:
    for line in tree.get(members.lines, ()):
        yield line[members.identity], line[members.status]


def _changes(old: Tree, new: Tree, members: LineMembers | None) -> dict[str, Change]:
    changed = {
        member: _change(old, new, member)
        for member in sorted(old.keys() | new.keys())
        if old.get(member) != new.get(member)
    }
    if members is not None and members.lines in changed:
        old_lines, new_lines = old.get(members.lines, []), new.get(members.lines, [])
        changed[members.lines] = _line_changes(old_lines, new_lines, members.identity)
    return changed


def _fulfilment_change(before: Order, after: Order) -> dict[str, Change]:
    if before.fulfilment is after.fulfilment:
        return {}
    sides = {"old": before.fulfilment, "new": after.fulfilment}
    return {
        "fulfilment": {
            side: {"status": state.status, "substatus": state.substatus}
            for side, state in sides.items()
        }
    }


def _line_changes(old: list[Tree], new: list[Tree], identity: str) -> Change:
    old_lines = {line[identity]: line for line in old}
    new_lines = {line[identity]: line for line in new}
    differing = {
        "old": [line for line in old if new_lines.get(line[identity]) != line],
        "new": [line for line in new if old_lines.get(line[identity]) != line],
    }
    only_reordered = not differing["old"] and not differing["new"]
    return {"old": old, "new": new} if only_reordered else differing


def _change(old: Tree, new: Tree, member: str) -> Change:
    return {side: tree[member] for side, tree in (("old", old), ("new", new)) if member in tree}
