"""The contract of Altcraft Market's calls about orders, in JSON and XML."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from orders.domain.importing import Outcome
from orders.domain.problems import Code
from orders.protocols.altcraft.changes import DeleteBody, LineStatusBody
from orders.protocols.altcraft.errors import CODES
from orders.protocols.altcraft.parameters import ListBody, OrderNameBody
from orders.protocols.altcraft.profile_matching import FIELDS, MODES
from orders.protocols.altcraft.requests import ImportBody, LineBody, OrderBody
from orders.protocols.altcraft.states import ORDER_STATUSES
from tools.api_contract import altcraft_catalogue
from tools.api_contract.failed_only import failed_only
from tools.api_contract.keys import OUTSTANDING, RETRY_IF_OUTSTANDING, REUSED
from tools.api_contract.models import schema_of_model
from tools.api_contract.operations import (
    CHALLENGE,
    JSON,
    XML,
    Operation,
    Section,
    Tree,
    answer,
    array,
    parameter,
    record,
    reference,
    response,
    strings,
)

TAG = "Altcraft Market"
_TEXT: Tree = {"type": "string"}
_COUNT: Tree = {"type": "integer", "minimum": 0}
_LINES = "Line of the problem in the request, for XML"


def section() -> Section:
    """Return the protocol's part of the description."""
    return Section(
        tag={"name": TAG, "description": "Orders, products and SKUs v1.1, in JSON and XML"},
        operations=(
            _import_orders(),
            _list_orders(),
            _get_status(),
            _delete_order(),
            _update_line_status(),
            *altcraft_catalogue.operations(_call),
        ),
        schemas=_schemas(),
        responses={**_responses(), **altcraft_catalogue.responses()},
    )


def _import_orders() -> Operation:
    refusals = ("400", "401", "403", "413", "415", "500", "503")
    return Operation(
        "post",
        "/api/v1.1/market/orders/import",
        "importOrders",
        TAG,
        "Import orders",
        {
            "200": response("AltcraftImport"),
            **{status: response(f"Altcraft{status}") for status in refusals},
            "429": response("Gateway429"),
            "502": response("Gateway502"),
            "504": response("Gateway504"),
        },
        "Creates or updates each order of `data`. Orders are processed independently: the status "
        "is 200 even if some failed, and `error` of each entry of `result` is not 0 for those. "
        "With `error_policy: reject_all`, all orders are written, or none. "
        "Send the token in the Authorization header or as `token` in the body. The body may be "
        "compressed (`Content-Encoding: gzip`).",
        parameters=(_FORMAT,),
        body={
            "required": True,
            "content": {
                JSON: {"schema": reference("AltcraftImportRequest")},
                XML: {"schema": reference("AltcraftImportRequest")},
            },
        },
        security=({"bearerToken": []}, {}),
    )


def _list_orders() -> Operation:
    return _call(
        "list",
        "listAltcraftOrders",
        "List orders",
        "AltcraftList",
        "Returns all orders of the account, or of one endpoint, oldest first. Send `next_from_id` "
        "as `from_id` to get the next page; the list ends with a page without orders. A page may "
        "have fewer orders than `limit`. Orders that are created meanwhile are neither lost nor "
        "repeated. The policy list_amounts of the account decides on the unit of amounts.",
        "AltcraftListRequest",
    )


def _get_status() -> Operation:
    return _call(
        "get_status",
        "getAltcraftStatus",
        "Get the status of an order",
        "AltcraftStatus",
        "Returns the status and the endpoint of the order with this `id` or `external_id`, which "
        "may be a former one.",
        "AltcraftStatusRequest",
        {"404": response("Altcraft404")},
    )


def _delete_order() -> Operation:
    return _call(
        "delete",
        "deleteAltcraftOrder",
        "Delete an order",
        "AltcraftDeleted",
        "Deletes the order with this `id` or `external_id`, which may be a former one: for good, "
        "which frees its external ids, or softly. A soft deletion is the older contract: "
        "`with_fire` is false, or absent beside `group_id`. A softly deleted order is hidden until "
        "it is imported again.",
        "AltcraftDeleteRequest",
        {"404": response("Altcraft404")},
    )


def _update_line_status() -> Operation:
    return _call(
        "update_order_line_status",
        "updateAltcraftLineStatus",
        "Update the status of a line",
        "AltcraftChanged",
        "The status is a built-in or a custom one. It holds until an import sends another status "
        "for the line than the import before it.",
        "AltcraftLineStatusRequest",
        {"404": response("Altcraft404"), "409": response("Altcraft409")},
    )


