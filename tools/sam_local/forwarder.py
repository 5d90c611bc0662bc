"""Leads containers to the embedded AWS, which listens only on the loopback address."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator

from tools.local_stack.settings import HOST
from tools.sam_local.errors import SamLocalError

CHUNK = 65_536


@contextlib.contextmanager
def forwarded(address: tuple[str, int], own_port: int) -> Iterator[None]:
    """Forward each connection to an address and port to a port of the loopback address.

    Raises SamLocalError if the address cannot be used.
    """

    class Connection(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((HOST, own_port)) as own:
                sending = threading.Thread(target=_copy, args=(self.request, own), daemon=True)
                sending.start()
                _copy(own, self.request)
                sending.join()

    try:
        server = _Server(address, Connection)
    except OSError as error:
        raise SamLocalError(
            f"Port {address[1]} of {address[0]}, this machine's address for containers, cannot be "
            f"used ({error})."
        ) from error
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Copy everything until the source ends, then end the target's side too."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(CHUNK):
            target.sendall(chunk)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
