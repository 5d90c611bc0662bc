"""Split the file of an import job into chunks, which are imported one by one.

The file is read once, as a stream, in flat memory. A repeated run writes equal chunks, so that one
which was cut off is simply repeated.
"""

import hashlib
from collections.abc import Buffer, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from io import BufferedReader, RawIOBase
from typing import BinaryIO

from orders.application.deadlines import EarlierDeadline
from orders.application.errors import StorageUnavailableError
from orders.application.import_job_ports import Chunk, FileFormats, ImportJobs, JobFiles
from orders.application.ports import Clock, Deadline, Pause
from orders.application.retries import attempts
from orders.domain.file_records import UNCHOSEN, FileOptions, Record, UnreadableFileError
from orders.domain.import_jobs import (
    MAX_CHUNK_BYTES,
    MAX_CHUNK_ORDERS,
    MAX_CHUNK_ROWS,
    FileInfo,
    Job,
    JobState,
)
from orders.domain.problems import encodable
from orders.domain.repeated_keys import RepeatedKeys

# So many first bytes show how a file is read.
BEGINNING_BYTES = 64 * 1024
_BLOCK_BYTES = 1024 * 1024
# Between two looks whether the job was cancelled.
_CHUNKS_PER_LOOK = 50
# The last chunks, the manifest and the job are still saved then.
_SAVING_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class SplitReport:
    """The result of splitting. `manifest` is the key of the list of chunks, None without chunks."""

    state: JobState
    chunks: int = 0
    manifest: str | None = None


@dataclass(frozen=True, slots=True)
class SplitImportFile:
    """Splits the file of a job."""

    jobs: ImportJobs
    files: JobFiles
    formats: FileFormats
    clock: Clock
    pause: Pause

    def __call__(
        self, account: str, job_id: str, run: int, deadline: Deadline
    ) -> SplitReport | None:
        """Split the file, unless that is done. Return None if there is no such run.

        A file that cannot be read makes the job fail. Raises StorageUnavailableError and
        StorageRefusedError.
        """
        job = self.jobs.find(account, job_id, deadline)
        if job is None or job.run != run:
            return None
        if job.state is not JobState.SPLITTING:
            return self._report(job)
        try:
            split = self._split(job, deadline)
        except UnreadableFileError as error:
            place = "" if error.row is None else f"Row {error.row}: "
            return self._end(job, deadline, failure=encodable(f"{place}{error}"))
        except _NotSplittingError:
            return self._end(job, deadline)
        return self._end(job, deadline, split=split)

    def _split(self, job: Job, deadline: Deadline) -> "_Split":
        account, job_id = job.account, job.job_id
        with closing(self.files.open_file(account, job_id)) as opened:
            working = EarlierDeadline(deadline, _SAVING_SECONDS)
            source = _HashedFile(opened, working)
            options = self._options(job, source)
            reader = BufferedReader(source, _BLOCK_BYTES)
            file = self.formats.open(reader, options)
            split = _Split(options)
            chunks = self._watched(job, split.chunks(file.records), deadline)
            split.written = self.files.save_chunks(account, job_id, chunks)
            # A format need not read to the last byte.
            while reader.read(_BLOCK_BYTES):
                pass
        _expect_whole(source, job.file)
        if not split.orders:
            raise UnreadableFileError("no_orders", "The file has no orders")
        self.files.save_frame(account, job_id, file.whole_frame())
        return split

    def _options(self, job: Job, source: "_HashedFile") -> FileOptions:
        chosen = job.options or UNCHOSEN
        if chosen.format and not chosen.guessed:
            return chosen
        name = job.file.name if job.file else ""
        return self.formats.detect(name, source.peek(BEGINNING_BYTES), chosen)

    def _watched(self, job: Job, chunks: Iterable[Chunk], deadline: Deadline) -> Iterator[Chunk]:
        """Yield the chunks, as long as the job waits for them and there is time."""
        working = EarlierDeadline(deadline, _SAVING_SECONDS)
        for chunk in chunks:
            _expect_time(working)
            if chunk.number % _CHUNKS_PER_LOOK == _CHUNKS_PER_LOOK - 1:
                self._expect_splitting(job, deadline)
            yield chunk

    def _expect_splitting(self, job: Job, deadline: Deadline) -> None:
        found = self.jobs.find(job.account, job.job_id, deadline)
        if found is None or found.state is not JobState.SPLITTING or found.run != job.run:
            raise _NotSplittingError

    def _end(
        self,
        job: Job,
        deadline: Deadline,
        *,
        split: "_Split | None" = None,
        failure: str | None = None,
    ) -> SplitReport | None:
        """Save the result, unless the job does not wait for it any more."""
        for _ in attempts(deadline, self.pause):
            found = self.jobs.find(job.account, job.job_id, deadline)
            if found is None or found.run != job.run:
                return None
            if found.state is not JobState.SPLITTING:
                return self._report(found)
            after = found.following(self.clock())
            if split is not None:
                after = replace(
                    after,
                    state=JobState.IMPORTING,
                    options=split.options,
                    chunks=split.written,
                    orders=split.orders,
                )
            elif failure is not None:
                after = replace(after, state=JobState.FAILED, failure=failure)
            # The manifest is there before anybody is sent to it.
            report = self._report(after)
            if self.jobs.save(after, deadline):
                return report
        raise StorageUnavailableError("other requests changed the job at the same time")

    def _report(self, job: Job) -> SplitReport:
        if job.state is not JobState.IMPORTING or job.chunks is None:
            return SplitReport(job.state)
        manifest = self.files.save_manifest(job.account, job.job_id, job.run, job.chunks)
        return SplitReport(job.state, job.chunks, manifest)


