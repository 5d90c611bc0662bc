"""Create the table of the stack from template.yaml, so that its schema exists only there."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from mypy_boto3_dynamodb.client import DynamoDBClient
from mypy_boto3_dynamodb.type_defs import StreamSpecificationTypeDef

from market_orders_testing.stack import read_template

TEMPLATE = Path(__file__).parents[2] / "template.yaml"


def load_template(path: Path = TEMPLATE) -> dict[str, Any]:
    """Return a template as plain data, by default template.yaml. The caller may change it."""
    return deepcopy(_parsed(path))


@cache
def _parsed(path: Path) -> dict[str, Any]:
    return read_template(path)


def create_table(client: DynamoDBClient, name: str = "", *, stream: bool = False) -> str:
    """Create the table of the stack, by default with a unique name, and return the name.

    Only a test that reads the stream needs one: in DynamoDB Local, each table with a stream slows
    the writes to all tables down, even after its deletion.
    """
    properties = table_properties()
    name = name or f"orders-{uuid4().hex}"
    # The API requires StreamEnabled, which CloudFormation does not have.
    with_stream: StreamSpecificationTypeDef = {
        "StreamEnabled": True,
        "StreamViewType": properties["StreamSpecification"]["StreamViewType"],
    }
    client.create_table(
        TableName=name,
        AttributeDefinitions=properties["AttributeDefinitions"],
        KeySchema=properties["KeySchema"],
        GlobalSecondaryIndexes=properties["GlobalSecondaryIndexes"],
        BillingMode=properties["BillingMode"],
        StreamSpecification=with_stream if stream else {"StreamEnabled": False},
    )
    return name


@cache
def table_properties() -> dict[str, Any]:
    """Return the properties of the stack's table."""
    [properties] = [
        resource["Properties"]
        for resource in load_template()["Resources"].values()
        if resource["Type"] == "AWS::DynamoDB::Table"
    ]
    return dict(properties)
