"""Altcraft's requests in JSON."""

from http import HTTPStatus

from orders.domain.problems import below, shown
from orders.protocols.altcraft.decoded import Decoded
from orders.protocols.altcraft.errors import RequestRefusedError
from orders.protocols.json_text import NotJsonError, is_utf_8, read_json


def decode(body: bytes, charset: str | None = None) -> Decoded:
    """Read a JSON request; an array at the root is taken for its `data`.

    Raises RequestRefusedError (400) with the line and column where it stops being JSON, (415) for
    a charset other than UTF-8.
    """
    if not is_utf_8(charset):
        raise RequestRefusedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"JSON must be sent in UTF-8, not in {shown(charset)}",
        )
    try:
        text = read_json(body)
    except NotJsonError as error:
        raise RequestRefusedError(HTTPStatus.BAD_REQUEST, str(error)) from None
    if isinstance(text.tree, list):
        return Decoded({"data": text.tree}, tuple(below(("data",), each) for each in text.faults))
    if not isinstance(text.tree, dict):
        raise RequestRefusedError(
            HTTPStatus.BAD_REQUEST, "The body is not valid JSON: an object is expected at its root"
        )
    return Decoded(text.tree, text.faults)
