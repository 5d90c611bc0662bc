"""The contract of Altcraft Market's calls about products and SKUs, in JSON and XML."""

from collections.abc import Callable
from typing import Any

from orders.domain.importing import Outcome
from orders.domain.known_products import MAX_NUMBER
from orders.protocols.altcraft.catalogue_requests import (
    CatalogueBody,
    DeleteEntriesBody,
    ListEntriesBody,
    ProductBody,
    ProductSkuBody,
    SkuBody,
)
from orders.protocols.altcraft.errors import CODES
from tools.api_contract.failed_only import failed_only
from tools.api_contract.models import schema_of_model
from tools.api_contract.operations import (
    JSON,
    XML,
    Operation,
    Tree,
    answer,
    array,
    record,
    reference,
    response,
    strings,
)

_TEXT: Tree = {"type": "string"}
_FLAG: Tree = {"type": "boolean"}
_AMOUNT: Tree = {**_TEXT, "description": "Decimal text in major units"}
_FREE: Tree = {"type": "object", "additionalProperties": True}
_ID: Tree = {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_NUMBER}
type Call = Callable[..., Operation]


def operations(call: Call) -> tuple[Operation, ...]:
    """Return the operations. `call` returns that of a call about orders, by its parts."""
    return tuple(
        operation
        for folder, what, one in (("products", "Products", "Product"), ("sku", "Skus", "Sku"))
        for operation in (
            call(
                "import",
                f"import{what}",
                f"Import {_plural(what)}",
                "AltcraftCatalogueImport",
                f"Creates or replaces each element of `data`. {_IMPORT[folder]} Elements are "
                "processed independently: the status is 200 even if some failed, and `error` of "
                "each entry of `result` is not 0 for those.",
                f"Altcraft{what}ImportRequest",
                {"503": response("AltcraftCatalogue503")},
                folder=folder,
            ),
            call(
                "list",
                f"list{what}",
                f"List {_plural(what)}",
                f"Altcraft{one}List",
                f"Returns all {_plural(what)} of the account in an order that does not change. "
                "Send `next_from_id` as `from_id` to get the next page; the list ends with a page "
                "without elements. A page may have fewer elements than `limit`.",
                "AltcraftCatalogueListRequest",
                folder=folder,
            ),
            call(
                "delete",
                f"delete{what}",
                f"Delete {_plural(what)}",
                "AltcraftCatalogueDeleted",
                f"Deletes the {_plural(what)} with these `ids` or `external_ids`. "
                "`deleted_count` says how many existed.",
                "AltcraftCatalogueDeleteRequest",
                folder=folder,
            ),
        )
    )


_IMPORT = {
    "products": "A product may have its SKUs with it; SKUs that it does not name stay.",
    "sku": "The product of a SKU need not exist.",
}


def _plural(what: str) -> str:
    return {"Products": "products", "Skus": "SKUs"}[what]


def import_schemas() -> Tree:
    """Return the schemas of the imported elements."""
    inner = {
        "RegionalBody": "AltcraftRegionalData",
        "CustomFieldBody": "AltcraftCustomField",
        "EntityType": "AltcraftEntityType",
        "ValueType": "AltcraftValueType",
        "CategoryBody": "AltcraftCategory",
    }
    product = schema_of_model(ProductBody, "AltcraftProduct", inner)
    product["AltcraftProduct"]["properties"]["sku"]["items"] = reference("AltcraftProductSku")
    return {
        **product,
        **schema_of_model(ProductSkuBody, "AltcraftProductSku", inner),
        **schema_of_model(SkuBody, "AltcraftSku", inner),
    }


def request_schemas() -> Tree:
    """Return the schemas of the bodies, without the members that all calls have."""
    inner = {
        "CustomFieldBody": "AltcraftCustomField",
        "EntityType": "AltcraftEntityType",
        "ValueType": "AltcraftValueType",
        "CategoryBody": "AltcraftCategory",
    }
    tree: Tree = {}
    for what, one in (("Products", "Product"), ("Skus", "Sku")):
        name = f"Altcraft{what}ImportRequest"
        schema = schema_of_model(CatalogueBody, name, inner)
        schema[name]["properties"]["data"]["items"] = reference(f"Altcraft{one}")
        tree[name] = schema[name]
    return {
        **tree,
        **schema_of_model(ListEntriesBody, "AltcraftCatalogueListRequest"),
        **schema_of_model(DeleteEntriesBody, "AltcraftCatalogueDeleteRequest"),
    }


