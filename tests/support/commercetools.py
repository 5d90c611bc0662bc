"""commercetools drafts, and events of requests to the functions."""

import base64
import json
from collections.abc import Container
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from tests.support.functions import Tree

PROJECT = "demo"


def money(cents: int, currency: str = "USD") -> Tree:
    """Return an amount in the form of a draft."""
    return {"currencyCode": currency, "centAmount": cents}


def line(**changes: Any) -> Tree:  # noqa: ANN401 - any JSON value
    """Return a line item draft."""
    return {
        "name": {"en": "Mug"},
        "variant": {"sku": "mug"},
        "price": {"value": money(995)},
        "quantity": 2,
    } | changes


def draft(**changes: Any) -> Tree:  # noqa: ANN401 - any JSON value
    """Return a minimal draft with changes. None removes a member."""
    tree = {"orderNumber": "CT-1", "totalPrice": money(1990), "lineItems": [line()]} | changes
    return {name: value for name, value in tree.items() if value is not None}


def _address(key: str | None = None) -> Tree:
    names = (
        *("title", "salutation", "firstName", "lastName", "streetName", "streetNumber"),
        *("additionalStreetInfo", "postalCode", "city", "region", "state", "company"),
        *("department", "building", "apartment", "pOBox", "phone", "mobile", "email", "fax"),
        *("additionalAddressInfo", "externalId"),
    )
    texts = {name: f"{name} of the address" for name in names}
    return {"id": "address-id", **({"key": key} if key else {}), **texts, "country": "DE"}


def _custom(note: object) -> Tree:
    return {
        "type": {"typeId": "type", "id": "11111111-1111-4111-8111-111111111111"},
        "fields": {"note": note},
    }


def _tax_rate() -> Tree:
    return {
        "id": "tax-rate-id",
        "key": "tax-rate",
        "name": "19 % MwSt",
        "amount": 0.19,
        "includedInPrice": True,
        "country": "DE",
        "state": "BY",
        "subRates": [{"name": "federal", "amount": 0.1}, {"name": "state", "amount": 0.09}],
    }


def _taxed(net: int, gross: int) -> Tree:
    portion = {"name": "19 % MwSt", "rate": 0.19, "amount": money(gross - net)}
    return {
        "totalNet": money(net),
        "totalGross": money(gross),
        "taxPortions": [portion],
        "totalTax": money(gross - net),
    }


def _reference(type_id: str, identity: str = "22222222-2222-4222-8222-222222222222") -> Tree:
    return {"typeId": type_id, "id": identity}


def _price(cents: int, **scope: object) -> Tree:
    return {
        "key": f"price-{cents}",
        "value": money(cents),
        "country": "DE",
        "customerGroup": _reference("customer-group"),
        "channel": _reference("channel"),
        "validFrom": "2026-01-01T00:00:00.000Z",
        "validUntil": "2027-01-01T00:00:00.000Z",
        "discounted": {"value": money(cents - 5), "discount": _reference("product-discount")},
        "tiers": [{"minimumQuantity": 10, "value": money(cents - 10)}],
        "custom": _custom("price"),
        "recurrencePolicy": _reference("recurrence-policy"),
    } | scope


def referring_by(names: Container[str], tree: Any, without_keys: Container[str] = ()) -> Any:  # noqa: ANN401
    """Return a copy in which every reference has these names of `id` and `key`.

    References of the types `without_keys` have an id only.
    """
    if isinstance(tree, list):
        return [referring_by(names, each, without_keys) for each in tree]
    if not isinstance(tree, dict):
        return tree
    if "typeId" in tree:
        key = tree.get("key", f"key-of-{tree['typeId']}")
        known = {"id": tree.get("id", key), "key": key}
        chosen = ("id",) if tree["typeId"] in without_keys else names
        named = {name: each for name, each in known.items() if name in chosen}
        return {"typeId": tree["typeId"], **named}
    return {name: referring_by(names, each, without_keys) for name, each in tree.items()}


