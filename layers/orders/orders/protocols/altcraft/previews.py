"""What the answer to a preview says beside the usual answer (docs/importing-safely.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orders.application.preview_ports import NotedChange, Notes
from orders.domain.clients import Client, Role
from orders.domain.differences import Differences, differences
from orders.domain.identifiers import NO_ORDER_ID
from orders.domain.importing import OrderResult, Outcome
from orders.protocols.altcraft.errors import bad_request
from orders.protocols.dry_run import (
    change_entry,
    definition_entry,
    definitions_in,
    dry_run_by_header,
    notes_of,
    single_change,
    triggers_by_type,
)
from orders.protocols.http import HttpRequest

if TYPE_CHECKING:
    from orders.application.import_catalogue import CatalogueReport
    from orders.application.import_orders import ImportReport

type Tree = dict[str, Any]

# The most differences that are listed of all orders of a request.
MAX_LISTED = 2000


@dataclass(frozen=True, slots=True)
class Preview:
    """The notes of a preview for a client. Only one that may read orders gets stored values."""

    notes: Notes
    client: Client

    @classmethod
    def of(cls, request: HttpRequest, client: Client, *, dry_run: bool | None) -> Preview | None:
        """Return an empty preview if the member `dry_run` or the header asks for one.

        Raises RequestRefusedError (400) for a header that is neither true nor false.
        """
        by_header = dry_run_by_header(request, bad_request)
        notes = notes_of(dry_run=bool(dry_run) or by_header)
        return None if notes is None else cls(notes, client)

    def of_call(self) -> Tree:
        """Return the members for the answer to a call about one order."""
        outcome, before, after = single_change(self.notes)
        found = Differences()
        if before is not None and after is not None:
            found = self._differences(NotedChange(before, after), MAX_LISTED)
        return {
            "dry_run": True,
            "preview": {"outcome": outcome, **self._triggers(), **self._changes(found)},
        }

    def of_removal(self) -> Tree:
        """Return the members for the answer to a deletion from the catalogue."""
        return {"dry_run": True}

    def of_report(self, tree: Tree, report: ImportReport | CatalogueReport) -> Tree:
        """Return the answer to an import with what its preview says. A new order has no id."""
        # Only a preview needs it, and every import would load it at its start.
        from orders.application.import_orders import ImportReport  # noqa: PLC0415

        triggers: Tree = {}
        changes: dict[int, Tree] = {}
        if isinstance(report, ImportReport):
            triggers, changes = self._triggers(), dict(self._changes_by_position(report))
        return {
            **tree,
            "result": [
                {**_without_new_id(entry), **changes.get(position, {})}
                for position, entry in enumerate(tree["result"])
            ],
            "dry_run": True,
            "preview": {
                **triggers,
                "definitions": [definition_entry(each) for each in definitions_in(self.notes)],
            },
        }

    def _triggers(self) -> Tree:
        return {
            "triggers": self.notes.triggers.total(),
            "triggers_by_type": triggers_by_type(self.notes),
        }

    def _changes_by_position(self, report: ImportReport) -> Iterator[tuple[int, Tree]]:
        """Yield the changes of each updated order, at its last result."""
        room = MAX_LISTED
        positions = _last_updates(report.results)
        for change in self.notes.orders.values():
            if change.before and change.after and change.after.order_id in positions:
                found = self._differences(change, room)
                room -= len(found.found)
                yield positions[change.after.order_id], self._changes(found)

    def _differences(self, change: NotedChange, room: int) -> Differences:
        if change.before is None or change.after is None:
            return Differences()
        if room <= 0:
            return Differences(is_cut=True)
        return differences(change.before.tree(), change.after.tree())

    def _changes(self, found: Differences) -> Tree:
        may_read = {Role.ORDERS_READ, Role.ADMIN} & self.client.roles
        return {
            "changes": [
                change_entry(each if may_read else each.without_before()) for each in found.found
            ],
            "changes_cut": found.is_cut,
        }


def without_changes(tree: Mapping[str, Any]) -> Tree:
    """Return the answer to a preview without the changes of orders, which are many."""
    return {
        **tree,
        "result": [
            {**entry, "changes": [], "changes_cut": True} if entry.get("changes") else entry
            for entry in tree["result"]
        ],
    }


def _last_updates(results: tuple[OrderResult, ...]) -> dict[int, int]:
    return {
        result.order_id: result.position
        for result in results
        if result.outcome is Outcome.UPDATED and result.order_id is not None
    }


def _without_new_id(entry: Tree) -> Tree:
    if entry.get("order_id") != NO_ORDER_ID:
        return entry
    return {name: value for name, value in entry.items() if name != "order_id"}
