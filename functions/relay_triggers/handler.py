"""Lambda of the relay, on the table's stream: decode, one use case, encode."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from orders.adapters.stream_records import read_record
from orders.runtime.composition.order_protocols import lines_of
from orders.runtime.composition.relay_triggers import relay_triggers
from orders.runtime.deadlines import LambdaContext, LambdaDeadline
from orders.runtime.observability import logger, metrics, record_relay


class RelayFailedError(Exception):
    """A batch could not be worked on; Lambda hands it over again."""


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Publish what interrupted writers left behind; name the record from which to go on.

    Raises RelayFailedError.
    """
    try:
        read = (read_record(record, lines_of) for record in event["Records"])
        records = [each for each in read if each]
        report = relay_triggers()(records, LambdaDeadline(context))
    except Exception:  # noqa: BLE001 - whatever it is, its words must not get into the log
        logger.exception("the relay failed")
        metrics.add_metric("RelayFaults", MetricUnit.Count, 1)
        # Lambda logs what is raised, and the message of a fault can repeat an order.
        raise RelayFailedError("the relay failed: its log says where") from None
    record_relay(report)
    failures = [] if report.failed is None else [{"itemIdentifier": report.failed}]
    return {"batchItemFailures": failures}
