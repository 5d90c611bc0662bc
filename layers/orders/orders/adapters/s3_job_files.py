"""The files of import jobs in S3.

Everything of a job is below one prefix of its account. Objects are written whole, so a call that is
repeated after a lost answer does no harm.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, BinaryIO

from botocore.exceptions import ClientError

from orders.adapters.aws_clients import CALL_SECONDS, S3_SECONDS
from orders.adapters.aws_faults import TRANSPORT_FAULTS, call_patiently, code_of
from orders.adapters.job_documents import (
    manifest_line,
    read_chunk,
    read_frame,
    read_result,
    write_chunk,
    write_frame,
    write_result,
)
from orders.adapters.parallel_calls import some_ahead
from orders.application.deadlines import EarlierDeadline, NoDeadline
from orders.application.errors import StorageRefusedError
from orders.application.import_job_ports import (
    LINK_LIFETIME,
    Chunk,
    Part,
    ResultFile,
    ResultLink,
)
from orders.application.ports import Deadline, Pause
from orders.application.retries import pause_with_jitter
from orders.domain.file_records import Frame
from orders.domain.import_jobs import (
    MAX_PARTS,
    PART_BYTES,
    ChunkResult,
    FileInfo,
    Job,
    Upload,
)

if TYPE_CHECKING:
    from collections.abc import Buffer

    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

_log = logging.getLogger(__name__)

_MB = 1024 * 1024
# A file is read in ranges of this size: one call takes little time, and is repeated if it fails.
RANGE_BYTES = 8 * _MB
_LINK_SECONDS = int(LINK_LIFETIME.total_seconds())
# Chunks have at most about 1 MB, so so many take little memory.
_THREADS = 8
_AHEAD = 16
_NO_UPLOAD = "NoSuchUpload"
_MISSING = frozenset({"NoSuchKey", "404"})
_EXISTS_ALREADY = "PreconditionFailed"


@dataclass(slots=True)
class S3JobFiles:
    """Implements JobFiles with a bucket."""

    client: S3Client
    bucket: str
    pause: Pause = pause_with_jitter
    deadline: Deadline = field(default_factory=NoDeadline)

    def within(self, deadline: Deadline) -> S3JobFiles:
        """Return the files with a deadline. It leaves time for one call to AWS, and S3 has more."""
        return replace(self, deadline=EarlierDeadline(deadline, S3_SECONDS - CALL_SECONDS))

    # The upload

    def begin_upload(self, account: str, job_id: str, file: FileInfo) -> Upload:
        """Begin a multipart upload. One whose answer is lost expires by the bucket's lifecycle."""
        key = _file_key(account, job_id)
        answer = self._call(
            lambda: self.client.create_multipart_upload(Bucket=self.bucket, Key=key)
        )
        return Upload(answer["UploadId"], part_bytes_of(file.size))

    def parts(self, account: str, job_id: str, file: FileInfo, upload: Upload) -> Sequence[Part]:
        """List the uploaded parts, and sign links to the others."""
        uploaded = self._uploaded(account, job_id, upload)
        found = []
        for number, offset, size in _plan(file, upload):
            is_there = uploaded is None or (number in uploaded and uploaded[number].size == size)
            url = None if is_there else self._part_link(account, job_id, upload, number)
            found.append(Part(number, offset, size, url))
        return found

    def complete_upload(
        self, account: str, job_id: str, file: FileInfo, upload: Upload
    ) -> Sequence[int]:
        """Complete the multipart upload, if all parts have their sizes."""
        uploaded = self._uploaded(account, job_id, upload)
        if uploaded is None:
            return ()
        plan = _plan(file, upload)
        missing = [
            number
            for number, _, size in plan
            if number not in uploaded or uploaded[number].size != size
        ]
        if missing:
            return missing
        parts: list[CompletedPartTypeDef] = [
            {"PartNumber": number, "ETag": uploaded[number].tag} for number, _, _ in plan
        ]
        key = _file_key(account, job_id)
        try:
            self._call(
                lambda: self.client.complete_multipart_upload(
                    Bucket=self.bucket,
                    Key=key,
                    UploadId=upload.upload_id,
                    MultipartUpload={"Parts": parts},
                )
            )
        except StorageRefusedError as refusal:
            # An attempt whose answer was lost has completed it.
            if str(refusal) != _NO_UPLOAD or not self._exists(key):
                raise
        return ()

    def abort_upload(self, account: str, job_id: str, upload: Upload) -> None:
        """Abort the multipart upload, if it exists."""
        key = _file_key(account, job_id)
        try:
            self._call(
                lambda: self.client.abort_multipart_upload(
                    Bucket=self.bucket, Key=key, UploadId=upload.upload_id
                )
            )
        except StorageRefusedError as refusal:
            if str(refusal) != _NO_UPLOAD:
                raise

    def open_file(self, account: str, job_id: str) -> BinaryIO:
        """Return a stream that reads the object in ranges."""
        key = _file_key(account, job_id)
        head = self._call(lambda: self.client.head_object(Bucket=self.bucket, Key=key))
        tag = head["ETag"]

        def read(start: int, end: int) -> bytes:
            def get() -> bytes:
                answer = self.client.get_object(
                    Bucket=self.bucket, Key=key, Range=f"bytes={start}-{end - 1}", IfMatch=tag
                )
                return answer["Body"].read()

            return self._call(get)

        return BufferedReader(_Ranges(read, head["ContentLength"]))

    # What the splitting writes

    def save_frame(self, account: str, job_id: str, frame: Frame) -> None:
        """Put the frame."""
        self._put(_frame_key(account, job_id), write_frame(frame))

    def frame(self, account: str, job_id: str) -> Frame:
        """Get the frame."""
        return read_frame(self._get(_frame_key(account, job_id)))

    def save_chunks(self, account: str, job_id: str, chunks: Iterable[Chunk]) -> int:
        """Put the chunks, some at the same time."""

        def put(chunk: Chunk) -> None:
            self._put(_chunk_key(account, job_id, chunk.number), write_chunk(chunk))

        return sum(1 for _ in some_ahead(put, chunks, threads=_THREADS, ahead=_AHEAD))

    def save_manifest(self, account: str, job_id: str, run: int, chunks: int) -> str:
        """Put the list of chunks, as lines of JSON."""
        lines = (manifest_line(account, job_id, run, number) for number in range(chunks))
        key = manifest_key(account, job_id, run)
        self._put(key, b"".join(lines))
        return key

    # What the chunks read and write

    def chunk(self, account: str, job_id: str, number: int) -> Chunk:
        """Get a chunk."""
        return read_chunk(number, self._get(_chunk_key(account, job_id, number)))

    def add_result(self, account: str, job_id: str, run: int, result: ChunkResult) -> ChunkResult:
        """Put the result, unless there is one: then get that."""
        number = result.summary.number
        key = _result_key(account, job_id, run, number)
        data = write_result(result)
        try:
            self._call(
                lambda: self.client.put_object(
                    Bucket=self.bucket, Key=key, Body=data, IfNoneMatch="*"
                )
            )
        except StorageRefusedError as refusal:
            if str(refusal) != _EXISTS_ALREADY:
                raise
            return read_result(self._get(key))
        return result

    def result(self, account: str, job_id: str, run: int, number: int) -> ChunkResult | None:
        """Get the result of a chunk."""
        try:
            return read_result(self._get(_result_key(account, job_id, run, number)))
        except StorageRefusedError as refusal:
            if str(refusal) not in _MISSING:
                raise
            return None

    # What the end of a run reads and writes

    def worked(self, job: Job) -> Iterator[tuple[Chunk, ChunkResult | None]]:
        """Get the chunks and their results, some at the same time."""

        def get(number: int) -> tuple[Chunk, ChunkResult | None]:
            chunk = self.chunk(job.account, job.undoes or job.job_id, number)
            return chunk, self.result(job.account, job.job_id, job.run, number)

        return some_ahead(get, range(job.chunks or 0), threads=_THREADS, ahead=_AHEAD)

    def begin_result_file(self, account: str, job_id: str, run: int, name: str) -> ResultFile:
        """Return a file that is put when it is closed, in parts if it is large."""
        return _S3ResultFile(self, f"{_run_prefix(account, job_id, run)}{name}")

    def links(self, account: str, job_id: str, run: int) -> Sequence[ResultLink]:
        """List the result files, and sign links to them."""
        prefix = _run_prefix(account, job_id, run)
        answer = self._call(
            lambda: self.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, Delimiter="/")
        )
        links = []
        for each in answer.get("Contents", ()):
            file_name = each["Key"].removeprefix(prefix)
            url = self.client.generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": self.bucket,
                    "Key": each["Key"],
                    # Rows of strangers: a browser must not show them.
                    "ResponseContentDisposition": f'attachment; filename="{file_name}"',
                    "ResponseContentType": "application/octet-stream",
                },
                ExpiresIn=_LINK_SECONDS,
            )
            links.append(ResultLink(file_name.partition(".")[0], each["Size"], url))
        return links

    # Calls

    def _call[T](self, call: Callable[[], T]) -> T:
        return call_patiently(call, self.deadline, self.pause)

    def _put(self, key: str, data: bytes) -> None:
        self._call(lambda: self.client.put_object(Bucket=self.bucket, Key=key, Body=data))

    def _get(self, key: str) -> bytes:
        def get() -> bytes:
            answer = self.client.get_object(Bucket=self.bucket, Key=key)
            return answer["Body"].read()

        return self._call(get)

    def _exists(self, key: str) -> bool:
        try:
            self._call(lambda: self.client.head_object(Bucket=self.bucket, Key=key))
        except StorageRefusedError as refusal:
            if str(refusal) not in _MISSING:
                raise
            return False
        return True

    def _uploaded(
        self, account: str, job_id: str, upload: Upload
    ) -> Mapping[int, _UploadedPart] | None:
        """Return the uploaded parts by number, None if the upload is completed."""
        key = _file_key(account, job_id)

        def list_parts() -> Mapping[int, _UploadedPart]:
            pages = self.client.get_paginator("list_parts").paginate(
                Bucket=self.bucket, Key=key, UploadId=upload.upload_id
            )
            return {
                each["PartNumber"]: _UploadedPart(each["Size"], each["ETag"])
                for page in pages
                for each in page.get("Parts", ())
            }

        try:
            return self._call(list_parts)
        except StorageRefusedError as refusal:
            if str(refusal) != _NO_UPLOAD or not self._exists(key):
                raise
            return None

    def _part_link(self, account: str, job_id: str, upload: Upload, number: int) -> str:
        return self.client.generate_presigned_url(
            "upload_part",
            Params={
                "Bucket": self.bucket,
                "Key": _file_key(account, job_id),
                "UploadId": upload.upload_id,
                "PartNumber": number,
            },
            ExpiresIn=_LINK_SECONDS,
        )


