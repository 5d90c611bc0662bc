"""The contract of the Altcraft Market orders import, in JSON and XML."""

from typing import Any

from orders.domain.importing import Outcome
from orders.domain.problems import Code
from orders.protocols.altcraft.errors import CODES
from orders.protocols.altcraft.requests import ImportBody, LineBody, OrderBody
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
        tag={"name": TAG, "description": "Orders import v1.1, in JSON and XML"},
        operations=(_import_orders(),),
        schemas=_schemas(),
        responses=_responses(),
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
        "Send the token in the Authorization header or as `token` in the body. The body may be "
        "compressed (`Content-Encoding: gzip`).",
        parameters=(parameter("query", "format", strings("json", "xml"), "Format of the answer"),),
        body={
            "required": True,
            "content": {
                JSON: {"schema": reference("AltcraftImportRequest")},
                XML: {"schema": reference("AltcraftImportRequest")},
            },
        },
        security=({"bearerToken": []}, {}),
    )


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
    request, order = tree["AltcraftImportRequest"], tree["AltcraftOrder"]
    request["properties"] = {
        "token": {**_TEXT, "description": "The token, if it is not in the Authorization header"},
        "format": strings("json", "xml", description="Format of the answer"),
        **request["properties"],
    }
    # The models do not type the elements, because they are validated one by one.
    request["properties"]["data"]["items"] = reference("AltcraftOrder")
    order["properties"]["lines"]["items"] = reference("AltcraftLine")
    request["xml"] = {"name": "xml"}
    return {**tree, **_answer_schemas()}


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
                },
                ["counts", "warnings", "details_omitted"],
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
        "500": "An internal error; the orders can be sent again",
    }
    either = {"anyOf": [reference("AltcraftRefusal"), reference("GatewayError")]}
    unavailable = {"anyOf": [reference("AltcraftRefusal"), reference("AltcraftAnswer")]}
    return {
        "AltcraftImport": answer("The outcome of each order", both("AltcraftAnswer")),
        **{
            f"Altcraft{status}": answer(description, both("AltcraftRefusal"))
            for status, description in refusals.items()
        },
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
