"""The contract of the hub's own API."""

from collections.abc import Mapping

from orders.application.read_changes import ChangeKind
from orders.application.reconcile import Comparison
from orders.domain.deletions import DeletionMode
from orders.domain.fulfilment import Fulfilment
from orders.domain.order_numbers import MAX_ORDER_ID
from orders.domain.times import PATTERN
from orders.domain.triggers import TriggerKind
from orders.domain.undoing import UndoOutcome, UndoReason
from orders.protocols.hub.queries import DEFAULT_LIMIT, MAX_LIMIT, MAX_VALUES
from orders.protocols.hub.requests import LineStatusBody, ReconcileBody, RestoreBody, UndoBody
from orders.runtime.composition.order_protocols import PROTOCOLS
from tools.api_contract.import_jobs import import_jobs
from tools.api_contract.keys import OUTSTANDING, RETRY_IF_OUTSTANDING, REUSED
from tools.api_contract.models import schema_of_model
from tools.api_contract.operations import (
    CHALLENGE,
    JSON,
    Operation,
    Section,
    Tree,
    answer,
    array,
    constant,
    parameter,
    record,
    reference,
    response,
    strings,
)

TAG = "Hub"
PROBLEM = "application/problem+json"
_TEXT: Tree = {"type": "string"}
_NULLABLE: Tree = {"type": ["string", "null"]}
_AMOUNT: Tree = {"type": "string", "description": "Decimal text in major units of the currency"}
_MOMENT: Tree = {"type": "string", "format": "date-time"}
_DIGEST: Tree = {
    "type": "string",
    "pattern": "^[0-9a-f]{64}$",
    "description": "SHA-256 of the canonical document",
}
_ID: Tree = {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_ORDER_ID}
_VERSION: Tree = {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_ORDER_ID}
_PROTOCOL = strings(*PROTOCOLS)
_ORDER_ID = parameter("path", "order_id", _ID, "The order's id")
_SECURITY: tuple[Tree, ...] = ({"bearerToken": []},)
_REFUSALS: Mapping[str, Tree] = {
    "400": response("Hub400"),
    "401": response("Hub401"),
    "403": response("Hub403"),
}
_MISSING = {"404": response("Hub404")}
_FAULTS: Mapping[str, Tree] = {
    "429": response("Gateway429"),
    "500": response("Hub500"),
    "502": response("Gateway502"),
    "503": response("Hub503"),
    "504": response("Gateway504"),
}
_NEXT: Tree = {"type": ["string", "null"], "description": "`after` of the next page, null if none"}


def section() -> Section:
    """Return the API's part of the description."""
    jobs = import_jobs(TAG, PROBLEM, _SECURITY)
    return Section(
        tag={
            "name": TAG,
            "description": "Orders of all protocols in one shape, their histories and changes; "
            "imports of files",
        },
        operations=(*_operations(), *jobs.operations),
        schemas=_schemas() | jobs.schemas,
        responses=_responses() | jobs.responses,
    )


def _operations() -> tuple[Operation, ...]:
    orders = "/hub/v1/orders"
    return (
        Operation(
            "get",
            orders,
            "listHubOrders",
            TAG,
            "List orders, or find one by an external id",
            {"200": response("HubOrders"), **_REFUSALS, **_FAULTS},
            "Sorted by creation, the newest first. A page may have fewer orders than `limit`: the "
            "list ends where `next` is null.",
            parameters=_filters(),
            security=_SECURITY,
        ),
        Operation(
            "get",
            f"{orders}/{{order_id}}",
            "getHubOrder",
            TAG,
            "Return an order",
            {"200": response("HubOrder"), **_REFUSALS, **_MISSING, **_FAULTS},
            parameters=(_ORDER_ID,),
            security=_SECURITY,
        ),
        Operation(
            "get",
            f"{orders}/{{order_id}}/history",
            "readHubHistory",
            TAG,
            "Return the versions of an order, the newest first",
            {"200": response("HubHistory"), **_REFUSALS, **_MISSING, **_FAULTS},
            "Of an order that was deleted permanently, the deletion alone is left, for 90 days. A "
            "softly deleted order keeps its history.",
            parameters=(_ORDER_ID, _limit(), _after()),
            security=_SECURITY,
        ),
        *_changes_of_one(f"{orders}/{{order_id}}"),
        _restore(f"{orders}/{{order_id}}/restore"),
        _undo(),
        Operation(
            "get",
            "/hub/v1/changes",
            "readHubChanges",
            TAG,
            "Return what changed since a cursor, the oldest change first",
            {
                "200": response("HubChanges"),
                **_REFUSALS,
                "410": response("Hub410"),
                **_FAULTS,
            },
            "Each order is listed once, at its present version, a minute after its last change. "
            "Without a cursor, the list begins with the account's first order.",
            parameters=(
                _limit(),
                _after(),
                parameter("query", "include", constant("order"), "Return the orders too"),
            ),
            security=_SECURITY,
        ),
        Operation(
            "post",
            "/hub/v1/reconcile",
            "reconcileOrders",
            TAG,
            "Compare orders with those of the hub",
            {
                "200": response("HubReconciled"),
                **_REFUSALS,
                "413": response("Hub413"),
                "415": response("Hub415"),
                **_FAULTS,
            },
            body={
                "content": {JSON: {"schema": reference("HubReconcileRequest")}},
                "required": True,
            },
            security=_SECURITY,
        ),
    )