def category_schema() -> Tree:
    """Return the schema of a category."""
    names = ("CustomFieldBody", "EntityType", "ValueType")
    inner = dict.fromkeys(names, "unused") | {"CategoryBody": "AltcraftCategory"}
    schema = schema_of_model(CatalogueBody, "unused", inner)
    return {"AltcraftCategory": schema["AltcraftCategory"]}


def answer_schemas() -> Tree:
    """Return the schemas of the answers."""
    problems = array(reference("AltcraftProblem"))
    error: Tree = {"type": "integer", "enum": [0], "description": "0 on success"}
    succeeded = {"error": error, "error_text": _TEXT}
    number: Tree = {"type": "integer", "minimum": 0}
    offer = {
        "price": _AMOUNT,
        "old_price": _AMOUNT,
        "currency": _TEXT,
        "custom_fields": _FREE,
        "count": number,
        "is_available": _FLAG,
        "delivery": _FLAG,
    }
    details = {
        **offer,
        "tags": array(_TEXT),
        "manufacturer_name": _TEXT,
        "description": _TEXT,
        "url": _TEXT,
        "pictures": array(_TEXT),
        "expiration_time": _TEXT,
        "barcode": array({"type": "integer", "format": "int64"}),
        "manufacturer_warranty": _FLAG,
        "regional_data": array(record({"external_id": _TEXT, **offer}, offer)),
        "categories": array(_TEXT),
    }
    listed = {"id": _ID, "name": _TEXT, "external_id": _TEXT}

    def page(element: str) -> Tree:
        members = {
            **succeeded,
            "next_from_id": {**_TEXT, "description": "`from_id` of the next page"},
            "result": array(reference(element)),
            "warnings": problems,
        }
        return _in_xml(record(members, ["warnings"]))

    failed = {"error_text": _TEXT, "errors": problems, "retryable": _FLAG}
    outcome = {"outcome": strings(*map(str, Outcome)), "warnings": problems}
    return {
        "AltcraftCatalogueAnswer": _in_xml(
            record(
                {
                    "error": {
                        "type": "integer",
                        "description": "0 on success, else the error number",
                    },
                    "error_text": _TEXT,
                    "result": array(reference("AltcraftCatalogueResult")),
                    "counts": record(
                        {"received": number, **{str(each): number for each in Outcome}}
                    ),
                    "warnings": problems,
                    "details_omitted": _FLAG,
                    **failed_only(),
                },
                ["counts", "warnings", "details_omitted", *failed_only()],
            )
        ),
        "AltcraftCatalogueResult": record(
            {
                "error": {"type": "integer", "enum": sorted({0, 400, *CODES.values()})},
                "external_id": {"type": ["string", "null"]},
                **failed,
                **outcome,
            },
            [*failed, *outcome],
        ),
        "AltcraftProductList": page("AltcraftListedProduct"),
        "AltcraftSkuList": page("AltcraftListedSku"),
        "AltcraftListedProduct": record(
            {**listed, **details, "sku": array(record(listed))}, [*details, "sku"]
        ),
        "AltcraftListedSku": record(
            {**listed, **details, "product_external_id": _TEXT}, [*details, "product_external_id"]
        ),
        "AltcraftCatalogueDeleted": _in_xml(
            record({"deleted_count": number, **succeeded, "warnings": problems}, ["warnings"])
        ),
    }


def responses() -> Tree:
    """Return the answers by name."""

    def both(name: str) -> dict[str, Any]:
        return {JSON: reference(name), XML: reference(name)}

    unavailable = {"anyOf": [reference("AltcraftRefusal"), reference("AltcraftCatalogueAnswer")]}
    return {
        "AltcraftCatalogueImport": answer(
            "The outcome of each element", both("AltcraftCatalogueAnswer")
        ),
        "AltcraftProductList": answer("A page of products", both("AltcraftProductList")),
        "AltcraftSkuList": answer("A page of SKUs", both("AltcraftSkuList")),
        "AltcraftCatalogueDeleted": answer(
            "How many were deleted", both("AltcraftCatalogueDeleted")
        ),
        "AltcraftCatalogue503": answer(
            "The store is not available; nothing was written",
            {JSON: unavailable, XML: unavailable},
            Retry_After="Seconds to wait before a retry",
        ),
    }


def _in_xml(schema: Tree) -> Tree:
    return {**schema, "xml": {"name": "xml"}}
