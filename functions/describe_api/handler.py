"""Lambda function of the OpenAPI description and its page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from orders.runtime.description import Description
from orders.runtime.observability import logger

if TYPE_CHECKING:
    from orders.runtime.deadlines import LambdaContext

describe = Description(Path(__file__).parent)


@logger.inject_lambda_context(clear_state=True, correlation_id_path="requestContext.requestId")
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return the answer to `GET /openapi.json`, `GET /docs` or `GET /docs/{asset}`."""
    del context
    return describe(event)