@dataclass(frozen=True, slots=True)
class _UploadedPart:
    size: int
    tag: str


@dataclass(slots=True)
class _S3ResultFile:
    """Implements ResultFile. Up to one part is in memory."""

    files: S3JobFiles
    key: str
    _pending: bytearray = field(default_factory=bytearray)
    _upload_id: str | None = None
    _parts: list[CompletedPartTypeDef] = field(default_factory=list)
    _size: int = 0

    def write(self, data: bytes) -> None:
        """Upload a part when there is enough for it."""
        self._pending += data
        self._size += len(data)
        while len(self._pending) >= PART_BYTES:
            self._upload(bytes(self._pending[:PART_BYTES]))
            del self._pending[:PART_BYTES]

    def close(self) -> int:
        """Put a small file, or complete the upload of a large one."""
        client, bucket, key = self.files.client, self.files.bucket, self.key
        upload_id = self._upload_id
        if upload_id is None:
            data = bytes(self._pending)
            self._call(lambda: client.put_object(Bucket=bucket, Key=key, Body=data))
            return self._size
        if self._pending:
            self._upload(bytes(self._pending))
        try:
            self._call(
                lambda: client.complete_multipart_upload(
                    Bucket=bucket,
                    Key=key,
                    UploadId=upload_id,
                    MultipartUpload={"Parts": self._parts},
                )
            )
        except StorageRefusedError as refusal:
            # An attempt whose answer was lost has completed it.
            if str(refusal) != _NO_UPLOAD:
                raise
        self._upload_id = None
        return self._size

    def discard(self) -> None:
        """Abort the upload. One that remains expires by the bucket's lifecycle."""
        upload_id, self._upload_id = self._upload_id, None
        if upload_id is None:
            return
        try:
            self.files.client.abort_multipart_upload(
                Bucket=self.files.bucket, Key=self.key, UploadId=upload_id
            )
        except (ClientError, *TRANSPORT_FAULTS) as error:
            _log.warning("an upload was not aborted", extra={"code": code_of(error)})

    def _upload(self, data: bytes) -> None:
        client, bucket, key = self.files.client, self.files.bucket, self.key
        if self._upload_id is None:
            begun = self._call(lambda: client.create_multipart_upload(Bucket=bucket, Key=key))
            self._upload_id = begun["UploadId"]
        upload_id, number = self._upload_id, len(self._parts) + 1
        answer = self._call(
            lambda: client.upload_part(
                Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=data
            )
        )
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})

    def _call[T](self, call: Callable[[], T]) -> T:
        return call_patiently(call, NoDeadline(), self.files.pause)


