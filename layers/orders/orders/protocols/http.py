"""HTTP requests and answers, independent of API Gateway."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.message import Message
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self
from urllib.request import parse_http_list

if TYPE_CHECKING:
    from orders.application.change_order import ChangeReport
    from orders.application.import_catalogue import CatalogueReport
    from orders.application.import_orders import ImportReport
    from orders.application.ports import Deadline
    from orders.application.repeat_requests import Run
    from orders.application.undo_report import UndoReport
    from orders.application.update_order_statuses import StatusesReport

# The limit of a body after inflation. API Gateway and Lambda accept little more.
MAX_BODY_BYTES = 4 * 1024 * 1024
# Lambda returns at most 6 MB of JSON, and the body is one string in it.
MAX_ANSWER_BYTES = 5 * 1024 * 1024
# The size that an answer may have before it is compressed.
MAX_GZIPPED_BYTES = 16 * 1024 * 1024
LEAST_ROOM_BYTES = 100_000
RETRY_AFTER_SECONDS = "5"


@dataclass(frozen=True)
class HttpRequest:
    """A request. Header names are in lower case.

    `path` maps the path's variables to their percent-decoded values. `queries` maps each query
    parameter to all its values, `query` to the last one. `resource` is the pattern of the route,
    such as `/campaigns/{campaignId}/orders`. `run` is the run of a write with an idempotency key.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    queries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    method: str = ""
    resource: str = ""
    read_body: Callable[[], bytes] = bytes
    run: Run | None = None

    @cached_property
    def body(self) -> bytes:
        """Return the decoded and inflated body. Raises BodyRefusedError.

        The body is read at the first access, so that a request can be rejected by its headers
        alone.
        """
        return self.read_body()

    @property
    def body_if_read(self) -> bytes:
        """Return the body if it was read before, else b""."""
        body: bytes = vars(self).get("body", b"")
        return body

    @property
    def authorization(self) -> tuple[str, str]:
        """Return the scheme of the Authorization header in lower case, and what follows it."""
        scheme, *value = self.headers.get("authorization", "").split(maxsplit=1) or [""]
        return scheme.lower(), "".join(value).strip()

    @property
    def bearer_token(self) -> str | None:
        """Return the token of an `Authorization: Bearer` header, None without one."""
        scheme, token = self.authorization
        return token or None if scheme == "bearer" else None

    @property
    def bearer_fault(self) -> str | None:
        """Return how an Authorization header without a Bearer token must read, else None.

        The message does not quote the header, because it may hold a token.
        """
        scheme, value = self.authorization
        if not scheme or self.bearer_token:
            return None
        if scheme == "bearer":
            got = "no token"
        else:
            got = "another scheme" if value else "a value without the scheme `Bearer`"
        return f"The header Authorization must be `Bearer <token>`; got {got}"

    @property
    def media_type(self) -> str:
        """Return the media type of the Content-Type in lower case, "" without one."""
        return _media_type(self.headers.get("content-type", ""))

    @property
    def charset(self) -> str | None:
        """Return the charset of the Content-Type in lower case, None without one."""
        charset = _parameters(self.headers.get("content-type", "")).get("charset")
        return charset.lower() if charset else None

    @property
    def accepts_gzip(self) -> bool:
        """Return whether the answer may be compressed.

        API Gateway decodes the base64 of a compressed body only for clients that send Accept.
        """
        codings = by_preference(self.headers.get("accept-encoding", ""))
        return "gzip" in codings and "accept" in self.headers


def by_preference(accept: str) -> list[str]:
    """Return the names of an Accept or Accept-Encoding header in lower case, by falling weight.

    Names of weight 0 or of an invalid weight are left out (RFC 9110, 12.4.2). Names of equal
    weight keep their order.
    """
    weighted = [(_weight(each), _media_type(each)) for each in parse_http_list(accept)]
    ranked = sorted(weighted, key=lambda pair: -pair[0])
    return [name for weight, name in ranked if weight > 0 and name]


