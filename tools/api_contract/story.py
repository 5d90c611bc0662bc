"""The examples of the description: a sequence of requests whose answers are recorded.

`answers.json` holds the recorded answers of the handlers. A test replays the requests and compares.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tools.api_contract.operations import FORM, JSON, XML

ANSWERS = Path(__file__).parent / "answers.json"
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Example:
    """A request. `body` is a JSON value, or the text of another media type.

    `credentials` is how it authenticates: "bearer" (the client's token), "api-key", "basic",
    "oauth" (an access token) or "none".
    """

    operation: str
    name: str
    summary: str
    credentials: str
    path: Mapping[str, str] = _NOTHING
    query: Mapping[str, str] = _NOTHING
    headers: Mapping[str, str] = _NOTHING
    media: str = JSON
    body: Any = field(default=None)

    @property
    def key(self) -> str:
        """Return the key of the example's recorded answer."""
        return f"{self.operation}/{self.name}"


_ORDER = {
    "external_id": "1001",
    "email": "johndoe@example.com",
    "endpoint": "website",
    "status": "new",
    "delivery_cost": "100",
    "total_price": "1900.50",
    "currency": "USD",
    "lines": [
        {"external_id": "1", "sku": "mug", "final_price_per_item": "900.25", "count": 2},
    ],
}
_XML_ORDER = """\
<xml>
<data>
  <external_id>1002</external_id>
  <email>johndoe@example.com</email>
  <endpoint>website</endpoint>
  <status>new</status>
  <total_price>{total}</total_price>
  <currency>USD</currency>
  <lines>
    <external_id>1</external_id><sku>mug</sku>
    <final_price_per_item>900.25</final_price_per_item>
    <count>1</count>
  </lines>
</data>
</xml>"""
_DRAFT = {
    "orderNumber": "CT-1",
    "totalPrice": {"currencyCode": "USD", "centAmount": 1990},
    "lineItems": [
        {
            "name": {"en": "Mug"},
            "variant": {"sku": "mug"},
            "quantity": 2,
            "price": {"value": {"currencyCode": "USD", "centAmount": 995}},
        }
    ],
}
_PRODUCT = {
    "name": "Apple iPhone 13",
    "external_id": "iphone_test_1",
    "price": "900",
    "currency": "USD",
    "categories": ["phones"],
    "sku": [{"name": "Apple iPhone 13 256GB", "external_id": "sku_test_1", "price": "1000"}],
}
_PROJECT = {"projectKey": "demo"}
_BY_NUMBER = {**_PROJECT, "ref": "order-number=CT-1"}
_CAMPAIGN = {"campaignId": "1001"}
_ORDER_PATH = {**_CAMPAIGN, "orderId": "1"}
_UNKNOWN = {**_CAMPAIGN, "orderId": "999"}
_READY = {"order": {"status": "PROCESSING", "substatus": "READY_TO_SHIP"}}

# The job that the story creates. A replay has another one.
JOB_ID = "019bd8e2f1a07cc298f3a1b2c3d4e5f6"
_JOB = {"job_id": JOB_ID}

STORY = (
    Example(
        "importOrders",
        "created",
        "One order with details",
        "bearer",
        body={"result_details": True, "data": [_ORDER]},
    ),
    Example(
        "importOrders",
        "repeated",
        "The same order again is unchanged",
        "bearer",
        body={"result_details": True, "data": [_ORDER]},
    ),
    Example(
        "importOrders",
        "partly_failed",
        "One valid and one invalid order",
        "bearer",
        body={
            "data": [
                {**_ORDER, "external_id": "1003"},
                {**_ORDER, "external_id": "1004", "currency": "DOGE"},
            ]
        },
    ),
    Example(
        "importOrders",
        "failed_only",
        "The failed orders as a request",
        "bearer",
        body={
            "failed_only": True,
            "data": [
                {**_ORDER, "external_id": "1003"},
                {**_ORDER, "external_id": "1004", "currency": "DOGE"},
            ],
        },
    ),
    Example(
        "importOrders",
        "reject_all",
        "All orders or none",
        "bearer",
        body={
            "error_policy": "reject_all",
            "data": [
                {**_ORDER, "external_id": "1003"},
                {**_ORDER, "external_id": "1004", "currency": "DOGE"},
            ],
        },
    ),
    Example(
        "importOrders",
        "xml",
        "One order in XML",
        "bearer",
        media=XML,
        body=_XML_ORDER.format(total="900.25"),
    ),
    Example(
        "importOrders",
        "xml_refused",
        "An invalid amount in XML",
        "bearer",
        media=XML,
        body=_XML_ORDER.format(total="900,25"),
    ),
    Example(
        "importOrders",
        "preview",
        "What an import would do",
        "bearer",
        body={"dry_run": True, "data": [{**_ORDER, "status": "delivered"}]},
    ),
    Example("importOrders", "no_token", "No token", "none", body={"data": [_ORDER]}),
    Example("importOrders", "no_data", "No orders", "bearer", body={}),
    Example("listAltcraftOrders", "first_page", "The oldest order", "bearer", body={"limit": 1}),
    Example(
        "listAltcraftOrders",
        "xml",
        "The oldest order of an endpoint in XML",
        "bearer",
        media=XML,
        body="<xml><from_id></from_id><limit>1</limit><endpoint>website</endpoint></xml>",
    ),
    Example(
        "listAltcraftOrders",
        "bad_limit",
        "A limit that is too high",
        "bearer",
        body={"limit": 1001},
    ),
    Example("getAltcraftStatus", "by_id", "An order by its id", "bearer", body={"id": 1}),
    Example(
        "getAltcraftStatus",
        "xml",
        "An order by its external id in XML",
        "bearer",
        media=XML,
        body="<xml><external_id>1002</external_id></xml>",
    ),
    Example(
        "getAltcraftStatus",
        "unknown",
        "An order that does not exist",
        "bearer",
        body={"external_id": "1999"},
    ),
    Example(
        "updateAltcraftLineStatus",
        "delivered",
        "A line is delivered",
        "bearer",
        body={
            "order_external_id": "1003",
            "order_line_external_id": "1",
            "status_external_id": "delivered",
        },
    ),
    Example(
        "updateAltcraftLineStatus",
        "unknown_status",
        "A status that does not exist",
        "bearer",
        body={
            "order_external_id": "1003",
            "order_line_external_id": "1",
            "status_external_id": "lost",
        },
    ),
    Example(
        "deleteAltcraftOrder",
        "softly",
        "A soft deletion in the older contract",
        "bearer",
        body={"id": 2, "with_fire": False},
    ),
    Example(
        "deleteAltcraftOrder",
        "xml",
        "A permanent deletion in XML",
        "bearer",
        media=XML,
        body="<xml><external_id>1003</external_id></xml>",
    ),
    Example(
        "deleteAltcraftOrder",
        "unknown",
        "An order that does not exist",
        "bearer",
        body={"external_id": "1999"},
    ),
    Example(
        "importProducts",
        "created",
        "A product with a SKU, and a category",
        "bearer",
        body={
            "categories": [{"external_id": "phones", "name": "Phones"}],
            "data": [_PRODUCT],
            "result_details": True,
        },
    ),
    Example(
        "importProducts",
        "partly_failed",
        "An unknown currency",
        "bearer",
        body={"data": [_PRODUCT, {"name": "Mug", "external_id": "mug", "currency": "DOGE"}]},
    ),
    Example(
        "importSkus",
        "xml",
        "A SKU in XML",
        "bearer",
        media=XML,
        body="<xml><data><name>Apple iPhone 13 128GB</name><external_id>sku_test_2</external_id>"
        "<product_external_id>iphone_test_1</product_external_id></data></xml>",
    ),
    Example("importSkus", "no_data", "No SKUs", "bearer", body={}),
    Example("listProducts", "first_page", "The first products", "bearer", body={"limit": 3}),
    Example(
        "listProducts",
        "xml",
        "The first products in XML",
        "bearer",
        media=XML,
        body="<xml><from_id></from_id><limit>3</limit></xml>",
    ),
    Example(
        "listSkus",
        "with_details",
        "SKUs with all members",
        "bearer",
        body={"limit": 1, "result_details": True},
    ),
    Example("listSkus", "bad_limit", "A limit that is too low", "bearer", body={"limit": 0}),
    Example(
        "deleteSkus",
        "deleted",
        "A SKU that exists, and one that does not",
        "bearer",
        body={"ids": [1], "external_ids": ["sku_test_1"]},
    ),
    Example(
        "deleteProducts",
        "xml",
        "A deletion in XML",
        "bearer",
        media=XML,
        body="<xml><external_ids>iphone_test_1</external_ids></xml>",
    ),
    Example("deleteProducts", "nothing", "No id", "bearer", body={}),
    Example("getOrder", "found", "An order", "api-key", _ORDER_PATH),
    Example("getOrder", "unknown", "An order that does not exist", "api-key", _UNKNOWN),
    Example("listOrders", "first_page", "The newest order", "api-key", _CAMPAIGN, {"limit": "1"}),
    Example(
        "listOrders", "bad_limit", "A limit that is too low", "api-key", _CAMPAIGN, {"limit": "0"}
    ),
    Example(
        "listBusinessOrders",
        "by_external_id",
        "The order with this external id",
        "api-key",
        {"businessId": "2001"},
        body={"externalOrderIds": ["1001"]},
    ),
    Example("listCampaigns", "campaigns", "The campaigns of the account", "api-key"),
    Example(
        "updateExternalId",
        "changed",
        "A new external id for the order",
        "api-key",
        _ORDER_PATH,
        body={"externalOrderId": "SHOP-77"},
    ),
    Example(
        "updateOrderStatus",
        "ready",
        "The order is ready to ship",
        "api-key",
        _ORDER_PATH,
        body=_READY,
    ),
    Example(
        "updateOrderStatuses",
        "partly_changed",
        "One order changes, one does not exist",
        "api-key",
        _CAMPAIGN,
        body={
            "orders": [
                {"id": 1, "status": "PROCESSING", "substatus": "SHIPPED"},
                {"id": 999, "status": "CANCELLED", "substatus": "SHOP_FAILED"},
            ]
        },
    ),
    Example(
        "updateOrderStatuses", "no_orders", "No orders", "api-key", _CAMPAIGN, body={"orders": []}
    ),
    Example(
        "getBuyer",
        "other_model",
        "An order that the marketplace delivers",
        "api-key",
        _ORDER_PATH,
    ),
    Example(
        "updateExternalId",
        "too_late",
        "The order is already READY_TO_SHIP",
        "api-key",
        _ORDER_PATH,
        body={"externalOrderId": "SHOP-78"},
    ),
    Example(
        "updateExternalId",
        "no_key",
        "No Api-Key",
        "none",
        _ORDER_PATH,
        body={"externalOrderId": "SHOP-78"},
    ),
    Example(
        "issueToken",
        "all_scopes",
        "A token with all scopes of the client",
        "basic",
        media=FORM,
        body="grant_type=client_credentials",
    ),
    Example(
        "issueToken",
        "bad_scope",
        "A scope of another project",
        "basic",
        media=FORM,
        body="grant_type=client_credentials&scope=manage_orders:other",
    ),
    Example("importCommercetoolsOrder", "created", "A new order", "oauth", _PROJECT, body=_DRAFT),
    Example(
        "importCommercetoolsOrder",
        "taken",
        "An order number that exists",
        "oauth",
        _PROJECT,
        body=_DRAFT,
    ),
    Example(
        "importCommercetoolsOrder",
        "preview",
        "What an import would do",
        "oauth",
        _PROJECT,
        headers={"X-Dry-Run": "true"},
        body={**_DRAFT, "orderNumber": "CT-3"},
    ),
    Example(
        "importCommercetoolsOrder",
        "wrong_shape",
        "A draft without totalPrice",
        "oauth",
        _PROJECT,
        body={"orderNumber": "CT-2"},
    ),
    Example("getCommercetoolsOrder", "by_number", "An order by its number", "oauth", _BY_NUMBER),
    Example(
        "getCommercetoolsOrder",
        "unknown",
        "An order number that does not exist",
        "oauth",
        {**_PROJECT, "ref": "order-number=CT-9"},
    ),
    Example(
        "pageCommercetoolsOrders",
        "by_number",
        "The order with this number",
        "oauth",
        _PROJECT,
        {"where": 'orderNumber="CT-1"'},
    ),
    Example(
        "listCommercetoolsMessages",
        "imported",
        "The newest import",
        "oauth",
        _PROJECT,
        {"limit": "1"},
    ),
    Example(
        "listHubOrders",
        "by_external_id",
        "The order with this external id, also a former one",
        "bearer",
        query={"external_id": "1001"},
    ),
    Example(
        "listHubOrders", "bad_limit", "A limit that is too high", "bearer", query={"limit": "1000"}
    ),
    Example("getHubOrder", "found", "An order", "bearer", {"order_id": "1"}),
    Example(
        "getHubOrder", "unknown", "An order that does not exist", "bearer", {"order_id": "999"}
    ),
    Example(
        "readHubHistory",
        "first_page",
        "The present version",
        "bearer",
        {"order_id": "1"},
        {"limit": "1"},
    ),
    Example("readHubChanges", "first_page", "The first change", "bearer", query={"limit": "1"}),
    Example("readHubChanges", "no_token", "No token", "none"),
    Example(
        "reconcileOrders",
        "compared",
        "A renamed and a missing order",
        "bearer",
        body={
            "orders": [
                {"external_id": "1001", "version": 1},
                {"external_id": "1005", "update_time": "2026-01-23T15:04:05Z"},
            ]
        },
    ),
    Example(
        "reconcileOrders",
        "nothing_to_compare",
        "Nothing but an id",
        "bearer",
        body={"orders": [{"external_id": "1001"}]},
    ),
    Example(
        "updateHubLineStatus",
        "delivered",
        "A line is delivered",
        "bearer",
        {"order_id": "1", "line_id": "1"},
        body={"status": "delivered"},
    ),
    Example(
        "updateHubLineStatus",
        "unknown_line",
        "A line that does not exist",
        "bearer",
        {"order_id": "1", "line_id": "99"},
        body={"status": "delivered"},
    ),
    Example("deleteHubOrder", "softly", "A soft deletion", "bearer", {"order_id": "1"}),
    Example(
        "deleteHubOrder",
        "other_version",
        "A version that is not the present one",
        "bearer",
        {"order_id": "1"},
        {"mode": "permanent", "version": "1"},
    ),
    Example("reviveHubOrder", "revived", "The end of a deletion", "bearer", {"order_id": "1"}),
    Example(
        "updateCommercetoolsOrder",
        "updated",
        "Several actions in one change",
        "oauth",
        _BY_NUMBER,
        body={
            "version": 1,
            "actions": [
                {"action": "changeOrderState", "orderState": "Confirmed"},
                {"action": "changeShipmentState", "shipmentState": "Shipped"},
                {"action": "setCustomerEmail", "email": "johndoe@example.com"},
            ],
        },
    ),
    Example(
        "updateCommercetoolsOrder",
        "quiet",
        "A change without a trigger, as of an import of former changes",
        "oauth",
        _BY_NUMBER,
        headers={"X-Skip-Triggers": "true"},
        body={
            "version": 2,
            "actions": [{"action": "changePaymentState", "paymentState": "Paid"}],
        },
    ),
    Example(
        "updateCommercetoolsOrder",
        "other_version",
        "A version that is not the current one",
        "oauth",
        _BY_NUMBER,
        body={"version": 1, "actions": [{"action": "setLocale", "locale": "de"}]},
    ),
    Example(
        "updateCommercetoolsOrder",
        "refused",
        "An action that the order does not permit",
        "oauth",
        _BY_NUMBER,
        body={"version": 3, "actions": [{"action": "removeDelivery", "deliveryKey": "first"}]},
    ),
    Example(
        "restoreHubOrder",
        "unknown_version",
        "A version that the order never had",
        "bearer",
        {"order_id": "1"},
        body={"version": 99},
    ),
    Example(
        "undoRequest",
        "preview",
        "What the undo of an old request would do",
        "bearer",
        body={"request_id": "019b7e5c8a3f7d21b4c6e8f0a1b2c3d4", "dry_run": True},
    ),
    Example(
        "undoRequest",
        "malformed",
        "No id of a request",
        "bearer",
        body={"request_id": "1001", "dry_run": False},
    ),
    Example(
        "deleteCommercetoolsOrder",
        "other_version",
        "A version that is not the current one",
        "oauth",
        _BY_NUMBER,
        {"version": "7"},
    ),
    Example(
        "deleteCommercetoolsOrder",
        "deleted",
        "The last version of the deleted order",
        "oauth",
        _BY_NUMBER,
        {"version": "3"},
    ),
    Example(
        "importOrders",
        "delivered_by_the_shop",
        "An order of a campaign of the model DBS",
        "bearer",
        body={
            "result_details": True,
            "data": [{**_ORDER, "external_id": "1006", "endpoint": "endpoint_external_id"}],
        },
    ),
    Example(
        "getBuyer",
        "found",
        "The neutral buyer of an order",
        "api-key",
        {"campaignId": "1002", "orderId": "4"},
    ),
    Example(
        "createImportJob",
        "created",
        "A file of 9 KB",
        "bearer",
        body={"file": {"name": "orders.csv", "size": 9000}, "mode": "preview"},
    ),
    Example(
        "createImportJob",
        "no_size",
        "A file without its size",
        "bearer",
        body={"file": {"name": "orders.csv"}},
    ),
    Example("getImportJob", "created", "A job that waits for its file", "bearer", _JOB),
    Example(
        "getImportJob",
        "unknown",
        "A job that does not exist",
        "bearer",
        {"job_id": "0" * len(JOB_ID)},
    ),
    Example("listImportJobs", "first_page", "The newest job", "bearer", query={"limit": "1"}),
    Example(
        "startImportJob",
        "not_uploaded",
        "A part of the file is missing",
        "bearer",
        _JOB,
        body={"mode": "preview"},
    ),
    Example("listImportFiles", "not_ended", "A job without results", "bearer", _JOB),
    Example(
        "undoImportJob",
        "not_ended",
        "A job that imported nothing",
        "bearer",
        _JOB,
        body={"dry_run": True},
    ),
    Example("cancelImportJob", "cancelled", "The end of a job", "bearer", _JOB),
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded answer. `body` is a JSON value, or the text of XML."""

    status: int
    media: str
    body: Any


def recorded_answers() -> dict[str, Recorded]:
    """Return the recorded answers by the keys of their examples, {} if none are recorded."""
    if not ANSWERS.exists():
        return {}
    answers = json.loads(ANSWERS.read_text(encoding="utf-8"))
    return {key: Recorded(**each) for key, each in answers.items()}
