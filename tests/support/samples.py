"""Sample requests of shops."""

import base64
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import escape

from orders.domain.custom_fields import CustomField, EntityType, FieldValue, ValueType
from orders.domain.settings import (
    Endpoint,
    LineStatus,
    LineStatusType,
    Policies,
    Region,
    Settings,
    TotalCheck,
)

type Tree = dict[str, Any]

IMPORT_RESOURCE = "/api/v1.1/market/orders/import"


def line(**changes: object) -> Tree:
    """Return a valid line with changes. None removes a member."""
    return _changed(
        {
            "external_id": "line_01",
            "status": "new",
            "product": "iphone_test_1",
            "base_price_per_item": "900",
            "min_price_per_item": "900",
            "final_price_per_item": "900",
            "count": 1,
        },
        changes,
    )


def order(**changes: object) -> Tree:
    """Return a valid order with changes. None removes a member."""
    return _changed(
        {
            "external_id": "1234000",
            "matching": "email",
            "email": "johndoe@example.com",
            "endpoint": "website",
            "status": "new",
            "delivery_cost": "100",
            "total_price": "1000",
            "currency": "USD",
            "lines": [line()],
        },
        changes,
    )


def request(*orders: object, **root: object) -> Tree:
    """Return a request with these orders, by default one valid order."""
    return {"data": list(orders) or [order()], **root}


def settings(total_check: TotalCheck = TotalCheck.WARN, *fields: CustomField) -> Settings:
    """Return settings in which the sample requests are valid."""
    return Settings(
        currencies=("USD", "EUR"),
        endpoints={"website": Endpoint("website")},
        regions={"region_YnCrJj8Y1": Region("region_YnCrJj8Y1")},
        custom_fields={(each.entity_type, each.external_id): each for each in fields},
        line_statuses={"0001": LineStatus("0001", "At the counter", LineStatusType.IN_PROCESS)},
        policies=Policies(total_check),
    )


def order_field(
    external_id: str = "note",
    value_type: ValueType = ValueType.UNICODE,
    *,
    required: bool = False,
    default_value: FieldValue | None = None,
    enum_values: Mapping[str, int] = MappingProxyType({}),
) -> CustomField:
    """Return the definition of a custom field of orders."""
    return CustomField(
        external_id,
        external_id,
        EntityType.ORDER,
        value_type,
        required=required,
        default_value=default_value,
        enum_values=enum_values,
    )


def to_xml(tree: Mapping[str, Any]) -> bytes:
    """Return a request as Altcraft XML, with arrays as repeated elements."""
    return f"<xml>{_elements(tree)}</xml>".encode()


def api_event(body: bytes | Tree, content_type: str = "application/json", **headers: str) -> Tree:
    """Return the REST API event of a body. A tree is sent as JSON."""
    raw = json.dumps(body).encode() if isinstance(body, dict) else body
    return {
        "resource": IMPORT_RESOURCE,
        "path": IMPORT_RESOURCE,
        "httpMethod": "POST",
        "headers": {"Content-Type": content_type, **headers},
        "queryStringParameters": None,
        "pathParameters": None,
        "requestContext": {"requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"},
        "body": base64.b64encode(raw).decode(),
        "isBase64Encoded": True,
    }


def _elements(tree: Mapping[str, Any]) -> str:
    return "".join(
        f"<{name}>{_content(item)}</{name}>"
        for name, value in tree.items()
        for item in (value if isinstance(value, list) else [value])
    )


def _content(value: object) -> str:
    if isinstance(value, dict):
        return _elements(value)
    text = json.dumps(value) if isinstance(value, bool) else str(value)
    return escape(text, {"\r": "&#13;"})


def _changed(tree: Tree, changes: Mapping[str, object]) -> Tree:
    return {name: value for name, value in {**tree, **changes}.items() if value is not None}
