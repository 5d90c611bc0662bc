"""Altcraft's requests in JSON."""

from orders.domain.problems import below, shown
from orders.protocols.altcraft.decoded import Decoded
from orders.protocols.altcraft.errors import bad_request, unsupported_media_type
from orders.protocols.json_text import NotJsonError, is_utf_8, read_json


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
        return Decoded({"data": text.tree}, tuple(below(("data",), each) for each in text.faults))
    if not isinstance(text.tree, dict):
        raise bad_request("The body must be a JSON object or an array of orders")
    return Decoded(text.tree, text.faults)
