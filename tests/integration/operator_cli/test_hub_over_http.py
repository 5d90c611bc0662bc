"""The adapter that calls the hub's API: retries, errors, and what it sends."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server, gaierror
from ssl import SSLCertVerificationError
from threading import Thread

import pytest
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from operator_cli import hub_over_http
from operator_cli.errors import UnavailableError, UsageError
from operator_cli.file_transfer import FileTransfer
from operator_cli.hub import HISTORY, ORDERS, RECONCILE, HubRequest
from operator_cli.hub_over_http import ATTEMPTS, HubOverHttp, check_base_url, reason_of
from operator_cli.hub_reads import HubReads
from tests.support.loopback_http import Asked, Given, served

LIST = HubRequest("GET", ORDERS, query={"status": ("new & paid", "ü"), "limit": ("2",)})
CLOSED = "the connection was closed before the answer was complete"
BUSY = {"Content-Type": "application/json", "Retry-After": "7"}


class Script:
    """Gives these answers, and the last one again and again."""

    def __init__(self, *answers: Given) -> None:
        self.answers = list(answers)
        self.asked: list[Asked] = []

    def __call__(self, asked: Asked) -> Given:
        self.asked.append(asked)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Do not wait between attempts; return how long the pauses would be."""
    found: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", found.append)
    return found


def test_a_request_has_its_query_its_path_and_the_token() -> None:
    script = Script(Given())
    with served(script) as url:
        hub = HubOverHttp(f"{url}/stage/", "secret")
        hub.ask(LIST)
        hub.ask(HubRequest("GET", HISTORY, {"order_id": "7"}))
        hub.ask(HubRequest("POST", RECONCILE, body=b'{"orders":[]}'))
    listed, history, compared = script.asked
    assert listed.target == "/stage/hub/v1/orders?status=new+%26+paid&status=%C3%BC&limit=2"
    assert listed.headers["authorization"] == "Bearer secret"
    assert history.target == "/stage/hub/v1/orders/7/history"
    assert (compared.method, compared.body) == ("POST", b'{"orders":[]}')
    assert compared.headers["content-type"] == "application/json"
    assert "secret" not in repr(hub) + hub.name


def test_a_compressed_answer_is_read() -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    with served(Script(Given(200, gzip.compress(b'{"a":1}'), headers))) as url:
        assert HubOverHttp(url, "secret").ask(LIST).body == b'{"a":1}'


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_busy_hub_is_asked_again_when_it_says(
    pauses: list[float], status: int, method: str
) -> None:
    script = Script(Given(status, b"{}", BUSY), Given(status, b"{}", BUSY), Given())
    with served(script) as url:
        answer = HubOverHttp(url, "secret").ask(HubRequest(method, RECONCILE))
    assert answer.status == 200
    assert len(script.asked) == 3
    assert pauses == [7, 7]


def test_a_hub_that_stays_busy_is_not_asked_forever(pauses: list[float]) -> None:
    script = Script(Given(503, b"{}", {**BUSY, "Retry-After": "86400"}))
    with served(script) as url, pytest.raises(UnavailableError, match="answers 503") as raised:
        HubOverHttp(url, "secret").ask(LIST)
    assert raised.value.may_pass
    assert len(script.asked) == ATTEMPTS
    assert max(pauses) <= hub_over_http.LONGEST_PAUSE


def test_a_hub_that_does_not_answer_may_answer_later(pauses: list[float]) -> None:
    with served(Script(Given())) as url:
        pass
    with pytest.raises(UnavailableError) as raised:
        HubOverHttp(url, "secret").ask(LIST)
    assert raised.value.may_pass
    assert str(raised.value) == f"{url} does not answer: it refuses the connection."
    assert 1 <= len(pauses) < ATTEMPTS


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"", CLOSED),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
            CLOSED,
        ),
        (b"hello\r\n\r\n", "its answer is not HTTP"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
            "its answer cannot be decompressed",
        ),
    ],
    ids=["closed", "cut off", "not HTTP", "not gzip"],
)
def test_a_broken_answer_is_described_in_plain_english(
    pauses: list[float], sent: bytes, reason: str
) -> None:
    with _answering(sent) as url, pytest.raises(UnavailableError) as raised:
        HubOverHttp(url, "secret").ask(HubRequest("DELETE", ORDERS))
    assert str(raised.value) == f"{url} does not answer: {reason}."
    assert pauses == []


