"""The contract of the Yandex Market Partner API routes."""

from collections.abc import Mapping

from orders.domain.fulfilment import Fulfilment, SalesModel
from orders.protocols.yandex_market.filters import MAX_PAGE
from orders.protocols.yandex_market.requests import (
    MAX_INT64,
    MAX_NAMED,
    BusinessOrdersBody,
    ExternalIdBody,
    OrderStatesBody,
    OrderStatusBody,
)
from orders.protocols.yandex_market.substatuses import STATUSES, SUBSTATUSES
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
_BUSINESS = parameter("path", "businessId", _ID, "The business_id of the account's settings")
_ORDER_ID = parameter("path", "orderId", _ID, "The order's id")
_SUBSTATUSES = list(dict.fromkeys(state.substatus for state in Fulfilment))
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
_MOMENT: Tree = {"type": "string", "format": "date-time"}
_SERVICE: Tree = {"serviceName": _TEXT, "deliveryServiceId": {"type": "integer"}}
_PAGING = record({"nextPageToken": _TEXT}, ["nextPageToken"])
_COUNT: Tree = {"type": "integer"}
_PAGER = record(
    {
        "total": _COUNT,
        "from": _COUNT,
        "to": _COUNT,
        "currentPage": _COUNT,
        "pagesCount": _COUNT,
        "pageSize": _COUNT,
    },
    ["total", "from", "to", "pagesCount"],
)
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
            "get",
            "/campaigns",
            "listCampaigns",
            TAG,
            "List the account's campaigns",
            {"200": response("YandexMarketCampaigns"), **_REFUSALS, **_FAULTS},
            parameters=(_limit(), _numbered()),
            security=_SECURITY,
            aliases=_spellings("/campaigns"),
        ),
        Operation(
            "get",
            "/campaigns/{campaignId}",
            "getCampaign",
            TAG,
            "Return a campaign",
            {"200": response("YandexMarketCampaign"), **_REFUSALS, **_FAULTS},
            parameters=(_CAMPAIGN,),
            security=_SECURITY,
            aliases={"/v2/campaigns/{campaignId}": "V2"},
        ),
        Operation(
            "post",
            "/v1/businesses/{businessId}/orders",
            "listBusinessOrders",
            TAG,
            "List the orders of all campaigns of a business",
            {
                "200": response("YandexMarketBusinessOrders"),
                **_REFUSALS,
                **_UNSUPPORTED,
                **_FAULTS,
            },
            parameters=(_BUSINESS, _limit(), _token()),
            body={
                "content": {JSON: {"schema": reference("YandexMarketBusinessOrdersFilter")}},
                "required": True,
            },
            security=_SECURITY,
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
        *_several_and_buyers(orders, order),
    )


def _several_and_buyers(orders: str, order: str) -> tuple[Operation, ...]:
    return (
        Operation(
            "post",
            f"{orders}/status-update",
            "updateOrderStatuses",
            TAG,
            "Change the statuses of several orders",
            {
                "200": response("YandexMarketMoved"),
                **_REFUSALS,
                **_UNSUPPORTED,
                **_FAULTS,
            },
            "Each order has its own result. A rejected one does not affect the others.",
            parameters=(_CAMPAIGN,),
            body={
                "content": {JSON: {"schema": reference("YandexMarketStatuses")}},
                "required": True,
            },
            security=_SECURITY,
            aliases=_spellings(f"{orders}/status-update"),
        ),
        Operation(
            "get",
            f"{order}/buyer",
            "getBuyer",
            TAG,
            "Return the buyer of an order",
            {"200": response("YandexMarketBuyer"), **_REFUSALS, **_MISSING, **_FAULTS},
            "Only for campaigns of the model DBS, while the order is not finished.",
            parameters=(_CAMPAIGN, _ORDER_ID),
            security=_SECURITY,
            aliases=_spellings(f"{order}/buyer"),
        ),
    )


def _limit() -> Tree:
    return parameter(
        "query",
        "limit",
        {"type": "integer", "minimum": 1, "default": MAX_PAGE},
        f"Maximum number of results; more than {MAX_PAGE} is reduced to {MAX_PAGE}",
    )


