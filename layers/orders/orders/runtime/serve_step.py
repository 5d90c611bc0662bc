"""The entry point of the functions of the state machine: one step of an import job."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from orders.application.errors import StorageUnavailableError
from orders.application.ports import Deadline
from orders.runtime.deadlines import LambdaContext, LambdaDeadline
from orders.runtime.observability import logger, metrics, name_job, record_fault, record_job_step
from orders.runtime.serve import Handler

# Carries a step out, and returns what the state machine goes on with.
type Step = Callable[[Mapping[str, Any], Deadline], dict[str, Any]]


class StepFailedError(Exception):
    """A step failed. The state machine tries it again."""


def serve_step(
    name: str,
    open_step: Callable[[], Step],
    read_event: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
) -> Handler:
    """Return the handler of a step with this name in the log.

    `read_event` returns what the step works on. The handler raises StepFailedError if the step
    failed: its caller tries it again.
    """

    @logger.inject_lambda_context(clear_state=True)
    @metrics.log_metrics
    def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        try:
            work = read_event(event)
            name_job(work)
            result = open_step()(work, LambdaDeadline(context))
        except Exception as error:  # noqa: BLE001 - Lambda would log the message of any error
            is_passing = isinstance(error, StorageUnavailableError)
            status = HTTPStatus.SERVICE_UNAVAILABLE if is_passing else None
            record_fault(f"{name} failed", error, status or HTTPStatus.INTERNAL_SERVER_ERROR)
            # Lambda logs the message of what is raised, and that of `error` can repeat an order.
            raise StepFailedError("The step failed; see the log of the function") from None
        record_job_step(f"{name} ended", result)
        return result

    return lambda_handler
