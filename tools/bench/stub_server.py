"""Runs the stubbed AWS as a server, for measurements in separate processes."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tools.bench.stubbed_aws import StubbedAws


@contextmanager
def serving(aws: StubbedAws, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Run the server inside the context, which yields its URL. With `tls`, it speaks HTTPS."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # The answer is sent as one packet: a second packet would wait 40 ms for the first one's
        # acknowledgement.
        wbufsize = -1

        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            body = aws.answer(operation, sent).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_parts: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        # The handshake is left to the thread of the connection.
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
