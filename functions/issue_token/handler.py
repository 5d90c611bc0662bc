"""Lambda of the access tokens: decode, one use case, encode."""

from functools import partial
from typing import Any

from orders.protocols.commercetools.answers import guarded
from orders.runtime.composition.issue_token import issue_token_endpoint
from orders.runtime.deadlines import LambdaContext, LambdaDeadline
from orders.runtime.http import read_body, read_head, write_answer
from orders.runtime.observability import logger, metrics, record_answered


@logger.inject_lambda_context(clear_state=True, correlation_id_path="requestContext.requestId")
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer `POST /oauth/token`."""
    head = read_head(event)
    answered = guarded(
        head,
        lambda: issue_token_endpoint()(head, partial(read_body, event), LambdaDeadline(context)),
    )
    record_answered(answered, "IssueTokenFaults")
    return write_answer(answered.answer)