def test_a_broken_link_is_described_in_plain_english(pauses: list[float], tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes(b"1")
    with served(Script(Given())) as url:
        pass
    part = {"url": f"{url}/secret", "offset": 0, "size": 1}
    reason = f"{url.removeprefix('http://')} does not answer: it refuses the connection."
    with pytest.raises(UnavailableError) as raised:
        FileTransfer().upload(file, [part], lambda _size: None)
    assert str(raised.value) == reason
    with pytest.raises(UnavailableError) as raised:
        FileTransfer().download(f"{url}/secret", 1, tmp_path / "result")
    assert str(raised.value) == reason
    assert pauses


POOL = HTTPConnectionPool("orders.example.com")
CONNECTION = HTTPConnection("orders.example.com")
EXPIRED = SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED]")
EXPIRED.verify_message = "certificate has expired"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NameResolutionError("x", CONNECTION, gaierror(-2)), "the name of its host is unknown"),
        (NewConnectionError(CONNECTION, "[Errno 101]"), "no connection to it can be made"),
        (ConnectTimeoutError(CONNECTION, "timed out"), "the connection takes too long"),
        (ReadTimeoutError(POOL, "/", "Read timed out."), "the answer takes too long"),
        (ProtocolError("Connection aborted.", ConnectionResetError(104)), CLOSED),
        (SSLError(EXPIRED), "its certificate is not valid: certificate has expired"),
        (SSLError("[SSL]"), "no secure connection to it can be made"),
        (ProxyError("no", OSError("403")), "the proxy failed: the request failed"),
        (HTTPError("('x', None)"), "the request failed"),
        (MaxRetryError(POOL, "/", None), "the request failed"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_failure_has_a_reason_in_plain_english(error: HTTPError, reason: str) -> None:
    assert reason_of(error) == reason
    assert reason_of(MaxRetryError(POOL, "/", error)) == reason


@contextmanager
def _answering(sent: bytes) -> Iterator[str]:
    """Serve one connection, which is answered with these bytes and closed."""
    with create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with server.accept()[0] as connected:
                connected.recv(65536)
                connected.sendall(sent)

        thread = Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_an_answer_that_is_cut_off_is_asked_for_again(pauses: list[float]) -> None:
    cut = Given(200, b"{}", {"Content-Type": "application/json", "Content-Length": "100"})
    with served(Script(cut, Given())) as url:
        assert HubOverHttp(url, "secret").ask(LIST).status == 200
    assert len(pauses) <= 1


@pytest.mark.parametrize(
    "given",
    [
        Given(200, b"<html>", {"Content-Type": "text/html"}),
        Given(404, b"not here", {"Content-Type": "text/plain"}),
        Given(200, b"[]"),
        Given(302, b"", {"Location": "http://127.0.0.1:9/"}),
    ],
    ids=["a web page", "text", "an array", "a redirection"],
)
def test_an_answer_of_something_else_is_reported(pauses: list[float], given: Given) -> None:
    with served(Script(given)) as url, pytest.raises(UnavailableError) as raised:
        HubOverHttp(url, "secret").ask(LIST)
    assert "is not the base URL of a hub" in str(raised.value)
    assert not raised.value.may_pass
    assert pauses == []


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (Given(401, b'{"detail":"The token is unknown"}'), "answers 401: The token is unknown."),
        (Given(403, b'{"message":"Forbidden"}'), "answers 403: Forbidden."),
        (Given(200, b'{"orders":'), "cannot be read"),
    ],
)
def test_a_rejection_will_not_pass(given: Given, text: str) -> None:
    with served(Script(given)) as url, pytest.raises(UnavailableError) as raised:
        HubReads(HubOverHttp(url, "secret")).order_named("A")
    assert text in str(raised.value)
    assert not raised.value.may_pass


def test_an_internal_error_may_pass() -> None:
    with served(Script(Given(500))) as url, pytest.raises(UnavailableError) as raised:
        HubOverHttp(url, "secret").ask(LIST)
    assert raised.value.may_pass


@pytest.mark.parametrize(
    "url",
    [
        "",
        "orders.example.com",
        "ftp://orders.example.com",
        "https://",
        "https://[",
        "https://x:y",
        "https://user@example.com",
        "https://example.com?x=1",
        "https://example.com/#x",
        "http://orders.example.com",
        "http://127.0.0.1.example.com",
    ],
)
def test_a_token_is_sent_only_to_a_safe_url(url: str) -> None:
    with pytest.raises(UsageError, match="The base URL must"):
        HubOverHttp(url, "secret")


@pytest.mark.parametrize(
    "url",
    [
        "https://orders.example.com/prod",
        "http://127.0.0.1:4566",
        "http://localhost",
        "http://[::1]:1",
    ],
)
def test_https_and_this_machine_are_safe(url: str) -> None:
    check_base_url(url)


@pytest.mark.parametrize("token", ["a b", "a\nb", "ü", ""])
def test_a_token_that_no_header_can_hold_is_rejected(token: str) -> None:
    with pytest.raises(UsageError, match="The token must be") as raised:
        HubOverHttp("https://example.com", token)
    assert token not in str(raised.value) or not token


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example.com:3128")
    monkeypatch.setenv("no_proxy", "inside.example.com")
    proxy_of = hub_over_http._proxy_of  # noqa: SLF001 - a connection would be needed otherwise
    assert proxy_of("https://orders.example.com") == "http://proxy.example.com:3128"
    assert proxy_of("https://inside.example.com") is None
    assert proxy_of("http://127.0.0.1") is None
