"""One request to a fresh environment, answered by the stub: start-up is measured on it."""

import json
import sys
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace

from functions.import_orders import handler
from orders.runtime.composition import connect


def main(state: Path) -> None:
    """Answer the request that the file holds."""
    from bench.stubbed_aws import StubbedAws  # noqa: PLC0415 - after what is measured

    told = json.loads(state.read_text())
    clients = connect()
    aws = StubbedAws(clients.environment.table, clients.dynamodb, clients.events)
    aws.items = {(pk, sk): item for pk, sk, item in told["items"]}
    context = SimpleNamespace(
        aws_request_id="invocation",
        function_name="import-orders",
        memory_limit_in_mb=1769,
        invoked_function_arn="arn",
        get_remaining_time_in_millis=lambda: 27_000,
    )
    with aws.answering():
        answer = handler.lambda_handler(told["event"], context)
    if answer["statusCode"] != HTTPStatus.OK:
        raise SystemExit(answer["body"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
