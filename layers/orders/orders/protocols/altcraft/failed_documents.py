"""The document of the failed orders of a request, which a client corrects and sends again.

It is text, in JSON too: a parser of the answer would change the digits of numbers, and the text can
be sent as a body.
"""

from collections.abc import Sequence
from typing import Any

from orders.protocols.altcraft import json_slices
from orders.protocols.altcraft.media_types import Format, request_format
from orders.protocols.altcraft.slices import NotSlicedError, Slices
from orders.protocols.http import MAX_ANSWER_BYTES, HttpRequest, sent_size
from orders.protocols.json_text import write_json

DOCUMENT = "failed_document"
OMITTED = "failed_document_omits"
# The names of both members, with what is around them.
_NAMES_BYTES = 200
# A position of an order that is left out, as an element of XML.
_POSITION_BYTES = 64


def failed_members(
    request: HttpRequest, failed: Sequence[int], answer_format: Format, used: int
) -> dict[str, Any]:
    """Return the members of an answer for the failed orders at these positions.

    The document has those of them that an answer has room for, of which `used` bytes are taken. The
    positions of the others are in a list of their own.
    """
    try:
        slices = _slices_of(request)
    except NotSlicedError:
        return {OMITTED: list(failed)}
    room = MAX_ANSWER_BYTES - used - _NAMES_BYTES
    kept = _fitting(slices, failed, answer_format, room)
    omitted = [position for position in failed if position not in kept]
    document = _legal(slices.document(kept), answer_format)
    return ({DOCUMENT: document} if kept else {}) | ({OMITTED: omitted} if omitted else {})


def _slices_of(request: HttpRequest) -> Slices:
    if request_format(request) is Format.JSON:
        return json_slices.slices_of(request.body)
    # Most requests are JSON, and importing lxml would slow down cold starts.
    from orders.protocols.altcraft import xml_slices  # noqa: PLC0415

    return xml_slices.slices_of(request.body, request.charset)


def _fitting(
    slices: Slices, failed: Sequence[int], answer_format: Format, room: int
) -> frozenset[int]:
    """Return the positions of the orders that fit, the first ones first."""
    room -= _written_size(slices.document(()), answer_format)
    costs = {
        position: _written_size(
            slices.separators[position] + slices.elements[position], answer_format
        )
        for position in failed
    }
    if sum(costs.values()) <= room:
        return frozenset(failed)
    room -= _POSITION_BYTES * len(failed)
    kept = []
    for position, cost in costs.items():
        if cost <= room:
            kept.append(position)
            room -= cost
    return frozenset(kept)


def _written_size(text: str, answer_format: Format) -> int:
    """Return the size of a part of the document in an answer."""
    if answer_format is Format.JSON:
        return sent_size(write_json(text))
    from orders.protocols.altcraft import xml_codec  # noqa: PLC0415

    return sent_size(xml_codec.encode_element(DOCUMENT, {OMITTED: _legal(text, answer_format)}))


def _legal(text: str, answer_format: Format) -> str:
    """Return the text with escapes for what XML cannot hold: it is in the texts of JSON only."""
    if answer_format is Format.JSON:
        return text
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
