"""Reads the events that Step Functions sends to the default bus when an execution ends."""

import json
from collections.abc import Mapping
from typing import Any

from orders.application.finish_import_job import ABORTED

_ERRORS = {"ABORTED": ABORTED, "TIMED_OUT": "States.Timeout"}


def read_ended_execution(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the run of an execution that did not succeed, with the name of what ended it.

    The cause of an error may contain customer data, and is not read. Raises KeyError and ValueError
    if the execution was not started for a run.
    """
    detail = event["detail"]
    work = json.loads(detail["input"])
    error = _ERRORS.get(detail["status"]) or detail.get("error") or "States.TaskFailed"
    return {**{name: work[name] for name in ("account", "job_id", "run")}, "error": error}
