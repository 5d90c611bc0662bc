"""Fakes of the ports of import jobs. tests/contract checks them like the real adapters."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import BinaryIO, Self

from orders.application.errors import StorageUnavailableError
from orders.application.import_job_ports import Chunk, Part, ResultLink
from orders.application.ports import Deadline
from orders.domain.file_records import Frame
from orders.domain.import_jobs import (
    PART_BYTES,
    ChunkResult,
    ChunkSummary,
    Counts,
    FileInfo,
    Job,
    JobKind,
    JobMode,
    JobState,
    Upload,
)

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
FILE = FileInfo("orders.csv", 2 * PART_BYTES + 1)
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def job_id_at(moment: datetime = NOW, number: int = 1) -> str:
    """Return the id of a job that is created at a time."""
    milliseconds = (moment - _UNIX_EPOCH) // timedelta(milliseconds=1)
    return f"{milliseconds:012x}7{number:03x}8{number:015x}"


def import_job(number: int = 1, account: str = "demo", **members: object) -> Job:
    """Return a job that waits for its file."""
    wanted: dict[str, object] = {
        "account": account,
        "job_id": job_id_at(number=number),
        "client": "shop",
        "kind": JobKind.IMPORT,
        "state": JobState.CREATED,
        "mode": JobMode.PREVIEW,
        "created_at": NOW,
        "updated_at": NOW,
        "file": FILE,
        "upload": Upload("upload-1", PART_BYTES),
    }
    return Job(**{**wanted, **members})  # type: ignore[arg-type]


def summary(number: int, **counts: int) -> ChunkSummary:
    """Return the summary of a chunk."""
    return ChunkSummary(number, Counts(**counts), f"request-{number}")


@dataclass
class Faults:
    """Makes calls fail: `left` is how many calls succeed before the next one fails."""

    left: int | None = None
    error: type[Exception] = StorageUnavailableError

    def call(self) -> None:
        """Count a call, and let it fail if it is its turn."""
        if self.left == 0:
            self.left = None
            raise self.error("injected")
        if self.left is not None:
            self.left -= 1


@dataclass
class FakeImportJobs:
    """ImportJobs in memory. Each call may fail by `faults`.

    `meanwhile` are what other requests do before the next saves.
    """

    jobs: dict[tuple[str, str], Job] = field(default_factory=dict)
    kept: dict[tuple[str, str, int], dict[int, ChunkSummary]] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    def create(self, job: Job, deadline: Deadline) -> Job:
        self._expect(deadline)
        return self.jobs.setdefault((job.account, job.job_id), job)

    def find(self, account: str, job_id: str, deadline: Deadline) -> Job | None:
        self._expect(deadline)
        return self.jobs.get((account, job_id))

    def list(
        self, account: str, limit: int, before: str | None, deadline: Deadline
    ) -> Sequence[Job]:
        self._expect(deadline)
        ids = [job_id for name, job_id in self.jobs if name == account]
        wanted = [each for each in ids if before is None or each < before]
        return [self.jobs[account, each] for each in sorted(wanted, reverse=True)[:limit]]

    def save(self, job: Job, deadline: Deadline) -> bool:
        self._expect(deadline)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        stored = self.jobs.get((job.account, job.job_id))
        if stored == job:
            return True
        if stored is None or stored.version != job.version - 1:
            return False
        self.jobs[job.account, job.job_id] = job
        return True

    def add_summary(
        self, account: str, job_id: str, run: int, summary: ChunkSummary, deadline: Deadline
    ) -> None:
        self._expect(deadline)
        self.kept.setdefault((account, job_id, run), {}).setdefault(summary.number, summary)

    def summaries(
        self, account: str, job_id: str, run: int, deadline: Deadline
    ) -> Sequence[ChunkSummary]:
        self._expect(deadline)
        found = self.kept.get((account, job_id, run), {})
        return [found[number] for number in sorted(found)]

    def _expect(self, deadline: Deadline) -> None:
        self.faults.call()
        if deadline.remaining() <= 0:
            raise StorageUnavailableError


@dataclass
class FakeResultFile:
    """A ResultFile in memory."""

    files: dict[str, bytes]
    key: str
    data: bytes = b""

    def write(self, data: bytes) -> None:
        self.data += data

    def close(self) -> int:
        self.files[self.key] = self.data
        return len(self.data)

    def discard(self) -> None:
        self.data = b""


@dataclass
class FakeJobFiles:
    """JobFiles in memory. Each call may fail by `faults`.

    `sent` are the sizes of the uploaded parts, by upload and number.
    """

    sent: dict[str, dict[int, int]] = field(default_factory=dict)
    complete: set[str] = field(default_factory=set)
    files: dict[str, bytes] = field(default_factory=dict)
    frames: dict[str, Frame] = field(default_factory=dict)
    chunks: dict[str, Chunk] = field(default_factory=dict)
    results: dict[str, ChunkResult] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)

    def within(self, deadline: Deadline) -> Self:
        if deadline.remaining() <= 0:
            raise StorageUnavailableError
        return self

    def begin_upload(self, account: str, job_id: str, file: FileInfo) -> Upload:
        self.faults.call()
        upload = Upload(f"{account}/{job_id}/{file.name}/{len(self.sent)}", PART_BYTES)
        self.sent[upload.upload_id] = {}
        return upload

    def parts(self, account: str, job_id: str, file: FileInfo, upload: Upload) -> Sequence[Part]:
        self.faults.call()
        sizes = _sizes(file, upload)
        is_complete = upload.upload_id in self.complete
        sent = sizes if is_complete else self.sent[upload.upload_id]
        return [
            Part(
                number,
                (number - 1) * upload.part_bytes,
                size,
                None if sent.get(number) == size else f"https://s3/{account}/{job_id}?{number}",
            )
            for number, size in sizes.items()
        ]

    def complete_upload(
        self, account: str, job_id: str, file: FileInfo, upload: Upload
    ) -> Sequence[int]:
        self.faults.call()
        parts = self.parts(account, job_id, file, upload)
        missing = [each.number for each in parts if each.url is not None]
        if not missing:
            self.complete.add(upload.upload_id)
        return missing

    def abort_upload(self, account: str, job_id: str, upload: Upload) -> None:
        del account, job_id
        self.faults.call()
        self.sent.pop(upload.upload_id, None)

    def send_all(self, upload: Upload | None, file: FileInfo = FILE) -> None:
        """Upload all parts of a file, as its sender does."""
        assert upload is not None
        self.sent[upload.upload_id] = _sizes(file, upload)

    def open_file(self, account: str, job_id: str) -> BinaryIO:
        self.faults.call()
        return BytesIO(self.files[f"{account}/{job_id}/file"])

    def save_frame(self, account: str, job_id: str, frame: Frame) -> None:
        self.faults.call()
        self.frames[f"{account}/{job_id}"] = frame

    def frame(self, account: str, job_id: str) -> Frame:
        self.faults.call()
        return self.frames[f"{account}/{job_id}"]

    def save_chunks(self, account: str, job_id: str, chunks: Iterable[Chunk]) -> int:
        count = 0
        for each in chunks:
            self.faults.call()
            self.chunks[f"{account}/{job_id}/{each.number}"] = each
            count += 1
        return count

    def save_manifest(self, account: str, job_id: str, run: int, chunks: int) -> str:
        self.faults.call()
        key = f"{account}/{job_id}/manifests/{run}.jsonl"
        self.files[key] = "\n".join(map(str, range(chunks))).encode()
        return key

    def chunk(self, account: str, job_id: str, number: int) -> Chunk:
        self.faults.call()
        return self.chunks[f"{account}/{job_id}/{number}"]

    def add_result(self, account: str, job_id: str, run: int, result: ChunkResult) -> ChunkResult:
        self.faults.call()
        key = f"{account}/{job_id}/{run}/{result.summary.number}"
        return self.results.setdefault(key, result)

    def result(self, account: str, job_id: str, run: int, number: int) -> ChunkResult | None:
        self.faults.call()
        return self.results.get(f"{account}/{job_id}/{run}/{number}")

    def worked(self, job: Job) -> Iterator[tuple[Chunk, ChunkResult | None]]:
        source = job.undoes or job.job_id
        for number in range(job.chunks or 0):
            result = self.result(job.account, job.job_id, job.run, number)
            yield self.chunk(job.account, source, number), result

    def begin_result_file(self, account: str, job_id: str, run: int, name: str) -> FakeResultFile:
        self.faults.call()
        return FakeResultFile(self.files, f"{account}/{job_id}/runs/{run}/{name}")

    def write_result_file(
        self, account: str, job_id: str, run: int, name: str, parts: Iterator[bytes]
    ) -> int:
        file = self.begin_result_file(account, job_id, run, name)
        file.write(b"".join(parts))
        return file.close()

    def links(self, account: str, job_id: str, run: int) -> Sequence[ResultLink]:
        self.faults.call()
        prefix = f"{account}/{job_id}/runs/{run}/"
        return [
            ResultLink(
                key.removeprefix(prefix).partition(".")[0], len(data), f"https://s3/{key}?signed"
            )
            for key, data in sorted(self.files.items())
            if key.startswith(prefix)
        ]


@dataclass
class FakeJobEngine:
    """JobEngine in memory: `runs` are the runs that were started, with whether they split.

    `finishing` are the versions that are finished. `over` are those of both that have ended.
    """

    runs: dict[tuple[str, int], bool] = field(default_factory=dict)
    finishing: list[tuple[str, int, int]] = field(default_factory=list)
    over: set[tuple[str, int] | tuple[str, int, int]] = field(default_factory=set)
    faults: Faults = field(default_factory=Faults)

    def within(self, deadline: Deadline) -> Self:
        if deadline.remaining() <= 0:
            raise StorageUnavailableError
        return self

    def start(self, job: Job, *, split: bool) -> None:
        self.faults.call()
        self.runs.setdefault((job.job_id, job.run), split)

    def is_working(self, job: Job) -> bool:
        self.faults.call()
        return bool({*self.runs, *self.finishing} & {*_works_of(job)} - self.over)

    def finish(self, job: Job) -> None:
        self.faults.call()
        _, version = _works_of(job)
        if version not in self.finishing:
            self.finishing.append(version)

    def end(self, job: Job) -> None:
        """End what works on a job, before the job has ended."""
        self.over.update(each for each in self.runs if each[0] == job.job_id)
        self.over.update(each for each in self.finishing if each[0] == job.job_id)


def _works_of(job: Job) -> tuple[tuple[str, int], tuple[str, int, int]]:
    return (job.job_id, job.run), (job.job_id, job.run, job.version)


@dataclass
class SteppingClock:
    """A clock that tests put forward."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **time: float) -> Self:
        """Let time pass."""
        self.now += timedelta(**time)
        return self


def _sizes(file: FileInfo, upload: Upload) -> dict[int, int]:
    """Return the size of each part by its number, from 1."""
    whole, rest = divmod(file.size, upload.part_bytes)
    sizes = [upload.part_bytes] * whole + ([rest] if rest else [])
    return dict(enumerate(sizes, start=1))