def _token() -> Tree:
    return parameter(
        "query",
        "pageToken",
        {"type": ["integer", "string"], "minimum": 0},
        "`paging.nextPageToken` of the previous page",
    )


def _numbered() -> Tree:
    return parameter(
        "query",
        "page",
        {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 1},
        "Number of the page; the answer then has `pager`",
    )


def _day(name: str, meaning: str) -> Tree:
    schema = {"type": "string", "pattern": r"^(0[1-9]|1\d|2[0-8])-(0[1-9]|1[0-2])-20\d{2}$"}
    return parameter("query", name, schema, f"{meaning}, DD-MM-YYYY in Moscow time")


def _moment(name: str, meaning: str) -> Tree:
    schema = {
        "type": "string",
        "pattern": r"^20\d{2}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T[01]\d:[0-5]\d:[0-5]\dZ$",
    }
    return parameter("query", name, schema, f"{meaning}, ISO 8601 with its offset")


def _filters() -> tuple[Tree, ...]:
    several = {"style": "form", "explode": True}
    return (
        _limit(),
        _token(),
        _numbered(),
        _day("fromDate", "Orders created on this day or later"),
        _day("toDate", "Orders created before this day"),
        _moment("updatedAtFrom", "Orders changed at this time or later"),
        _moment("updatedAtTo", "Orders changed before this time"),
        parameter(
            "query", "orderIds", array(_ID, maxItems=MAX_NAMED), "Return only these", **several
        ),
        parameter(
            "query", "status", array(strings(*sorted(STATUSES))), "Return only these", **several
        ),
        parameter(
            "query",
            "substatus",
            array(strings(*sorted(SUBSTATUSES))),
            "Return only these",
            **several,
        ),
        parameter("query", "fake", {"type": "boolean", "default": False}, "True returns no orders"),
    )


