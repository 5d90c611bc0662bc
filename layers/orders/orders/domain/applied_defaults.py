"""Defaults of custom fields that an import filled in. They are kept beside the sent document.

They are no part of the document, so that an order that is sent again is equal to the stored one,
whatever became of the definitions since. They are stored as a JSON text of the same shape as the
document, with only the members that were filled in. Arrays become objects by position:
`{"custom_fields": {"gift": false}, "lines": {"2": {"custom_fields": {"shelf": "A"}}}}`.
"""

import json
from collections.abc import Mapping
from typing import Any

from orders.domain.order import LineMembers, Order

type Tree = dict[str, Any]


def settled_defaults(
    stored: Order | None, document: str, defaults: str, members: LineMembers | None
) -> str:
    """Return the defaults of the order that results from an import of `document`.

    `defaults` are those that the present definitions give to it. `members` names its parts.
    A new order and a new line get the present defaults. What is stored keeps those that it has: a
    definition that changed or came later does not alter it. A field whose value the shop no longer
    sends gets the present default.
    """
    if stored is None or members is None or not (stored.defaults or defaults):
        return defaults
    before, kept = json.loads(stored.document), _read(stored.defaults)
    after, offered = json.loads(document), _read(defaults)
    settled = _of_part(members.fields, before, kept, after, offered)
    lines = _of_lines(members, before, kept, after, offered)
    return written({**settled, **({members.lines: lines} if lines else {})})


def written(defaults: Mapping[str, Any]) -> str:
    """Return defaults as they are stored, "" if there are none."""
    if not defaults:
        return ""
    return json.dumps(defaults, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _of_lines(
    members: LineMembers, before: Tree, kept: Tree, after: Tree, offered: Tree
) -> dict[str, Tree]:
    stored = {
        line[members.identity]: (line, kept.get(members.lines, {}).get(str(position), {}))
        for position, line in enumerate(before.get(members.lines, ()))
    }
    settled = {}
    for position, line in enumerate(after.get(members.lines, ())):
        present = offered.get(members.lines, {}).get(str(position), {})
        if line[members.identity] in stored:
            old, old_defaults = stored[line[members.identity]]
            present = _of_part(members.fields, old, old_defaults, line, present)
        if present:
            settled[str(position)] = present
    return settled


def _of_part(fields: str, before: Tree, kept: Tree, after: Tree, offered: Tree) -> Tree:
    """Return the defaults of an order or of a line that is stored already."""
    was_sent, is_sent = before.get(fields, {}), after.get(fields, {})
    settled = {
        **{name: value for name, value in offered.get(fields, {}).items() if name in was_sent},
        **{name: value for name, value in kept.get(fields, {}).items() if name not in is_sent},
    }
    return {fields: settled} if settled else {}


def _read(text: str) -> Tree:
    return json.loads(text) if text else {}
