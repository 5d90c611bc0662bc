"""The digest of an order."""

import hashlib
from dataclasses import replace

from orders.domain.fulfilment import Fulfilment
from orders.domain.order import Cause
from tests.support.order_changes import NOW, new_order


def test_the_digest_is_that_of_the_document() -> None:
    order = new_order()
    assert order.digest == hashlib.sha256(order.document.encode()).hexdigest()
    for other in (
        replace(order, external_id="B"),
        replace(order, defaults='{"custom_fields":{"gift":false}}'),
        replace(order, fulfilment=Fulfilment.SHIPPED),
        order.next_version(Cause("another", "shop", NOW, "yandex_market")),
    ):
        assert other.digest == order.digest
    assert replace(order, document="{}").digest != order.digest


def test_a_version_has_another_protocol_only_if_its_request_has() -> None:
    order = new_order()
    assert order.next_version(Cause("x", "shop", NOW)).through == ""
    assert order.next_version(Cause("x", "shop", NOW, "altcraft")).through == ""
    moved = order.next_version(Cause("x", "shop", NOW, "yandex_market"))
    assert moved.through == "yandex_market"
    assert moved.next_version(Cause("y", "shop", NOW)).through == ""
