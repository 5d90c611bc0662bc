"""Rejects the requests that a web page of another site sends to the embedded AWS.

A browser on this machine reaches every port of it, for every page that it shows: without a check, a
page could create and invoke functions as the developer. This module runs in the emulator's own
Python environment and cannot import the project's packages.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

type Message = dict[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type Application = Callable[[Message, Receive, Send], Awaitable[None]]
type Header = tuple[bytes, bytes]

# The last name is that of this machine inside a Docker container, which `sam local` uses. The
# embedded AWS also knows virtual hosts, such as `{bucket}.localhost`, but nothing here needs them.
NAMES = ("127.0.0.1", "localhost", "[::1]", "host.docker.internal")
HTTP_PORT = 80
MAX_SHOWN = 100
# Browsers send this header with each request to this machine. `none` is an address that the
# developer entered.
OWN_SITES = frozenset({"same-origin", "none"})


def guarded(application: Application, port: int) -> Application:
    """Return an ASGI application that passes on only requests of programs and of its own pages.

    It answers every other request with 403, before anything reads its body. Its answers permit no
    other origin to read them.
    """

    async def guard(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await application(scope, receive, send)
        elif reason := refusal(scope["headers"], port):
            await _refuse(scope["type"], reason, send)
        else:
            await application(scope, receive, _without_cross_origin_access(send))

    return guard


def refusal(headers: Iterable[Header], port: int) -> str | None:
    """Return why a request is rejected, None if it is accepted."""
    sent = _grouped(headers)
    hosts = _hosts(port)
    host = sent.get("host", "").lower()
    if host not in hosts:
        # The page's own name leads to this machine (DNS rebinding).
        return f"`Host` must be one of {', '.join(hosts)}; got {_shown(host)}"
    own = f"http://{host}"
    if "origin" in sent and sent["origin"].lower() != own:
        return f"`Origin` must be {own} or absent; got {_shown(sent['origin'])}"
    # A page can send some requests without `Origin`, for example as the address of an image.
    site = sent.get("sec-fetch-site", "none")
    if site not in OWN_SITES:
        return (
            f"`Sec-Fetch-Site` must be same-origin, none or absent; got {_shown(site)}. "
            "Enter the address in the browser instead of following a link."
        )
    return None


def _hosts(port: int) -> tuple[str, ...]:
    with_port = tuple(f"{name}:{port}" for name in NAMES)
    # Clients leave out the default port.
    return (*with_port, *NAMES) if port == HTTP_PORT else with_port


def _grouped(headers: Iterable[Header]) -> Mapping[str, str]:
    """Return the headers by name. A duplicate is joined, and so equals no permitted value."""
    grouped: dict[str, str] = {}
    for name, value in headers:
        text, key = value.decode("latin-1").strip(), name.decode("latin-1").lower()
        grouped[key] = f"{grouped[key]}, {text}" if key in grouped else text
    return grouped


def _shown(value: str) -> str:
    return json.dumps(value[:MAX_SHOWN]) if value else "nothing"


async def _refuse(kind: str, reason: str, send: Send) -> None:
    if kind == "websocket":
        # The server answers a handshake that is closed in this way with 403.
        await send({"type": "websocket.close", "code": 1008})
        return
    body = json.dumps({"message": reason}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _without_cross_origin_access(send: Send) -> Send:
    """Remove the emulator's headers that let every origin read its answers."""

    async def send_without(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [
                (name, value)
                for name, value in message.get("headers", [])
                if not name.lower().startswith(b"access-control-")
            ]
            message = {**message, "headers": kept}
        await send(message)

    return send_without