class _Ranges(RawIOBase):
    """The bytes of an object, of which `fetch` returns those from a start to an end."""

    def __init__(self, fetch: Callable[[int, int], bytes], size: int) -> None:
        super().__init__()
        self._fetch = fetch
        self._size = size
        self._offset = 0
        self._block = memoryview(b"")

    def readable(self) -> bool:
        """Return true."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Read the next bytes of the present range, or of the next one."""
        room = memoryview(buffer).cast("B")
        if not self._block and self._offset < self._size:
            end = min(self._offset + RANGE_BYTES, self._size)
            self._block = memoryview(self._fetch(self._offset, end))
            self._offset = end
        taken = self._block[: len(room)]
        room[: len(taken)] = taken
        self._block = self._block[len(taken) :]
        return len(taken)


def part_bytes_of(size: int) -> int:
    """Return the size of the parts of a file: whole MB, and at most MAX_PARTS of them."""
    return max(PART_BYTES, -(-size // (MAX_PARTS * _MB)) * _MB)


def manifest_key(account: str, job_id: str, run: int) -> str:
    """Return the key of the list of chunks of a run."""
    return f"{account}/{job_id}/manifests/{run}.jsonl"


def _plan(file: FileInfo, upload: Upload) -> list[tuple[int, int, int]]:
    """Return the number, the offset and the size of each part."""
    size = upload.part_bytes
    offsets = range(0, max(file.size, 1), size)
    return [
        (number, offset, min(size, file.size - offset)) for number, offset in enumerate(offsets, 1)
    ]


def _file_key(account: str, job_id: str) -> str:
    return f"{account}/{job_id}/file"


def _frame_key(account: str, job_id: str) -> str:
    return f"{account}/{job_id}/frame"


def _chunk_key(account: str, job_id: str, number: int) -> str:
    return f"{account}/{job_id}/chunks/{number:07}"


def _run_prefix(account: str, job_id: str, run: int) -> str:
    return f"{account}/{job_id}/runs/{run}/"


def _result_key(account: str, job_id: str, run: int, number: int) -> str:
    return f"{_run_prefix(account, job_id, run)}results/{number:07}"
