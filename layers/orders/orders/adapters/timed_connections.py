"""HTTP connections that limit the time of a whole call, and read the trusted certificates once.

The timeouts of botocore and urllib3 limit each read from the socket alone, so an answer that
arrives in slow pieces takes as long as its sender likes. Here all steps of a call share one time:
connecting, sending, and reading the answer to its last byte. Only the resolution of the host's name
is outside of it, which no timeout of Python's reaches.

urllib3 reads the file of trusted certificates for each connection anew, though all connections of a
client share one context, which keeps them.
"""

from __future__ import annotations

import io
import socket
from functools import partial
from http.client import HTTPResponse
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family, create_connection

if TYPE_CHECKING:
    import ssl
    from collections.abc import Buffer

    from botocore.client import BaseClient


def limit_calls(client: BaseClient, seconds: float) -> None:
    """Let every call of a client end after so many seconds.

    A call that takes longer raises one of botocore's timeout or connection errors. An answer that
    is shorter than its Content-Length says raises ConnectionClosedError.
    """
    # Botocore has no option for its connections. Its pool managers all read this one mapping.
    pools = client._endpoint.http_session._pool_classes_by_scheme  # type: ignore[attr-defined]  # noqa: SLF001
    limits = {"call_seconds": seconds, "trusted": _Trusted()}
    for scheme, pool, connection in (
        ("http", AWSHTTPConnectionPool, _TimedHTTPConnection),
        ("https", AWSHTTPSConnectionPool, _TimedHTTPSConnection),
    ):
        pools[scheme] = type(
            f"Timed{pool.__name__}",
            (pool,),
            {"ConnectionCls": type(connection.__name__, (connection,), limits)},
        )


class _TimedConnection:
    """The part of a connection that knows when its call must end; a mixin before botocore's."""

    call_seconds = 0.0
    _ends_at: float | None = None

    # What botocore's and urllib3's classes provide.
    sock: socket.socket | None
    timeout: float
    host: str
    port: int
    response_class: Any

    def connect(self) -> None:
        self._start()
        super().connect()  # type: ignore[misc]

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        self._start()
        # Botocore does not ask for this: a truncated answer would be read as one without members.
        kwargs["enforce_content_length"] = True
        super().request(*args, **kwargs)  # type: ignore[misc]

    def send(self, data: Buffer) -> None:
        if self.sock is None:
            self.connect()
        if self.sock is not None:
            # Of sending all, unlike of reads, a timeout limits the whole.
            self.sock.settimeout(min(self.timeout, self._left()))
        super().send(data)  # type: ignore[misc]

    def getresponse(self) -> Any:  # noqa: ANN401 - urllib3's response
        ends_at, self._ends_at = self._ends_at, None
        # Another class is botocore's for an answer that it has begun to read already.
        if self.response_class is HTTPResponse:
            self.response_class = partial(_TimedResponse, ends_at=ends_at, timeout=self.timeout)
        return super().getresponse()  # type: ignore[misc]

    def close(self) -> None:
        self._ends_at = None
        super().close()  # type: ignore[misc]

    def _start(self) -> None:
        """Begin the time of a call, unless connecting has begun it."""
        if self._ends_at is None:
            self._ends_at = monotonic() + self.call_seconds

    def _left(self) -> float:
        return _seconds_until(self._ends_at)

    def _new_conn(self) -> socket.socket:
        """Connect to the first of the host's addresses that answers, as urllib3 does."""
        try:
            sock = self._connect_to_any()
            # The handshake of TLS follows.
            sock.settimeout(min(self.timeout, self._left()))
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]
        except TimeoutError as error:
            message = f"Connection to {self.host} timed out"
            raise ConnectTimeoutError(self, message) from error
        except OSError as error:
            message = f"Failed to establish a new connection: {error}"
            raise NewConnectionError(self, message) from error  # type: ignore[arg-type]
        return sock

    def _connect_to_any(self) -> socket.socket:
        host = self.host.strip("[]")
        fault = OSError("the host has no address")
        for *_, address in socket.getaddrinfo(
            host, self.port, allowed_gai_family(), socket.SOCK_STREAM
        ):
            try:
                return create_connection(
                    (str(address[0]), self.port),
                    min(self.timeout, self._left()),
                    socket_options=self.socket_options,  # type: ignore[attr-defined]
                )
            except OSError as error:
                fault = error
        raise fault


class _TimedHTTPConnection(_TimedConnection, AWSHTTPConnection):  # type: ignore[misc]
    pass


class _Trusted:
    """The files of trusted certificates that the contexts of a client have read."""

    def __init__(self) -> None:
        self._files: WeakKeyDictionary[ssl.SSLContext, str] = WeakKeyDictionary()
        self._lock = Lock()

    def read(self, context: ssl.SSLContext, file: str) -> None:
        """Let the context trust the certificates of the file."""
        with self._lock:
            if self._files.get(context) != file:
                context.load_verify_locations(file)
                self._files[context] = file


class _TimedHTTPSConnection(_TimedConnection, AWSHTTPSConnection):  # type: ignore[misc]
    trusted: _Trusted

    def connect(self) -> None:
        # Without a context, urllib3 makes one for each connection.
        if self.ca_certs and self.ssl_context is not None:
            self.trusted.read(self.ssl_context, self.ca_certs)
            self.ca_certs = None
        super().connect()


class _TimedResponse(HTTPResponse):
    """An answer whose head and body are read in the time that its call has left."""

    def __init__(
        self,
        sock: socket.socket,
        *args: Any,  # noqa: ANN401 - passed on
        ends_at: float | None,
        timeout: float,
        **kwargs: Any,  # noqa: ANN401 - passed on
    ) -> None:
        source = _TimedSource(sock, ends_at, timeout)
        super().__init__(source, *args, **kwargs)  # type: ignore[arg-type]


class _TimedSource(io.RawIOBase):
    """The bytes of a socket; each read waits for `timeout` seconds, and none beyond `ends_at`."""

    def __init__(self, sock: socket.socket, ends_at: float | None, timeout: float) -> None:
        super().__init__()
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._ends_at = ends_at
        self._timeout = timeout

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return the file that an answer is read from: all that it asks of a socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int | None:
        self._sock.settimeout(min(self._timeout, _seconds_until(self._ends_at)))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _seconds_until(ends_at: float | None) -> float:
    """Return the seconds that a call has left; raise TimeoutError if there are none."""
    left = 0.0 if ends_at is None else ends_at - monotonic()
    if left <= 0:
        raise TimeoutError("the time of the call is over")
    return left
