"""The ports of the use cases of import jobs. The adapters and the fakes of the tests have them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, Protocol, Self

from orders.application.ports import Deadline, SentOrder
from orders.domain.file_records import UNCHOSEN, FileOptions, Frame, Note, OpenFile, Record
from orders.domain.import_jobs import ChunkResult, ChunkSummary, FileInfo, Job, Upload

# How long links to parts and to result files can be used.
LINK_LIFETIME = timedelta(hours=1)


class ImportJobs(Protocol):
    """The records of jobs, and the summaries of their chunks. A job belongs to one account.

    All methods raise StorageUnavailableError and StorageRefusedError.
    """

    def create(self, job: Job, deadline: Deadline) -> Job:
        """Store a new job, and return the stored one: the first one with this job id remains."""

    def find(self, account: str, job_id: str, deadline: Deadline) -> Job | None:
        """Return the job, read consistently; None if the account has no such job."""

    def list(
        self, account: str, limit: int, before: str | None, deadline: Deadline
    ) -> Sequence[Job]:
        """Return the newest jobs of the account, those with ids below `before` if it is given."""

    def save(self, job: Job, deadline: Deadline) -> bool:
        """Store the next version of a job. Return False if the stored one is not the one before."""

    def add_summary(
        self, account: str, job_id: str, run: int, summary: ChunkSummary, deadline: Deadline
    ) -> None:
        """Keep the summary of a chunk. The first one that is kept remains."""

    def summaries(
        self, account: str, job_id: str, run: int, deadline: Deadline
    ) -> Sequence[ChunkSummary]:
        """Return all summaries of a run, by number, read consistently."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an upload. `url` accepts it with PUT; None if it is uploaded already."""

    number: int
    offset: int
    size: int
    url: str | None


@dataclass(frozen=True, slots=True)
class Chunk:
    """The records of one chunk, and the frame of the file."""

    number: int
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class ResultLink:
    """A result file of a run: `success`, `failed`, `unprocessed`, or `kept` of an undo."""

    name: str
    size: int
    url: str


class ResultFile(Protocol):
    """A result file that is being written, in flat memory.

    All methods raise StorageUnavailableError and StorageRefusedError.
    """

    def write(self, data: bytes) -> None:
        """Append bytes."""

    def close(self) -> int:
        """Complete the file, and return its size. Before that, it does not exist."""

    def discard(self) -> None:
        """Give the file up. Raises nothing."""


class JobFiles(Protocol):
    """The files of jobs. Everything of a job is below one prefix of its account.

    All methods raise StorageUnavailableError and StorageRefusedError.
    """

    def within(self, deadline: Deadline) -> Self:
        """Return the files with calls that end before the deadline. By default, there is none."""

    def begin_upload(self, account: str, job_id: str, file: FileInfo) -> Upload:
        """Begin a multipart upload of a file."""

    def parts(self, account: str, job_id: str, file: FileInfo, upload: Upload) -> Sequence[Part]:
        """Return all parts of an upload, with new links for the missing ones."""

    def complete_upload(
        self, account: str, job_id: str, file: FileInfo, upload: Upload
    ) -> Sequence[int]:
        """Put the uploaded parts together. Return the numbers of missing or short parts instead.

        A repeated call after a completed one returns no numbers, too.
        """

    def abort_upload(self, account: str, job_id: str, upload: Upload) -> None:
        """Discard an upload."""

    def open_file(self, account: str, job_id: str) -> BinaryIO:
        """Return the uploaded file as a stream, which resumes after lost connections."""

    def save_frame(self, account: str, job_id: str, frame: Frame) -> None:
        """Keep the frame of the file."""

    def frame(self, account: str, job_id: str) -> Frame:
        """Return the frame of the file."""

    def save_chunks(self, account: str, job_id: str, chunks: Iterable[Chunk]) -> int:
        """Write the chunks while they are iterated, in flat memory. Return how many there are.

        A repeated call overwrites them with equal bytes.
        """

    def save_manifest(self, account: str, job_id: str, run: int, chunks: int) -> str:
        """Write the list of chunks that the engine works on. Return its key."""

    def chunk(self, account: str, job_id: str, number: int) -> Chunk:
        """Return a chunk."""

    def add_result(self, account: str, job_id: str, run: int, result: ChunkResult) -> ChunkResult:
        """Keep the result of a chunk, and return the kept one. The first one remains."""

    def result(self, account: str, job_id: str, run: int, number: int) -> ChunkResult | None:
        """Return the result of a chunk, None if it has none."""

    def worked(self, job: Job) -> Iterator[tuple[Chunk, ChunkResult | None]]:
        """Yield each chunk of a job with its result in the present run, None if it has none.

        They are in file order, and some are read ahead. The chunks of an undo are those of the job
        that it undoes.
        """

    def begin_result_file(self, account: str, job_id: str, run: int, name: str) -> ResultFile:
        """Begin a result file. `name` is that of its link, with the extension of the format.

        A repeated call replaces the file when it is closed.
        """

    def links(self, account: str, job_id: str, run: int) -> Sequence[ResultLink]:
        """Return the result files of a run, with links that expire."""


class JobEngine(Protocol):
    """Runs jobs in the background.

    All methods raise StorageUnavailableError and StorageRefusedError.
    """

    def within(self, deadline: Deadline) -> Self:
        """Return the engine with calls that end before the deadline. By default, there is none."""

    def start(self, job: Job, *, split: bool) -> None:
        """Start a run of a job. A repeated call for the same run starts nothing."""

    def is_working(self, job: Job) -> bool:
        """Return whether the present run is being worked on, or this version of it finished.

        The answer may be some seconds old.
        """

    def finish(self, job: Job) -> None:
        """Finish a run that is not worked on. A repeated call for the same version starts nothing.

        Chunks of the run may still be imported at this time.
        """


class FileFormats(Protocol):
    """Reads and writes files of all formats.

    A result file is its head, the annotated records with the frame's separator between them, and
    its tail.
    """

    def detect(self, name: str, beginning: bytes, chosen: FileOptions = UNCHOSEN) -> FileOptions:
        """Return how to read a file with this name and these first bytes, as it was uploaded.

        The options that `chosen.guessed` names are guessed, the others are kept. Raises
        UnreadableFileError if no format fits.
        """

    def open(self, source: BinaryIO, options: FileOptions) -> OpenFile:
        """Decompress a file and read its head. Raises UnreadableFileError."""

    def sent_orders(  # noqa: PLR0913 - account and client are the sender of drafts
        self,
        records: Sequence[Record],
        frame: Frame,
        options: FileOptions,
        *,
        skip_triggers: bool,
        account: str = "",
        client: str = "",
    ) -> Sequence[SentOrder]:
        """Return the orders of records. The position of each is its index.

        `account` and `client` are recorded in orders of formats whose protocol records its sender.

        A record that cannot be converted is an order that rejects itself with its problems.
        """

    def head(self, frame: Frame, options: FileOptions) -> bytes:
        """Return the beginning of a result file: the original head with the appended columns."""

    def annotated(self, record: Record, note: Note, frame: Frame, options: FileOptions) -> bytes:
        """Return the original bytes of a record with a note, as a result file has it."""

    def tail(self, frame: Frame, options: FileOptions) -> bytes:
        """Return the end of a result file."""


class JobTriggers(Protocol):
    """The event bus, for the triggers of jobs."""

    def publish(self, job: Job, deadline: Deadline) -> None:
        """Publish that a run of a job has ended. A repeated call publishes an equal trigger.

        Raises StorageUnavailableError and StorageRefusedError.
        """
