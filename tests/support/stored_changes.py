"""Check that the index by change, the markers and the history of a table match its orders."""

from mypy_boto3_dynamodb.client import DynamoDBClient

from tools.load.audit_table import change_differences, history_differences
from tools.load.table import read_contents


def check_changes(client: DynamoDBClient, table: str) -> None:
    """Assert that exactly the changed and the deleted orders are in the index by change."""
    assert list(change_differences(read_contents(client, table))) == []


def check_history(client: DynamoDBClient, table: str) -> None:
    """Assert that the history has exactly the replaced versions of the orders that exist."""
    assert list(history_differences(read_contents(client, table))) == []
