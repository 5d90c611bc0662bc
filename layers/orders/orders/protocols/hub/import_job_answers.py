"""Import jobs as the hub's API shows them."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from orders.application.import_job_ports import Part, ResultLink
from orders.application.import_job_progress import JobProgress, OpenUpload
from orders.domain.file_records import FileOptions
from orders.domain.import_jobs import Counts, Job, ProblemGroup
from orders.domain.times import format_time

type Tree = dict[str, Any]

_RATE_DIGITS = 3


def job_of(progress: JobProgress) -> Tree:
    """Return all of a job."""
    upload = progress.upload
    return {
        **summary_of(progress),
        "problems": [_group(each) for each in progress.job.groups],
        "upload": None if upload is None else _upload(upload),
    }


def summary_of(progress: JobProgress) -> Tree:
    """Return a job as lists show it, without its problems and its upload."""
    job, undone, rate = progress.job, progress.undone, progress.rate
    return {
        "job_id": job.job_id,
        "kind": str(job.kind),
        "state": str(job.state),
        "mode": str(job.mode),
        "run": job.run,
        **_times(job),
        "client": job.client,
        "file": None if job.file is None else asdict(job.file),
        "options": None if job.options is None else _options(job.options, job),
        "skip_triggers": job.skip_triggers,
        "stop_above_percent": job.stop_above_percent,
        "on_duplicate": str(job.on_duplicate),
        "undoes": job.undoes,
        "undone_by": job.undone_by,
        "orders": job.orders,
        "counts": _counts(progress.counts),
        "undone": None if undone is None else asdict(undone),
        "rate": None if rate is None else round(rate, _RATE_DIGITS),
        "estimated_end": _time(progress.estimated_end, whole=True),
        "failure": job.failure,
    }


def file_of(link: ResultLink) -> Tree:
    """Return a result file."""
    return {"name": link.name, "size": link.size, "url": link.url}


def _times(job: Job) -> Tree:
    return {
        "created_at": _time(job.created_at),
        "started_at": _time(job.started_at),
        "updated_at": _time(job.updated_at),
        "ended_at": _time(job.ended_at),
    }


def _time(moment: datetime | None, *, whole: bool = False) -> str | None:
    if moment is None:
        return None
    return format_time(moment.replace(microsecond=0) if whole else moment)


def _options(options: FileOptions, job: Job) -> Tree:
    values = {
        "format": options.format,
        "compression": options.compression,
        "charset": options.charset,
        "delimiter": options.delimiter,
        "decimal_comma": options.decimal_comma,
        "date_form": options.date_form,
    }
    if job.chunks is None:
        # Nothing was guessed yet.
        unknown = dict.fromkeys(options.guessed)
        return {**values, **unknown, "mapping": dict(options.mapping), "guessed": []}
    return {**values, "mapping": dict(options.mapping), "guessed": list(options.guessed)}


def _counts(counts: Counts) -> Mapping[str, int]:
    return {"received": counts.received, **asdict(counts)}


def _group(group: ProblemGroup) -> Tree:
    return {
        "code": group.code,
        "path": group.path,
        "count": group.count,
        "samples": [asdict(each) for each in group.samples],
    }


def _upload(upload: OpenUpload) -> Tree:
    return {
        "part_bytes": upload.part_bytes,
        "expires_at": _time(upload.expires_at),
        "parts": [_part(each) for each in upload.parts],
    }


def _part(part: Part) -> Tree:
    return {
        "number": part.number,
        "offset": part.offset,
        "size": part.size,
        "uploaded": part.url is None,
        "url": part.url,
    }
