"""A bucket of S3 in a folder, below botocore's HTTP layer. Several processes may use it."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

BUCKET = "import-files"
# Nothing is sent to it. It makes the hub write the name of the bucket into the path.
ENDPOINT = "http://bucket.invalid"
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")
_CHUNKS = "/chunks/"


class _Content(io.BytesIO):
    """The body of an answer, as botocore reads it."""

    def stream(self, **_rest: object) -> Iterator[bytes]:
        yield self.read()


@dataclass(frozen=True, slots=True)
class FolderBucket:
    """Answers the calls of a client of S3 that import jobs make.

    If it drops chunks, a file can be split without the space for a second one.
    """

    folder: Path
    drops_chunks: bool = False

    def path(self, key: str) -> Path:
        """Return the path of an object."""
        return self.folder / key

    @contextmanager
    def answering(self, client: Any) -> Iterator[None]:  # noqa: ANN401 - boto3 creates its class at run time
        """Answer every call of a client inside the context."""

        def answer(request: Any, **_rest: object) -> Any:  # noqa: ANN401 - botocore's
            return self._answer(request)

        client.meta.events.register("before-send.s3", answer)
        try:
            yield
        finally:
            client.meta.events.unregister("before-send.s3", answer)

    def _answer(self, request: Any) -> AWSResponse:  # noqa: ANN401 - botocore's
        url = urlsplit(request.url)
        key = unquote(url.path).removeprefix(f"/{BUCKET}/")
        query = parse_qs(url.query, keep_blank_values=True)
        path = self.path(key)
        if request.method in {"GET", "HEAD"}:
            return _read(path, request.headers.get("Range"), is_head=request.method == "HEAD")
        if request.method == "PUT" and "uploadId" in query:
            return _append(self.path(query["uploadId"][0]), _sent(request.body))
        if request.method == "PUT":
            is_dropped = self.drops_chunks and _CHUNKS in key
            must_be_new = "If-None-Match" in request.headers
            return _OK if is_dropped else _put(path, _sent(request.body), must_be_new=must_be_new)
        if request.method == "POST" and "uploads" in query:
            return _response(f"<R><UploadId>{uuid4().hex}</UploadId></R>".encode())
        if request.method == "POST" and "uploadId" in query:
            self.path(query["uploadId"][0]).rename(path)
            return _response(b"<R><ETag>tag</ETag></R>")
        raise ValueError(f"The bucket does not know {request.method} {url.path}?{url.query}")


def _sent(body: Any) -> bytes:  # noqa: ANN401 - botocore may have made a stream of it
    sent: bytes = body.read() if hasattr(body, "read") else body or b""
    return sent


def _read(path: Path, wanted: str | bytes | None, *, is_head: bool) -> AWSResponse:
    if not path.exists():
        return _refusal(HTTPStatus.NOT_FOUND, "NoSuchKey")
    size = path.stat().st_size
    if is_head:
        return _response(b"", size=size)
    text = wanted.decode() if isinstance(wanted, bytes) else wanted
    found = _RANGE.fullmatch(text or "")
    first, last = (int(found[1]), int(found[2])) if found else (0, size - 1)
    with path.open("rb") as file:
        file.seek(first)
        return _response(file.read(last - first + 1))


def _put(path: Path, body: bytes, *, must_be_new: bool) -> AWSResponse:
    if must_be_new and path.exists():
        return _refusal(HTTPStatus.PRECONDITION_FAILED, "PreconditionFailed")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return _OK


def _append(path: Path, body: bytes) -> AWSResponse:
    """Append a part: the hub sends the parts of a result file one after another."""
    with path.open("ab") as file:
        file.write(body)
    return _OK


def _refusal(status: HTTPStatus, code: str) -> AWSResponse:
    return _response(f"<Error><Code>{code}</Code></Error>".encode(), status)


def _response(
    content: bytes, status: HTTPStatus = HTTPStatus.OK, size: int | None = None
) -> AWSResponse:
    headers = HTTPHeaders()
    headers["content-length"] = str(len(content) if size is None else size)
    headers["etag"] = '"tag"'
    return AWSResponse(ENDPOINT, status, headers, _Content(content))


_OK = _response(b"")
