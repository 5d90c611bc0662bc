"""The bucket in a folder answers the adapter of job files as S3 does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orders.adapters.aws_clients import create_client
from orders.adapters.s3_job_files import S3JobFiles
from orders.application.import_job_ports import Chunk
from orders.domain.file_records import Frame, Record
from orders.domain.import_jobs import PART_BYTES, ChunkResult, ChunkSummary, Counts
from tools.bench.files.folder_bucket import BUCKET, ENDPOINT, FolderBucket

CHUNK = Chunk(0, (Record(1, "A", b"{}\n"),))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3JobFiles]:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", ENDPOINT)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = create_client("s3")
    with FolderBucket(tmp_path).answering(client):
        yield S3JobFiles(client, BUCKET)


def test_a_file_is_read_in_ranges(files: S3JobFiles, tmp_path: Path) -> None:
    content = bytes(range(256)) * 40_000
    path = tmp_path / "demo" / "job" / "file"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert files.open_file("demo", "job").read() == content


def test_chunks_frames_and_manifests_are_kept(files: S3JobFiles, tmp_path: Path) -> None:
    frame = Frame(head=b"head", columns=("a",))
    assert files.save_chunks("demo", "job", [CHUNK]) == 1
    files.save_frame("demo", "job", frame)
    assert files.chunk("demo", "job", 0) == CHUNK
    assert files.frame("demo", "job") == frame
    assert (tmp_path / files.save_manifest("demo", "job", 1, 2)).read_bytes().count(b"\n") == 2


def test_the_first_result_of_a_chunk_remains(files: S3JobFiles) -> None:
    assert files.result("demo", "job", 1, 0) is None
    first, second = (
        ChunkResult(ChunkSummary(0, Counts(created=count), "request"), ()) for count in (1, 2)
    )
    assert files.add_result("demo", "job", 1, first) == first
    assert files.add_result("demo", "job", 1, second) == first


def test_a_large_result_file_is_put_together(files: S3JobFiles, tmp_path: Path) -> None:
    begun = files.begin_result_file("demo", "job", 1, "success.csv")
    # The folder of the results exists, because a result of a chunk was kept.
    (tmp_path / "demo" / "job" / "runs" / "1").mkdir(parents=True)
    content = b"x" * (PART_BYTES + 1)
    begun.write(content)
    assert begun.close() == len(content)
    assert (tmp_path / "demo" / "job" / "runs" / "1" / "success.csv").read_bytes() == content


def test_chunks_are_dropped_if_only_the_split_is_measured(
    files: S3JobFiles, tmp_path: Path
) -> None:
    del files
    client = create_client("s3")
    with FolderBucket(tmp_path, drops_chunks=True).answering(client):
        own = S3JobFiles(client, BUCKET)
        own.save_chunks("demo", "job", [CHUNK])
        own.save_frame("demo", "job", Frame())
    assert [each.name for each in (tmp_path / "demo" / "job").iterdir()] == ["frame"]
