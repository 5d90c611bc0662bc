"""Publish the triggers of import jobs to EventBridge."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from orders.adapters.aws_faults import TRANSIENT_CODES, call_patiently
from orders.adapters.eventbridge import SOURCE
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.ports import Deadline, Pause
from orders.application.retries import attempts, pause_with_jitter
from orders.domain.import_jobs import FINISHED, Counts, Job
from orders.domain.times import format_time
from orders.domain.triggers import SCHEMA_VERSION

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient


@dataclass(frozen=True, slots=True)
class EventBridgeJobTriggers:
    """Implements JobTriggers with an event bus."""

    client: EventBridgeClient
    bus: str
    pause: Pause = pause_with_jitter

    def publish(self, job: Job, deadline: Deadline) -> None:
        """Publish that the run has ended."""
        entry: Any = {
            "EventBusName": self.bus,
            "Source": SOURCE,
            "DetailType": FINISHED,
            "Time": job.ended_at or job.updated_at,
            "Detail": json.dumps(detail_of(job), ensure_ascii=False, separators=(",", ":")),
        }
        code = ""
        for _ in attempts(deadline, self.pause):
            answer = call_patiently(
                lambda: self.client.put_events(Entries=[entry]), deadline, self.pause
            )
            [result] = answer["Entries"]
            code = str(result.get("ErrorCode", ""))
            if not code:
                return
            if code not in TRANSIENT_CODES:
                raise StorageRefusedError(code)
        raise StorageUnavailableError(code)


def detail_of(job: Job) -> dict[str, Any]:
    """Return the public detail of the trigger (see events/schemas)."""
    run = f"{job.account}\n{job.job_id}\n{job.run}"
    counts = job.counts or Counts()
    return {
        "id": hashlib.sha256(run.encode()).hexdigest()[:32],
        "schema_version": SCHEMA_VERSION,
        "account": job.account,
        "occurred_at": format_time(job.ended_at or job.updated_at),
        "job_id": job.job_id,
        "kind": str(job.kind),
        "state": str(job.state),
        "counts": {"received": counts.received, **asdict(counts)},
        **({} if job.undone is None else {"undone": asdict(job.undone)}),
        "skip_triggers": job.skip_triggers,
    }
