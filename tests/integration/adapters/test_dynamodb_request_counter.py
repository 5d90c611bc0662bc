"""Each request is counted with one atomic write. An error never rejects the request."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_request_counter import DynamoRequestCounter
from orders.adapters.table_keys import requests_key
from tests.support.aws_faults import error_answer, failing
from tests.support.deadlines import DEADLINE, FixedDeadline

HOUR = datetime(2026, 1, 2, 14, tzinfo=UTC)


def test_sixteen_parallel_callers_count_every_request(dynamodb: DynamoDBClient, table: str) -> None:
    counter = DynamoRequestCounter(dynamodb, table)
    with ThreadPoolExecutor(16) as pool:
        counts = list(pool.map(lambda _: counter.count("demo", 1, HOUR, DEADLINE), range(160)))
    assert sorted(count or 0 for count in counts) == list(range(1, 161))


def test_windows_campaigns_and_accounts_are_counted_separately(
    dynamodb: DynamoDBClient, table: str
) -> None:
    counter = DynamoRequestCounter(dynamodb, table)
    assert counter.count("demo", 1, HOUR, DEADLINE) == 1
    assert counter.count("demo", 2, HOUR, DEADLINE) == 1
    assert counter.count("other", 1, HOUR, DEADLINE) == 1
    assert counter.count("demo", 1, HOUR + timedelta(hours=1), DEADLINE) == 1
    assert counter.count("demo", 1, HOUR, DEADLINE) == 2


def test_a_counter_expires_after_its_window(dynamodb: DynamoDBClient, table: str) -> None:
    DynamoRequestCounter(dynamodb, table).count("demo", 1, HOUR, DEADLINE)
    item = dynamodb.get_item(TableName=table, Key=requests_key("demo", 1, HOUR))["Item"]
    expiry = datetime.fromtimestamp(int(item["expires_at"]["N"]), UTC)
    assert HOUR + timedelta(hours=1) < expiry <= HOUR + timedelta(days=1)


def test_a_failed_count_is_not_repeated_and_returns_nothing(
    dynamodb: DynamoDBClient, table: str
) -> None:
    counter = DynamoRequestCounter(dynamodb, table)
    failures: dict[int, AWSResponse | Exception] = {
        1: error_answer("ThrottlingException"),
        2: error_answer("AccessDeniedException"),
        3: ReadTimeoutError(endpoint_url="http://injected"),
    }
    with failing(dynamodb, "UpdateItem", lambda number: failures[number]) as calls:
        for _ in failures:
            assert counter.count("demo", 1, HOUR, DEADLINE) is None
    assert calls == [1, 2, 3]
    assert counter.count("demo", 1, HOUR, FixedDeadline(0)) is None
