"""Fakes of the ports of import jobs for the engine: files, records of jobs, and a plain format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import BinaryIO

from orders.application.errors import StorageRefusedError
from orders.application.import_job_ports import Chunk, Part, ResultFile, ResultLink
from orders.application.ports import Deadline, SentOrder
from orders.domain.file_records import (
    UNCHOSEN,
    FileOptions,
    Frame,
    Note,
    OpenFile,
    Record,
    UnreadableFileError,
)
from orders.domain.import_jobs import ChunkResult, ChunkSummary, FileInfo, Job, Upload
from orders.domain.known_products import EntryName
from orders.domain.problems import Code, Problem, Reported
from orders.domain.settings import Rulebook
from orders.domain.submissions import Rejection, Submission

type RunKey = tuple[str, str, int]


@dataclass
class FakeJobRecords:
    """ImportJobs in memory."""

    jobs: dict[tuple[str, str], Job] = field(default_factory=dict)
    kept: dict[RunKey, dict[int, ChunkSummary]] = field(default_factory=dict)

    def create(self, job: Job, deadline: Deadline) -> None:
        del deadline
        self.jobs.setdefault((job.account, job.job_id), job)

    def find(self, account: str, job_id: str, deadline: Deadline) -> Job | None:
        del deadline
        return self.jobs.get((account, job_id))

    def list(
        self, account: str, limit: int, before: str | None, deadline: Deadline
    ) -> Sequence[Job]:
        del deadline
        found = sorted(
            (
                job
                for job in self.jobs.values()
                if job.account == account and (before is None or job.job_id < before)
            ),
            key=lambda job: job.job_id,
            reverse=True,
        )
        return found[:limit]

    def save(self, job: Job, deadline: Deadline) -> bool:
        del deadline
        stored = self.jobs.get((job.account, job.job_id))
        if stored is None or stored.version != job.version - 1:
            return False
        self.jobs[job.account, job.job_id] = job
        return True

    def add_summary(
        self, account: str, job_id: str, run: int, summary: ChunkSummary, deadline: Deadline
    ) -> None:
        del deadline
        self.kept.setdefault((account, job_id, run), {}).setdefault(summary.number, summary)

    def summaries(
        self, account: str, job_id: str, run: int, deadline: Deadline
    ) -> Sequence[ChunkSummary]:
        del deadline
        found = self.kept.get((account, job_id, run), {})
        return [found[number] for number in sorted(found)]


@dataclass
class FakeResultFile:
    """ResultFile in memory."""

    keep: Callable[[bytes], None]
    _parts: list[bytes] = field(default_factory=list)

    def write(self, data: bytes) -> None:
        self._parts.append(data)

    def close(self) -> int:
        whole = b"".join(self._parts)
        self.keep(whole)
        return len(whole)

    def discard(self) -> None:
        self._parts = []


@dataclass
class FakeJobFiles:
    """JobFiles in memory. The parts of uploads are not kept: `uploaded` has whole files."""

    uploaded: dict[tuple[str, str], bytes] = field(default_factory=dict)
    frames: dict[tuple[str, str], Frame] = field(default_factory=dict)
    chunks: dict[tuple[str, str, int], Chunk] = field(default_factory=dict)
    manifests: dict[RunKey, int] = field(default_factory=dict)
    results: dict[tuple[str, str, int, int], ChunkResult] = field(default_factory=dict)
    result_files: dict[tuple[str, str, int, str], bytes] = field(default_factory=dict)

    def begin_upload(self, account: str, job_id: str, file: FileInfo) -> Upload:
        del account, file
        return Upload(f"upload of {job_id}", 8 * 1024 * 1024)

    def parts(self, account: str, job_id: str, file: FileInfo, upload: Upload) -> Sequence[Part]:
        is_uploaded = (account, job_id) in self.uploaded
        return [Part(1, 0, file.size, None if is_uploaded else f"https://{upload.upload_id}")]

    def complete_upload(
        self, account: str, job_id: str, file: FileInfo, upload: Upload
    ) -> Sequence[int]:
        del file, upload
        return [] if (account, job_id) in self.uploaded else [1]

    def abort_upload(self, account: str, job_id: str, upload: Upload) -> None:
        """Do nothing."""

    def open_file(self, account: str, job_id: str) -> BinaryIO:
        return BytesIO(self.uploaded[account, job_id])

    def save_frame(self, account: str, job_id: str, frame: Frame) -> None:
        self.frames[account, job_id] = frame

    def frame(self, account: str, job_id: str) -> Frame:
        return self.frames[account, job_id]

    def save_chunks(self, account: str, job_id: str, chunks: Iterable[Chunk]) -> int:
        count = 0
        for chunk in chunks:
            self.save_chunk(account, job_id, chunk)
            count += 1
        return count

    def save_chunk(self, account: str, job_id: str, chunk: Chunk) -> None:
        """Keep one chunk."""
        self.chunks[account, job_id, chunk.number] = chunk

    def save_manifest(self, account: str, job_id: str, run: int, chunks: int) -> str:
        self.manifests[account, job_id, run] = chunks
        return f"{account}/{job_id}/manifests/{run}.jsonl"

    def chunk(self, account: str, job_id: str, number: int) -> Chunk:
        if (account, job_id, number) not in self.chunks:
            raise StorageRefusedError("NoSuchKey")
        return self.chunks[account, job_id, number]

    def add_result(self, account: str, job_id: str, run: int, result: ChunkResult) -> ChunkResult:
        return self.results.setdefault((account, job_id, run, result.summary.number), result)

    def result(self, account: str, job_id: str, run: int, number: int) -> ChunkResult | None:
        return self.results.get((account, job_id, run, number))

    def worked(self, job: Job) -> Iterator[tuple[Chunk, ChunkResult | None]]:
        for number in range(job.chunks or 0):
            chunk = self.chunk(job.account, job.undoes or job.job_id, number)
            yield chunk, self.result(job.account, job.job_id, job.run, number)

    def begin_result_file(self, account: str, job_id: str, run: int, name: str) -> ResultFile:
        def keep(data: bytes) -> None:
            self.result_files[account, job_id, run, name] = data

        return FakeResultFile(keep)

    def links(self, account: str, job_id: str, run: int) -> Sequence[ResultLink]:
        return [
            ResultLink(key[3].partition(".")[0], len(data), f"https://files/{key[3]}")
            for key, data in sorted(self.result_files.items())
            if key[:3] == (account, job_id, run)
        ]


@dataclass(frozen=True)
class LineOrder:
    """An order of a line of JSON: `{"id": ..., "text": ...}`. One with `bad` is rejected."""

    position: int
    line: bytes
    skip_trigger: bool
    product_names: tuple[EntryName, ...] = ()

    @property
    def external_id(self) -> str | None:
        return key_of(self.line)

    def submit(self, rules: Rulebook, before: Reported) -> Submission | Rejection:
        del rules, before
        tree = json.loads(self.line)
        path = ("data", self.position)
        if "bad" in tree:
            count = int(tree["bad"])
            message = "`count` must be positive; got 0"
            at = [(*path, "lines", index, "count") for index in range(count)]
            return Rejection(tuple(Problem(Code.INVALID_VALUE, each, message) for each in at))
        document = json.dumps({"text": tree["text"]}, separators=(",", ":"))
        return Submission(tree["id"], "altcraft", document, "new", path=path)


def key_of(line: bytes) -> str | None:
    """Return the id of a line."""
    try:
        key: str | None = json.loads(line).get("id")
    except ValueError:
        return None
    return key


@dataclass
class LineFormats:
    """FileFormats with one format: lines of JSON. A file that begins with `?` has no format."""

    def detect(self, name: str, beginning: bytes, chosen: FileOptions = UNCHOSEN) -> FileOptions:
        del name
        if beginning.startswith(b"?"):
            raise UnreadableFileError("unknown_format", "The file has no known format")
        return replace(chosen, format="lines")

    def open(self, source: BinaryIO, options: FileOptions) -> OpenFile:
        assert options.format == "lines"
        return OpenFile(Frame(), self._records(source), lambda: Frame(columns=("id", "text")))

    def _records(self, source: BinaryIO) -> Iterator[Record]:
        for row, line in enumerate(source, 1):
            if line.startswith(b"!"):
                raise UnreadableFileError("broken", "The row must be JSON", row)
            yield Record(row, key_of(line), line)

    def sent_orders(
        self,
        records: Sequence[Record],
        frame: Frame,
        options: FileOptions,
        *,
        skip_triggers: bool,
        account: str = "",
        client: str = "",
    ) -> Sequence[SentOrder]:
        del options, account, client
        assert frame.columns
        return [
            LineOrder(position, each.raw, skip_triggers) for position, each in enumerate(records)
        ]

    def head(self, frame: Frame, options: FileOptions) -> bytes:
        del frame, options
        return b"head\n"

    def annotated(self, record: Record, note: Note, frame: Frame, options: FileOptions) -> bytes:
        del frame, options
        notes = f" {note.row}|{note.code}|{note.path}|{note.message}\n"
        return record.raw.rstrip(b"\n") + notes.encode()

    def tail(self, frame: Frame, options: FileOptions) -> bytes:
        del frame, options
        return b"tail\n"