def _call(  # noqa: PLR0913, PLR0917 - the parts of an operation
    name: str,
    operation_id: str,
    summary: str,
    success: str,
    description: str,
    request: str,
    others: Mapping[str, Tree] = MappingProxyType({}),
    folder: str = "orders",
) -> Operation:
    refusals = ("400", "401", "403", "413", "415", "500")
    return Operation(
        "post",
        f"/api/v1.1/market/{folder}/{name}",
        operation_id,
        TAG,
        summary,
        {
            "200": response(success),
            **{status: response(f"Altcraft{status}") for status in refusals},
            "429": response("Gateway429"),
            "502": response("Gateway502"),
            "503": response("AltcraftUnavailable"),
            "504": response("Gateway504"),
            **others,
        },
        f"{description} Send the token in the Authorization header or as `token` in the body.",
        parameters=(_FORMAT,),
        body={
            "required": True,
            "content": {media: {"schema": reference(request)} for media in (JSON, XML)},
        },
        security=({"bearerToken": []}, {}),
    )


_FORMAT = parameter("query", "format", strings("json", "xml"), "Format of the answer")


def _schemas() -> Tree:
    tree = {
        **schema_of_model(
            ImportBody,
            "AltcraftImportRequest",
            {
                "CustomFieldBody": "AltcraftCustomField",
                "EntityType": "AltcraftEntityType",
                "ValueType": "AltcraftValueType",
                "LineStatusBody": "AltcraftLineStatus",
                "LineStatusType": "AltcraftLineStatusType",
            },
        ),
        **schema_of_model(OrderBody, "AltcraftOrder"),
        **schema_of_model(LineBody, "AltcraftLine"),
    }
    calls = {
        **schema_of_model(ListBody, "AltcraftListRequest"),
        **schema_of_model(OrderNameBody, "AltcraftStatusRequest"),
        **schema_of_model(DeleteBody, "AltcraftDeleteRequest"),
        **schema_of_model(LineStatusBody, "AltcraftLineStatusRequest"),
        **altcraft_catalogue.request_schemas(),
    }
    request, order = tree["AltcraftImportRequest"], tree["AltcraftOrder"]
    for each in (request, *calls.values()):
        each["properties"] = {
            "token": {
                **_TEXT,
                "description": "The token, if it is not in the Authorization header",
            },
            "format": strings("json", "xml", description="Format of the answer"),
            **each["properties"],
        }
        each["xml"] = {"name": "xml"}
    # The models do not type the elements, because they are validated one by one.
    request["properties"]["data"]["items"] = reference("AltcraftOrder")
    order["properties"]["lines"]["items"] = reference("AltcraftLine")
    catalogue = {
        **altcraft_catalogue.import_schemas(),
        **altcraft_catalogue.category_schema(),
        **altcraft_catalogue.answer_schemas(),
    }
    return {**catalogue, **tree, **calls, **_answer_schemas(), **_read_schemas()}


def _read_schemas() -> Tree:
    amount = {**_TEXT, "description": "Decimal text in the unit of the policy list_amounts"}
    error, warnings = _constant_error(), array(reference("AltcraftProblem"))
    succeeded = {"error": error, "error_text": _TEXT}
    status = strings(*ORDER_STATUSES)
    return {
        "AltcraftList": _in_xml(
            record(
                {
                    **succeeded,
                    "next_from_id": {**_TEXT, "description": "`from_id` of the next page"},
                    "result": array(reference("AltcraftListedOrder")),
                    "warnings": warnings,
                },
                ["warnings"],
            )
        ),
        "AltcraftListedOrder": record(
            {
                "id": {"type": "integer", "format": "int64"},
                "profile": record({"profile_id": _TEXT}, ["profile_id"]),
                "external_id": _TEXT,
                "endpoint": {**_TEXT, "description": "Empty if the order has none"},
                "status": status,
                "matching": strings(*MODES),
                **dict.fromkeys(FIELDS, _TEXT),
                "tags": array(_TEXT),
                "delivery_cost": amount,
                "total_price": amount,
                "currency": _TEXT,
                "custom_fields": {"type": "object", "additionalProperties": True},
                "region": _TEXT,
                "lines": array(reference("AltcraftListedLine")),
                "create_time": {**_TEXT, "format": "date-time"},
                "update_time": {**_TEXT, "format": "date-time"},
            },
            ["matching", *FIELDS, "tags", "region"],
        ),
        "AltcraftListedLine": record(
            {
                "external_id": _TEXT,
                "status": _TEXT,
                "product": _TEXT,
                "sku": _TEXT,
                "count": {"type": "integer"},
                "base_price_per_item": amount,
                "min_price_per_item": amount,
                "final_price_per_item": amount,
                "custom_fields": {"type": "object", "additionalProperties": True},
                "currency": _TEXT,
            },
            ["status", "product", "sku", "base_price_per_item", "min_price_per_item"],
        ),
        "AltcraftStatus": _in_xml(
            record(
                {
                    **succeeded,
                    "result": record({"endpoint": _TEXT, "status": status}),
                    "warnings": warnings,
                },
                ["warnings"],
            )
        ),
        "AltcraftChanged": _in_xml(record({**succeeded, "warnings": warnings}, ["warnings"])),
        "AltcraftDeleted": _in_xml(
            record(
                {
                    **succeeded,
                    "result": array(
                        {},
                        maxItems=0,
                        description="Only if the request has with_fire or group_id",
                    ),
                    "warnings": warnings,
                },
                ["result", "warnings"],
            )
        ),
        "AltcraftUnavailable": _in_xml(
            record(
                {
                    "error": {"type": "integer", "enum": [503]},
                    "error_text": _TEXT,
                    "result": array({}, maxItems=0),
                    "errors": warnings,
                    "next_from_id": {
                        **_TEXT,
                        "description": "`from_id` with which a list goes on that found no order "
                        "in time",
                    },
                },
                ["errors", "next_from_id"],
            )
        ),
    }


