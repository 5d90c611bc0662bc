"""Every AWS call that fails is in the log, with AWS's code and without the data of the request."""

import logging
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from orders.adapters.aws_clients import create_client
from orders.adapters.call_log import FAILED_CALL
from tests.support.aws_faults import error_answer, failing

PRIVATE = "johndoe-private"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401
    for name, value in {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    return create_client("dynamodb")


def logged(
    client: Any,  # noqa: ANN401 - botocore creates its classes at run time
    caplog: pytest.LogCaptureFixture,
    fault: AWSResponse | Exception,
) -> list[dict[str, Any]]:
    """Return the lines about one call that ends with a fault."""
    logging.getLogger("orders").addHandler(caplog.handler)
    try:
        with (
            failing(client, "PutItem", lambda _number: fault),
            pytest.raises((ClientError, BotoCoreError)),
        ):
            client.put_item(TableName="t", Item={"pk": {"S": PRIVATE}})
    finally:
        logging.getLogger("orders").removeHandler(caplog.handler)
    assert PRIVATE not in caplog.text
    return [vars(each) for each in caplog.records if each.getMessage() == FAILED_CALL]


def test_a_rejected_call_is_logged_with_the_code_and_the_id_of_aws(
    client: Any,  # noqa: ANN401
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = error_answer("AccessDeniedException", message=f"about {PRIVATE}")
    answer.headers["x-amzn-RequestId"] = "AWS-1"
    [line] = logged(client, caplog, answer)
    assert (line["call"], line["code"]) == ("dynamodb.PutItem", "AccessDeniedException")
    assert (line["http_status"], line["aws_request_id"]) == (400, "AWS-1")
    assert line["levelname"] == "WARNING"


def test_a_call_without_an_answer_is_logged(
    client: Any,  # noqa: ANN401
    caplog: pytest.LogCaptureFixture,
) -> None:
    [line] = logged(client, caplog, ReadTimeoutError(endpoint_url=f"http://{PRIVATE}"))
    assert (line["call"], line["code"]) == ("dynamodb.PutItem", "ReadTimeoutError")


def cancelled(*codes: str) -> AWSResponse:
    reasons = [{"Code": code, "Message": PRIVATE} for code in codes]
    return error_answer("TransactionCanceledException", CancellationReasons=reasons)


def test_the_reasons_of_a_cancelled_transaction_are_logged(
    client: Any,  # noqa: ANN401
    caplog: pytest.LogCaptureFixture,
) -> None:
    [line] = logged(client, caplog, cancelled("None", "TransactionConflict"))
    assert line["reasons"] == ["TransactionConflict"]


@pytest.mark.parametrize(
    "race",
    [
        error_answer("ConditionalCheckFailedException"),
        cancelled("ConditionalCheckFailed", "None"),
    ],
)
def test_a_lost_race_is_no_fault(
    client: Any,  # noqa: ANN401
    caplog: pytest.LogCaptureFixture,
    race: AWSResponse,
) -> None:
    assert logged(client, caplog, race) == []


@pytest.mark.parametrize("code", ["NoSuchKey", "PreconditionFailed"])
def test_what_s3_answers_about_an_object_that_is_expected_or_not_is_no_fault(
    client: Any,  # noqa: ANN401
    caplog: pytest.LogCaptureFixture,
    code: str,
) -> None:
    assert logged(client, caplog, error_answer(code)) == []
