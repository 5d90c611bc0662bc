"""Uses a hub with a token, over HTTPS.

Requests are repeated if the hub does not answer, or answers that it is busy: a repetition of any of
them has the same result. Only a deletion is not: its repetition would find no order.
"""

import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from http.client import BadStatusLine
from ssl import SSLCertVerificationError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, Retry, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as HttpTimeoutError

from operator_cli.errors import UnavailableError, UsageError
from operator_cli.hub import HubAnswer, HubRequest
from orders.domain.problems import shown

# A function of the hub answers within 29 seconds.
TIMEOUT = Timeout(connect=5, read=35)
ATTEMPTS = 5
# The longest pause, even if the hub asks for a longer one.
LONGEST_PAUSE = 60
_PASSING = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_CLOSED = "the connection was closed before the answer was complete"
# The first class that fits says why: a class is behind those that are derived from it.
_REASONS: Mapping[type[BaseException], str] = {
    NameResolutionError: "the name of its host is unknown",
    NewConnectionError: "no connection to it can be made",
    ConnectTimeoutError: "the connection takes too long",
    HttpTimeoutError: "the answer takes too long",
    TimeoutError: "the answer takes too long",
    SSLError: "no secure connection to it can be made",
    ProtocolError: _CLOSED,
    ConnectionError: _CLOSED,
    DecodeError: "its answer cannot be decompressed",
}
_TOKEN = re.compile(r"[!-~]+", re.ASCII)


@dataclass(frozen=True)
class HubOverHttp:
    """The account of a token, at a base URL. Raises UsageError for an invalid URL or token."""

    base_url: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        """Check the URL and the token."""
        check_base_url(self.base_url)
        if _TOKEN.fullmatch(self.token) is None:
            raise UsageError("The token must be printable ASCII without spaces.")

    @property
    def name(self) -> str:
        """Return the base URL: the account is not known here."""
        return self.base_url.rstrip("/")

    @property
    def account(self) -> None:
        """The token decides which account it is."""

    def ids_of_orders(self, created: Mapping[str, tuple[str, ...]]) -> None:
        """Return None: the API returns whole orders."""
        del created

    def ask(self, request: HubRequest) -> HubAnswer:
        """Return the answer, after ATTEMPTS tries at most. Raises UnavailableError."""
        try:
            answer = self._pool.request(
                request.method,
                self._url_of(request),
                body=request.body or None,
                headers=self._headers_of(request),
                redirect=False,
            )
            body = answer.data
        except HTTPError as error:
            raise UnavailableError(
                f"{self.name} does not answer: {reason_of(error)}.", may_pass=True
            ) from error
        self._expect_hub(answer, body)
        return HubAnswer(answer.status, body, answer.headers.get("X-Request-Id"))

    def _headers_of(self, request: HubRequest) -> dict[str, str]:
        if request.key is None:
            return self._headers
        return {**self._headers, "Idempotency-Key": f'"{request.key}"'}

    def _url_of(self, request: HubRequest) -> str:
        path = {name: quote(value, safe="") for name, value in request.path.items()}
        query = urlencode(request.query, doseq=True, errors="replace")
        return self.name + request.resource.format(**path) + (f"?{query}" if query else "")

    def _expect_hub(self, answer: BaseHTTPResponse, body: bytes) -> None:
        """Raise UnavailableError if the answer is not that of the API, or says to try later."""
        if answer.status in _PASSING or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnavailableError(
                f"{self.name} is not available: it answers {answer.status}. Try again.",
                may_pass=True,
            )
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if not kind.endswith("json") or not body.lstrip().startswith(b"{"):
            raise UnavailableError(
                f"{self.name} is not the base URL of a hub: it answers {answer.status} "
                f"with {kind or 'no content type'}."
            )

    @cached_property
    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "Content-Type": "application/json",
            "User-Agent": "market-orders",
        }

    @cached_property
    def _pool(self) -> PoolManager:
        return pool_for(self.base_url, TIMEOUT, _PASSING)


def pool_for(url: str, timeout: Timeout, passing: Collection[int]) -> PoolManager:
    """Return the connections to a URL. Answers with a `passing` status are asked for again."""
    retries = Retry(
        total=ATTEMPTS - 1,
        backoff_factor=0.5,
        backoff_jitter=0.5,
        backoff_max=LONGEST_PAUSE,
        status_forcelist=passing,
        allowed_methods={"GET", "POST", "PUT"},
        raise_on_status=False,
        retry_after_max=LONGEST_PAUSE,
    )
    proxy = _proxy_of(url)
    if proxy is None:
        return PoolManager(timeout=timeout, retries=retries)
    return ProxyManager(proxy, timeout=timeout, retries=retries)


def check_base_url(url: str) -> None:
    """Raise UsageError unless this is the URL of a hub to which a token may be sent."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    is_url = host is not None and parts.scheme in {"http", "https"} and port != 0
    if not is_url or parts.query or parts.fragment or parts.username or " " in url:
        raise UsageError(
            f"The base URL must be a URL such as https://orders.example.com; got {shown(url)}."
        )
    if parts.scheme == "http" and not is_local(host or ""):
        raise UsageError(
            "The base URL must begin with https://, because a token is sent to it; "
            f"got {shown(url)}."
        )


def is_local(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _proxy_of(url: str) -> str | None:
    """Return the proxy that the environment names for a URL, None without one."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_local(host) or proxy_bypass(host):
        return None
    return getproxies().get(parts.scheme)


def reason_of(error: BaseException) -> str:
    """Return in plain English why a request had no answer, without the URL."""
    match error:
        case MaxRetryError(reason=Exception() as cause):
            return reason_of(cause)
        case ProxyError(original_error=cause):
            return f"the proxy failed: {reason_of(cause)}"
        case NewConnectionError(__cause__=ConnectionRefusedError()):
            return "it refuses the connection"
        case SSLError(args=(SSLCertVerificationError(verify_message=str(text)), *_)) if text:
            return f"its certificate is not valid: {text.rstrip('.')}"
        case ProtocolError(args=(_, BadStatusLine() as cause)):
            # A connection that was closed without an answer is such a line too.
            return _CLOSED if isinstance(cause, ConnectionError) else "its answer is not HTTP"
    found = (reason for kind, reason in _REASONS.items() if isinstance(error, kind))
    return next(found, "the request failed")
