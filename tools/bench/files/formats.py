"""Compares the CPU of whole jobs: each format with JSON Lines, and a preview with its run.

A stub below botocore's HTTP layer answers for DynamoDB and EventBridge: it accepts every order and
forgets it. The bucket is a folder. All jobs of a round alternate, after a first round that warms
up, and medians are compared.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orders.domain.import_jobs import JobMode
from tools.bench.files.exports import BY_FORMAT, REFERENCE
from tools.bench.files.kept_items import KeptItems
from tools.bench.files.steps import Functions, JobSeconds
from tools.bench.progress import announce
from tools.bench.world import World

ROUNDS = 5
CSV = "altcraft_csv"


@dataclass(frozen=True, slots=True)
class FormatCpu:
    """Microseconds of CPU an order: medians over the rounds, of each step of a job."""

    format: str
    orders: int
    split: float
    chunks: float
    finish: float
    job: float


@dataclass(frozen=True, slots=True)
class JobsCpu:
    """The CPU of jobs by format, and that of a preview of the CSV file."""

    formats: Sequence[FormatCpu]
    preview: FormatCpu

    def of(self, name: str) -> FormatCpu:
        """Return the CPU of a format."""
        return next(each for each in self.formats if each.format == name)

    def ratios(self) -> Mapping[str, float]:
        """Return the CPU of each format as a multiple of that of JSON Lines."""
        return {each.format: each.job / self.of(REFERENCE).job for each in self.formats}

    def preview_ratio(self) -> float:
        """Return the CPU of a preview as a multiple of that of its run."""
        return self.preview.job / self.of(CSV).job


def measure_jobs(world: World, steps: Functions, orders: int) -> JobsCpu:
    """Run jobs of all formats, and previews of the CSV file."""
    runs = [*((name, JobMode.IMPORT) for name in BY_FORMAT), (CSV, JobMode.PREVIEW)]
    measured: dict[tuple[str, JobMode], list[JobSeconds]] = {run: [] for run in runs}
    for number in range(-1, ROUNDS):
        if number >= 0:
            announce(f"  Round {number + 1} of {ROUNDS}")
        for name, mode in runs:
            seconds = _run(world, steps, name, mode, orders)
            if number >= 0:
                measured[name, mode].append(seconds)
    preview = _medians(CSV, orders, measured.pop((CSV, JobMode.PREVIEW)))
    return JobsCpu([_medians(name, orders, each) for (name, _), each in measured.items()], preview)


def _run(world: World, steps: Functions, name: str, mode: JobMode, orders: int) -> JobSeconds:
    stub = KeptItems(world.table, world.hub.dynamodb, world.hub.events)
    stub.items = dict(world.aws.items)
    with stub.answering():
        job = steps.add_job(BY_FORMAT[name], orders, mode)
        seconds = steps.run(job)
    steps.forget(job)
    return seconds


def _medians(name: str, orders: int, runs: Sequence[JobSeconds]) -> FormatCpu:
    def of_order(seconds: Sequence[float]) -> float:
        return statistics.median(seconds) * 1e6 / orders

    return FormatCpu(
        name,
        orders,
        of_order([each.split.cpu for each in runs]),
        of_order([each.chunks.cpu for each in runs]),
        of_order([each.finish.cpu for each in runs]),
        of_order([each.cpu for each in runs]),
    )