def _responses() -> Tree:
    error = {JSON: reference("YandexMarketError")}
    refusals = {
        "400": "The request is invalid; `errors` name the reasons",
        "404": "The order does not exist in this campaign",
        "415": "The body is not JSON in UTF-8",
        "422": REUSED,
        "500": "An internal error",
    }
    either = {JSON: {"anyOf": [reference("YandexMarketError"), reference("GatewayError")]}}
    return {
        "YandexMarketOk": answer(
            "The external id was set", {JSON: reference("YandexMarketOk")}, **_RATE_LIMIT
        ),
        "YandexMarketOrder": answer("The order", {JSON: reference("YandexMarketOrderAnswer")}),
        "YandexMarketMoved": answer(
            "The result of each order", {JSON: reference("YandexMarketMovedAnswer")}
        ),
        "YandexMarketBuyer": answer("The buyer", {JSON: reference("YandexMarketBuyerAnswer")}),
        "YandexMarketCampaign": answer(
            "The campaign", {JSON: reference("YandexMarketCampaignAnswer")}
        ),
        "YandexMarketCampaigns": answer(
            "One page of campaigns", {JSON: reference("YandexMarketCampaigns")}
        ),
        "YandexMarketBusinessOrders": answer(
            "One page of orders", {JSON: reference("YandexMarketBusinessOrders")}
        ),
        "YandexMarketOrders": answer("One page of orders", {JSON: reference("YandexMarketOrders")}),
        **{
            f"YandexMarket{status}": answer(description, error, **_RATE_LIMIT)
            for status, description in refusals.items()
        },
        "YandexMarket409": answer(
            f"{OUTSTANDING[0].upper()}{OUTSTANDING[1:]}",
            error,
            **_RATE_LIMIT,
            **RETRY_IF_OUTSTANDING,
        ),
        "YandexMarket401": answer(
            "The credentials are missing, or the Api-Key is unknown",
            error,
            **_RATE_LIMIT,
            **CHALLENGE,
        ),
        "YandexMarket403": answer(
            "The token is unknown, or lacks the role or the campaign",
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
        **schema_of_model(
            OrderStatesBody,
            "YandexMarketStatuses",
            {"OrderState": "YandexMarketOrderState"},
        ),
        "YandexMarketMovedAnswer": record(
            {
                "status": constant("OK"),
                "result": record({"orders": array(reference("YandexMarketMovedOrder"))}),
            }
        ),
        "YandexMarketMovedOrder": record(
            {
                "id": {"type": "integer", "format": "int64"},
                "status": strings(*_STATUSES),
                "substatus": strings(*_SUBSTATUSES),
                "updateStatus": strings("OK", "ERROR"),
                "errorDetails": _TEXT,
            },
            ["status", "substatus", "errorDetails"],
            "The state is that of the order after the request; it is absent if it is not known",
        ),
        "YandexMarketBuyerAnswer": record(
            {"status": constant("OK"), "result": record({"type": constant("PERSON")})},
            ["result"],
        ),
        "YandexMarketOk": record({"status": constant("OK")}),
        "YandexMarketOrderAnswer": record({"order": order}),
        "YandexMarketOrders": record(
            {
                "orders": array(order),
                "paging": _PAGING,
                "pager": _PAGER,
            },
            ["pager"],
        ),
        **schema_of_model(
            BusinessOrdersBody,
            "YandexMarketBusinessOrdersFilter",
            {"OrderDates": "YandexMarketOrderDates", "SalesModel": "YandexMarketSalesModel"},
        ),
        "YandexMarketBusinessOrders": record(
            {"orders": array(reference("YandexMarketBusinessOrder")), "paging": _PAGING}
        ),
        "YandexMarketBusinessOrder": _business_order(),
        "YandexMarketAmount": record({"value": _NUMBER, "currencyId": _TEXT}),
        "YandexMarketCampaignAnswer": record({"campaign": reference("YandexMarketCampaign")}),
        "YandexMarketCampaigns": record(
            {
                "campaigns": array(reference("YandexMarketCampaign")),
                "pager": _PAGER,
                "paging": _PAGING,
            }
        ),
        "YandexMarketCampaign": record(
            {
                "domain": {**_TEXT, "description": "The name of the endpoint"},
                "id": _ID,
                "business": record({"id": _ID, "name": _TEXT}),
                "placementType": strings("FBS", "DBS", "FBY", "LAAS"),
                "apiAvailability": constant("AVAILABLE"),
            },
            ["business"],
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
                    **_SERVICE,
                    "dates": record({"fromDate": _TEXT}),
                },
                [*_SERVICE, "dates"],
            ),
            "buyer": record({"type": constant("PERSON")}),
            "taxSystem": constant("UNKNOWN_VALUE"),
        },
        ["externalOrderId", "buyerItemsTotalBeforeDiscount", "buyer"],
        "Amounts are in major units. The account's policy partner_order_members decides on the "
        "optional members",
    )


def _business_order() -> Tree:
    amount = reference("YandexMarketAmount")
    return record(
        {
            "orderId": _ID,
            "campaignId": _ID,
            "programType": strings(*SalesModel),
            "externalOrderId": _TEXT,
            "status": strings(*_STATUSES),
            "substatus": strings(*dict.fromkeys(state.substatus for state in Fulfilment)),
            "creationDate": _MOMENT,
            "updateDate": _MOMENT,
            "paymentType": constant("UNKNOWN"),
            "paymentMethod": constant("UNKNOWN"),
            "fake": {"type": "boolean"},
            "items": array(
                record(
                    {
                        "id": {"type": "integer", "minimum": 1},
                        "offerId": _TEXT,
                        "offerName": _TEXT,
                        "count": {"type": "integer", "minimum": 1},
                        "prices": record(
                            {"payment": amount, "vat": constant("UNKNOWN_VALUE")}, ["vat"]
                        ),
                    },
                    ["offerName"],
                )
            ),
            "prices": record({"payment": amount, "delivery": record({"payment": amount})}),
            "delivery": record(
                {
                    "type": constant("UNKNOWN"),
                    "deliveryPartnerType": strings("SHOP", "YANDEX_MARKET"),
                    **_SERVICE,
                    "dates": record({"fromDate": _TEXT}),
                },
                [*_SERVICE, "dates"],
            ),
            "buyerType": constant("PERSON"),
        },
        ["externalOrderId", "buyerType"],
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
            "offerName": _TEXT,
            "vat": constant("UNKNOWN_VALUE"),
        },
        ["buyerPriceBeforeDiscount", "offerName", "vat"],
    )
