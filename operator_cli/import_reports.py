"""What a preview or an import says at its end, however the orders were sent."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from operator_cli.counted import counted
from operator_cli.result_files import ResultNames
from orders.domain.import_jobs import Counts, ProblemGroup, Sample, exceeds

type Tree = Mapping[str, Any]

MAX_SHOWN = 10
_POSITION = re.compile(r"/(lines|tags)/\d+(?=/|$)")


class Progress(Protocol):
    """Shows how far a command is."""

    def begin(self, what: str, total: int | None = None, unit: str = "order") -> None:
        """Begin a phase, such as an upload."""

    def reach(self, done: int, total: int | None = None) -> None:
        """Show that so much of the phase is done."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The end of a preview, or of an import.

    `samples` have row, external_id, outcome and, for an updated order, what changes. `triggers` of
    `counts` were published, or would be. `failure` is the reason why not all orders were processed.
    `undo` is the command that takes the import back. `note` is about an earlier import of the file.
    `uncertain` orders are unprocessed because the hub did not answer; they may be imported.
    """

    counts: Counts
    problems: Sequence[ProblemGroup] = ()
    samples: Sequence[Tree] = ()
    seconds: float | None = None
    failure: str | None = None
    undo: str | None = None
    undone: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    uncertain: int = 0
    is_interrupted: bool = False

    @property
    def is_complete(self) -> bool:
        """Return whether every order was processed and none failed."""
        counts = self.counts
        return not (counts.failed or counts.unprocessed or self.failure)


def orders_in_results(counts: Counts) -> Mapping[str, int]:
    """Return the number of orders in each result file, by the name of the result."""
    done = counts.created + counts.updated + counts.unchanged
    return {"success": done, "failed": counts.failed, "unprocessed": counts.unprocessed}


class Importer(Protocol):
    """Sends the orders of a file in one way. Every method raises OperatorError."""

    def preview(self, progress: Progress) -> ImportReport | None:
        """Return what an import would do, None if the import has begun before."""

    def run(self, progress: Progress) -> ImportReport:
        """Import the orders. Raises UnavailableError if none was imported."""

    def write_results(self, names: ResultNames, progress: Progress) -> Sequence[Path]:
        """Write the result files of the import, and forget it."""

    def interrupted(self) -> str:
        """Return how to go on after an interruption, "" if nothing has begun."""


type MakeProgress = Callable[[], Progress]


def judged(report: ImportReport, stop_above_percent: int) -> ImportReport:
    """Return the report of a preview, with a failure if too many orders would fail."""
    counts = report.counts
    if report.failure or not exceeds(counts, stop_above_percent):
        return report
    failure = (
        f"{counts.failed:,} of {counted(counts.received, 'order')} would fail, more than "
        f"{stop_above_percent} percent; nothing was imported. Correct the file, or give a larger "
        "--stop-above-percent"
    )
    return replace(report, failure=failure)


def starred(pointer: str) -> str:
    """Return a JSON pointer into an order with `*` instead of positions."""
    return _POSITION.sub(r"/\1/*", pointer)


def report_of_job(job: Tree, samples: Sequence[Tree] = ()) -> ImportReport:
    """Return the report of a job whose run ended."""
    counts = job["counts"]
    names = ("created", "updated", "unchanged", "failed", "unprocessed", "triggers")
    return ImportReport(
        Counts(*(counts.get(name, 0) for name in names)),
        tuple(_group_of(each) for each in job["problems"]),
        samples,
        _seconds_of(job),
        job["failure"] or ("The job was cancelled" if job["state"] == "cancelled" else None),
        f"orders jobs undo {job['job_id']}",
        job.get("undone") or {},
    )


def _group_of(tree: Tree) -> ProblemGroup:
    samples = tuple(
        Sample(each["row"], each["external_id"], each["message"]) for each in tree["samples"]
    )
    return ProblemGroup(tree["code"], tree["path"], tree["count"], samples)


def _seconds_of(job: Tree) -> float | None:
    from orders.domain.times import parse_time

    if not job["started_at"] or not job["ended_at"]:
        return None
    seconds: float = (parse_time(job["ended_at"]) - parse_time(job["started_at"])).total_seconds()
    return seconds
