"""A call ends in time although each step of it does, against real sockets."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import DEFAULT_CA_BUNDLE
from botocore.session import Session

from orders.adapters import aws_clients, timed_connections
from orders.adapters.aws_clients import create_client
from orders.adapters.aws_faults import outcome_of
from orders.application.ports import WriteOutcome
from tests.support.slow_server import Serve, certificate, drip, read_request, serving

LIMIT = 0.5
# What a busy machine adds. Every answer here would take five seconds or more.
SLACK = 1.5
BODY = b'{"Item":{"pk":{"S":"%s"}}}' % (b"x" * 100)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)


@pytest.fixture(params=["http", "https"])
def tls(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ssl.SSLContext | None:
    if request.param == "http":
        return None
    context, authority = certificate(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority))
    return context


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr(aws_clients, "CALL_SECONDS", LIMIT)
    # The one session would keep the environment of its first client.
    monkeypatch.setattr(aws_clients, "_session", Session)


@contextmanager
def _client(
    serve: Serve, tls: ssl.SSLContext | None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Any, Any]]:
    with serving(serve, tls) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield create_client("dynamodb"), server


def _get(client: Any) -> Any:  # noqa: ANN401 - a client whose answers are its own
    return client.get_item(TableName="t", Key={"pk": {"S": "1"}})


@contextmanager
def _ending_in_time() -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < LIMIT + SLACK


def _answering(text: bytes, *, at_once: int) -> Serve:
    """Send `at_once` bytes of an answer, and the rest byte for byte."""

    def serve(connection: socket.socket) -> None:
        while read_request(connection):
            connection.sendall(text[:at_once])
            drip(connection, text[at_once:], 0.05)

    return serve


@pytest.mark.parametrize(
    ("text", "at_once"),
    [
        pytest.param(WHOLE, 0, id="head"),
        pytest.param(WHOLE, len(WHOLE) - len(BODY), id="body"),
        pytest.param(CHUNKED, len(HEAD) + 28, id="chunks"),
    ],
)
def test_an_answer_in_slow_pieces_ends_in_time(
    text: bytes, at_once: int, tls: ssl.SSLContext | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _client(_answering(text, at_once=at_once), tls, monkeypatch) as (client, _):
        with _ending_in_time(), pytest.raises(ReadTimeoutError) as raised:
            _get(client)
        # The call may have had its effect.
        assert outcome_of(raised.value) is WriteOutcome.UNKNOWN


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("events", "put_events", {"Entries": [{"Source": "s", "Detail": "{}"}]}),
        ("sqs", "send_message", {"QueueUrl": "https://queue", "MessageBody": "m"}),
    ],
)
def test_every_client_has_the_limit(
    service: Any,  # noqa: ANN401 - one of the literals
    operation: str,
    arguments: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(_answering(WHOLE, at_once=0)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        client = create_client(service)
        with _ending_in_time(), pytest.raises(ReadTimeoutError):
            getattr(client, operation)(**arguments)


def test_a_request_that_is_read_slowly_ends_in_time(
    tls: ssl.SSLContext | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Event()

    def serve(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        while connection.recv(16_384) and not ended.wait(0.02):
            pass

    with _client(serve, tls, monkeypatch) as (client, _):
        with _ending_in_time(), pytest.raises(HTTPClientError):
            client.put_item(TableName="t", Item={"pk": {"S": "x" * 16_000_000}})
        # Reading what has already arrived would take seconds.
        ended.set()


def test_a_handshake_without_an_end_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(
        lambda connection: drip(connection, b"\x16\x03\x03\x40\x00" + bytes(99), 0.05)
    ) as (server):
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url.replace("http:", "https:"))
        client = create_client("dynamodb")
        with _ending_in_time(), pytest.raises((HTTPClientError, ConnectTimeoutError)):
            _get(client)


def test_each_call_on_a_connection_has_its_own_time(
    tls: ssl.SSLContext | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(connection: socket.socket) -> None:
        while read_request(connection):
            time.sleep(LIMIT * 0.6)
            connection.sendall(WHOLE)

    with _client(serve, tls, monkeypatch) as (client, server):
        for _ in range(3):
            assert _get(client)["Item"]["pk"]["S"] == "x" * 100
            # The time between calls is nobody's.
            time.sleep(LIMIT * 0.6)
        assert server.connections == 1


def test_all_connections_of_a_client_read_the_trusted_certificates_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, authority = certificate(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority))
    read: list[object] = []
    load = ssl.SSLContext.load_verify_locations

    def counting(self: ssl.SSLContext, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        read.append(arguments)
        load(self, *arguments, **named)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", counting)

    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(WHOLE)

    with _client(serve, context, monkeypatch) as (client, server):
        for _ in range(3):
            assert _get(client)["Item"]
        assert (server.connections, read) == (3, [(str(authority),)])


def test_a_certificate_of_another_authority_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, _ = certificate(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", DEFAULT_CA_BUNDLE)
    with (
        _client(_answering(WHOLE, at_once=len(WHOLE)), context, monkeypatch) as (client, _),
        pytest.raises(SSLError),
    ):
        _get(client)


def test_a_call_after_one_that_failed_has_its_own_time(
    tls: ssl.SSLContext | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = iter([True])

    def serve(connection: socket.socket) -> None:
        while read_request(connection):
            drip(connection, WHOLE, 0.05 if next(slow, False) else 0)

    with _client(serve, tls, monkeypatch) as (client, server):
        with pytest.raises(ReadTimeoutError):
            _get(client)
        assert _get(client)["Item"]
        assert server.connections == 2


def test_large_requests_and_answers_come_through_whole(
    tls: ssl.SSLContext | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b'{"Item":{"pk":{"S":"%s"}}}' % (b"y" * 3_000_000)
    seen: list[int] = []

    def serve(connection: socket.socket) -> None:
        while request := read_request(connection):
            seen.append(len(request))
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    monkeypatch.setattr(aws_clients, "CALL_SECONDS", 20)
    with _client(serve, tls, monkeypatch) as (client, _):
        for _ in range(2):
            client.put_item(TableName="t", Item={"pk": {"S": "x" * 1_000_000}})
            assert len(_get(client)["Item"]["pk"]["S"]) == 3_000_000


@pytest.mark.parametrize("text", [WHOLE, CHUNKED], ids=["length", "chunks"])
def test_a_truncated_answer_is_a_lost_one(
    text: bytes, tls: ssl.SSLContext | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(text[:-20])

    with _client(serve, tls, monkeypatch) as (client, _):
        with pytest.raises(ConnectionClosedError) as raised:
            _get(client)
        assert outcome_of(raised.value) is WriteOutcome.UNKNOWN


def _addresses(monkeypatch: pytest.MonkeyPatch, *hosts: str) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 0)) for host in hosts]
    real = socket.getaddrinfo

    def resolve(host: str, *rest: Any, **named: Any) -> Any:  # noqa: ANN401 - passed on
        return found if host == "many.test" else real(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_an_address_that_refuses_leads_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(_answering(WHOLE, at_once=len(WHOLE))) as server:
        _addresses(monkeypatch, "127.0.0.2", "127.0.0.1")
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url.replace("127.0.0.1", "many.test"))
        assert _get(create_client("dynamodb"))["Item"]


def test_many_addresses_without_an_answer_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def wait(_address: object, timeout: float, **_rest: object) -> None:
        time.sleep(timeout)
        raise TimeoutError

    _addresses(monkeypatch, *(f"127.0.0.{n}" for n in range(2, 12)))
    monkeypatch.setattr(timed_connections, "create_connection", wait)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://many.test:1")
    client = create_client("dynamodb")
    with _ending_in_time(), pytest.raises(ConnectTimeoutError) as raised:
        _get(client)
    assert outcome_of(raised.value) is WriteOutcome.UNTRIED


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["127.0.0.1:1", "nowhere.invalid"])
def test_what_is_not_there_was_not_reached(
    host: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"{scheme}://{host}")
    with pytest.raises(EndpointConnectionError) as raised:
        _get(create_client("dynamodb"))
    assert outcome_of(raised.value) is WriteOutcome.UNTRIED
