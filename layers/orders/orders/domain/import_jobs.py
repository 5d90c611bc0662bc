"""Import jobs: files that are imported in the background."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import PurePosixPath

from orders.domain.file_records import FileOptions

# A chunk has at most so many orders and bytes, so that one writer imports it within its time.
MAX_CHUNK_ORDERS = 500
MAX_CHUNK_BYTES = 1024 * 1024
# Short rows become much more in memory than their bytes.
MAX_CHUNK_ROWS = 10_000
# The share of failed orders is judged from so many orders on.
MIN_JUDGED_ORDERS = 100
DEFAULT_STOP_ABOVE_PERCENT = 10
MAX_GROUPS = 50
MAX_SAMPLES = 10
# The `detail-type` of the trigger that a run which was no preview has ended. Published.
FINISHED = "ImportJobFinished"
# S3 requires 5 MB of each part but the last. So many parts are listed and signed within a request.
PART_BYTES = 8 * 1024 * 1024
MAX_PARTS = 640
MAX_FILE_BYTES = MAX_PARTS * PART_BYTES
# The bucket discards an upload that is not completed, and deletes the files of a job.
UPLOAD_LIFETIME = timedelta(days=2)
JOB_LIFETIME = timedelta(days=90)


class JobKind(StrEnum):
    """What a job does. Published."""

    IMPORT = "import"
    UNDO = "undo"  # takes back what an import job did


class JobMode(StrEnum):
    """Whether a run of a job writes orders. Published."""

    PREVIEW = "preview"
    IMPORT = "import"


class JobState(StrEnum):
    """The state of a job. Published."""

    CREATED = "created"  # waits for its file, and for the start
    SPLITTING = "splitting"
    IMPORTING = "importing"  # also while a preview or an undo works on the chunks
    FINISHING = "finishing"
    PREVIEWED = "previewed"  # the preview ended; the job can be started for real
    COMPLETED = "completed"
    STOPPED = "stopped"  # too many orders failed
    CANCELLED = "cancelled"
    FAILED = "failed"  # the file cannot be read, or a fault remained


RUNNING = frozenset({JobState.SPLITTING, JobState.IMPORTING, JobState.FINISHING})
ENDED = frozenset({JobState.COMPLETED, JobState.STOPPED, JobState.CANCELLED, JobState.FAILED})


class OnDuplicate(StrEnum):
    """What an import does with an order that the hub has already. Published."""

    UPDATE = "update"
    SKIP = "skip"  # it does not change, and counts as unchanged
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many orders had each outcome. Sums are counted from results, never incremented."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    unprocessed: int = 0
    triggers: int = 0

    @property
    def received(self) -> int:
        """Return the number of orders: the sum of all outcomes."""
        return self.created + self.updated + self.unchanged + self.failed + self.unprocessed

    @property
    def processed(self) -> int:
        """Return the number of orders that have a result."""
        return self.received - self.unprocessed

    def __add__(self, other: "Counts") -> "Counts":
        """Return the sums."""
        return Counts(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.failed + other.failed,
            self.unprocessed + other.unprocessed,
            self.triggers + other.triggers,
        )


@dataclass(frozen=True, slots=True)
class Undone:
    """How many orders had each outcome of an undo (see UndoOutcome)."""

    deleted: int = 0
    restored: int = 0
    unchanged: int = 0
    kept: int = 0
    failed: int = 0

    def __add__(self, other: "Undone") -> "Undone":
        """Return the sums."""
        return Undone(
            self.deleted + other.deleted,
            self.restored + other.restored,
            self.unchanged + other.unchanged,
            self.kept + other.kept,
            self.failed + other.failed,
        )

    def counts(self, *, triggers: int = 0) -> Counts:
        """Return the counts of the orders that were changed, were not, or could not be changed."""
        return Counts(
            updated=self.deleted + self.restored,
            unchanged=self.unchanged + self.kept,
            failed=self.failed,
            triggers=triggers,
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """One failed order of a group of problems."""

    row: int
    external_id: str | None
    message: str


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """Problems with the same code and path. Positions in the path are `*`."""

    code: str
    path: str
    count: int
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True)
class ChunkSummary:
    """What is kept of the result of a chunk beside the result itself.

    `request_id` is that of the changes. `undone` is None unless the job is an undo.
    """

    number: int
    counts: Counts
    request_id: str = ""
    undone: Undone | None = None


@dataclass(frozen=True, slots=True)
class FileInfo:
    """The uploaded file: its name, its size in bytes, and its SHA-256 if the sender gave it."""

    name: str
    size: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload. `part_bytes` is the size of each part but the last."""

    upload_id: str
    part_bytes: int


