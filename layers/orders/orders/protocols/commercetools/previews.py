"""Previews of writes: their header, and what their answers say beside the order."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from orders.application.preview_ports import Notes
from orders.domain.differences import differences
from orders.domain.identifiers import NO_ORDER_ID
from orders.domain.order import Order
from orders.protocols.commercetools.errors import RequestRefusedError, bad_request, invalid_input
from orders.protocols.commercetools.shapes import Tree
from orders.protocols.dry_run import (
    changes_entries,
    dry_run_by_header,
    notes_of,
    single_change,
    triggers_by_type,
)
from orders.protocols.http import HttpRequest

type Show = Callable[[Order], Tree]

# Every update changes these.
_HEADER = frozenset({"version", "lastModifiedAt", "lastModifiedBy"})


def read_dry_run(request: HttpRequest) -> Notes | None:
    """Return empty notes if the request asks for a preview, else None.

    Raises RequestRefusedError (400) for a header that is neither true nor false.
    """
    return notes_of(dry_run=dry_run_by_header(request, _refused))


def unnumbered(order: Order) -> Order:
    """Return an order that would be imported. Its id is the nil UUID, whatever it would be."""
    return replace(order, order_id=NO_ORDER_ID)


def of_import(notes: Notes) -> Tree:
    """Return the members for the answer to a previewed import."""
    return _members(notes, "created", {})


def of_change(notes: Notes | None, show: Show) -> Tree:
    """Return the members for the answer to a previewed change of an order, none without notes.

    `show` returns an order as the protocol shows it.
    """
    if notes is None:
        return {}
    outcome, before, after = single_change(notes)
    if outcome == "deleted":
        return _members(notes, outcome, {})
    old, new = (_content(show(order)) if order else {} for order in (before, after))
    found = differences(old, new)
    changes = {"changes": changes_entries(found), "changesCut": found.is_cut}
    return _members(notes, outcome, changes)


def _content(tree: Tree) -> Tree:
    return {name: value for name, value in tree.items() if name not in _HEADER}


def _members(notes: Notes, outcome: str, changes: Tree) -> Tree:
    preview: dict[str, Any] = {
        "outcome": outcome,
        "triggers": notes.triggers.total(),
        "triggersByType": triggers_by_type(notes),
        **changes,
    }
    return {"dryRun": True, "preview": preview}


def _refused(message: str) -> RequestRefusedError:
    return bad_request(invalid_input(f"{message}."))
