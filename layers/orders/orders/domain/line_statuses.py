"""Change the status of one line of an order, beside the document that the shop imported.

A changed status holds until an import sends another status for the line than the import before it.
The same is true of the status of the order, if it is derived from those of the lines.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from orders.domain.applied_defaults import written
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.fulfilment import Fulfilment
from orders.domain.importing import is_too_large
from orders.domain.order import Cause, LineMembers, Order
from orders.domain.overrides import read_overrides
from orders.domain.triggers import trigger_of

type Tree = dict[str, Any]


class LineStatusRefusal(StrEnum):
    """The reason why the status of a line is not changed."""

    NO_LINE_STATUSES = "no_line_statuses"  # the order's protocol does not have them
    UNKNOWN_LINE = "unknown_line"
    TOO_LARGE = "too_large"  # the order could not be stored


@dataclass(frozen=True, slots=True)
class DerivedStatus:
    """The status of an order that follows from the statuses of its lines."""

    status: str
    fulfilment: Fulfilment


# Returns the status of an order with lines of these statuses, None if it does not change.
type Derive = Callable[[Sequence[str]], DerivedStatus | None]


def _leave(_statuses: Sequence[str]) -> None:
    return None


@dataclass(frozen=True, slots=True)
class LineStatusUpdate:
    """The wanted status of a line. With `skip_trigger`, the change has no trigger."""

    line: str
    status: str
    skip_trigger: bool = False


def plan_line_status(
    stored: StoredOrder,
    wanted: LineStatusUpdate,
    members: LineMembers | None,
    cause: Cause,
    derive: Derive = _leave,
) -> OrderChange | LineStatusRefusal | None:
    """Plan the change of a line's status. Returns None if the line already has it.

    `members` names the lines in the order's document, None if its protocol has no line statuses.
    The status must be one that lines may have.
    """
    order = stored.order
    if members is None:
        return LineStatusRefusal.NO_LINE_STATUSES
    lines = order.content().get(members.lines, [])
    position = next(
        (n for n, line in enumerate(lines) if line[members.identity] == wanted.line), None
    )
    if position is None:
        return LineStatusRefusal.UNKNOWN_LINE
    if lines[position][members.status] == wanted.status:
        return None
    statuses = [line[members.status] for line in lines]
    statuses[position] = wanted.status
    derived = derive(statuses)
    document = json.loads(order.document)
    overrides = _overridden(order, document, members, position, wanted.status, derived)
    if is_too_large(order.document, order.defaults, overrides):
        return LineStatusRefusal.TOO_LARGE
    after = replace(order.next_version(cause), overrides=overrides)
    if derived is not None:
        after = replace(
            after,
            status=derived.status,
            fulfilment=order.fulfilment.after_import(derived.fulfilment),
        )
    trigger = None if wanted.skip_trigger else trigger_of(order, after, members)
    return OrderChange(stored, replace(stored, order=after), trigger)


def _overridden(  # noqa: PLR0913, PLR0917 - the parts of one order
    order: Order,
    document: Tree,
    members: LineMembers,
    position: int,
    status: str,
    derived: DerivedStatus | None,
) -> str:
    """Return the overrides with the status of one line, and that of the order if it is derived.

    What is equal to the document is left out.
    """
    kept = read_overrides(order.overrides)
    lines = {n: each for n, each in kept.get(members.lines, {}).items() if n != str(position)}
    if document[members.lines][position][members.status] != status:
        lines[str(position)] = {members.status: status}
    root = {name: each for name, each in kept.items() if name != members.lines}
    if derived is not None:
        root.pop(members.order_status, None)
        if document[members.order_status] != derived.status:
            root[members.order_status] = derived.status
    return written({**root, **({members.lines: lines} if lines else {})})
