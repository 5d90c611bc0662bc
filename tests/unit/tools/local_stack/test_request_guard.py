"""The embedded AWS accepts requests of programs and of its own pages, and of nobody else."""

from typing import Any

import pytest

from tools.local_stack.request_guard import guarded, refusal

PORT = 4566
HOST = (b"host", b"127.0.0.1:4566")
OWN = b"http://127.0.0.1:4566"

type Message = dict[str, Any]


def headers(**sent: bytes) -> list[tuple[bytes, bytes]]:
    return [HOST, *((name.replace("_", "-").encode(), value) for name, value in sent.items())]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4566",
        "localhost:4566",
        "LocalHost:4566",
        "[::1]:4566",
        "host.docker.internal:4566",
    ],
)
def test_the_names_of_this_machine_are_accepted(host: str) -> None:
    assert refusal([(b"host", host.encode())], PORT) is None


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example:4566", "evil.example", "127.0.0.1.evil.example:4566"),
        *("localhost.evil.example:4566", "bucket.localhost:4566", "localhost.:4566"),
        *("127.0.0.1", "127.0.0.1:80", "127.0.0.1:45660", "127.0.0.1:", "127.0.0.2:4566"),
        *("0.0.0.0:4566", "[::]:4566", "user@localhost:4566", "localhost:4566,evil.example", ""),
        "sqs.us-east-1.amazonaws.com",
    ],
)
def test_every_other_host_is_rejected(host: str) -> None:
    reason = refusal([(b"host", host.encode())], PORT)
    assert reason is not None
    assert reason.startswith("`Host` must be one of 127.0.0.1:4566, localhost:4566, [::1]:4566, ")


def test_a_request_without_a_host_or_with_two_is_rejected() -> None:
    assert refusal([], PORT)
    assert refusal([HOST, HOST], PORT)
    assert refusal([HOST, (b"Host", b"evil.example")], PORT)


def test_the_default_port_may_be_left_out() -> None:
    assert refusal([(b"host", b"localhost")], 80) is None
    assert refusal([(b"host", b"localhost:80")], 80) is None


def test_pages_of_the_stack_and_programs_are_accepted() -> None:
    assert refusal(headers(), PORT) is None
    assert refusal(headers(origin=OWN, sec_fetch_site=b"same-origin"), PORT) is None
    assert refusal(headers(sec_fetch_site=b"none"), PORT) is None


@pytest.mark.parametrize(
    "origin",
    [
        *(b"null", b"", b"http://evil.example", b"http://evil.example:4566"),
        *(b"https://127.0.0.1:4566", b"http://127.0.0.1", b"http://127.0.0.1:3000"),
        *(b"http://localhost:4566", b"http://127.0.0.1:4566.evil.example", b"\xff"),
        b"chrome-extension://abcdefgh",
    ],
)
def test_every_other_origin_is_rejected(origin: bytes) -> None:
    reason = refusal(headers(origin=origin), PORT)
    assert reason is not None
    assert reason.startswith("`Origin` must be http://127.0.0.1:4566 or absent; got ")


def test_a_second_origin_is_rejected() -> None:
    assert refusal([HOST, (b"origin", OWN), (b"Origin", b"http://evil.example")], PORT)


@pytest.mark.parametrize("site", [b"cross-site", b"same-site", b""])
def test_a_request_of_another_site_without_an_origin_is_rejected(site: bytes) -> None:
    reason = refusal(headers(sec_fetch_site=site), PORT)
    assert reason is not None
    assert reason.startswith("`Sec-Fetch-Site` must be same-origin, none or absent; got ")


def test_a_long_value_is_shown_in_part() -> None:
    reason = refusal(headers(origin=b"x" * 10_000), PORT)
    assert reason is not None
    assert len(reason) < 300


def ask(kind: str, *sent: tuple[bytes, bytes]) -> list[Message]:
    """Send a request to a guarded application that permits every origin; return its answer."""
    answered: list[Message] = []

    async def application(scope: Message, _receive: object, send: Any) -> None:  # noqa: ANN401
        if scope["type"] == "http":
            permits = [(b"Access-Control-Allow-Origin", b"*"), (b"x-amzn-requestid", b"1")]
            await send({"type": "http.response.start", "status": 200, "headers": permits})
        await send({"type": f"{scope['type']}.done"})

    async def receive() -> Message:
        raise AssertionError("the guard must not read the body")

    async def send(message: Message) -> None:
        answered.append(message)

    call: Any = guarded(application, PORT)({"type": kind, "headers": [*sent]}, receive, send)
    # Nothing here waits, so the call ends at once and needs no event loop.
    with pytest.raises(StopIteration):
        call.send(None)
    return answered


def test_answers_permit_no_other_origin_to_read_them() -> None:
    start, _ = ask("http", HOST)
    assert (start["status"], start["headers"]) == (200, [(b"x-amzn-requestid", b"1")])


def test_a_rejected_request_does_not_reach_the_emulator() -> None:
    start, body = ask("http", HOST, (b"origin", b"null"))
    assert start["status"] == 403
    assert not [name for name, _ in start["headers"] if name.startswith(b"access-control")]
    assert b"`Origin` must be" in body["body"]


def test_a_web_socket_of_a_page_is_closed_before_it_opens() -> None:
    assert ask("websocket", HOST, (b"origin", b"http://evil.example")) == [
        {"type": "websocket.close", "code": 1008}
    ]
    assert ask("websocket", HOST) == [{"type": "websocket.done"}]


def test_the_start_of_the_server_is_not_guarded() -> None:
    assert ask("lifespan") == [{"type": "lifespan.done"}]
