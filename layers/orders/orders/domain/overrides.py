"""What later requests changed in an order, beside the document that the shop imported.

The document stays as it was sent, so that an order that is sent again is equal to the stored one.
Overrides are the JSON text of a patch (`patches`): `{"lines":{"2":{"status":"delivered"}}}`.
"""

import json
from collections.abc import Iterator
from typing import Any

from orders.domain.applied_defaults import written
from orders.domain.order import LineMembers, Order

type Tree = dict[str, Any]


def settled_overrides(stored: Order | None, document: str, members: LineMembers | None) -> str:
    """Return the overrides that are left after an import of `document`.

    A status stays overridden if the import sends the same status as the one before it.
    """
    if stored is None or members is None or not stored.overrides:
        return ""
    before, after, kept = (
        json.loads(stored.document),
        json.loads(document),
        read_overrides(stored.overrides),
    )
    settled: Tree = {}
    name = members.order_status
    if name in kept and before.get(name) == after.get(name):
        settled[name] = kept[name]
    lines = dict(_settled_lines(members, before, after, kept))
    return written({**settled, **({members.lines: lines} if lines else {})})


def _settled_lines(
    members: LineMembers, before: Tree, after: Tree, kept: Tree
) -> Iterator[tuple[str, Tree]]:
    overridden = kept.get(members.lines, {})
    known = {
        line[members.identity]: (line[members.status], overridden[str(position)])
        for position, line in enumerate(before.get(members.lines, ()))
        if str(position) in overridden
    }
    for position, line in enumerate(after.get(members.lines, ())):
        sent, override = known.get(line[members.identity], (None, {}))
        if sent == line[members.status]:
            yield str(position), override


def overridden_status(overrides: str, members: LineMembers | None) -> str | None:
    """Return the order's status in overrides, None if they have none."""
    if members is None or not overrides:
        return None
    status: str | None = read_overrides(overrides).get(members.order_status)
    return status


def read_overrides(text: str) -> Tree:
    """Return overrides as plain data."""
    return json.loads(text) if text else {}
