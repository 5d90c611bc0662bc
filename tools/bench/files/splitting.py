"""Splits a file in a process of its own: its seconds, and the peak of its memory.

A stub answers AWS, and the chunks are thrown away, so that the file is the only thing on the disk.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import psutil

from orders.domain.import_jobs import MAX_FILE_BYTES
from orders.runtime.composition import connect
from tools.bench.files import FILES
from tools.bench.files.exports import BY_FORMAT
from tools.bench.files.folder_bucket import FolderBucket
from tools.bench.files.kept_items import KeptItems
from tools.bench.files.steps import SPLIT, Seconds, event_of, functions
from tools.bench.processes import measured_by, peak_mb, report
from tools.bench.world import variables

MB = 1024**2
# The function has 900 seconds, of which it leaves 30 for the manifest and the job.
SPLITTING_SECONDS = 870
LARGEST_MB = MAX_FILE_BYTES / MB


@dataclass(frozen=True, slots=True)
class Split:
    """A file that was split. `seconds` are those of the clock, and `cpu` those of the CPU."""

    format: str
    orders: int
    megabytes: float
    seconds: float
    cpu: float
    peak_mb: int

    @property
    def speed(self) -> float:
        """Return the megabytes that a second splits on this machine."""
        return self.megabytes / self.seconds

    @property
    def largest_mb(self) -> float:
        """Return the size of the largest file that the whole CPU of the function splits in time."""
        return self.megabytes / self.cpu * SPLITTING_SECONDS


def measure_split(name: str, orders: int) -> Split:
    """Split a file of a format with so many orders."""
    return Split(**measured_by("tools.bench.files.splitting", name, str(orders)))


def _split(name: str, orders: int) -> Split:
    os.environ |= variables("bench", "http://dynamodb.invalid")
    hub = connect()
    stub = KeptItems("bench", hub.dynamodb, hub.events)
    with functions(FolderBucket(FILES, drops_chunks=True)) as steps, stub.answering():
        # The first call imports the modules of the format.
        steps.call(SPLIT, event_of(steps.add_job(BY_FORMAT[name], 1)))
        job = steps.add_job(BY_FORMAT[name], orders)
        seconds = Seconds()
        with seconds.counting():
            steps.call(SPLIT, event_of(job))
        split = steps.stored(job)
        if split.orders != orders or job.file is None:
            raise RuntimeError(f"The file was not split: {split}")
    peak = peak_mb(psutil.Process())
    return Split(name, orders, job.file.size / MB, seconds.wall, seconds.cpu, peak)


def main(arguments: Sequence[str]) -> None:
    """Report the measurement."""
    name, orders = arguments
    report(asdict(_split(name, int(orders))))


if __name__ == "__main__":
    main(sys.argv[1:])