def _changes_of_one(order: str) -> tuple[Operation, ...]:
    return (
        Operation(
            "delete",
            order,
            "deleteHubOrder",
            TAG,
            "Delete an order softly or permanently",
            {
                "200": response("HubDeletion"),
                **_REFUSALS,
                **_MISSING,
                "409": response("Hub409"),
                **_FAULTS,
            },
            "A softly deleted order is in no list, count or read, and its external ids stay taken. "
            "A revival, or an import of its own protocol, brings it back. A permanent deletion "
            "frees the external ids and removes the history.",
            parameters=(
                _ORDER_ID,
                parameter(
                    "query",
                    "mode",
                    strings(*DeletionMode, default=str(DeletionMode.SOFT)),
                    "How to delete the order",
                ),
                parameter("query", "version", _VERSION, "The version that the order must have"),
            ),
            security=_SECURITY,
        ),
        Operation(
            "post",
            f"{order}/revive",
            "reviveHubOrder",
            TAG,
            "End the soft deletion of an order",
            {"200": response("HubOrder"), **_REFUSALS, **_MISSING, **_FAULTS},
            "An order that is not deleted does not change.",
            parameters=(_ORDER_ID,),
            security=_SECURITY,
        ),
        Operation(
            "put",
            f"{order}/lines/{{line_id}}/status",
            "updateHubLineStatus",
            TAG,
            "Update the status of a line",
            {
                "200": response("HubOrder"),
                **_REFUSALS,
                **_MISSING,
                "409": response("Hub409"),
                "413": response("Hub413"),
                "415": response("Hub415"),
                **_FAULTS,
            },
            "The status holds until an import sends another status for the line than the import "
            "before it.",
            parameters=(
                _ORDER_ID,
                parameter(
                    "path",
                    "line_id",
                    {"type": "string", "minLength": 1, "maxLength": 255},
                    "The line's external id",
                ),
            ),
            body={
                "content": {JSON: {"schema": reference("HubLineStatusRequest")}},
                "required": True,
            },
            security=_SECURITY,
        ),
    )


def _restore(path: str) -> Operation:
    return Operation(
        "post",
        path,
        "restoreHubOrder",
        TAG,
        "Bring an earlier version of an order back",
        {
            "200": response("HubOrder"),
            **_REFUSALS,
            **_MISSING,
            "409": response("Hub409Pending"),
            "410": response("Hub410"),
            "413": response("Hub413"),
            "415": response("Hub415"),
            **_FAULTS,
        },
        "The order gets the content of the version, also its external id and its newest "
        "`update_time`, in a new version. A softly deleted order is revived.",
        parameters=(_ORDER_ID,),
        body=_body("HubRestoreRequest"),
        security=_SECURITY,
    )


def _undo() -> Operation:
    return Operation(
        "post",
        "/hub/v1/undo",
        "undoRequest",
        TAG,
        "Undo a request, or show what its undo would do",
        {
            "200": response("HubUndo"),
            **_REFUSALS,
            "413": response("Hub413"),
            "415": response("Hub415"),
            **_FAULTS,
        },
        "Unless `dry_run` is false, nothing is written. Orders that the request created are "
        "deleted permanently, and those that it changed become as they were before it. An order "
        "that was changed since is kept.",
        body=_body("HubUndoRequest"),
        security=_SECURITY,
    )


def _body(name: str) -> Tree:
    return {"content": {JSON: {"schema": reference(name)}}, "required": True}


def _limit() -> Tree:
    schema = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    return parameter("query", "limit", schema, "Maximum number of entries")


def _after() -> Tree:
    return parameter("query", "after", _TEXT, "`next` of the previous answer")


def _moment(name: str, meaning: str) -> Tree:
    return parameter("query", name, {"type": "string", "pattern": PATTERN}, meaning)


