"""Lambda of the relay, on the table's stream: decode, one use case, encode."""

from typing import Any

from orders.adapters.stream_records import read_record
from orders.runtime.composition.relay_triggers import relay_triggers
from orders.runtime.deadlines import LambdaContext, LambdaDeadline
from orders.runtime.observability import logger, metrics, record_relay


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Publish what interrupted writers left behind; name the record from which to go on."""
    records = [each for each in map(read_record, event["Records"]) if each]
    report = relay_triggers()(records, LambdaDeadline(context))
    record_relay(report)
    failures = [] if report.failed is None else [{"itemIdentifier": report.failed}]
    return {"batchItemFailures": failures}
