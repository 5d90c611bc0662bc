"""Create the table of the stack from template.yaml, so that its schema exists only there."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from mypy_boto3_dynamodb.client import DynamoDBClient
from mypy_boto3_dynamodb.type_defs import StreamSpecificationTypeDef

TEMPLATE = Path(__file__).parents[2] / "template.yaml"


class _Loader(yaml.CSafeLoader):
    """A YAML loader that reads CloudFormation's short tags as `{tag: value}`."""


def _tag(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {suffix: loader.construct_mapping(node, deep=True)}
    raise TypeError(f"a YAML node of a kind that has no values: {node}")


_Loader.add_multi_constructor("!", _tag)


def load_template(path: Path = TEMPLATE) -> dict[str, Any]:
    """Return a template as plain data, by default template.yaml. The caller may change it."""
    return deepcopy(_parsed(path.read_text(encoding="utf-8")))


@cache
def _parsed(text: str) -> dict[str, Any]:
    template: dict[str, Any] = _Loader(text).get_data()
    return template


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