def _filters() -> tuple[Tree, ...]:
    several: Tree = {"style": "form", "explode": True}

    def some(name: str, values: Tree) -> Tree:
        schema = array(values, maxItems=MAX_VALUES)
        return parameter("query", name, schema, "Return only orders with one of these", **several)

    return (
        _limit(),
        _after(),
        _moment("created_from", "Orders created at this time or later"),
        _moment("created_to", "Orders created before this time"),
        _moment("changed_from", "Orders changed at this time or later"),
        _moment("changed_to", "Orders changed before this time"),
        some("status", _TEXT),
        some("endpoint", _TEXT),
        some("protocol", _PROTOCOL),
        parameter(
            "query",
            "direction",
            strings("desc", "asc", default="desc"),
            "Whether the newest or the oldest order is the first",
        ),
        parameter(
            "query",
            "external_id",
            {"type": "string", "minLength": 1, "maxLength": 255},
            "The order that has or had this external id",
        ),
    )


def _responses() -> Tree:
    problem = {PROBLEM: reference("HubProblem")}
    refusals = {
        "400": "The request is invalid; `errors` name the parameters or members",
        "404": "The account has no such order",
        "410": "The cursor is too old: deletions would be missing; or the version is not kept",
        "413": "The body or the answer is too large",
        "415": "The body is not JSON in UTF-8",
        "422": REUSED,
        "500": "An internal error",
    }
    pages = {
        "HubOrders": "One page of orders",
        "HubOrder": "The order",
        "HubHistory": "One page of versions",
        "HubChanges": "Changes",
        "HubReconciled": "The result for each order, in the order of the request",
        "HubDeletion": "The order is deleted",
        "HubUndo": "What was done with each order, or would be done",
    }
    return {
        **{name: answer(text, {JSON: reference(name)}) for name, text in pages.items()},
        **{f"Hub{status}": answer(text, problem) for status, text in refusals.items()},
        "Hub409": answer(
            f"The present state of the order does not allow the change, or {OUTSTANDING}",
            problem,
            **RETRY_IF_OUTSTANDING,
        ),
        "Hub401": answer("The token is missing, unknown or revoked", problem, **CHALLENGE),
        "Hub403": answer(
            "The token lacks the role (orders:write for a change, else orders:read)",
            {**problem, JSON: reference("GatewayError")},
        ),
        "Hub409Pending": answer(
            "The present state of the order or of its history does not allow the restoration",
            problem,
            Retry_After="Seconds to wait if the history is not written yet",
        ),
        "Hub503": answer(
            "The order store is not available",
            problem,
            Retry_After="Seconds to wait before a retry",
        ),
    }


def _schemas() -> Tree:
    return {
        "HubOrders": record({"orders": array(reference("HubOrder")), "next": _NEXT}),
        "HubOrder": _order(),
        "HubLine": record(
            {
                "external_id": _TEXT,
                "article": {**_TEXT, "description": "The article's number or name"},
                "count": {"type": "integer"},
                "price": _AMOUNT,
                "base_price": {**_AMOUNT, "type": ["string", "null"]},
                "total": _AMOUNT,
            },
            description="`price` is for one item, after discounts",
        ),
        "HubHistory": record(
            {"order_id": _ID, "versions": array(reference("HubVersion")), "next": _NEXT}
        ),
        "HubVersion": _version(),
        "HubChanges": record(
            {
                "changes": array(reference("HubChange")),
                "next": {**_TEXT, "description": "`after` of the next request"},
                "has_more": {
                    "type": "boolean",
                    "description": "Whether to read on at once, or only after a while",
                },
            }
        ),
        "HubChange": record(
            {
                "kind": strings(*ChangeKind),
                "at": _MOMENT,
                "order_id": _ID,
                "external_id": _TEXT,
                "version": _VERSION,
                "digest": {**_DIGEST, "type": ["string", "null"]},
                "order": {"anyOf": [reference("HubOrder"), {"type": "null"}]},
            },
            ["order"],
            "A deleted order, also softly, has neither a digest nor an order",
        ),
        **schema_of_model(
            ReconcileBody, "HubReconcileRequest", {"ExpectedOrder": "HubExpectedOrder"}
        ),
        "HubReconciled": record(
            {
                "counts": record({str(each): {"type": "integer"} for each in Comparison}),
                "results": array(reference("HubComparison")),
            }
        ),
        "HubComparison": record(
            {
                "external_id": _TEXT,
                "result": strings(*Comparison),
                "present_external_id": _TEXT,
                "content_agrees": {
                    "type": "boolean",
                    "description": "Whether all that was compared of a renamed order is equal",
                },
                "order_id": _ID,
                "version": _VERSION,
                "digest": _DIGEST,
                "update_time": {**_MOMENT, "type": ["string", "null"]},
            },
            [
                *("present_external_id", "content_agrees"),
                *("order_id", "version", "digest", "update_time"),
            ],
        ),
        **schema_of_model(LineStatusBody, "HubLineStatusRequest"),
        **schema_of_model(RestoreBody, "HubRestoreRequest"),
        **schema_of_model(UndoBody, "HubUndoRequest"),
        "HubUndo": _undo_answer(),
        "HubUndone": _undone(),
        "HubDeletion": record(
            {
                "order_id": _ID,
                "external_id": _TEXT,
                "version": {**_VERSION, "description": "The version that the deletion is"},
                "mode": strings(*DeletionMode),
            }
        ),
        "HubProblem": record(
            {
                "type": constant("about:blank"),
                "title": _TEXT,
                "status": {"type": "integer"},
                "code": {**_TEXT, "description": "The reason, for programs"},
                "detail": _TEXT,
                "errors": array(
                    record(
                        {"parameter": _TEXT, "pointer": _TEXT, "detail": _TEXT},
                        ["parameter", "pointer"],
                    ),
                    minItems=1,
                ),
            },
            ["errors"],
            "Problem details (RFC 9457)",
        ),
    }


