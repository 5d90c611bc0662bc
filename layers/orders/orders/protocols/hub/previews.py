"""Previews of writes: their header, and what their answers say beside the usual members."""

import json
from typing import Any

from orders.application.preview_ports import Notes
from orders.domain.differences import differences
from orders.domain.order import Order
from orders.protocols.dry_run import (
    DRY_RUN_HEADER,
    changes_entries,
    dry_run_by_header,
    notes_of,
    single_change,
    triggers_by_type,
)
from orders.protocols.http import HttpRequest
from orders.protocols.hub.errors import RequestRefusedError, invalid_parameter
from orders.protocols.hub.representation import OrderProtocols

type Tree = dict[str, Any]

# Every version of a document has others of these.
_HEADER = frozenset({"version", "lastModifiedAt", "lastModifiedBy"})


def asks_for_preview(request: HttpRequest) -> bool:
    """Return whether the header asks for a preview.

    Raises RequestRefusedError (400) for a header that is neither true nor false.
    """
    return dry_run_by_header(request, _refused)


def read_dry_run(request: HttpRequest) -> Notes | None:
    """Return empty notes if the request asks for a preview, else None. Raises the same."""
    return notes_of(dry_run=asks_for_preview(request))


def expect_no_dry_run(request: HttpRequest, instead: str) -> None:
    """Raise RequestRefusedError (400) if the header asks for a preview that the route lacks.

    To ignore the header would write what the client does not want to be written.
    """
    if asks_for_preview(request):
        raise _refused(f"The header {DRY_RUN_HEADER} is not supported here; {instead}")


def of_change(notes: Notes | None, protocols: OrderProtocols | None = None) -> Tree:
    """Return the members for the answer to a change of an order, none without notes.

    Without `protocols`, they have no changes: a deletion has none.
    """
    if notes is None:
        return {}
    outcome, before, after = single_change(notes)
    preview = {
        "outcome": outcome,
        "triggers": notes.triggers.total(),
        "triggers_by_type": triggers_by_type(notes),
    }
    if protocols is not None:
        old, new = (_document(order, protocols) if order else {} for order in (before, after))
        found = differences(old, new)
        preview |= {"changes": changes_entries(found), "changes_cut": found.is_cut}
    return {"dry_run": True, "preview": preview}


def _document(order: Order, protocols: OrderProtocols) -> Tree:
    tree: Tree = json.loads(protocols.present(order))
    return {name: value for name, value in tree.items() if name not in _HEADER}


def _refused(message: str) -> RequestRefusedError:
    return invalid_parameter(DRY_RUN_HEADER, message)
