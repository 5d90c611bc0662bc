"""Converts API Gateway REST events to requests, and answers to API Gateway's response format."""

import base64
import binascii
import zlib
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from orders.protocols.encodings import GZIP_MAGIC, seems_text
from orders.protocols.http import MAX_BODY_BYTES, BodyRefusedError, HttpAnswer, HttpRequest

_GZIP_WINDOW = 31
_PIECE_BYTES = 4096
_GZIP = frozenset({"gzip", "x-gzip"})
# API Gateway may undo these codings and leave the header.
_UNDONE_BY_GATEWAY = _GZIP | {"deflate", "br"}


def read_request(event: Mapping[str, Any]) -> HttpRequest:
    """Return the request of an event. The body is decoded when it is first read.

    The last value of a repeated header counts, and a null header counts as absent. The path's
    variables are percent-decoded here, exactly once. The resource has no `/v2` prefix and no
    `.json` suffix.
    """
    headers = {
        str(name).lower(): str(value)
        for name, value in (event.get("headers") or {}).items()
        if value is not None
    }
    query = event.get("queryStringParameters") or {}
    path = event.get("pathParameters") or {}
    queries = event.get("multiValueQueryStringParameters") or {}
    return HttpRequest(
        headers=headers,
        query={str(name): str(value) for name, value in query.items()},
        queries={str(name): tuple(map(str, values)) for name, values in queries.items()},
        path={str(name): unquote(str(value)) for name, value in path.items()},
        method=str(event.get("httpMethod", "")),
        resource=str(event.get("resource", "")).removeprefix("/v2").removesuffix(".json"),
        read_body=partial(_read_body, event, headers),
    )


def write_answer(answer: HttpAnswer) -> dict[str, Any]:
    """Return API Gateway's form of an answer.

    The body is sent as text, unless it is compressed: API Gateway decodes base64 only for clients
    that send Accept.
    """
    is_compressed = "Content-Encoding" in answer.headers
    body = base64.b64encode(answer.body) if is_compressed else answer.body
    return {
        "statusCode": answer.status,
        "headers": dict(answer.headers),
        "body": body.decode(),
        "isBase64Encoded": is_compressed,
    }


def _read_body(event: Mapping[str, Any], headers: Mapping[str, str]) -> bytes:
    """Return the body after base64 decoding and inflation.

    Raises BodyRefusedError: 413 for more than 4 MB after inflation, 415 for an unsupported
    Content-Encoding, 400 for invalid base64 or gzip.
    """
    text = event.get("body") or ""
    try:
        encoded = bool(event.get("isBase64Encoded"))
        raw = base64.b64decode(text, validate=True) if encoded else text.encode()
    except (binascii.Error, UnicodeError):
        raise BodyRefusedError(HTTPStatus.BAD_REQUEST, "The body could not be decoded") from None
    codings = _codings(headers)
    if codings:
        raw = _without_coding(raw, codings)
    if len(raw) > MAX_BODY_BYTES:
        raise _too_large()
    return raw


def _codings(headers: Mapping[str, str]) -> list[str]:
    names = headers.get("content-encoding", "").lower().split(",")
    return [name for name in map(str.strip, names) if name not in {"", "identity"}]


def _without_coding(raw: bytes, codings: list[str]) -> bytes:
    """Return the body without its content coding.

    A body that is text was already decoded by API Gateway, which does so before the integration
    and leaves the header. So the first bytes decide, and not the header.
    """
    if len(codings) > 1 or codings[0] not in _UNDONE_BY_GATEWAY:
        raise _unsupported_coding()
    if raw.startswith(GZIP_MAGIC) and codings[0] in _GZIP:
        return _inflated(raw)
    if seems_text(raw):
        return raw
    if codings[0] in _GZIP:
        raise _bad("The body must be gzip, as Content-Encoding declares")
    raise _unsupported_coding()


def _inflated(raw: bytes) -> bytes:
    """Return the data of all gzip members of the body, one after the other (RFC 1952)."""
    parts: list[bytes] = []
    size = position = 0
    while position < len(raw):
        if not raw.startswith(GZIP_MAGIC, position):
            raise _bad("The gzip body must end with its last member; got other data after it")
        member = zlib.decompressobj(_GZIP_WINDOW)
        while not member.eof:
            # Short pieces: zlib copies what follows a member, and a body may have many members.
            piece = raw[position : position + _PIECE_BYTES]
            if not piece:
                raise _bad("The gzip body is truncated")
            try:
                parts.append(member.decompress(piece, MAX_BODY_BYTES + 1 - size))
            except zlib.error:
                raise _bad("The body must be gzip, as Content-Encoding declares") from None
            size += len(parts[-1])
            if size > MAX_BODY_BYTES:
                raise _too_large()
            position += len(piece) - len(member.unused_data)
    return b"".join(parts)


def _unsupported_coding() -> BodyRefusedError:
    return BodyRefusedError(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "Content-Encoding must be gzip or identity, and the body must be encoded once",
    )


def _bad(text: str) -> BodyRefusedError:
    return BodyRefusedError(HTTPStatus.BAD_REQUEST, text)


def _too_large() -> BodyRefusedError:
    return BodyRefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The body is larger than {MAX_BODY_BYTES} bytes "
        f"({MAX_BODY_BYTES // 2**20} MB); split it into several requests",
    )
