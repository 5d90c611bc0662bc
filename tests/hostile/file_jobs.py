"""Carries an import job out in one process, with its files on the disk, and measures each step.

The use cases and the formats are those of the functions; the stores are fakes.
"""

import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter

from orders.adapters.job_documents import read_chunk, read_result, write_chunk, write_result
from orders.application.get_import_job import GetImportJob, JobAddress
from orders.application.import_job_ports import Chunk
from orders.application.list_import_files import ListImportFiles
from orders.domain.file_records import FileOptions
from orders.domain.import_jobs import ChunkResult, FileInfo, Job, JobMode
from orders.file_formats.registry import Registry
from orders.protocols.hub.import_job_answers import job_of
from orders.protocols.json_text import write_json
from tests.support.deadlines import DEADLINE
from tests.support.file_job_worlds import JOB_ID, Engine, MortalFiles

# So many chunks are imported: the first ones, and the last one.
_FIRST_CHUNKS = 3


@dataclass
class CountedFile:
    """A result file of which only the size is kept."""

    size: int = 0

    def write(self, data: bytes) -> None:
        self.size += len(data)

    def close(self) -> int:
        return self.size

    def discard(self) -> None:
        """Nothing is kept."""


@dataclass
class DiskFiles(MortalFiles):
    """Files of one job in a folder."""

    folder: Path = Path()
    written: dict[str, CountedFile] = field(default_factory=dict)

    def open_file(self, account: str, job_id: str) -> BinaryIO:
        del account, job_id
        return BufferedReader((self.folder / "file").open("rb", buffering=0))

    def save_chunks(self, account: str, job_id: str, chunks: Iterable[Chunk]) -> int:
        del account, job_id
        count = 0
        for each in chunks:
            (self.folder / f"chunk-{each.number}").write_bytes(write_chunk(each))
            count += 1
        return count

    def chunk(self, account: str, job_id: str, number: int) -> Chunk:
        del account, job_id
        return read_chunk(number, (self.folder / f"chunk-{number}").read_bytes())

    def add_result(self, account: str, job_id: str, run: int, result: ChunkResult) -> ChunkResult:
        del account, job_id, run
        (self.folder / f"result-{result.summary.number}").write_bytes(write_result(result))
        return result

    def result(self, account: str, job_id: str, run: int, number: int) -> ChunkResult | None:
        del account, job_id, run
        path = self.folder / f"result-{number}"
        return read_result(path.read_bytes()) if path.exists() else None

    def worked(self, job: Job) -> Iterator[tuple[Chunk, ChunkResult | None]]:
        for number in range(job.chunks or 0):
            result = self.result(job.account, job.job_id, job.run, number)
            yield self.chunk(job.account, job.job_id, number), result

    def begin_result_file(  # type: ignore[override]
        self, account: str, job_id: str, run: int, name: str
    ) -> CountedFile:
        del account, job_id, run
        return self.written.setdefault(name, CountedFile())


@dataclass(frozen=True, slots=True)
class FileRun:
    """How a job ended, and the CPU seconds of its steps: `chunk` are those of the slowest one."""

    job: Job
    split: float
    chunk: float
    finish: float
    # The sizes of the chunks, of the result files, of the job's record, and of two answers.
    chunk_bytes: int
    result_bytes: int
    record_bytes: int
    answer_bytes: int

    @property
    def text(self) -> str:
        """Return all that the job says of its end."""
        groups = (f"{each.code} {each.path} {each.samples[0].message}" for each in self.job.groups)
        failure = self.job.failure or ""
        state = str(self.job.state)
        if "could not be processed" in failure:
            # Only some chunks are imported.
            state, failure = "previewed", ""
        return " | ".join((state, failure, *groups))


def run_file(folder: Path, name: str, options: FileOptions | None = None) -> FileRun:
    """Preview the import of `file` in a folder, as a job does."""
    stores: dict[str, Any] = {"formats": Registry()}
    engine = Engine(**stores)
    files = DiskFiles(life=engine.life, folder=folder)
    engine.files = files
    size = (folder / "file").stat().st_size
    engine.add_job(
        b"", file=FileInfo(name, size), options=options, mode=JobMode.PREVIEW, skip_triggers=True
    )
    split = _seconds(lambda: engine.split()("demo", JOB_ID, 1, DEADLINE))
    chunks = engine.job.chunks or 0
    wanted = sorted({*range(min(chunks, _FIRST_CHUNKS)), *((chunks - 1,) if chunks else ())})
    slowest = 0.0
    for number in wanted:
        slowest = max(slowest, _seconds(partial(engine.work, number)))
    finish = _seconds(lambda: engine.finish()("demo", JOB_ID, 1, None, DEADLINE))
    address = JobAddress("demo", JOB_ID)
    listed = ListImportFiles(engine.jobs, files, engine.clock)(address, DEADLINE)
    progress = GetImportJob(engine.jobs, files, engine.clock)(address, DEADLINE)
    assert listed is not None
    assert progress is not None
    return FileRun(
        engine.job,
        split,
        slowest,
        finish,
        sum(path.stat().st_size for path in folder.glob("chunk-*")),
        sum(each.size for each in files.written.values()),
        len(zlib.compress(TypeAdapter(Job).dump_json(engine.job))),
        max(len(write_json(job_of(progress))), len(write_json(list(listed.samples)))),
    )


def _seconds(call: Callable[[], object]) -> float:
    begun = time.process_time()
    call()
    return time.process_time() - begun
