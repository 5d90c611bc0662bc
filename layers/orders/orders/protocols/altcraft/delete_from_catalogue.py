"""`POST /api/v1.1/market/products/delete` and `…/sku/delete` (Altcraft v75)."""

from dataclasses import dataclass

from orders.application.ports import Deadline
from orders.application.preview_catalogue import preview_removal
from orders.application.remove_from_catalogue import Named, RemoveFromCatalogue
from orders.domain.clients import Role
from orders.domain.known_products import EntryKind
from orders.domain.problems import Code, Problem
from orders.protocols.altcraft.answers import answer_call, answer_refusal
from orders.protocols.altcraft.calls import Calls
from orders.protocols.altcraft.catalogue_requests import DELETE_ENTRIES
from orders.protocols.altcraft.changes import outcome_unknown
from orders.protocols.altcraft.errors import bad_request
from orders.protocols.altcraft.previews import Preview
from orders.protocols.dry_run import marked, run_of
from orders.protocols.http import EndpointResult, HttpRequest


@dataclass(frozen=True, slots=True)
class DeleteFromCatalogueEndpoint:
    """The deletion of products or of SKUs."""

    calls: Calls
    remove_from_catalogue: RemoveFromCatalogue
    kind: EntryKind

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Delete the entries that the body names and that exist. Return how many these are."""
        with self.calls.open(request, Role.ORDERS_WRITE, DELETE_ENTRIES, deadline) as call:
            ids, external_ids = call.body.ids, call.body.external_ids
            if not ids and not external_ids:
                message = "ids or external_ids is required"
                raise bad_request(message, Problem(Code.REQUIRED, ("external_ids",), message))
            preview = Preview.of(request, call.client, dry_run=call.body.dry_run)
            notes = preview.notes if preview else None
            remove = preview_removal(self.remove_from_catalogue, notes)
            named = Named(self.kind, external_ids, ids)
            removal = remove(call.client.account, named, deadline, run_of(request, notes))
            if not removal.is_complete:
                return EndpointResult(answer_refusal(outcome_unknown(), call.options))
            dry_run = preview.of_removal() if preview else {}
            members = {"deleted_count": removal.count, **dry_run}
            answer = answer_call(members, call.options, call.warnings)
        return marked(EndpointResult(answer), notes)
