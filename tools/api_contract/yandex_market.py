"""The contract of the Yandex Market Partner API routes."""

from collections.abc import Mapping

from orders.domain.fulfilment import Fulfilment
from orders.domain.order_numbers import MAX_ORDER_ID
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
    "description": "DD-MM-YYYY hh:mm:ss in Moscow time",
}
_CAMPAIGN = parameter(
    "path", "campaignId", _ID, "The campaign_id of an endpoint in the account's settings"
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
    "X_RateLimit_Resource_Limit": "External-id updates: requests per hour and campaign",
    "X_RateLimit_Resource_Remaining": "External-id updates: requests left in this hour",
    "X_RateLimit_Resource_Until": "External-id updates: when the hour ends",
}


def section() -> Section:
    """Return the protocol's part of the description."""
    return Section(
        tag={"name": TAG, "description": "Orders of a campaign in the form of the Partner API"},
        operations=_operations(),
        schemas=_schemas(),
        responses=_responses(),
    )


def _spellings(path: str) -> dict[str, str]:
    """Return the other paths of a route: with the prefix `/v2`, with the suffix `.json`."""
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
            "Possible until the order is READY_TO_SHIP. Its former ids still find the order.",
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
            "Change the status of an order",
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
            "Maximum number of results",
        ),
        parameter(
            "query",
            "pageToken",
            {"type": "integer", "minimum": 0, "maximum": MAX_ORDER_ID + 1},
            "`paging.nextPageToken` of the previous page",
        ),
        parameter("query", "status", array(strings(*_STATUSES)), "Return only these", **several),
        parameter(
            "query",
            "substatus",
            array(strings(*dict.fromkeys(state.substatus for state in Fulfilment))),
            "Return only these",
            **several,
        ),
        parameter("query", "fake", {"type": "boolean", "default": False}, "True returns no orders"),
    )


def _responses() -> Tree:
    error = {JSON: reference("YandexMarketError")}
    refusals = {
        "400": "The request is invalid; `errors` name the reasons",
        "401": "The credentials are missing, or the Api-Key is unknown",
        "404": "The order does not exist in this campaign",
        "415": "The body is not JSON in UTF-8",
        "500": "An internal error",
    }
    either = {JSON: {"anyOf": [reference("YandexMarketError"), reference("GatewayError")]}}
    return {
        "YandexMarketOk": answer(
            "The external id was set", {JSON: reference("YandexMarketOk")}, **_RATE_LIMIT
        ),
        "YandexMarketOrder": answer("The order", {JSON: reference("YandexMarketOrderAnswer")}),
        "YandexMarketOrders": answer("One page of orders", {JSON: reference("YandexMarketOrders")}),
        **{
            f"YandexMarket{status}": answer(description, error, **_RATE_LIMIT)
            for status, description in refusals.items()
        },
        "YandexMarket403": answer(
            "The token is unknown, lacks the role or the campaign, or the firewall rejected the "
            "request",
            either,
        ),
        "YandexMarket420": answer("The hourly limit of requests is exceeded", error, **_RATE_LIMIT),
        "YandexMarket503": answer(
            "The order store is not available",
            error,
            **_RATE_LIMIT,
            Retry_After="Seconds to wait before a retry",
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
            "currency": {**_TEXT, "description": "Currency code; the Russian rouble is RUR"},
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
