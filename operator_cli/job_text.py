"""The text of a job, and of an undo."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from operator_cli.history_text import printable
from operator_cli.import_reports import MAX_SHOWN, report_of_job
from operator_cli.import_text import problem_lines, sample_lines, undone_lines

type Tree = Mapping[str, Any]

_TIMES = ("created_at", "started_at", "ended_at", "estimated_end")
_RULES = ("on_duplicate", "stop_above_percent", "skip_triggers", "client")


def job_lines(job: Tree) -> Iterator[str]:
    """Yield what is known of a job."""
    yield f"job {job['job_id']}: {job['kind']}, {job['mode']}, {job['state']}"
    if job["failure"]:
        yield f"  {printable(job['failure'])}"
    if job["undoes"]:
        yield f"  undoes job {job['undoes']}"
    if job["file"]:
        yield f"  file {printable(job['file']['name'])}, {job['file']['size']:,} bytes"
    if job["options"]:
        yield f"  {_options(job['options'])}"
    for name in _TIMES:
        if job.get(name):
            yield f"  {name.replace('_', ' ')} {job[name]}"
    yield "  " + ", ".join(f"{name.replace('_', ' ')} {_text(job[name])}" for name in _RULES)
    if job["rate"]:
        yield f"  {job['rate']:,.0f} orders/s"
    for name, number in job["counts"].items():
        yield f"  {name:12}{number:>12,}"
    if job.get("undone"):
        yield from undone_lines(job["undone"])
    yield from problem_lines(report_of_job(job))


# A restored order is shown with what an undo would change.
_SAMPLES_OF_AN_UNDO = {
    "restored": "restored",
    "kept": "kept, because they were changed since",
}


def undo_lines(job: Tree, samples: Sequence[Tree], *, is_preview: bool) -> Iterator[str]:
    """Yield what an undo did, or would do."""
    yield "Preview of the undo. Nothing was written." if is_preview else "The undo ended."
    undone = job.get("undone") or {}
    yield from undone_lines(undone)
    for outcome, title in _SAMPLES_OF_AN_UNDO.items():
        found = [each for each in samples if each["outcome"] == outcome][:MAX_SHOWN]
        if found:
            yield f"{title}, for example:"
            yield from sample_lines(found)
    yield from problem_lines(report_of_job(job))


def _options(options: Tree) -> str:
    guessed = options.get("guessed") or ()
    parts = [
        f"{name.replace('_', ' ')} {_text(value)}{' (guessed)' if name in guessed else ''}"
        for name, value in options.items()
        if name not in {"guessed", "mapping"} and value is not None
    ]
    return ", ".join(parts)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "tab" if value == "\t" else printable(str(value))
