"""Which of the two formats a request is in, and which one its answer takes."""

from collections.abc import Mapping
from enum import StrEnum

from orders.protocols.altcraft.errors import (
    BAD_REQUEST,
    UNSUPPORTED_MEDIA_TYPE,
    RequestRefusedError,
)
from orders.protocols.http import HttpRequest, media_type_of


class Format(StrEnum):
    """The formats of the API."""

    JSON = "json"
    XML = "xml"


CONTENT_TYPES: Mapping[Format, str] = {
    Format.JSON: "application/json; charset=utf-8",
    Format.XML: "application/xml; charset=utf-8",
}


def request_format(request: HttpRequest) -> Format:
    """Return the format of the body: its Content-Type, or without one its first character.

    Raises RequestRefusedError (415) for any other media type.
    """
    sent = request.media_type
    if not sent:
        starts_like_xml = request.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
        return Format.XML if starts_like_xml else Format.JSON
    known = _format_of(sent)
    if known is None:
        raise RequestRefusedError(
            UNSUPPORTED_MEDIA_TYPE,
            f"Content-Type {sent} is not supported; send application/json or application/xml",
        )
    return known


def answer_format(request: HttpRequest, asked_in_body: object = None) -> Format:
    """Return the format of the answer: `format` of the body or the URL, Accept, or the request's.

    Raises RequestRefusedError (400) for a `format` that is neither.
    """
    asked = asked_in_body or request.query.get("format")
    if asked:
        try:
            return Format(str(asked).lower())
        except ValueError:
            raise RequestRefusedError(BAD_REQUEST, "format must be json or xml") from None
    return accepted_format(request)


def accepted_format(request: HttpRequest) -> Format:
    """Return the format for an answer to a request whose `format` is of no help. Never raises."""
    for media_range in _by_preference(request.headers.get("accept", "")):
        accepted = _format_of(media_range)
        if accepted:
            return accepted
    try:
        return request_format(request)
    except RequestRefusedError:
        return Format.JSON


def _format_of(media_type: str) -> Format | None:
    if media_type in {"application/json", "text/json"} or media_type.endswith("+json"):
        return Format.JSON
    if media_type in {"application/xml", "text/xml"} or media_type.endswith("+xml"):
        return Format.XML
    return None


def _by_preference(accept: str) -> list[str]:
    ranges = []
    for value in accept.split(","):
        _, _, quality = value.replace(" ", "").lower().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        ranges.append((-weight, media_type_of(value)))
    return [media_type for weight, media_type in sorted(ranges, key=lambda pair: pair[0]) if weight]
