"""The contract of the commercetools routes and of access tokens."""

from collections.abc import Iterable

from orders.domain.clients import MAX_ISSUED_TOKENS
from orders.domain.identifiers import CLIENT_RULE
from orders.protocols.commercetools.access import (
    EXTERNAL_USER_HEADER,
    MAX_EXTERNAL_USER_CHARACTERS,
    SKIP_TRIGGERS_HEADER,
)
from orders.protocols.commercetools.filters import members_of_orders
from orders.protocols.commercetools.issue_token import GRANT_TYPE
from orders.protocols.commercetools.messages import TYPES
from orders.protocols.commercetools.queries import DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET
from orders.protocols.commercetools.read_messages import MEMBERS
from tools.api_contract.keys import OUTSTANDING, RETRY_IF_OUTSTANDING, REUSED
from tools.api_contract.operations import (
    CHALLENGE,
    FORM,
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
from tools.api_contract.shapes import components

TAG = "commercetools"
_TEXT: Tree = {"type": "string"}
_INT: Tree = {"type": "integer"}
_LONG: Tree = {"type": "integer", "format": "int64"}
_BOOLEAN: Tree = {"type": "boolean"}
_MOMENT: Tree = {"type": "string", "format": "date-time"}
_UUID: Tree = {"type": "string", "format": "uuid"}
_EMPTY: Tree = {"type": "array", "items": {}, "maxItems": 0}
_BY = record(
    {"clientId": _TEXT, "externalUserId": _TEXT, "isPlatformClient": _BOOLEAN}, ["externalUserId"]
)
_ORDER = reference("CommercetoolsOrder")
_EXPANDED = reference("CommercetoolsExpanded")
_IGNORED = (
    "JSON pointers, percent-encoded and joined by commas, to members of the {} that the hub "
    "ignored; `...` if there are more. Absent if there are none"
)
_CORRELATION = "The correlation id that the client sent, or a generated one"

_PROJECT = parameter("path", "projectKey", _TEXT, f"The account name: {CLIENT_RULE}")
_REF = parameter(
    "path",
    "ref",
    {"type": "string", "minLength": 1},
    "The id of an order, or `order-number=` and its percent-encoded order number",
)
_EXTERNAL_USER = parameter(
    "header",
    EXTERNAL_USER_HEADER,
    {"type": "string", "maxLength": MAX_EXTERNAL_USER_CHARACTERS},
    "The client's user, returned as `createdBy.externalUserId`, after an update as that of "
    "`lastModifiedBy`",
)
_SKIP_TRIGGERS = parameter(
    "header",
    SKIP_TRIGGERS_HEADER,
    {**_BOOLEAN, "default": False},
    "`true`: publish no trigger of this change",
)
_LIMIT = parameter(
    "query",
    "limit",
    {"type": "integer", "minimum": 0, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    "Maximum number of results",
)
_OFFSET = parameter(
    "query",
    "offset",
    {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0},
    "Number of results to skip",
)
_WITH_TOTAL = parameter(
    "query", "withTotal", {**_BOOLEAN, "default": True}, "Whether the answer has `total`"
)
_EXPAND = parameter(
    "query",
    "expand",
    _TEXT,
    "Path of references that get `obj` with their id and key, such as `customerGroup`",
)


def _sort(default: str) -> Tree:
    members = ("id", "createdAt", "lastModifiedAt")
    allowed = [f"{member} {direction}" for member in members for direction in ("asc", "desc")]
    return parameter("query", "sort", strings(*allowed, default=default), "Sort order")


def _where(members: Iterable[str]) -> Tree:
    named = ", ".join(f"`{member}`" for member in members)
    return parameter(
        "query",
        "where",
        _TEXT,
        f"Query predicate: comparisons of {named}, joined by `and`. Input variables have their "
        "values in parameters `var.<name>`.",
    )


_LIST = (
    _PROJECT,
    _LIMIT,
    _OFFSET,
    _sort("createdAt asc"),
    _WITH_TOTAL,
    _where(members_of_orders(lambda _stored: {})),
    _EXPAND,
)
_MESSAGE_ID = parameter("path", "id", {"type": "string", "minLength": 1}, "The id of a message")
_MESSAGES = (
    _PROJECT,
    _LIMIT,
    _OFFSET,
    _sort("createdAt desc"),
    _WITH_TOTAL,
    _where(MEMBERS),
    _EXPAND,
)

_READ_REFUSALS = {status: response(f"Commercetools{status}") for status in ("401", "403")}
_FAULTS = {
    "429": response("Gateway429"),
    "500": response("Commercetools500"),
    "502": response("Gateway502"),
    "503": response("Commercetools503"),
    "504": response("Gateway504"),
}
_BAD = {"400": response("Commercetools400")}
_MISSING = {"404": response("Commercetools404")}
_TOO_LARGE = {"413": response("Commercetools413")}
_BEARER: tuple[Tree, ...] = ({"commercetoolsOAuth": ["view_orders"]}, {"bearerToken": []})
_MANAGING: tuple[Tree, ...] = ({"commercetoolsOAuth": ["manage_orders"]}, {"bearerToken": []})
_FOR_MESSAGES: tuple[Tree, ...] = ({"commercetoolsOAuth": ["view_messages"]}, {"bearerToken": []})


def _bare(description: str) -> Tree:
    return {"description": description}


_HEAD_REFUSALS = {
    status: _bare(f"The same as {status} of GET, without a body")
    for status in ("400", "401", "403", "404", "429", "500", "502", "503", "504")
}


def section() -> Section:
    """Return the protocol's part of the description."""
    return Section(
        tag={"name": TAG, "description": "Orders in the form of the commercetools HTTP API"},
        operations=_operations(),
        schemas=_schemas(),
        responses=_responses(),
    )


def _operations() -> tuple[Operation, ...]:
    return (
        Operation(
            "post",
            "/oauth/token",
            "issueToken",
            TAG,
            "Issue an access token (client credentials)",
            {
                "200": response("AccessToken"),
                "400": response("Commercetools400"),
                "401": response("Commercetools401"),
                "403": response("Gateway403"),
                "413": response("Commercetools413"),
                "415": response("Commercetools415"),
                **_FAULTS,
            },
            "Send the client's id and secret as HTTP Basic credentials, and the parameters in the "
            "form or in the query. Without a scope the token gets all scopes of the client. A "
            f"client can get at most {MAX_ISSUED_TOKENS} tokens in an hour.",
            body={
                "content": {
                    FORM: {
                        "schema": record(
                            {"grant_type": constant(GRANT_TYPE), "scope": _TEXT}, ["scope"]
                        )
                    }
                },
                "required": True,
            },
            security=({"clientCredentials": []},),
        ),
        Operation(
            "post",
            "/{projectKey}/orders/import",
            "importCommercetoolsOrder",
            TAG,
            "Create an order by import",
            {
                "201": response("CommercetoolsImportedOrder"),
                **_BAD,
                **_READ_REFUSALS,
                **_TOO_LARGE,
                "415": response("Commercetools415"),
                **_FAULTS,
            },
            "An orderNumber that exists is rejected with DuplicateField.",
            parameters=(_PROJECT, _EXTERNAL_USER, _SKIP_TRIGGERS),
            body={
                "content": {JSON: {"schema": reference("CommercetoolsOrderDraft")}},
                "required": True,
            },
            security=_MANAGING,
        ),
        Operation(
            "get",
            "/{projectKey}/orders",
            "pageCommercetoolsOrders",
            TAG,
            "List orders in pages",
            {
                "200": response("CommercetoolsOrderPage"),
                **_BAD,
                **_READ_REFUSALS,
                **_TOO_LARGE,
                **_FAULTS,
            },
            parameters=_LIST,
            security=_BEARER,
        ),
        Operation(
            "head",
            "/{projectKey}/orders",
            "headCommercetoolsOrders",
            TAG,
            "Check whether a matching order exists",
            {
                "200": _bare("At least one order matches"),
                **_HEAD_REFUSALS,
                "413": _bare("The same as 413 of GET, without a body"),
            },
            parameters=_LIST,
            security=_BEARER,
        ),
        Operation(
            "get",
            "/{projectKey}/orders/{ref}",
            "getCommercetoolsOrder",
            TAG,
            "Return an order by its id or number",
            {
                "200": response("CommercetoolsOrder"),
                **_READ_REFUSALS,
                **_MISSING,
                **_TOO_LARGE,
                **_FAULTS,
            },
            parameters=(_PROJECT, _REF, _EXPAND),
            security=_BEARER,
        ),
        Operation(
            "head",
            "/{projectKey}/orders/{ref}",
            "headCommercetoolsOrder",
            TAG,
            "Check whether an order of this id or number exists",
            {"200": _bare("The order exists"), **_HEAD_REFUSALS},
            parameters=(_PROJECT, _REF),
            security=_BEARER,
        ),
        Operation(
            "post",
            "/{projectKey}/orders/{ref}",
            "updateCommercetoolsOrder",
            TAG,
            "Update an order by its id or number",
            {
                "200": response("CommercetoolsUpdatedOrder"),
                **_BAD,
                **_READ_REFUSALS,
                **_MISSING,
                "409": response("Commercetools409"),
                **_TOO_LARGE,
                "415": response("Commercetools415"),
                **_FAULTS,
            },
            "Applies all actions or none, in one change. `version` must be the order's current "
            "version. An update that changes nothing returns the order with the same version. "
            "Other actions of the protocol are rejected with InvalidOperation. The error of an "
            "action has its place in the request as `path`, a JSON pointer.",
            parameters=(_PROJECT, _REF, _EXTERNAL_USER, _SKIP_TRIGGERS, _EXPAND),
            body={
                "content": {JSON: {"schema": reference("CommercetoolsOrderUpdateDraft")}},
                "required": True,
            },
            security=_MANAGING,
        ),
        Operation(
            "delete",
            "/{projectKey}/orders/{ref}",
            "deleteCommercetoolsOrder",
            TAG,
            "Delete an order by its id or number",
            {
                "200": response("CommercetoolsOrder"),
                **_BAD,
                **_READ_REFUSALS,
                **_MISSING,
                "409": response("Commercetools409"),
                **_FAULTS,
            },
            "Returns the last version of the order.",
            parameters=(
                _PROJECT,
                _REF,
                parameter(
                    "query",
                    "version",
                    {"type": "integer", "minimum": 0, "maximum": 999_999_999},
                    "The order's current version",
                    required=True,
                ),
                _SKIP_TRIGGERS,
                _EXPAND,
            ),
            security=_MANAGING,
        ),
        Operation(
            "get",
            "/{projectKey}/messages",
            "listCommercetoolsMessages",
            TAG,
            "List the messages of imports and changes of orders",
            {
                "200": response("CommercetoolsMessagePage"),
                **_BAD,
                **_READ_REFUSALS,
                **_TOO_LARGE,
                **_FAULTS,
            },
            parameters=_MESSAGES,
            security=_FOR_MESSAGES,
        ),
        Operation(
            "get",
            "/{projectKey}/messages/{id}",
            "getCommercetoolsMessage",
            TAG,
            "Return a message by its id",
            {
                "200": response("CommercetoolsMessage"),
                **_READ_REFUSALS,
                **_MISSING,
                **_TOO_LARGE,
                **_FAULTS,
            },
            parameters=(_PROJECT, _MESSAGE_ID, _EXPAND),
            security=_FOR_MESSAGES,
        ),
        Operation(
            "get",
            "/{projectKey}",
            "getCommercetoolsProject",
            TAG,
            "Return the project",
            {"200": response("CommercetoolsProject"), **_READ_REFUSALS, **_FAULTS},
            parameters=(_PROJECT,),
            security=_BEARER,
        ),
    )


def _responses() -> Tree:
    error = {JSON: reference("CommercetoolsError")}
    refusals = {
        "400": "The request is invalid; `errors` name the reasons",
        "404": "The order does not exist",
        "413": "The body or the answer is too large",
        "415": "The content coding is not gzip or identity",
        "422": REUSED,
        "500": "An internal error, or a write that may have taken effect",
    }
    either = {JSON: {"anyOf": [reference("CommercetoolsError"), reference("GatewayError")]}}
    return {
        "AccessToken": answer("The token", {JSON: reference("AccessToken")}),
        "CommercetoolsOrder": answer("The order", {JSON: _ORDER}, X_Correlation_ID=_CORRELATION),
        "CommercetoolsImportedOrder": answer(
            "The imported order",
            {JSON: _ORDER},
            X_Correlation_ID=_CORRELATION,
            X_Ignored_Members=_IGNORED.format("draft"),
        ),
        "CommercetoolsUpdatedOrder": answer(
            "The updated order",
            {JSON: _ORDER},
            X_Correlation_ID=_CORRELATION,
            X_Ignored_Members=_IGNORED.format("update"),
        ),
        "CommercetoolsOrderPage": answer(
            "One page of orders",
            {JSON: reference("CommercetoolsOrderPage")},
            X_Correlation_ID=_CORRELATION,
        ),
        "CommercetoolsMessagePage": answer(
            "One page of messages",
            {JSON: reference("CommercetoolsMessagePage")},
            X_Correlation_ID=_CORRELATION,
        ),
        "CommercetoolsMessage": answer(
            "The message",
            {JSON: reference("CommercetoolsMessage")},
            X_Correlation_ID=_CORRELATION,
        ),
        "CommercetoolsProject": answer(
            "The project",
            {JSON: reference("CommercetoolsProject")},
            X_Correlation_ID=_CORRELATION,
        ),
        **{
            f"Commercetools{status}": answer(description, error, X_Correlation_ID=_CORRELATION)
            for status, description in refusals.items()
        },
        "Commercetools409": answer(
            f"The order has another version, or {OUTSTANDING}",
            error,
            X_Correlation_ID=_CORRELATION,
            **RETRY_IF_OUTSTANDING,
        ),
        "Commercetools401": answer(
            "The credentials are missing or unknown",
            error,
            X_Correlation_ID=_CORRELATION,
            **CHALLENGE,
        ),
        "Commercetools403": answer("The token lacks the scope", either),
        "Commercetools503": answer(
            "The order store is not available; nothing was changed",
            error,
            X_Correlation_ID=_CORRELATION,
            Retry_After="Seconds to wait before a retry",
        ),
    }


def _schemas() -> Tree:
    answered = components(answered=True)
    draft = answered.pop("CommercetoolsOrder")
    return {
        **components(),
        **{name: _completed(name, schema) for name, schema in answered.items()},
        "CommercetoolsOrder": _order(draft),
        "CommercetoolsOrderPage": _page(_ORDER),
        "CommercetoolsExpanded": {
            **record({"id": _TEXT, "key": _TEXT}),
            "description": "What the hub knows of an object that `expand` names",
        },
        "CommercetoolsMessage": _message(draft),
        "CommercetoolsProject": _project(),
        "CommercetoolsMessagePage": _page(reference("CommercetoolsMessage")),
        **_money_schemas(),
        "CommercetoolsError": record(
            {
                "statusCode": _INT,
                "message": _TEXT,
                "errors": array(reference("CommercetoolsErrorObject"), minItems=1),
                "error": {**_TEXT, "description": "OAuth error code"},
                "error_description": _TEXT,
            },
            ["error", "error_description"],
        ),
        "CommercetoolsErrorObject": {
            **record({"code": _TEXT, "message": _TEXT}),
            "description": "An error. Some codes have additional members, such as `field`",
            "additionalProperties": True,
        },
        "AccessToken": record(
            {
                "access_token": _TEXT,
                "token_type": constant("Bearer"),
                "expires_in": {**_INT, "description": "Lifetime in seconds"},
                "scope": _TEXT,
            }
        ),
    }


def _money_schemas() -> Tree:
    cents = {"currencyCode": _TEXT, "centAmount": _LONG}
    digits = {"fractionDigits": {"type": "integer", "minimum": 0, "maximum": 20}}
    cent = {"type": constant("centPrecision"), **cents, **digits}
    high = {"type": constant("highPrecision"), **cents, "preciseAmount": _LONG, **digits}
    return {
        "CommercetoolsCentMoney": record(cent, ["type", "fractionDigits"]),
        "CommercetoolsHighPrecisionMoney": record(high, ["centAmount"]),
        "CommercetoolsMoney": {
            "anyOf": [
                reference("CommercetoolsCentMoney"),
                reference("CommercetoolsHighPrecisionMoney"),
            ]
        },
        "CommercetoolsTypedCentMoney": record(cent),
        "CommercetoolsTypedHighPrecisionMoney": record(high),
        "CommercetoolsTypedMoney": {
            "oneOf": [
                reference("CommercetoolsTypedCentMoney"),
                reference("CommercetoolsTypedHighPrecisionMoney"),
            ],
            "discriminator": {
                "propertyName": "type",
                "mapping": {
                    "centPrecision": "#/components/schemas/CommercetoolsTypedCentMoney",
                    "highPrecision": "#/components/schemas/CommercetoolsTypedHighPrecisionMoney",
                },
            },
        },
    }


_TYPED_CENTS = reference("CommercetoolsTypedCentMoney")
_IDENTITY = {"id": _UUID, "createdAt": _MOMENT}
_LINE_MEMBERS: Tree = {
    "id": _UUID,
    "totalPrice": _TYPED_CENTS,
    "discountedPricePerQuantity": _EMPTY,
    "taxedPricePortions": _EMPTY,
    "perMethodTaxRate": _EMPTY,
}
# The members that answers add to the sent ones: required members, then optional members.
_ADDED: dict[str, tuple[Tree, Tree]] = {
    "CommercetoolsLineItem": (
        {
            **_LINE_MEMBERS,
            "productId": _TEXT,
            "productType": record({"typeId": constant("product-type"), "id": _TEXT}),
            "priceMode": constant("Platform"),
            "lineItemMode": constant("Standard"),
        },
        {"productKey": _TEXT, "productSlug": {"type": "object", "additionalProperties": _TEXT}},
    ),
    "CommercetoolsCustomLineItem": (_LINE_MEMBERS, {}),
    "CommercetoolsVariant": ({"assets": _EMPTY}, {}),
    "CommercetoolsPrice": ({"id": _UUID}, {}),
    "CommercetoolsDelivery": (_IDENTITY, {}),
    "CommercetoolsParcel": (_IDENTITY, {}),
    "CommercetoolsShippingDetails": ({"valid": _BOOLEAN}, {}),
}


def _completed(name: str, schema: Tree) -> Tree:
    added, optional = _ADDED.get(name, ({}, {}))
    return {
        **schema,
        **({"required": sorted({*schema.get("required", ()), *added})} if added else {}),
        "properties": {**schema["properties"], **added, **optional},
    }


# Orders that another protocol wrote do not have these members.
_NOT_ALWAYS = ("lastModifiedBy", "createdBy", "priceRoundingMode")


def _order(draft: Tree) -> Tree:
    head = {
        "type": constant("Order"),
        "id": _UUID,
        "version": {"type": "integer", "minimum": 1},
        "createdAt": _MOMENT,
        "lastModifiedAt": _MOMENT,
        "lastModifiedBy": _BY,
        "createdBy": _BY,
    }
    constants = {
        "taxMode": constant("External"),
        "shippingMode": constant("Single"),
        "shipping": _EMPTY,
        "transactionFee": _BOOLEAN,
        "discountCodes": _EMPTY,
        "directDiscounts": _EMPTY,
        "refusedGifts": _EMPTY,
    }
    required = {*head, *constants, *draft["required"]} - {*_NOT_ALWAYS}
    derived = {"taxedShippingPrice": reference("CommercetoolsTaxedPrice")}
    return {
        "type": "object",
        "required": sorted(required),
        "properties": {**head, **draft["properties"], **derived, **constants},
    }


def _page(items: Tree) -> Tree:
    members: Tree = dict.fromkeys(("limit", "offset", "count", "total"), _INT)
    return record({**members, "results": array(items)}, ["total"])


def _project() -> Tree:
    return record(
        {
            "version": _INT,
            "key": _TEXT,
            "name": _TEXT,
            "countries": _EMPTY,
            "currencies": array(_TEXT),
            "languages": _EMPTY,
            "createdAt": _MOMENT,
            "messages": record({"enabled": _BOOLEAN}),
            "carts": record({"countryTaxRateFallbackEnabled": _BOOLEAN}),
        }
    )


def _message(draft: Tree) -> Tree:
    own = _message_members(draft["properties"])
    common = record(
        {
            "id": _UUID,
            "version": _INT,
            "createdAt": _MOMENT,
            "lastModifiedAt": _MOMENT,
            "lastModifiedBy": _BY,
            "createdBy": _BY,
            "sequenceNumber": _INT,
            "resource": record({"typeId": constant("order"), "id": _UUID}),
            "resourceVersion": _INT,
            "resourceUserProvidedIdentifiers": record({"orderNumber": _TEXT}),
            "type": strings(*TYPES),
            **own,
        },
        ["resourceUserProvidedIdentifiers", *own],
    )
    return {**common, "description": "A message. Its other members depend on its type"}


def _message_members(order: Tree) -> Tree:
    """Return the own members of the messages. Most show a member of an order, or the former one."""
    members = {
        **{name: name for name in ("orderState", "shipmentState", "paymentState", "state")},
        **{name: name for name in ("customerGroup", "store", "purchaseOrderNumber")},
        "address": "shippingAddress",
        "email": "customerEmail",
        "customFields": "custom",
    }
    shown = {name: order[member] for name, member in members.items()}
    former = {f"old{name[0].upper()}{name[1:]}": schema for name, schema in shown.items()}
    customer = record({"typeId": constant("customer"), "id": _TEXT})
    delivery = reference("CommercetoolsDelivery")
    items = array(record({"id": _TEXT, "quantity": _LONG}))
    returns = reference("CommercetoolsReturnInfo")
    names = ("deliveryId", "parcelId", "lineItemId", "lineItemKey", "customLineItemId")
    return {
        "order": _ORDER,
        **shown,
        **former,
        "force": _BOOLEAN,
        "customer": customer,
        "oldCustomer": customer,
        "previousTypeId": _TEXT,
        "name": _TEXT,
        "value": {},
        "previousValue": {},
        "paymentRef": record(
            {"typeId": constant("payment"), "id": _TEXT, "key": _TEXT, "obj": _EXPANDED},
            ["key", "obj"],
        ),
        "removedPaymentInfo": _BOOLEAN,
        "delivery": delivery,
        "parcel": reference("CommercetoolsParcel"),
        "items": items,
        "oldItems": items,
        "measurements": {"type": "object"},
        "trackingData": {"type": "object"},
        "returnInfo": {"anyOf": [returns, array(returns)]},
        "returnItemId": _TEXT,
        "returnShipmentState": _TEXT,
        **dict.fromkeys((*names, "customLineItemKey"), _TEXT),
        "transitionDate": _MOMENT,
        "quantity": _LONG,
        "fromState": order["state"],
        "toState": order["state"],
    }