class _NotSplittingError(Exception):
    """The job was cancelled while its file was being split."""


@dataclass(slots=True)
class _Split:
    """The chunks of a file, and what was counted of them."""

    options: FileOptions
    orders: int = 0
    written: int = 0
    _keys: RepeatedKeys = field(default_factory=RepeatedKeys)

    def chunks(self, records: Iterable[Record]) -> Iterator[Chunk]:
        """Yield the chunks of records, which are numbered from 0."""
        number, size, rows = 0, 0, 0
        pending: list[Record] = []
        for record in records:
            size += len(record.raw)
            rows += record.rows
            is_full = len(pending) == MAX_CHUNK_ORDERS or size > MAX_CHUNK_BYTES
            if pending and (is_full or rows > MAX_CHUNK_ROWS):
                yield Chunk(number, tuple(pending))
                number, size, rows = number + 1, len(record.raw), record.rows
                pending = []
            pending.append(self._marked(record))
            self.orders += 1
        if pending:
            yield Chunk(number, tuple(pending))

    def _marked(self, record: Record) -> Record:
        if record.key is None:
            return record
        first = self._keys.first_row(record.key, record.row)
        return record if first is None else replace(record, first_row=first)


class _HashedFile(RawIOBase):
    """A stream that counts and hashes what is read of it, as long as there is time.

    A file may have very much before its next chunk.
    """

    def __init__(self, source: BinaryIO, deadline: Deadline) -> None:
        super().__init__()
        self._source = source
        self._deadline = deadline
        self._begun = b""
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of what was read, in hexadecimal digits."""
        return self._digest.hexdigest()

    def peek(self, size: int) -> bytes:
        """Return the next bytes, which are read again later. There are fewer only at the end."""
        while len(self._begun) < size:
            more = self._source.read(size - len(self._begun))
            if not more:
                break
            self._begun += more
        return self._begun[:size]

    def readable(self) -> bool:
        """Return true."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Read the next bytes. Raises UnreadableFileError when the time is over."""
        _expect_time(self._deadline)
        room = memoryview(buffer).cast("B")
        if self._begun:
            data, self._begun = self._begun[: len(room)], self._begun[len(room) :]
        else:
            data = self._source.read(len(room))
        room[: len(data)] = data
        self._digest.update(data)
        self.size += len(data)
        return len(data)


def _expect_time(deadline: Deadline) -> None:
    if deadline.remaining() <= 0:
        message = "The file is too large to be split in time; send it in several files"
        raise UnreadableFileError("too_large", message)


def _expect_whole(source: _HashedFile, file: FileInfo | None) -> None:
    """Raise UnreadableFileError if the uploaded file is not the one that was announced."""
    if file is None:
        return
    if source.size != file.size:
        message = f"The file must have {file.size} bytes, as announced; got {source.size}"
        raise UnreadableFileError("wrong_size", message)
    if file.sha256 is not None and source.sha256 != file.sha256.lower():
        message = f"The file must have the SHA-256 {file.sha256}; got {source.sha256}"
        raise UnreadableFileError("wrong_checksum", message)