@dataclass(frozen=True, slots=True)
class Job:
    """An import job, or the job that undoes one.

    `version` counts the writes of the record: each write is conditional on it. `run` counts the
    starts, from 1: the results of a preview and of the import after it are kept apart. `chunks` and
    `orders` are known when the file is split. `counts` and `groups` are set when a run ends; while
    it works they are summed from the chunks. `failure` says why a job failed or stopped.
    Until then, `options` are those that its sender chose, None without any. `ended_at` is set when
    the result files of a run are complete.
    `undone` are the sums of an undo. `undoing` is the job that undoes this one, or previews it, and
    was begun last; `undone_by` is the last one that ended and was no preview.
    """

    account: str
    job_id: str
    client: str
    kind: JobKind
    state: JobState
    mode: JobMode
    created_at: datetime
    updated_at: datetime
    version: int = 1
    run: int = 0
    file: FileInfo | None = None
    upload: Upload | None = None
    options: FileOptions | None = None
    skip_triggers: bool = True
    stop_above_percent: int = DEFAULT_STOP_ABOVE_PERCENT
    on_duplicate: OnDuplicate = OnDuplicate.UPDATE
    undoes: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    chunks: int | None = None
    orders: int | None = None
    counts: Counts | None = None
    groups: tuple[ProblemGroup, ...] = ()
    failure: str | None = None
    undone: Undone | None = None
    undoing: str | None = None
    undone_by: str | None = None

    @property
    def is_running(self) -> bool:
        """Return whether a run works on the job."""
        return self.state in RUNNING

    @property
    def results_exist(self) -> bool:
        """Return whether a run has ended, so that its result files are complete."""
        return self.run > 0 and self.ended_at is not None

    @property
    def lacks_results(self) -> bool:
        """Return whether the present run must still write its result files."""
        return self.run > 0 and self.ended_at is None

    def upload_expired(self, now: datetime) -> bool:
        """Return whether the upload was discarded before it was completed."""
        return self.upload is not None and now >= self.created_at + UPLOAD_LIFETIME

    def following(self, now: datetime) -> "Job":
        """Return the next version of the record, to be changed and saved."""
        return replace(self, version=self.version + 1, updated_at=now)


def total(summaries: Iterable[ChunkSummary], orders: int | None) -> Counts:
    """Return the sums. Orders without a result are unprocessed."""
    found = Counts()
    for each in summaries:
        found += each.counts
    missing = max(0, (orders or 0) - found.received)
    return replace(found, unprocessed=found.unprocessed + missing)


def total_undone(summaries: Iterable[ChunkSummary]) -> Undone:
    """Return the sums of an undo."""
    return sum((each.undone for each in summaries if each.undone), Undone())


def rate_of(job: Job, counts: Counts, now: datetime) -> float | None:
    """Return how many orders a second the run has processed, None if it has not begun."""
    if job.started_at is None:
        return None
    seconds = ((job.ended_at or now) - job.started_at).total_seconds()
    return counts.processed / seconds if seconds > 0 else None


def estimated_end(job: Job, counts: Counts, now: datetime) -> datetime | None:
    """Return when the run will end at its present rate, None if that cannot be known."""
    rate = rate_of(job, counts, now)
    if job.state is not JobState.IMPORTING or job.orders is None or not rate:
        return None
    return now + timedelta(seconds=counts.unprocessed / rate)


def exceeds(counts: Counts, percent: int) -> bool:
    """Return whether so many orders failed that the file is probably the wrong one."""
    processed = counts.processed
    return processed >= MIN_JUDGED_ORDERS and counts.failed * 100 > percent * processed


def merged(groups: Iterable[ProblemGroup]) -> tuple[ProblemGroup, ...]:
    """Return the groups by code and path, the largest first, with bounded samples."""
    found: dict[tuple[str, str], ProblemGroup] = {}
    for each in groups:
        key = (each.code, each.path)
        before = found.get(key)
        if before is None:
            found[key] = replace(each, samples=each.samples[:MAX_SAMPLES])
        else:
            samples = (*before.samples, *each.samples)[:MAX_SAMPLES]
            found[key] = replace(before, count=before.count + each.count, samples=samples)
    ordered = sorted(found.values(), key=lambda each: (-each.count, each.code, each.path))
    return tuple(ordered[:MAX_GROUPS])


@dataclass(frozen=True, slots=True)
class RecordResult:
    """The result of one record of a chunk, in the order of the chunk."""

    row: int
    external_id: str | None
    outcome: str
    order_id: int | None = None
    version: int | None = None
    code: str = ""
    path: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """The result of a chunk. `samples` are differences that a preview shows, as plain JSON.

    `groups` are the problems of its records, each of which may have several.
    """

    summary: ChunkSummary
    records: tuple[RecordResult, ...]
    samples: tuple[Mapping[str, object], ...] = field(default_factory=tuple)
    groups: tuple[ProblemGroup, ...] = ()


_EXTENSION = re.compile(r"\.[a-z0-9]{1,8}", re.ASCII)
# The extensions of result files, by what the names of formats contain.
_EXTENSIONS = (
    ("csv", ".csv"),
    ("xml", ".xml"),
    ("commerceml", ".xml"),
    ("array", ".json"),
    ("lines", ".jsonl"),
)
OF_COMPRESSIONS = (".gz", ".gzip", ".zip")


def extension_of(job: Job) -> str:
    """Return the extension of a job's result files."""
    return extension_like(
        job.file.name if job.file else "", job.options.format if job.options else ""
    )


def extension_like(name: str, file_format: str) -> str:
    """Return the extension of files that are like one with this name, but not compressed."""
    path = PurePosixPath(name.lower())
    if path.suffix in OF_COMPRESSIONS:
        path = path.with_suffix("")
    if _EXTENSION.fullmatch(path.suffix):
        return path.suffix
    return next((extension for part, extension in _EXTENSIONS if part in file_format), ".txt")
