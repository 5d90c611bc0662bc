"""An HTTP server on loopback whose answers a test gives, and the hub's functions behind it."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.support.functions import Function
from tests.support.routes import functions_of_routes


@dataclass(frozen=True)
class Asked:
    """A request as the server received it. Header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Given:
    """An answer of the server."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


type Answer = Callable[[Asked], Given]


@contextmanager
def served(answer: Answer) -> Iterator[str]:
    """Serve answers on a free port of loopback; yield the base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            given = answer(Asked(self.command, self.path, headers, self.rfile.read(length)))
            self.send_response(given.status)
            for name, value in {"Content-Length": str(len(given.body)), **given.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(given.body)
            # A length that is not that of the body cuts the answer off.
            self.close_connection = "Content-Length" in given.headers

        def do_POST(self) -> None:
            self.do_GET()

        def do_PUT(self) -> None:
            self.do_GET()

        def do_DELETE(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is given
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def function_answers(function: Function) -> Answer:
    """Return the answers of a function, as API Gateway gives them."""
    resources = [
        (method, resource, resource.split("/"))
        for (method, resource), folder in functions_of_routes().items()
        if folder == function.folder
    ]

    def answer(asked: Asked) -> Given:
        parts = urlsplit(asked.target)
        steps = parts.path.split("/")
        for method, resource, names in resources:
            path = _variables(names, steps)
            if method == asked.method and path is not None:
                event = _event(asked, resource, path, parse_qs(parts.query))
                found = function.invoke(event)
                return Given(found["statusCode"], found["body"].encode(), found["headers"])
        return Given(404, b'{"code":"not_found","detail":"This path does not exist"}')

    return answer


def _variables(names: list[str], steps: list[str]) -> dict[str, str] | None:
    if len(names) != len(steps):
        return None
    pairs = list(zip(names, steps, strict=True))
    if any(name != step for name, step in pairs if not name.startswith("{")):
        return None
    return {name[1:-1]: step for name, step in pairs if name.startswith("{")}


def _event(
    asked: Asked, resource: str, path: dict[str, str], query: dict[str, list[str]]
) -> dict[str, object]:
    # The test server does not decode base64, so the answer must not be compressed.
    headers = {name: value for name, value in asked.headers.items() if name != "accept-encoding"}
    return {
        "resource": resource,
        "path": asked.target,
        "httpMethod": asked.method,
        "headers": headers,
        "pathParameters": path,
        "queryStringParameters": {name: values[-1] for name, values in query.items()},
        "multiValueQueryStringParameters": query,
        "requestContext": {"requestId": "request", "path": asked.target},
        "body": asked.body.decode(),
        "isBase64Encoded": False,
    }
