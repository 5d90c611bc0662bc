"""Lambda of the order reads and status changes: decode, one use case, encode."""

from functools import partial
from typing import Any

from orders.protocols.yandex_market.answers import guarded
from orders.runtime.composition.manage_orders import manage_orders_endpoints
from orders.runtime.deadlines import LambdaContext, LambdaDeadline
from orders.runtime.http import read_body, read_head, route_of, write_answer
from orders.runtime.observability import logger, metrics, record_answered


@logger.inject_lambda_context(clear_state=True, correlation_id_path="requestContext.requestId")
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer the routes of the Partner API that read orders or change their status."""
    head = read_head(event)
    answered = guarded(
        lambda: manage_orders_endpoints()[route_of(event)](
            head, partial(read_body, event), LambdaDeadline(context)
        )
    )
    record_answered(answered, "ManageOrdersFaults")
    return write_answer(answered.answer)
