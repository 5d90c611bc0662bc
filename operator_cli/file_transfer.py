"""Sends the parts of a file by links, and gets files by links. No token is sent with them."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import HTTPError

from operator_cli.errors import OperatorError, UnavailableError, UsageError
from operator_cli.hub_over_http import ATTEMPTS, is_local, pool_for, reason_of

PARALLEL_PARTS = 4
# A slow line must be able to send or receive one block in this time.
TIMEOUT = Timeout(connect=30, read=60)
BLOCK = 64 * 1024
_PASSING = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)

type Part = Mapping[str, Any]


class LinkExpiredError(OperatorError):
    """A link is not valid any more. A new one can be asked for."""


class UploadGoneError(OperatorError):
    """The upload does not exist any more."""


class _StoppedError(Exception):
    """Another part failed, or the command was interrupted."""


class _Body(BytesIO):
    """The bytes of a part. Reading more of them raises _StoppedError after a stop."""

    def __init__(self, data: bytes, stop: threading.Event) -> None:
        super().__init__(data)
        self._size = len(data)
        self._stop = stop

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes."""
        if self._stop.is_set() and self.tell() < self._size:
            raise _StoppedError
        return super().read(size)


@dataclass(frozen=True, slots=True)
class FileTransfer:
    """Uses the links of a hub. Every method raises UnavailableError and LinkExpiredError."""

    _pools: dict[str, PoolManager] = field(default_factory=dict)

    def upload(self, file: Path, parts: Sequence[Part], sent: Callable[[int], None]) -> None:
        """Send parts of a file, several at a time. `sent` takes the size of each that arrived.

        Raises UploadGoneError, and UsageError if the file became shorter.
        """
        stop = threading.Event()
        executor = ThreadPoolExecutor(PARALLEL_PARTS)
        try:
            for part in parts:
                self._pool_of(part["url"])
            futures: list[Future[None]] = [
                executor.submit(self._send, file, part, stop, sent) for part in parts
            ]
            ended, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for each in ended:
                each.result()
        finally:
            stop.set()
            executor.shutdown(cancel_futures=True)

    def download(self, url: str, size: int, path: Path) -> None:
        """Write the content of a link to a file that does not exist yet."""
        done = 0
        with path.open("xb") as opened:
            for attempt in range(ATTEMPTS):
                try:
                    for block in self._blocks(url, done):
                        opened.write(block)
                        done += len(block)
                except HTTPError as error:
                    if attempt == ATTEMPTS - 1:
                        raise _no_answer(url, error) from error
                if done >= size:
                    return
        raise UnavailableError(f"{_host(url)} sent {done} of {size} bytes.", may_pass=True)

    def _send(
        self, file: Path, part: Part, stop: threading.Event, sent: Callable[[int], None]
    ) -> None:
        if stop.is_set():
            return
        with file.open("rb") as opened:
            opened.seek(part["offset"])
            data = opened.read(part["size"])
        if len(data) != part["size"]:
            raise UsageError(f"{file} was changed while it was uploaded.")
        url = part["url"]
        with self._answered(url):
            answer = self._pool_of(url).request(
                "PUT",
                url,
                body=_Body(data, stop),
                headers={"Content-Length": str(len(data))},
                redirect=False,
            )
        _expect_success(url, answer)
        sent(len(data))

    def _blocks(self, url: str, done: int) -> Iterator[bytes]:
        """Yield what follows after `done` bytes. Raises HTTPError if the connection is lost."""
        headers = {"Accept-Encoding": "identity"}
        if done:
            headers["Range"] = f"bytes={done}-"
        answer = self._pool_of(url).request(
            "GET", url, headers=headers, redirect=False, preload_content=False
        )
        try:
            _expect_success(url, answer)
            if done and answer.status != HTTPStatus.PARTIAL_CONTENT:
                answer.read(done)
            yield from answer.stream(BLOCK, decode_content=False)
        finally:
            answer.release_conn()

    @contextmanager
    def _answered(self, url: str) -> Iterator[None]:
        try:
            yield
        except HTTPError as error:
            raise _no_answer(url, error) from error

    def _pool_of(self, url: str) -> PoolManager:
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.netloc}"
        if place not in self._pools:
            if parts.scheme != "https" and not is_local(parts.hostname or ""):
                raise UnavailableError(f"The hub's link to {parts.hostname} is not https.")
            pool = pool_for(place, TIMEOUT, _PASSING)
            pool.connection_pool_kw |= {"maxsize": PARALLEL_PARTS, "blocksize": BLOCK}
            self._pools[place] = pool
        return self._pools[place]


def _expect_success(url: str, answer: BaseHTTPResponse) -> None:
    match answer.status:
        case HTTPStatus.OK | HTTPStatus.NO_CONTENT | HTTPStatus.PARTIAL_CONTENT:
            return
        case HTTPStatus.FORBIDDEN:
            raise LinkExpiredError(f"A link of the hub to {_host(url)} has expired.")
        case HTTPStatus.NOT_FOUND:
            raise UploadGoneError(f"What a link of the hub to {_host(url)} names does not exist.")
        case status:
            raise UnavailableError(f"{_host(url)} answers {status}.", may_pass=True)


def _no_answer(url: str, error: HTTPError) -> UnavailableError:
    # A link is a secret: only its host is shown.
    return UnavailableError(f"{_host(url)} does not answer: {reason_of(error)}.", may_pass=True)


def _host(url: str) -> str:
    return urlsplit(url).netloc
