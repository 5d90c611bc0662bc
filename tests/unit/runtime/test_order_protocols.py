"""Stored orders are dispatched to the protocol that wrote them."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from orders.domain.order import Order
from orders.protocols.altcraft.documents import LINES
from orders.runtime.composition.order_protocols import (
    UnknownProtocolError,
    lines_of,
    present,
    summarise,
)
from tests.support.commercetools import draft
from tests.support.drafts import submitted
from tests.support.yandex_market import stored_order

ALTCRAFT = stored_order()


def _commercetools() -> Order:
    submission = submitted(draft())
    return replace(
        ALTCRAFT,
        protocol=submission.protocol,
        document=submission.document,
        status=submission.status,
        external_id="CT-1",
    )


def test_an_altcraft_order_is_its_document_and_its_external_id() -> None:
    assert json.loads(present(ALTCRAFT)) == ALTCRAFT.tree()
    assert next(iter(json.loads(present(ALTCRAFT)))) == "external_id"
    assert lines_of(ALTCRAFT) == LINES
    assert [line.article for line in summarise(ALTCRAFT).lines] == ["mug"]


def test_a_commercetools_order_is_its_representation() -> None:
    order = _commercetools()
    tree = json.loads(present(order))
    assert (tree["type"], tree["orderNumber"]) == ("Order", "CT-1")
    assert lines_of(order) is None
    assert len(summarise(order).lines) == len(tree["lineItems"])


@pytest.mark.parametrize("read", [present, summarise, lines_of])
def test_an_order_of_an_unknown_protocol_is_an_error(read: object) -> None:
    assert callable(read)
    with pytest.raises(UnknownProtocolError, match='Unknown protocol "telex"'):
        read(replace(ALTCRAFT, protocol="telex"))


def test_a_protocol_is_imported_at_its_first_order() -> None:
    script = (
        "import sys; from orders.runtime.composition import order_protocols; "
        "print(*(name for name in sys.modules if name.startswith('orders.protocols.')))"
    )
    ended = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert set(ended.stdout.split()) == {
        "orders.protocols.altcraft",
        "orders.protocols.commercetools",
    }