def _weight(value: str) -> float:
    try:
        return float(_parameters(value).get("q", 1))
    except ValueError:
        return 0.0


def _media_type(value: str) -> str:
    return value.partition(";")[0].strip().lower()


def _parameters(value: str) -> dict[str, str]:
    """Return the parameters of a header's value by their names in lower case."""
    message = Message()
    # The parser fails on a lone surrogate, and a valid header is ASCII.
    message["content-type"] = value.encode("ascii", "replace").decode()
    found = message.get_params(failobj=[])[1:]
    return {name.strip().lower(): text for name, text in found if isinstance(text, str)}


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer; the body is UTF-8, unless the headers have a Content-Encoding."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """Return a copy of the answer with these headers added."""
        return replace(self, headers={**self.headers, **headers})


def sent_size(part: bytes) -> int:
    """Return the size of a part of a body as Lambda returns it.

    The body is a JSON string there, in which quotes and backslashes are escaped.
    """
    return len(part) + part.count(b'"') + part.count(b"\\")


def fits_answer(*parts: bytes) -> bool:
    """Return whether one answer can hold these parts of a body."""
    return sum(map(sent_size, parts)) <= MAX_ANSWER_BYTES


def answer_room(body: bytes, orders: int) -> int:
    """Return how many bytes an answer about these orders of a body may have."""
    return max(LEAST_ROOM_BYTES, 10 * len(body)) + 250 * orders


def gzipped(answer: HttpAnswer) -> HttpAnswer | None:
    """Return the answer with a compressed body, None if that is too large as well."""
    if len(answer.body) > MAX_GZIPPED_BYTES:
        return None
    body = gzip.compress(answer.body, compresslevel=5, mtime=0)
    # The body becomes base64, which is a third longer.
    if len(body) * 4 // 3 > MAX_ANSWER_BYTES:
        return None
    coding = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return replace(answer, body=body).with_headers(coding)


@dataclass(frozen=True, slots=True)
class EndpointResult:
    """An answer, and what the log records of it: the report of a write, or the error.

    `is_preview` says that nothing was written.
    """

    answer: HttpAnswer
    report: ChangeReport[Any] | ImportReport | StatusesReport | UndoReport | None = None
    error: Exception | None = None
    catalogue: CatalogueReport | None = None
    is_preview: bool = False

    def as_preview(self, headers: Mapping[str, str]) -> Self:
        """Return the result of a preview, with these headers added."""
        return replace(self.with_headers(headers), is_preview=True)

    @property
    def is_retryable(self) -> bool:
        """Return whether the same request may get a better answer later."""
        reports = (self.report, self.catalogue)
        is_partial = any(each is not None and each.is_retryable for each in reports)
        return is_partial or "Retry-After" in self.answer.headers

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """Return a copy of the result with these headers added."""
        return replace(self, answer=self.answer.with_headers(headers))


# Returns the answer to a request, or raises an error for which its protocol has an answer.
type Endpoint = Callable[[HttpRequest, Deadline], EndpointResult]


def only_reads[T: Callable[..., Any]](endpoint: T) -> T:
    """Mark an endpoint, or a class of endpoints, that writes nothing whatever its method is.

    Every other endpoint that is not for GET counts as a write.
    """
    endpoint.only_reads = True  # type: ignore[attr-defined]
    return endpoint


def is_read(endpoint: Endpoint) -> bool:
    """Return whether an endpoint is marked as a read."""
    return getattr(endpoint, "only_reads", False) is True


class WrappedError(Exception):
    """An error with details of its answer that are known only where it was raised."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class MethodNotAllowedError(Exception):
    """The path exists, but not with this method. `allowed` are the methods that it has.

    The message is written for clients.
    """

    def __init__(self, method: str, allowed: Sequence[str]) -> None:
        super().__init__(f"The method must be {' or '.join(allowed)}; got {method}")
        self.method = method
        self.allowed = allowed


class BodyRefusedError(Exception):
    """The body cannot be read. `status` is the HTTP status of the answer: 400, 413 or 415."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
