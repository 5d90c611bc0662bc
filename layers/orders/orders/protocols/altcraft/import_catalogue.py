"""`POST /api/v1.1/market/products/import` and `…/sku/import` (Altcraft v74)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from orders.application.import_catalogue import CatalogueCommand, ImportCatalogue
from orders.application.ports import Deadline
from orders.application.preview_catalogue import preview_catalogue
from orders.domain.clients import Role
from orders.domain.known_products import EntryKind
from orders.domain.settings import Definitions
from orders.protocols.altcraft.access import AccountAccess
from orders.protocols.altcraft.answers import AnswerOptions, answer_report, errors_answered_with
from orders.protocols.altcraft.catalogue_requests import (
    CATALOGUE,
    KNOWN_OF_ROOT,
    PRODUCTS_SHAPE,
    SKUS_SHAPE,
)
from orders.protocols.altcraft.catalogue_submissions import read_categories, read_entries
from orders.protocols.altcraft.media_types import answer_format
from orders.protocols.altcraft.previews import Preview
from orders.protocols.altcraft.requests import decode, is_of_order, read_root
from orders.protocols.altcraft.submissions import read_custom_fields
from orders.protocols.altcraft.unknown_members import unknown_of_members
from orders.protocols.dry_run import marked
from orders.protocols.http import EndpointResult, HttpRequest, answer_room


@dataclass(frozen=True, slots=True)
class ImportCatalogueEndpoint:
    """The import of products with their SKUs, or of SKUs."""

    access: AccountAccess
    import_catalogue: ImportCatalogue
    kind: EntryKind
    new_request_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Import the entries of a request and return the outcome of each element of `data`.

        A token in the header is checked before the body is read. Once the body is decoded, errors
        are answered in the format that it asks for.
        """
        client = self.access.by_header(request, Role.ORDERS_WRITE, deadline)
        is_product = self.kind is EntryKind.PRODUCT
        decoded = decode(request, PRODUCTS_SHAPE if is_product else SKUS_SHAPE)
        options = AnswerOptions(
            answer_format(request, decoded.tree.get("format")), line_of=decoded.line_of
        )
        with errors_answered_with(options):
            if client is None:
                client = self.access.by_member(
                    request, decoded.tree.get("token"), Role.ORDERS_WRITE, deadline
                )
            faults = [each for each in decoded.faults if not is_of_order(each)]
            body = read_root(CATALOGUE, decoded, faults)
            preview = Preview.of(request, client, dry_run=body.dry_run)
            notes = preview.notes if preview else None
            options = replace(
                options,
                details=bool(body.result_details) or preview is not None,
                room=answer_room(request.body, len(body.data)),
                failed_of=request if body.failed_only else None,
            )
            unknown = unknown_of_members(decoded.tree, KNOWN_OF_ROOT, ())
            command = CatalogueCommand(
                client.account,
                self.new_request_id(),
                read_entries(body, self.kind, filter(is_of_order, decoded.faults)),
                read_categories(body),
                Definitions(read_custom_fields(body.custom_fields)),
                unknown.problems(),
            )
            report = preview_catalogue(self.import_catalogue, notes)(command, deadline)
        warnings = unknown.warnings(report.policies.unknown_members)
        what = "products" if is_product else "SKUs"
        answer = answer_report(report, options, warnings, what, preview)
        return marked(EndpointResult(answer, catalogue=report), notes)
