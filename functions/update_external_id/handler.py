"""Lambda of the external id's update: decode, one use case, encode."""

from functools import partial
from typing import Any

from orders.protocols.yandex_market.answers import guarded
from orders.runtime.composition.update_external_id import update_external_id_endpoint
from orders.runtime.deadlines import LambdaContext, LambdaDeadline
from orders.runtime.http import read_body, read_head, write_answer
from orders.runtime.observability import logger, metrics, record_answered


@logger.inject_lambda_context(clear_state=True, correlation_id_path="requestContext.requestId")
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer `POST /campaigns/{campaignId}/orders/{orderId}/external-id`."""
    head = read_head(event)
    answered = guarded(
        lambda: update_external_id_endpoint()(
            head, partial(read_body, event), LambdaDeadline(context)
        )
    )
    record_answered(answered, "ExternalIdFaults")
    return write_answer(answered.answer)
