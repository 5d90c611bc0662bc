"""The format of a request and of its answer: JSON or XML."""

from collections.abc import Mapping
from enum import StrEnum

from orders.protocols.altcraft.errors import (
    RequestRefusedError,
    bad_request,
    unsupported_media_type,
)
from orders.protocols.http import HttpRequest, by_preference


class Format(StrEnum):
    """The formats of the API."""

    JSON = "json"
    XML = "xml"


CONTENT_TYPES: Mapping[Format, str] = {
    Format.JSON: "application/json; charset=utf-8",
    Format.XML: "application/xml; charset=utf-8",
}


def request_format(request: HttpRequest) -> Format:
    """Return the format of the body by its Content-Type or, without one, by its first character.

    Raises RequestRefusedError (415) for any other media type.
    """
    return _format_of_content(request.media_type, request.body if not request.media_type else b"")


def answer_format(request: HttpRequest, asked_in_body: object = None) -> Format:
    """Return the format of the answer.

    It is the first of: `format` of the body, `format` of the URL, the Accept header, the format of
    the request. Raises RequestRefusedError (400) if `format` is neither json nor xml.
    """
    asked = str(asked_in_body or "").strip() or request.query.get("format", "").strip()
    if asked:
        try:
            return Format(asked.lower())
        except ValueError:
            raise bad_request("format must be json or xml") from None
    return accepted_format(request)


def accepted_format(request: HttpRequest) -> Format:
    """Return the format of an answer by the headers, or by the body if it was read. Cannot fail."""
    for media_range in by_preference(request.headers.get("accept", "")):
        accepted = _format_of(media_range)
        if accepted:
            return accepted
    try:
        return _format_of_content(request.media_type, request.body_if_read)
    except RequestRefusedError:
        return Format.JSON


def _format_of_content(media_type: str, body: bytes) -> Format:
    if not media_type:
        starts_like_xml = body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
        return Format.XML if starts_like_xml else Format.JSON
    known = _format_of(media_type)
    if known is None:
        raise unsupported_media_type(
            f"Content-Type {media_type} is not supported; send application/json or application/xml"
        )
    return known


def _format_of(media_type: str) -> Format | None:
    if media_type in {"application/json", "text/json"} or media_type.endswith("+json"):
        return Format.JSON
    if media_type in {"application/xml", "text/xml"} or media_type.endswith("+xml"):
        return Format.XML
    return None
