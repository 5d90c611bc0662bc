"""The files of import jobs in S3, with faults and lost answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from orders.adapters import s3_job_files
from orders.adapters.aws_clients import create_client
from orders.adapters.job_documents import (
    read_chunk,
    read_frame,
    read_result,
    write_chunk,
    write_frame,
    write_result,
)
from orders.adapters.parallel_calls import some_ahead
from orders.adapters.s3_job_files import S3JobFiles, part_bytes_of
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.import_job_ports import Chunk
from orders.domain.file_records import Frame, Record
from orders.domain.import_jobs import (
    MAX_FILE_BYTES,
    MAX_PARTS,
    PART_BYTES,
    ChunkResult,
    ChunkSummary,
    Counts,
    FileInfo,
    ProblemGroup,
    RecordResult,
    Sample,
    Undone,
)
from tests.support.deadlines import CountingPause
from tests.support.import_jobs import import_job

MB = 1024 * 1024
BUCKET = "files"
LOST = ReadTimeoutError(endpoint_url="s3")


@dataclass
class Bucket:
    """A bucket, and faults: by operation, what happens before the call or after it, in turn."""

    files: S3JobFiles
    before: dict[str, list[Exception | None]] = field(default_factory=dict)
    after: dict[str, list[Exception | None]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        events = self.files.client.meta.events
        events.register("provide-client-params.s3", self._on_call)
        events.register("after-call.s3", self._on_answer)

    def _on_call(self, model: Any, **_rest: object) -> None:  # noqa: ANN401 - of botocore
        self.calls.append(model.name)
        _raise(self.before.get(model.name))

    def _on_answer(self, model: Any, **_rest: object) -> None:  # noqa: ANN401 - of botocore
        _raise(self.after.get(model.name))

    def send(self, job_id: str, upload_id: str, number: int, data: bytes) -> None:
        """Upload a part, as the sender of a file does."""
        key = f"demo/{job_id}/file"
        self.files.client.upload_part(
            Bucket=BUCKET, Key=key, UploadId=upload_id, PartNumber=number, Body=data
        )

    def put(self, job_id: str, data: bytes) -> None:
        """Put a whole file."""
        self.files.client.put_object(Bucket=BUCKET, Key=f"demo/{job_id}/file", Body=data)

    def keys(self) -> list[str]:
        """Return the keys of all objects."""
        answer = self.files.client.list_objects_v2(Bucket=BUCKET)
        return [each["Key"] for each in answer.get("Contents", ())]

    def content(self, key: str) -> bytes:
        """Return an object."""
        return self.files.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()


def _raise(faults: list[Exception | None] | None) -> None:
    if faults and (fault := faults.pop(0)):
        raise fault


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield Bucket(S3JobFiles(create_client("s3"), BUCKET, CountingPause()))


def _record(row: int, raw: bytes = b"x\n") -> Record:
    return Record(row, f"key {row}", raw)


def _result(number: int = 0, created: int = 1) -> ChunkResult:
    return ChunkResult(
        ChunkSummary(number, Counts(created=created), "request"),
        (RecordResult(1, "A", "created", 7, 1),),
    )


# The upload

SIZE = 2 * PART_BYTES + 3
FILE = FileInfo("orders.csv", SIZE)


def test_an_upload_is_resumed_and_completed(bucket: Bucket) -> None:
    upload = bucket.files.begin_upload("demo", "job", FILE)
    parts = bucket.files.parts("demo", "job", FILE, upload)
    assert [(each.number, each.offset, each.size) for each in parts] == [
        (1, 0, PART_BYTES),
        (2, PART_BYTES, PART_BYTES),
        (3, 2 * PART_BYTES, 3),
    ]
    assert all(each.url for each in parts)
    bucket.send("job", upload.upload_id, 3, b"abc")
    bucket.send("job", upload.upload_id, 1, b"1" * PART_BYTES)
    # Too short: it must be sent again.
    bucket.send("job", upload.upload_id, 2, b"2")
    parts = bucket.files.parts("demo", "job", FILE, upload)
    assert [each.url is None for each in parts] == [True, False, True]
    assert bucket.files.complete_upload("demo", "job", FILE, upload) == [2]
    bucket.send("job", upload.upload_id, 2, b"2" * PART_BYTES)
    assert bucket.files.complete_upload("demo", "job", FILE, upload) == ()
    with bucket.files.open_file("demo", "job") as file:
        assert file.read() == b"1" * PART_BYTES + b"2" * PART_BYTES + b"abc"
    # Repeated calls change nothing.
    assert bucket.files.complete_upload("demo", "job", FILE, upload) == ()
    assert all(each.url is None for each in bucket.files.parts("demo", "job", FILE, upload))


def test_an_upload_whose_completion_was_answered_by_nobody_is_complete(bucket: Bucket) -> None:
    file = FileInfo("a", 3)
    upload = bucket.files.begin_upload("demo", "job", file)
    bucket.send("job", upload.upload_id, 1, b"abc")
    bucket.after["CompleteMultipartUpload"] = [LOST]
    assert bucket.files.complete_upload("demo", "job", file, upload) == ()
    assert bucket.content("demo/job/file") == b"abc"


def test_an_upload_that_does_not_exist_is_a_fault_and_can_be_aborted(bucket: Bucket) -> None:
    file = FileInfo("a", 3)
    upload = bucket.files.begin_upload("demo", "job", file)
    bucket.files.abort_upload("demo", "job", upload)
    bucket.files.abort_upload("demo", "job", upload)
    with pytest.raises(StorageRefusedError, match="NoSuchUpload"):
        bucket.files.complete_upload("demo", "job", file, upload)


@given(st.integers(1, MAX_FILE_BYTES))
def test_a_file_has_at_most_so_many_parts(size: int) -> None:
    part = part_bytes_of(size)
    assert part % MB == 0
    assert part >= PART_BYTES
    assert -(-size // part) <= MAX_PARTS


def test_the_links_of_parts_are_for_one_part_and_expire(bucket: Bucket) -> None:
    upload = bucket.files.begin_upload("demo", "job", FILE)
    urls = [each.url or "" for each in bucket.files.parts("demo", "job", FILE, upload)]
    queries = [parse_qs(urlsplit(url).query) for url in urls]
    assert [each["partNumber"] for each in queries] == [["1"], ["2"], ["3"]]
    assert {each["uploadId"][0] for each in queries} == {upload.upload_id}
    assert {each["X-Amz-Expires"][0] for each in queries} == {"3600"}
    assert {each["X-Amz-SignedHeaders"][0] for each in queries} == {"host"}
    assert {urlsplit(url).path for url in urls} == {"/demo/job/file"}


def test_links_have_the_path_of_the_bucket_if_the_endpoint_is_not_that_of_aws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4566")
    files = S3JobFiles(create_client("s3"), BUCKET)
    url = files.client.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "k"})
    assert url.startswith("http://localhost:4566/files/k?")


# The file as a stream


def test_a_file_is_read_on_after_lost_connections(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_job_files, "RANGE_BYTES", 10)
    content = bytes(range(95))
    bucket.put("job", content)
    bucket.before["GetObject"] = [None, LOST, LOST, None, LOST]
    with bucket.files.open_file("demo", "job") as file:
        assert file.read(3) == content[:3]
        assert file.read() == content[3:]
    assert bucket.calls.count("GetObject") == 10 + 3


def test_a_file_that_changes_while_it_is_read_is_a_fault(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_job_files, "RANGE_BYTES", 10)
    bucket.put("job", b"a" * 20)
    with bucket.files.open_file("demo", "job") as file:
        file.read(1)
        bucket.put("job", b"b" * 20)
        with pytest.raises(StorageRefusedError, match="PreconditionFailed"):
            file.read()


def test_a_file_that_does_not_exist_is_a_fault(bucket: Bucket) -> None:
    with pytest.raises(StorageRefusedError):
        bucket.files.open_file("demo", "job")


def test_an_empty_file_is_read(bucket: Bucket) -> None:
    bucket.put("job", b"")
    with bucket.files.open_file("demo", "job") as file:
        assert file.read() == b""


# Chunks and results


def test_chunks_and_the_manifest_are_written_and_read(bucket: Bucket) -> None:
    chunks = [
        Chunk(n, (_record(n, bytes([n]) * 5), _record(100 + n, b"\n\xff"))) for n in range(40)
    ]
    assert bucket.files.save_chunks("demo", "job", iter(chunks)) == 40
    assert [bucket.files.chunk("demo", "job", n) for n in range(40)] == chunks
    before = bucket.content("demo/job/chunks/0000007")
    assert bucket.files.save_chunks("demo", "job", iter(chunks)) == 40
    assert bucket.content("demo/job/chunks/0000007") == before
    key = bucket.files.save_manifest("demo", "job", 2, 2)
    assert key == "demo/job/manifests/2.jsonl"
    assert bucket.content(key) == (
        b'{"account":"demo","job_id":"job","run":2,"chunk":0}\n'
        b'{"account":"demo","job_id":"job","run":2,"chunk":1}\n'
    )


def test_a_fault_while_chunks_are_written_ends_all_uploads_first(bucket: Bucket) -> None:
    bucket.before["PutObject"] = [None] * 5 + [_error("AccessDenied", 403)]
    chunks = (Chunk(n, (_record(n),)) for n in range(100))
    with pytest.raises(StorageRefusedError, match="AccessDenied"):
        bucket.files.save_chunks("demo", "job", chunks)
    assert not [each for each in threading.enumerate() if each.name.startswith("ahead")]
    assert bucket.calls.count("PutObject") < 40


def test_the_first_result_of_a_chunk_remains(bucket: Bucket) -> None:
    first, second = _result(), _result(created=2)
    assert bucket.files.result("demo", "job", 1, 0) is None
    assert bucket.files.add_result("demo", "job", 1, first) == first
    assert bucket.files.add_result("demo", "job", 1, second) == first
    assert bucket.files.result("demo", "job", 1, 0) == first
    assert bucket.files.result("demo", "job", 2, 0) is None


@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_result_is_kept_when_the_answer_is_lost(bucket: Bucket, fault: str) -> None:
    getattr(bucket, fault)["PutObject"] = [LOST, None]
    result = _result()
    assert bucket.files.add_result("demo", "job", 1, result) == result
    assert bucket.files.result("demo", "job", 1, 0) == result


def test_a_store_that_does_not_answer_is_unavailable(bucket: Bucket) -> None:
    bucket.before["GetObject"] = [LOST] * 4
    with pytest.raises(StorageUnavailableError):
        bucket.files.result("demo", "job", 1, 0)


def test_the_chunks_of_an_undo_are_those_of_the_undone_job(bucket: Bucket) -> None:
    chunks = [Chunk(number, (_record(number),)) for number in range(30)]
    bucket.files.save_chunks("demo", "first", iter(chunks))
    bucket.files.add_result("demo", "undo", 1, _result(3))
    job = replace(import_job(), job_id="undo", undoes="first", run=1, chunks=30)
    found = list(bucket.files.worked(job))
    assert [chunk for chunk, _ in found] == chunks
    assert [each.summary.number for _, each in found if each] == [3]


# Result files


@pytest.mark.parametrize("size", [0, 10, PART_BYTES - 1, PART_BYTES, 2 * PART_BYTES + 5])
def test_a_result_file_is_written_in_parts(bucket: Bucket, size: int) -> None:
    file = bucket.files.begin_result_file("demo", "job", 1, "failed.csv")
    content = (b"0123456789" * (size // 10 + 1))[:size]
    for start in range(0, size, 3 * MB):
        file.write(content[start : start + 3 * MB])
    assert bucket.keys() == []
    assert file.close() == size
    file.discard()
    assert bucket.content("demo/job/runs/1/failed.csv") == content
    assert bucket.calls.count("UploadPart") == (-(-size // PART_BYTES) if size >= PART_BYTES else 0)


def test_a_large_result_file_is_complete_when_the_answer_is_lost(bucket: Bucket) -> None:
    bucket.after["CompleteMultipartUpload"] = [LOST]
    bucket.after["UploadPart"] = [LOST]
    file = bucket.files.begin_result_file("demo", "job", 1, "failed.csv")
    file.write(b"x" * (PART_BYTES + 1))
    assert file.close() == PART_BYTES + 1
    assert len(bucket.content("demo/job/runs/1/failed.csv")) == PART_BYTES + 1


def test_a_discarded_result_file_leaves_nothing(bucket: Bucket) -> None:
    file = bucket.files.begin_result_file("demo", "job", 1, "failed.csv")
    file.write(b"x" * (PART_BYTES + 1))
    file.discard()
    file.discard()
    assert bucket.keys() == []
    assert "Uploads" not in bucket.files.client.list_multipart_uploads(Bucket=BUCKET)


def test_the_links_are_those_of_the_result_files_of_the_run(bucket: Bucket) -> None:
    for run, name in ((1, "success.csv"), (1, "failed.csv"), (2, "failed.csv")):
        file = bucket.files.begin_result_file("demo", "job", run, name)
        file.write(b"abc")
        file.close()
    bucket.files.add_result("demo", "job", 1, _result())
    links = bucket.files.links("demo", "job", 1)
    assert [(each.name, each.size) for each in links] == [("failed", 3), ("success", 3)]
    query = parse_qs(urlsplit(links[0].url).query)
    assert query["response-content-disposition"] == ['attachment; filename="failed.csv"']
    assert query["X-Amz-Expires"] == ["3600"]


# Documents

_TEXTS = st.text(st.characters(exclude_categories=()), max_size=5)
_RECORDS = st.builds(
    Record,
    st.integers(1, 2**40),
    st.none() | _TEXTS,
    st.binary(max_size=8),
    st.none() | st.integers(1, 9),
)


@given(st.lists(_RECORDS))
def test_a_chunk_survives(records: list[Record]) -> None:
    chunk = Chunk(3, tuple(records))
    assert read_chunk(3, write_chunk(chunk)) == chunk


@given(
    st.builds(
        Frame,
        st.binary(),
        st.binary(),
        st.binary(),
        *(st.tuples(_TEXTS), st.tuples(_TEXTS), st.tuples(_TEXTS)),
        st.booleans(),
    )
)
def test_a_frame_survives(frame: Frame) -> None:
    assert read_frame(write_frame(frame)) == frame


@given(_TEXTS, st.none() | st.just(Undone(1, 2, 3, 4, 5)))
def test_a_result_survives(text: str, undone: Undone | None) -> None:
    result = ChunkResult(
        ChunkSummary(1, Counts(1, 2, 3, 4, 5, 6), "request", undone),
        (
            RecordResult(1, text, "failed", None, None, "code", "/path", text),
            RecordResult(2, None, "created", 2**53, 1),
        ),
        ({"row": 1, "changed": [{"path": "/a", "before": 1}]},),
        (ProblemGroup("code", "/path", 1, (Sample(1, None, text),)),),
    )
    assert read_result(write_result(result)) == result


# Calls that are made ahead


def test_results_are_in_order_and_a_bounded_number_is_made_ahead() -> None:
    begun: list[int] = []

    def arguments() -> Iterator[int]:
        for number in range(20):
            begun.append(number)
            yield number

    results = some_ahead(lambda n: n * n, arguments(), threads=4, ahead=3)
    assert next(results) == 0
    assert begun == [0, 1, 2, 3]
    assert list(results) == [n * n for n in range(1, 20)]


def test_calls_end_when_the_results_are_left() -> None:
    release, ended = threading.Event(), []

    def call(number: int) -> int:
        if number:
            release.wait(10)
        ended.append(number)
        return number

    results = some_ahead(call, range(10), threads=2, ahead=2)
    assert next(results) == 0
    release.set()
    close: Callable[[], None] = results.close  # type: ignore[attr-defined]
    close()
    assert set(ended) <= {0, 1, 2}
    assert not [each for each in threading.enumerate() if each.name.startswith("ahead")]


def _error(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutObject")
