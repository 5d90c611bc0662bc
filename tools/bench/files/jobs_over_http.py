"""Imports a file through the real API: the whole stack, on the embedded AWS."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import psutil

from operator_cli.file_transfer import FileTransfer
from operator_cli.hub_import_jobs import HubImportJobs
from operator_cli.hub_over_http import HubOverHttp
from tools.bench import STACK
from tools.bench.files import FILES
from tools.bench.files.exports import BY_FORMAT, write
from tools.bench.processes import peak_mb
from tools.bench.progress import Progress
from tools.local_stack.foreground import free_port
from tools.local_stack.settings import StackSettings
from tools.local_stack.stack import LocalStack

CSV = "altcraft_csv"
_POLL_SECONDS = 0.5
_FUNCTION = "AWS_LAMBDA_FUNCTION_NAME"


@dataclass(frozen=True, slots=True)
class WholeJob:
    """A job of new orders. `peaks_mb` are the peaks of the memory of its functions, by name."""

    where: str
    orders: int
    seconds: float
    peaks_mb: dict[str, int]

    @property
    def orders_a_second(self) -> float:
        """Return how many orders a second were imported."""
        return self.orders / self.seconds


def measure_over_http(orders: int) -> WholeJob:
    """Create a job, upload its file, start it, and ask for it until it has ended."""
    export = BY_FORMAT[CSV]
    path = FILES / export.name
    size = write(export, orders, path)
    with LocalStack(StackSettings(port=free_port(), state=STACK)) as stack:
        jobs = HubImportJobs(HubOverHttp(stack.endpoint.base_url, stack.endpoint.token))
        wanted = {"file": {"name": export.name, "size": size}, "mode": "import"}
        started = time.perf_counter()
        job = jobs.create(wanted)
        FileTransfer().upload(path, job["upload"]["parts"], lambda _size: None)
        jobs.start(job["job_id"], "import")
        peaks: dict[str, int] = {}
        Progress("orders", orders).follow(_imported(jobs, job["job_id"], peaks))
        seconds = time.perf_counter() - started
        ended = jobs.get(job["job_id"])
    path.unlink()
    if ended["state"] != "completed" or ended["counts"]["created"] != orders:
        raise RuntimeError(f"The job has not imported its file: {ended}")
    return WholeJob("the embedded AWS, through the API", orders, seconds, peaks)


def _imported(jobs: HubImportJobs, job_id: str, peaks: dict[str, int]) -> Iterator[int]:
    """Yield how many orders are imported, until the job has ended. Note the peaks of memory."""
    while True:
        job = jobs.get(job_id)
        for name, peak in _functions():
            peaks[name] = max(peaks.get(name, 0), peak)
        yield job["counts"]["created"]
        if job["ended_at"]:
            return
        time.sleep(_POLL_SECONDS)


def _functions() -> Iterator[tuple[str, int]]:
    """Yield the names of the functions of this stack, and the peaks of their memory."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error, OSError):
            name = process.environ().get(_FUNCTION)
            if name:
                yield name, peak_mb(process)
