"""Previews of writes: their header, and what their answers say beside the usual members."""

from typing import Any

from orders.application.preview_ports import Notes
from orders.protocols.dry_run import dry_run_by_header, notes_of, single_change, triggers_by_type
from orders.protocols.http import HttpRequest
from orders.protocols.yandex_market.errors import bad_request

type Tree = dict[str, Any]


def read_dry_run(request: HttpRequest) -> Notes | None:
    """Return empty notes if the request asks for a preview, else None.

    Raises RequestRefusedError (400) for a header that is neither true nor false.
    """
    return notes_of(dry_run=dry_run_by_header(request, bad_request))


def of_orders(notes: Notes | None) -> Tree:
    """Return the members for the answer about several orders, none without notes."""
    return {} if notes is None else {"dryRun": True, "preview": _triggers(notes)}


def of_order(notes: Notes | None) -> Tree:
    """Return the members for the answer about one order, none without notes."""
    if notes is None:
        return {}
    outcome, _, _ = single_change(notes)
    return {"dryRun": True, "preview": {"outcome": outcome, **_triggers(notes)}}


def _triggers(notes: Notes) -> Tree:
    return {"triggers": notes.triggers.total(), "triggersByType": triggers_by_type(notes)}
