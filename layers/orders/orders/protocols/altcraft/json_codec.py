"""Altcraft's requests in JSON."""

from collections.abc import Iterator

from orders.domain.problems import Problem, problems_left, shown
from orders.protocols.altcraft.decoded import MAX_ORDERS, Decoded
from orders.protocols.altcraft.errors import bad_request, unsupported_media_type
from orders.protocols.json_text import JsonText, NotJsonError, is_utf_8, read_json


def decode(body: bytes, charset: str | None = None) -> Decoded:
    """Decode a JSON request. An array at the root is read as its `data`.

    Raises RequestRefusedError: 400 with line and column for invalid JSON, 415 for a charset other
    than UTF-8.
    """
    if not is_utf_8(charset):
        raise unsupported_media_type(f"charset must be utf-8 for JSON; got {shown(charset)}")
    try:
        text = read_json(body)
    except NotJsonError as error:
        raise bad_request(str(error)) from None
    if isinstance(text.tree, list):
        return Decoded({"data": text.tree}, tuple(_faults_of_orders(text, text.tree)))
    if not isinstance(text.tree, dict):
        raise bad_request("The body must be a JSON object or an array of orders")
    orders = text.tree.get("data")
    faults_of_root = text.faults(but_for="data")
    return Decoded(text.tree, (*faults_of_root, *_faults_of_orders(text, orders)))


def _faults_of_orders(text: JsonText, orders: object) -> Iterator[Problem]:
    """Yield faults of each order, so that a bad order is rejected and a good one is not."""
    if not isinstance(orders, list):
        yield from text.faults_of(orders, ("data",), 1)
        return
    found = 0
    # More orders are rejected as a whole.
    for position, order in enumerate(orders[:MAX_ORDERS]):
        faults = text.faults_of(order, ("data", position), problems_left(found))
        found += len(faults)
        yield from faults
