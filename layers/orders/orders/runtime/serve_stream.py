"""The entry point of functions on the table's stream: one batch in, one call of a use case."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from orders.application.ports import Deadline
from orders.runtime.deadlines import LambdaContext, LambdaDeadline
from orders.runtime.observability import logger, metrics, record_fault, record_retried_batch
from orders.runtime.serve import Handler


class StreamFailedError(Exception):
    """A batch could not be processed. Lambda delivers it again."""


class BatchReport(Protocol):
    """The result of one batch."""

    @property
    def failed(self) -> str | None:
        """Return the sequence number of the first record that Lambda must deliver again."""


type UseCase[Report] = Callable[[Sequence[Any], Deadline], Report]


def serve_stream[Report: BatchReport](
    open_use_case: Callable[[], UseCase[Report]],
    read_record: Callable[[Mapping[str, Any]], object],
    record_report: Callable[[Report], None],
) -> Handler:
    """Return the handler of a function on the table's stream.

    `read_record` returns None for a record that the use case does not need. The handler returns the
    first record that Lambda must deliver again, if any. It raises StreamFailedError if the whole
    batch could not be processed.
    """

    @logger.inject_lambda_context(clear_state=True)
    @metrics.log_metrics
    def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        try:
            read = map(read_record, event["Records"])
            records = [each for each in read if each is not None]
            report = open_use_case()(records, LambdaDeadline(context))
        except Exception as error:  # noqa: BLE001 - Lambda would log the message of any error
            record_fault("batch failed", error)
            # Lambda logs the message of what is raised, and that of `error` can repeat an order.
            raise StreamFailedError("The batch failed; see the log of the function") from None
        record_report(report)
        if report.failed is None:
            return {"batchItemFailures": []}
        record_retried_batch(report.failed)
        return {"batchItemFailures": [{"itemIdentifier": report.failed}]}

    return lambda_handler
