"""Triggers hold an order as it was sent, and the defaults that its import filled in."""

import json
from datetime import UTC, datetime

import pytest

from orders.domain.order import Order
from orders.protocols.altcraft.representation import present

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("defaults", ["", '{"custom_fields":{"a":1.5},"lines":{"1":{"x":true}}}'])
def test_an_order_is_presented_with_its_defaults(defaults: str) -> None:
    document = '{"currency":"USD","custom_fields":{"b":2},"lines":[{"id":"1"},{"id":"2"}]}'
    order = Order(
        "demo", 'A"', 7, 1, "new", "altcraft", document, NOW, NOW, "request", defaults=defaults
    )
    text = present(order)
    assert json.loads(text) == order.tree()
    assert text.startswith(b'{"external_id":"A\\"","currency":"USD","custom_fields":{')
    if defaults:
        assert b'"custom_fields":{"a":1.5,"b":2},' in text
        assert b'{"id":"2","x":true}' in text
