"""Converts API Gateway REST events to requests, and answers to API Gateway's response format."""

import base64
import binascii
import zlib
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from orders.protocols.http import MAX_BODY_BYTES, BodyRefusedError, HttpAnswer, HttpRequest

_GZIP_WINDOW = 31


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
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding in {"gzip", "x-gzip"}:
        raw = _inflated(raw)
    elif coding not in {"", "identity"}:
        raise BodyRefusedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Encoding must be gzip or identity"
        )
    if len(raw) > MAX_BODY_BYTES:
        raise _too_large()
    return raw


def _inflated(raw: bytes) -> bytes:
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    try:
        body = inflater.decompress(raw, MAX_BODY_BYTES + 1)
    except zlib.error:
        raise _bad("The body must be gzip, as Content-Encoding declares") from None
    if len(body) > MAX_BODY_BYTES:
        raise _too_large()
    if not inflater.eof:
        raise _bad("The gzip body is truncated")
    if inflater.unused_data:
        raise _bad("The gzip body must be a single gzip member; got data after its end")
    return body


def _bad(text: str) -> BodyRefusedError:
    return BodyRefusedError(HTTPStatus.BAD_REQUEST, text)


def _too_large() -> BodyRefusedError:
    return BodyRefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The body is larger than {MAX_BODY_BYTES} bytes "
        f"({MAX_BODY_BYTES // 2**20} MB); split it into several requests",
    )
