"""The routes of the Yandex Market Partner API."""

from collections.abc import Mapping

from orders.domain.fulfilment import Fulfilment
from orders.domain.identifiers import MAX_ORDER_ID
from orders.protocols.yandex_market.read_orders import MAX_PAGE
from orders.protocols.yandex_market.requests import MAX_INT64, ExternalIdBody, OrderStatusBody
from tools.api_contract.models import schema_of_model
from tools.api_contract.operations import (
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

TAG = "Yandex Market"
_TEXT: Tree = {"type": "string"}
_NUMBER: Tree = {"type": "number"}
_ID: Tree = {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_INT64}
_TIME: Tree = {
    "type": "string",
    "pattern": r"^\d{2}-\d{2}-\d{4} \d{2}:\d{2}:\d{2}$",
    "description": "DD-MM-YYYY hh:mm:ss, Moscow time",
}
_CAMPAIGN = parameter(
    "path", "campaignId", _ID, "A campaign: an endpoint of the account's settings"
)
_ORDER_ID = parameter("path", "orderId", _ID, "The order's id")
_STATUSES = list(dict.fromkeys(state.status for state in Fulfilment))
_SECURITY: tuple[Tree, ...] = ({"apiKey": []}, {"bearerToken": []})
_REFUSALS: Mapping[str, Tree] = {
    "400": response("YandexMarket400"),
    "401": response("YandexMarket401"),
    "403": response("YandexMarket403"),
}
_MISSING = {"404": response("YandexMarket404")}
_UNSUPPORTED = {"415": response("YandexMarket415")}
_FAULTS: Mapping[str, Tree] = {
    "429": response("Gateway429"),
    "500": response("YandexMarket500"),
    "502": response("Gateway502"),
    "503": response("YandexMarket503"),
    "504": response("Gateway504"),
}
_RATE_LIMIT = {
    "X_RateLimit_Resource_Limit": "Changes of external ids: requests an hour and campaign",
    "X_RateLimit_Resource_Remaining": "How many of them are left",
    "X_RateLimit_Resource_Until": "When the hour ends",
}


def section() -> Section:
    """Return what the protocol adds to the description."""
    return Section(
        tag={"name": TAG, "description": "Orders of a campaign, as the Partner API has them"},
        operations=_operations(),
        schemas=_schemas(),
        responses=_responses(),
    )


def _spellings(path: str) -> dict[str, str]:
    """Return the other paths of a route: with the version before it, with `.json` after it."""
    return {f"{path}.json": "Json", f"/v2{path}": "V2", f"/v2{path}.json": "V2Json"}


def _operations() -> tuple[Operation, ...]:
    orders = "/campaigns/{campaignId}/orders"
    order = f"{orders}/{{orderId}}"
    return (
        Operation(
            "post",
            f"{order}/external-id",
            "updateExternalId",
            TAG,
            "Set or change an order's external id",
            {
                "200": response("YandexMarketOk"),
                **_REFUSALS,
                **_MISSING,
                **_UNSUPPORTED,
                "420": response("YandexMarket420"),
                **_FAULTS,
            },
            "Until the order is READY_TO_SHIP. The order is still found under its former ids.",
            parameters=(_CAMPAIGN, _ORDER_ID),
            body={
                "content": {JSON: {"schema": reference("YandexMarketExternalId")}},
                "required": True,
            },
            security=_SECURITY,
            aliases=_spellings(f"{order}/external-id"),
        ),
        Operation(
            "get",
            order,
            "getOrder",
            TAG,
            "Return an order",
            {"200": response("YandexMarketOrder"), **_REFUSALS, **_MISSING, **_FAULTS},
            parameters=(_CAMPAIGN, _ORDER_ID),
            security=_SECURITY,
            aliases={f"/v2{order}": "V2"},
        ),
        Operation(
            "get",
            orders,
            "listOrders",
            TAG,
            "List a campaign's orders, newest first",
            {"200": response("YandexMarketOrders"), **_REFUSALS, **_FAULTS},
            parameters=(_CAMPAIGN, *_filters()),
            security=_SECURITY,
            aliases=_spellings(orders),
        ),
        Operation(
            "put",
            f"{order}/status",
            "updateOrderStatus",
            TAG,
            "Move an order on",
            {
                "200": response("YandexMarketOrder"),
                **_REFUSALS,
                **_MISSING,
                **_UNSUPPORTED,
                **_FAULTS,
            },
            parameters=(_CAMPAIGN, _ORDER_ID),
            body={
                "content": {JSON: {"schema": reference("YandexMarketStatus")}},
                "required": True,
            },
            security=_SECURITY,
            aliases=_spellings(f"{order}/status"),
        ),
    )


def _filters() -> tuple[Tree, ...]:
    several = {"style": "form", "explode": True}
    return (
        parameter(
            "query",
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": MAX_PAGE},
            "Length of the page",
        ),
        parameter(
            "query",
            "pageToken",
            {"type": "integer", "minimum": 0, "maximum": MAX_ORDER_ID},
            "`paging.nextPageToken` of the page before",
        ),
        parameter("query", "status", array(strings(*_STATUSES)), "Only these", **several),
        parameter(
            "query",
            "substatus",
            array(strings(*dict.fromkeys(state.substatus for state in Fulfilment))),
            "Only these",
            **several,
        ),
        parameter("query", "fake", {"type": "boolean", "default": False}, "True: none"),
    )


def _responses() -> Tree:
    error = {JSON: reference("YandexMarketError")}
    refusals = {
        "400": "The request is refused; `errors` say why",
        "401": "No credentials, or an unknown Api-Key",
        "404": "The campaign has no such order",
        "415": "The body is no JSON in UTF-8",
        "500": "A fault of ours",
    }
    either = {JSON: {"anyOf": [reference("YandexMarketError"), reference("GatewayError")]}}
    return {
        "YandexMarketOk": answer("Done", {JSON: reference("YandexMarketOk")}, **_RATE_LIMIT),
        "YandexMarketOrder": answer("The order", {JSON: reference("YandexMarketOrderAnswer")}),
        "YandexMarketOrders": answer("One page", {JSON: reference("YandexMarketOrders")}),
        **{
            f"YandexMarket{status}": answer(told, error, **_RATE_LIMIT)
            for status, told in refusals.items()
        },
        "YandexMarket403": answer(
            "No such role, an unknown token, another's campaign, or the firewall refused", either
        ),
        "YandexMarket420": answer("The hour's requests are used up", error, **_RATE_LIMIT),
        "YandexMarket503": answer(
            "The store is not available", error, **_RATE_LIMIT, Retry_After="Seconds to wait"
        ),
    }


def _schemas() -> Tree:
    order = reference("YandexMarketOrder")
    return {
        **schema_of_model(ExternalIdBody, "YandexMarketExternalId"),
        **schema_of_model(
            OrderStatusBody,
            "YandexMarketStatus",
            {"OrderStatusChange": "YandexMarketStatusChange"},
        ),
        "YandexMarketOk": record({"status": constant("OK")}),
        "YandexMarketOrderAnswer": record({"order": order}),
        "YandexMarketOrders": record(
            {
                "orders": array(order),
                "paging": record({"nextPageToken": _TEXT}, ["nextPageToken"]),
            }
        ),
        "YandexMarketOrder": _order(),
        "YandexMarketItem": _item(),
        "YandexMarketError": record(
            {
                "status": constant("ERROR"),
                "errors": array(record({"code": _TEXT, "message": _TEXT}), minItems=1),
            }
        ),
    }


def _order() -> Tree:
    return record(
        {
            "id": _ID,
            "externalOrderId": _TEXT,
            "status": strings(*_STATUSES),
            "substatus": strings(*dict.fromkeys(state.substatus for state in Fulfilment)),
            "creationDate": _TIME,
            "updatedAt": _TIME,
            "currency": {**_TEXT, "description": "The rouble is RUR"},
            "itemsTotal": _NUMBER,
            "deliveryTotal": _NUMBER,
            "buyerItemsTotalBeforeDiscount": _NUMBER,
            "paymentType": constant("UNKNOWN"),
            "paymentMethod": constant("UNKNOWN"),
            "fake": {"type": "boolean"},
            "items": array(reference("YandexMarketItem")),
            "delivery": record(
                {
                    "type": constant("UNKNOWN"),
                    "price": _NUMBER,
                    "deliveryPartnerType": strings("SHOP", "YANDEX_MARKET"),
                }
            ),
            "taxSystem": constant("UNKNOWN_VALUE"),
        },
        ["externalOrderId", "buyerItemsTotalBeforeDiscount"],
        "Amounts are in major units",
    )


def _item() -> Tree:
    return record(
        {
            "id": {"type": "integer", "minimum": 1},
            "offerId": _TEXT,
            "price": _NUMBER,
            "buyerPrice": _NUMBER,
            "buyerPriceBeforeDiscount": _NUMBER,
            "count": {"type": "integer", "minimum": 1},
        },
        ["buyerPriceBeforeDiscount"],
    )
