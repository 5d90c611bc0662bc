"""Connections of containers reach the embedded AWS."""

import socket
import threading

import pytest

from tools.local_stack.foreground import free_port
from tools.sam_local.errors import SamLocalError
from tools.sam_local.forwarder import forwarded

HOST = "127.0.0.1"


def answer_in_capitals(server: socket.socket) -> None:
    """Answer one connection, after it has sent everything."""
    connection, _address = server.accept()
    with connection:
        received = b"".join(iter(lambda: connection.recv(1000), b""))
        connection.sendall(received.upper())


def test_a_connection_is_forwarded_in_both_directions() -> None:
    port = free_port()
    with socket.create_server((HOST, 0)) as server:
        thread = threading.Thread(target=answer_in_capitals, args=(server,), daemon=True)
        thread.start()
        with (
            forwarded((HOST, port), server.getsockname()[1]),
            socket.create_connection((HOST, port), timeout=5) as client,
        ):
            client.sendall(b"x" * 100_000)
            client.shutdown(socket.SHUT_WR)
            received = b"".join(iter(lambda: client.recv(1000), b""))
        thread.join(5)
    assert received == b"X" * 100_000


def test_a_port_that_is_in_use_is_reported() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        with (
            pytest.raises(SamLocalError, match=f"Port {port} of {HOST}"),
            forwarded((HOST, port), port),
        ):
            pass