def full_draft() -> Tree:
    """Return a draft with every member. References are by id."""
    details = {
        "targets": [
            {"addressKey": "home", "quantity": 1, "shippingMethodKey": "mail"},
            {"addressKey": "work", "quantity": 1},
        ]
    }
    state = [{"quantity": 2, "state": _reference("state")}]
    shared = {
        "taxRate": _tax_rate(),
        "taxedPrice": _taxed(1672, 1990),
        "state": state,
        "shippingDetails": details,
    }
    return {
        "orderNumber": "CT-full",
        "purchaseOrderNumber": "PO-7",
        "customerId": "33333333-3333-4333-8333-333333333333",
        "customerEmail": "buyer@example.com",
        "customerGroup": _reference("customer-group"),
        "businessUnit": {"typeId": "business-unit", "key": "unit"},
        "store": {"typeId": "store", "key": "website"},
        "totalPrice": money(4480),
        "taxedPrice": _taxed(3765, 4480),
        "country": "DE",
        "orderState": "Confirmed",
        "shipmentState": "Partial",
        "paymentState": "Paid",
        "state": _reference("state"),
        "completedAt": "2026-02-03T04:05:06.789Z",
        "inventoryMode": "TrackOnly",
        "priceRoundingMode": "HalfUp",
        "taxRoundingMode": "HalfDown",
        "taxCalculationMode": "UnitPriceLevel",
        "origin": "Merchant",
        "billingAddress": _address("home"),
        "shippingAddress": _address("work"),
        "itemShippingAddresses": [_address("home"), _address("work")],
        "paymentInfo": {"payments": [_reference("payment")]},
        "custom": _custom({"nested": [1, 2.5, True]}),
        "shippingInfo": {
            "shippingMethodName": "Mail",
            "price": money(500),
            "shippingRate": {
                "price": money(500),
                "freeAbove": money(10_000),
                "tiers": [
                    {
                        "type": "CartValue",
                        "minimumCentAmount": 5000,
                        "price": money(250),
                        "isMatching": False,
                    },
                    {
                        "type": "CartScore",
                        "score": 3,
                        "price": money(150),
                        "priceFunction": {"currencyCode": "USD", "function": "x + 1"},
                        "isMatching": True,
                    },
                    {
                        "type": "CartClassification",
                        "value": "heavy",
                        "price": money(900),
                        "isMatching": False,
                    },
                ],
            },
            "taxRate": _tax_rate(),
            "taxedPrice": _taxed(420, 500),
            "taxCategory": _reference("tax-category"),
            "shippingMethod": _reference("shipping-method"),
            "discountedPrice": {
                "value": money(400),
                "includedDiscounts": [
                    {"discount": _reference("cart-discount"), "discountedAmount": money(60)},
                    {"discount": _reference("direct-discount"), "discountedAmount": money(40)},
                ],
            },
            "shippingMethodState": "DoesNotMatchCart",
            "deliveries": [
                {
                    "key": "delivery",
                    "items": [{"id": "item", "quantity": 1}],
                    "parcels": [
                        {
                            "key": "parcel",
                            "measurements": {
                                "heightInMillimeter": 1,
                                "lengthInMillimeter": 2,
                                "widthInMillimeter": 3,
                                "weightInGram": 4,
                            },
                            "trackingData": {
                                "trackingId": "T-1",
                                "carrier": "Post",
                                "provider": "P",
                                "providerTransaction": "PT",
                                "isReturn": True,
                            },
                            "items": [{"id": "item", "quantity": 1}],
                            "custom": _custom("parcel"),
                        }
                    ],
                    "address": {**_address("depot"), "custom": _custom("address")},
                    "custom": _custom("delivery"),
                }
            ],
        },
        "lineItems": [
            {
                "key": "line-1",
                "name": {"en": "Mug", "de-DE": "Tasse"},
                "productId": "44444444-4444-4444-8444-444444444444",
                "variant": {
                    "id": 3,
                    "sku": "mug-white",
                    "prices": [_price(995), _price(1095, country="AT")],
                    "attributes": [{"name": "color", "value": {"key": "white", "label": "W"}}],
                    "images": [
                        {
                            "url": "https://example.com/mug.png",
                            "dimensions": {"w": 10, "h": 20},
                            "label": "front",
                        }
                    ],
                },
                "price": _price(995),
                "quantity": 2,
                "supplyChannel": _reference("channel"),
                "distributionChannel": _reference("channel"),
                "inventoryMode": "ReserveOnOrder",
                "custom": _custom("line"),
                **shared,
            }
        ],
        "customLineItems": [
            {
                "key": "custom-1",
                "name": {"en": "Gift wrap"},
                "slug": "gift-wrap",
                "quantity": 2,
                "money": {
                    "type": "highPrecision",
                    "currencyCode": "USD",
                    "preciseAmount": 99_501,
                    "fractionDigits": 4,
                    "centAmount": 995,
                },
                "taxCategory": _reference("tax-category"),
                "priceMode": "External",
                "custom": _custom("custom line"),
                **shared,
            }
        ],
    }


@dataclass(frozen=True)
class Answer:
    """An answer of a function."""

    status: int
    headers: Tree
    body: str

    @property
    def tree(self) -> Tree:
        """Return the body as plain data."""
        tree: Tree = json.loads(self.body)
        return tree


def basic(client_id: str, secret: str) -> str:
    """Return the header of HTTP Basic credentials."""
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def project_event(method: str, path: str, **rest: Any) -> Tree:  # noqa: ANN401
    """Return an API Gateway event for a path of a project. `query` and `body` are plain data.

    API Gateway does not decode the variables of a path.
    """
    project, _, below = path.strip("/").partition("/")
    resource, parameters = f"/{{projectKey}}/{below}", {"projectKey": project}
    if below.startswith("orders/") and below != "orders/import":
        resource = "/{projectKey}/orders/{ref+}"
        parameters["ref"] = quote(below.removeprefix("orders/"), safe="=")
    if below.startswith("messages/"):
        resource, parameters["id"] = "/{projectKey}/messages/{id}", below.removeprefix("messages/")
    query = rest.get("query") or {}
    body = rest.get("body")
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": {"Content-Type": "application/json", **rest.get("headers", {})},
        "pathParameters": parameters,
        "queryStringParameters": {name: str(value) for name, value in query.items()} or None,
        "multiValueQueryStringParameters": {name: [str(value)] for name, value in query.items()}
        or None,
        "requestContext": {"requestId": "request"},
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }


def token_event(authorization: str, form: dict[str, str]) -> Tree:
    """Return the API Gateway event of a token request in the form of the SDKs."""
    return {
        "resource": "/oauth/token",
        "path": "/oauth/token",
        "httpMethod": "POST",
        "headers": {
            "Authorization": authorization,
            "Content-Type": "application/x-www-form-urlencoded",
        },
        "pathParameters": None,
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"requestId": "request"},
        "body": urlencode(form),
        "isBase64Encoded": False,
    }
