"""Lambda of the order import: decode, one use case, encode."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from orders.protocols.altcraft.import_orders import internal_error, refuse
from orders.protocols.http import BodyRefusedError
from orders.runtime.composition.import_orders import import_endpoint
from orders.runtime.deadlines import LambdaContext, LambdaDeadline
from orders.runtime.http import read_body, read_head, write_answer
from orders.runtime.observability import logger, metrics, record_import, record_refusal


@logger.inject_lambda_context(clear_state=True, correlation_id_path="requestContext.requestId")
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer `POST /api/v1.1/market/orders/import`."""
    head = read_head(event)
    try:
        request = read_body(event, head)
        answer, report = import_endpoint()(request, LambdaDeadline(context))
    except BodyRefusedError as refusal:
        answer, report = refuse(refusal.status, refusal.text, head), None
    except Exception:  # noqa: BLE001 - every fault must be answered in the caller's protocol
        logger.exception("the import failed")
        metrics.add_metric("ImportFaults", MetricUnit.Count, 1)
        answer, report = internal_error(head), None
    if report:
        record_import(report)
    else:
        record_refusal(answer.status)
    return write_answer(answer)
