"""The entry point of functions on the table's stream: one batch in, one call of the relay."""

from collections.abc import Callable
from typing import Any

from orders.adapters.stream_records import read_record
from orders.application.relay_triggers import RelayTriggers
from orders.runtime.composition.order_protocols import lines_of
from orders.runtime.deadlines import LambdaContext, LambdaDeadline
from orders.runtime.observability import logger, metrics, record_fault, record_relay
from orders.runtime.serve import Handler


class RelayFailedError(Exception):
    """A batch could not be processed. Lambda delivers it again."""


def serve_stream(relay_triggers: Callable[[], RelayTriggers]) -> Handler:
    """Return the handler of a function on the table's stream.

    The handler returns the first record that Lambda must deliver again, if any. It raises
    RelayFailedError if the whole batch could not be processed.
    """

    @logger.inject_lambda_context(clear_state=True)
    @metrics.log_metrics
    def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        try:
            read = (read_record(record, lines_of) for record in event["Records"])
            records = [each for each in read if each]
            report = relay_triggers()(records, LambdaDeadline(context))
        except Exception as error:  # noqa: BLE001 - Lambda would log the message of any error
            record_fault("relay failed", error)
            # Lambda logs the message of what is raised, and that of `error` can repeat an order.
            raise RelayFailedError("The relay failed; see its log") from None
        record_relay(report)
        failures = [] if report.failed is None else [{"itemIdentifier": report.failed}]
        return {"batchItemFailures": failures}

    return lambda_handler
