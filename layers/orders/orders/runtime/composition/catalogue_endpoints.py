"""Composes Altcraft's calls about products and SKUs, also for the `orders` command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from orders.adapters.dynamodb_catalogue import DynamoCatalogue
from orders.adapters.dynamodb_settings import DynamoSettings
from orders.application.import_catalogue import ImportCatalogue
from orders.application.list_catalogue import ListCatalogue
from orders.application.remove_from_catalogue import RemoveFromCatalogue
from orders.application.retries import pause_with_jitter
from orders.domain.known_products import EntryKind
from orders.protocols.altcraft.access import AccountAccess
from orders.protocols.altcraft.calls import Calls
from orders.protocols.altcraft.delete_from_catalogue import DeleteFromCatalogueEndpoint
from orders.protocols.altcraft.import_catalogue import ImportCatalogueEndpoint
from orders.protocols.altcraft.list_catalogue import ListCatalogueEndpoint
from orders.protocols.altcraft.unknown_call import ROOT
from orders.protocols.http import Endpoint
from orders.runtime.composition import new_request_id

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

FOLDERS: Mapping[EntryKind, str] = {
    EntryKind.PRODUCT: f"{ROOT}/products",
    EntryKind.SKU: f"{ROOT}/sku",
}


def catalogue_endpoints(
    client: DynamoDBClient, table: str, access: AccountAccess
) -> Mapping[tuple[str, str], Endpoint]:
    """Return the endpoints by their methods and paths."""
    settings = DynamoSettings(client, table)
    catalogue = DynamoCatalogue(client, table)
    calls = Calls(access, settings)
    imports = ImportCatalogue(catalogue, settings, pause_with_jitter)
    lists = ListCatalogue(catalogue)
    removals = RemoveFromCatalogue(catalogue, pause_with_jitter)
    found: dict[tuple[str, str], Endpoint] = {}
    for kind, folder in FOLDERS.items():
        found |= {
            ("POST", f"{folder}/import"): ImportCatalogueEndpoint(
                access, imports, kind, new_request_id
            ),
            ("POST", f"{folder}/list"): ListCatalogueEndpoint(calls, lists, kind),
            ("POST", f"{folder}/delete"): DeleteFromCatalogueEndpoint(calls, removals, kind),
        }
    return found
