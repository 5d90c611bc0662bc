"""The lanes of order ids in DynamoDB Local: lost answers, and the expiry of the items."""

from datetime import timedelta

from botocore.exceptions import ReadTimeoutError
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_order_lanes import DynamoOrderLanes
from orders.adapters.table_keys import lanes_key
from orders.domain.order_numbers import window_ends_at
from tests.support.aws_faults import Parsed, answering
from tests.support.deadlines import DEADLINE, CountingPause


def _lose_the_first_answer(number: int, _parsed: Parsed) -> None:
    if number == 1:
        raise ReadTimeoutError(endpoint_url="http://injected")


def test_a_lost_answer_uses_up_a_lane(dynamodb: DynamoDBClient, table: str) -> None:
    lanes = DynamoOrderLanes(dynamodb, table, CountingPause())
    with answering(dynamodb, "UpdateItem", _lose_the_first_answer):
        assert lanes.open("demo", 7, DEADLINE) == 1


def test_a_lost_answer_uses_up_shared_places(dynamodb: DynamoDBClient, table: str) -> None:
    lanes = DynamoOrderLanes(dynamodb, table, CountingPause())
    with answering(dynamodb, "UpdateItem", _lose_the_first_answer):
        assert lanes.share("demo", 7, range(100, 200), 5, DEADLINE) == range(105, 110)


def test_lanes_expire_two_days_after_their_window(dynamodb: DynamoDBClient, table: str) -> None:
    lanes = DynamoOrderLanes(dynamodb, table)
    for window, take in (
        (7, lambda: lanes.open("demo", 7, DEADLINE)),
        (8, lambda: lanes.share("demo", 8, range(100, 200), 5, DEADLINE)),
    ):
        take()
        item = dynamodb.get_item(TableName=table, Key=lanes_key("demo", window))["Item"]
        expires_at = window_ends_at(window) + timedelta(days=2)
        assert item["expires_at"] == {"N": str(int(expires_at.timestamp()))}
