"""Serves the OpenAPI description and its page, which are files beside a function's handler."""

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

# The server URL in the file. An answer has the URL of the deployed API in its place.
PLACEHOLDER = b"https://orders.example.com"
_JSON = "application/json; charset=utf-8"
_SCRIPT = "text/javascript; charset=utf-8"
_ASSETS = {
    "page.js": _SCRIPT,
    "swagger-ui-bundle.js": _SCRIPT,
    "swagger-ui.css": "text/css; charset=utf-8",
}
_PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
}
_SHARED = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}


def _refusal(status: int, code: str, message: str) -> bytes:
    """Return an error that clients of every protocol can read, as the gateway's responses are."""
    tree = {
        "error": status,
        "error_text": message,
        "result": [],
        "status": "ERROR",
        "statusCode": status,
        "message": message,
        "errors": [{"code": code, "message": message}],
        "type": "about:blank",
        "code": code,
        "detail": message,
    }
    return json.dumps(tree).encode()


_MISSING = _refusal(404, "NOT_FOUND", "File not found.")
_NOT_ALLOWED = _refusal(405, "METHOD_NOT_ALLOWED", "The method must be GET or HEAD.")


@dataclass(frozen=True, slots=True)
class Description:
    """Answers with `openapi.json`, `page.html` and the assets of one folder."""

    folder: Path

    def __call__(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to `GET /openapi.json`, `/docs` or `/docs/{asset}`.

        HEAD gets the same without the body, and every other method 405.
        """
        method = event.get("httpMethod", "GET")
        if method not in {"GET", "HEAD"}:
            headers = {"Content-Type": _JSON, "Allow": "GET, HEAD"}
            return _answer(405, headers, _NOT_ALLOWED, event)
        answer = self._answer_get(event)
        return {**answer, "body": ""} if method == "HEAD" else answer

    def _answer_get(self, event: Mapping[str, Any]) -> dict[str, Any]:
        resource = event["resource"]
        if resource == "/openapi.json":
            body = (self.folder / "openapi.json").read_bytes()
            body = body.replace(PLACEHOLDER, _base_url(event).encode())
            # The description is public, so that tools on other origins may read it.
            headers = {"Content-Type": _JSON, "Access-Control-Allow-Origin": "*"}
            return _answer(200, headers, body, event)
        if resource == "/docs":
            return _answer(200, _PAGE_HEADERS, (self.folder / "page.html").read_bytes(), event)
        name = (event.get("pathParameters") or {}).get("asset", "")
        if name not in _ASSETS:
            return _answer(404, {"Content-Type": _JSON}, _MISSING, event)
        body = (self.folder / name).read_bytes()
        return _answer(200, {"Content-Type": _ASSETS[name]}, body, event)


def _base_url(event: Mapping[str, Any]) -> str:
    """Return the URL of the API: its domain and stage.

    Return "." behind another host such as a proxy: relative to the description's own URL.
    """
    context, headers = event["requestContext"], _headers(event)
    host = headers.get("host")
    if host is None or host != context.get("domainName"):
        return "."
    # `sam local start-api` serves the functions by HTTP.
    scheme = "http" if headers.get("x-forwarded-proto") == "http" else "https"
    return f"{scheme}://{host}{str(context['path']).removesuffix('/openapi.json')}"


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def _answer(
    status: int, headers: Mapping[str, str], body: bytes, event: Mapping[str, Any]
) -> dict[str, Any]:
    """Return API Gateway's form of an answer: text, or base64 if the body is compressed.

    API Gateway decodes base64 only for clients that send Accept, so others get text.
    """
    sent = _headers(event)
    is_packed = "gzip" in sent.get("accept-encoding", "") and "accept" in sent
    coding = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"} if is_packed else {}
    return {
        "statusCode": status,
        "headers": {**_SHARED, **headers, **coding},
        "body": base64.b64encode(_packed(body)).decode() if is_packed else body.decode(),
        "isBase64Encoded": is_packed,
    }


@lru_cache(maxsize=8)
def _packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)
