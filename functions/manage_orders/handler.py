"""Lambda of the order reads and status changes: decode, one use case, encode."""

from functools import partial
from typing import Any

from orders.runtime.composition.manage_orders import answer_request
from orders.runtime.deadlines import LambdaContext, LambdaDeadline
from orders.runtime.http import read_body, read_head, route_of, write_answer
from orders.runtime.observability import logger, metrics, record_answered


@logger.inject_lambda_context(clear_state=True, correlation_id_path="requestContext.requestId")
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer the routes that read, move on and delete orders, of every protocol."""
    answered = answer_request(
        route_of(event), read_head(event), partial(read_body, event), LambdaDeadline(context)
    )
    record_answered(answered, "ManageOrdersFaults")
    return write_answer(answered.answer)
