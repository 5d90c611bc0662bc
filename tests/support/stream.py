"""Read the stream of a table in DynamoDB Local, as Lambda delivers its records."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from mypy_boto3_dynamodb.client import DynamoDBClient

from tests.support.template_tables import load_template

type Record = dict[str, Any]


@cache
def _streams(endpoint: str) -> Any:  # noqa: ANN401 - the stubs of this service are not installed
    return boto3.client(
        "dynamodbstreams",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


@dataclass
class _Reading:
    """What was read of a stream. An iterator is None at the end of a closed shard."""

    records: list[Record] = field(default_factory=list)
    iterators: dict[str, str | None] = field(default_factory=dict)


@cache
def _reading(_endpoint: str, _arn: str) -> _Reading:
    return _Reading()


def read_stream(client: DynamoDBClient, table: str) -> list[Record]:
    """Return all records of a table's stream, in the order of the commits.

    Each call reads only what the calls before have not read.
    """
    streams = _streams(client.meta.endpoint_url)
    arn = client.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    reading = _reading(client.meta.endpoint_url, arn)
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        if shard["ShardId"] not in reading.iterators:
            reading.iterators[shard["ShardId"]] = streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
        while iterator := reading.iterators[shard["ShardId"]]:
            page = streams.get_records(ShardIterator=iterator)
            reading.iterators[shard["ShardId"]] = page.get("NextShardIterator")
            reading.records += map(_as_lambda_gets_it, page["Records"])
            if not page["Records"]:
                break
    reading.records.sort(key=lambda each: int(each["dynamodb"]["SequenceNumber"]))
    return [{**each, "dynamodb": {**each["dynamodb"]}} for each in reading.records]


def passes_filter(record: Record, function: str = "RelayTriggersFunction") -> bool:
    """Return whether a record passes the event filter of a function in the template."""
    return _matches(_pattern(function), record)


@cache
def _pattern(function: str) -> Mapping[str, Any]:
    properties = load_template()["Resources"][function]["Properties"]
    [filters] = properties["Events"]["TableStream"]["Properties"]["FilterCriteria"]["Filters"]
    pattern: Mapping[str, Any] = json.loads(filters["Pattern"])
    return pattern


def _matches(pattern: Mapping[str, Any], value: object) -> bool:
    if not isinstance(value, Mapping):
        return False
    for name, wanted in pattern.items():
        if isinstance(wanted, list):
            exists = name in value
            if {"exists": True} in wanted:
                if not exists:
                    return False
            elif value.get(name) not in wanted:
                return False
        elif not _matches(wanted, value.get(name)):
            return False
    return True


def _as_lambda_gets_it(record: Record) -> Record:
    data = record["dynamodb"]
    created = data["ApproximateCreationDateTime"].timestamp()
    return {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "dynamodb": {**data, "ApproximateCreationDateTime": created},
    }
