"""Correlation ids: a usable one is returned, any other is replaced."""

import pytest

from orders.protocols.commercetools.answers import correlation
from orders.protocols.http import HttpRequest


def _returned(sent: str) -> str:
    return correlation(HttpRequest(headers={"x-correlation-id": sent}))["X-Correlation-ID"]


@pytest.mark.parametrize("sent", ["a", "shop/1", "!~", "x" * 256])
def test_a_correlation_id_of_visible_ascii_is_returned(sent: str) -> None:
    assert _returned(sent) == sent


@pytest.mark.parametrize(
    "sent", ["", " ", "a b", " a", "a ", "a\tb", "a\r\nb", "a\n", "\x7f", "ä", "x" * 257]
)
def test_another_correlation_id_is_replaced(sent: str) -> None:
    assert _returned(sent).startswith("market-orders-")
