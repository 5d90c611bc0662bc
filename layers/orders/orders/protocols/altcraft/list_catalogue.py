"""`POST /api/v1.1/market/products/list` and `…/sku/list` (Altcraft v74)."""

import json
from dataclasses import dataclass
from typing import Any

from orders.application.list_catalogue import ListCatalogue, ListedEntries
from orders.application.ports import Deadline
from orders.domain.catalogue_entries import CatalogueEntry
from orders.domain.clients import Role
from orders.domain.known_products import EntryKind
from orders.protocols.altcraft.answers import AnswerOptions, answer_list, written_order
from orders.protocols.altcraft.calls import Calls
from orders.protocols.altcraft.catalogue_requests import LIST_ENTRIES
from orders.protocols.altcraft.from_ids import read_last_number, write_last_number
from orders.protocols.altcraft.parameters import DEFAULT_LIMIT
from orders.protocols.http import (
    MAX_ANSWER_BYTES,
    EndpointResult,
    HttpRequest,
    only_reads,
    sent_size,
)

# Room for what is around the entries of a page.
_PAGE_BYTES = 100_000


@only_reads
@dataclass(frozen=True, slots=True)
class ListCatalogueEndpoint:
    """All products with their SKUs, or all SKUs, in pages."""

    calls: Calls
    list_catalogue: ListCatalogue
    kind: EntryKind

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return one page. It ends early if one answer cannot hold more.

        Only an empty page is the end of the list.
        """
        with self.calls.open(request, Role.ORDERS_READ, LIST_ENTRIES, deadline) as call:
            account, body = call.client.account, call.body
            list_name = f"altcraft {self.kind}\n{account}"
            after = 0 if body.from_id is None else read_last_number(body.from_id, list_name)
            limit = body.limit or DEFAULT_LIMIT
            listed = self.list_catalogue(account, self.kind, after, limit, deadline)
            shown = _fitting(listed, call.options, with_details=bool(body.result_details))
            last = listed.entries[len(shown) - 1].name.number if shown else after
            next_from_id = write_last_number(list_name, last)
            answer = answer_list(shown, next_from_id, call.options, call.warnings)
        return EndpointResult(answer)


def _fitting(listed: ListedEntries, options: AnswerOptions, *, with_details: bool) -> list[bytes]:
    """Return the first entries, written, that are not too much for an answer."""
    written: list[bytes] = []
    size = _PAGE_BYTES
    for entry in listed.entries:
        part = written_order(_tree_of(entry, listed, with_details=with_details), options.format)
        size += sent_size(part)
        if written and size > MAX_ANSWER_BYTES:
            break
        written.append(part)
    return written


def _tree_of(entry: CatalogueEntry, listed: ListedEntries, *, with_details: bool) -> dict[str, Any]:
    members = json.loads(entry.document) if with_details else {}
    if with_details and entry.product is not None:
        members["product_external_id"] = entry.product
    skus = [
        {"id": sku.name.number, "name": sku.title, "external_id": sku.name.external_id}
        for sku in listed.skus.get(entry.name, ())
    ]
    return {
        "id": entry.name.number,
        "name": entry.title,
        "external_id": entry.name.external_id,
        **members,
        **({"sku": skus} if skus else {}),
    }