def _undo_answer() -> Tree:
    return record(
        {
            "request_id": {**_TEXT, "description": "The request that is undone"},
            "undo_request_id": {
                **_NULLABLE,
                "description": "The request with which this can be undone; null for a dry run",
            },
            "dry_run": {"type": "boolean"},
            "counts": record({str(each): {"type": "integer"} for each in UndoOutcome}),
            "orders": array(reference("HubUndone")),
            "settled": {
                "type": "boolean",
                "description": "Whether all changes of the request are visible. If not, send the "
                "same again in two minutes.",
            },
            "next": {**_NEXT, "description": "`after` of the next orders, null if none"},
        }
    )


def _undone() -> Tree:
    return record(
        {
            "order_id": _ID,
            "external_id": _TEXT,
            "version": {**_VERSION, "description": "The version before the undo"},
            "outcome": strings(*UndoOutcome),
            "restored_version": {
                **_VERSION,
                "type": ["integer", "null"],
                "description": "The version whose content the order gets",
            },
            "reason": {
                "type": ["string", "null"],
                "enum": [*map(str, UndoReason), None],
                "description": "Why the order is kept, or why its undo failed",
            },
            "detail": _NULLABLE,
            "retryable": {
                "type": "boolean",
                "description": "Whether the same undo may succeed later",
            },
        }
    )


def _order() -> Tree:
    return record(
        {
            "order_id": _ID,
            "external_id": _TEXT,
            "former_external_ids": array(_TEXT),
            "version": _VERSION,
            "digest": _DIGEST,
            "protocol": _PROTOCOL,
            "endpoint": _NULLABLE,
            "status": _TEXT,
            "fulfilment": record(
                {
                    "status": strings(*dict.fromkeys(each.status for each in Fulfilment)),
                    "substatus": strings(*dict.fromkeys(each.substatus for each in Fulfilment)),
                }
            ),
            "created_at": _MOMENT,
            "updated_at": _MOMENT,
            "ordered_at": {**_MOMENT, "description": "The shop's time, else `created_at`"},
            "update_time": {
                **_MOMENT,
                "type": ["string", "null"],
                "description": "The newest one that the shop sent",
            },
            "client": _TEXT,
            "request_id": _TEXT,
            "email": _NULLABLE,
            "currency": _TEXT,
            "total_price": _AMOUNT,
            "delivery_cost": _AMOUNT,
            "lines": array(reference("HubLine")),
            "document": {
                "type": "object",
                "description": "The order in the shape of its `protocol`, as in triggers",
            },
        },
        description="`client` and `request_id` are those of the request that wrote this version",
    )


def _version() -> Tree:
    return record(
        {
            "version": _VERSION,
            "at": _MOMENT,
            "external_id": _TEXT,
            "status": _NULLABLE,
            "digest": {**_DIGEST, "type": ["string", "null"]},
            "client": _TEXT,
            "request_id": _TEXT,
            "protocol": {**_TEXT, "description": "The protocol of the request"},
            "trigger": {
                "enum": [*map(str, TriggerKind), None],
                "description": "Null if the request skipped triggers",
            },
            "changed": {
                "type": ["object", "null"],
                "additionalProperties": {
                    "type": "object",
                    "properties": {"old": {}, "new": {}},
                },
                "description": "The old and new value of each changed member, as in triggers. Null "
                "if the version before is not kept",
            },
        }
    )