def _constant_error() -> Tree:
    return {"type": "integer", "enum": [0], "description": "0 on success"}


def _answer_schemas() -> Tree:
    problems = array(reference("AltcraftProblem"))
    error: Tree = {"type": "integer", "description": "0 on success, else the error number"}
    return {
        "AltcraftAnswer": _in_xml(
            record(
                {
                    "error": error,
                    "error_text": _TEXT,
                    "result": array(reference("AltcraftResult")),
                    "counts": record(
                        {"received": _COUNT, **{str(each): _COUNT for each in Outcome}}
                    ),
                    "warnings": problems,
                    "details_omitted": {
                        "type": "boolean",
                        "description": "True if errors and warnings are left out of `result` "
                        "because the answer would be too large",
                    },
                    **failed_only(),
                },
                ["counts", "warnings", "details_omitted", *failed_only()],
            )
        ),
        "AltcraftRefusal": _in_xml(
            record(
                {
                    "error": error,
                    "error_text": _TEXT,
                    "result": array({}, maxItems=0),
                    "errors": problems,
                },
                ["errors"],
            )
        ),
        "AltcraftResult": record(
            {
                "error": {"type": "integer", "enum": sorted({0, 400, *CODES.values()})},
                "external_id": {"type": ["string", "null"]},
                "error_text": _TEXT,
                "errors": problems,
                "retryable": {"type": "boolean"},
                "outcome": strings(*map(str, Outcome)),
                "order_id": {"type": "integer", "format": "int64"},
                "version": {"type": "integer"},
                "digest": {
                    "type": "string",
                    "pattern": "^[0-9a-f]{64}$",
                    "description": "SHA-256 of the canonical document",
                },
                "warnings": problems,
            },
            [
                *("error_text", "errors", "retryable"),
                *("outcome", "order_id", "version", "digest", "warnings"),
            ],
        ),
        "AltcraftProblem": record(
            {
                "code": strings(*map(str, Code)),
                "path": {**_TEXT, "description": "JSON pointer to the problem in the request"},
                "message": _TEXT,
                "line": {"type": "integer", "description": _LINES},
            },
            ["line"],
        ),
    }


def _in_xml(schema: Tree) -> Tree:
    return {**schema, "xml": {"name": "xml"}}


def _responses() -> Tree:
    def both(name: str) -> dict[str, Any]:
        return {JSON: reference(name), XML: reference(name)}

    refusals = {
        "400": "The request or one of its definitions is invalid",
        "413": "The body is larger than 4 MB, or the account's settings would be too large",
        "415": "The media type, charset or content coding is not supported",
        "404": "The order, or the line, does not exist",
        "422": REUSED,
        "500": "An internal error; the request can be sent again",
    }
    either = {"anyOf": [reference("AltcraftRefusal"), reference("GatewayError")]}
    unavailable = {"anyOf": [reference("AltcraftRefusal"), reference("AltcraftAnswer")]}
    return {
        "AltcraftImport": answer("The outcome of each order", both("AltcraftAnswer")),
        "AltcraftList": answer("A page of orders", both("AltcraftList")),
        "AltcraftChanged": answer("The order was changed", both("AltcraftChanged")),
        "AltcraftDeleted": answer("The order was deleted", both("AltcraftDeleted")),
        "AltcraftStatus": answer("The status of the order", both("AltcraftStatus")),
        "AltcraftUnavailable": answer(
            "The order store is not available",
            both("AltcraftUnavailable"),
            Retry_After="Seconds to wait before a retry",
        ),
        **{
            f"Altcraft{status}": answer(description, both("AltcraftRefusal"))
            for status, description in refusals.items()
        },
        "Altcraft409": answer(
            "The order was imported through a protocol whose lines have no status, or "
            f"{OUTSTANDING}",
            both("AltcraftRefusal"),
            **RETRY_IF_OUTSTANDING,
        ),
        "Altcraft401": answer(
            "The token is missing or unknown", both("AltcraftRefusal"), **CHALLENGE
        ),
        "Altcraft403": answer(
            "The token lacks the role",
            {JSON: either, XML: reference("AltcraftRefusal")},
        ),
        "Altcraft503": answer(
            "The order store is not available; nothing was written",
            {JSON: unavailable, XML: unavailable},
            Retry_After="Seconds to wait before a retry",
        ),
    }
