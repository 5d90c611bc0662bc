"""The bus, the archive, the log and the queue of a stack's triggers in moto, for the command."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws

from operator_cli import composition
from operator_cli.composition import Connection

REGION = "us-east-1"
# DynamoDB Local has these services.
_OF_DYNAMODB_LOCAL = {"dynamodb", "dynamodbstreams"}


@dataclass
class TriggerServices:
    """The resources that `template.yaml` creates for the triggers of a stack."""

    connection: Connection

    def __post_init__(self) -> None:
        self.events, self.logs, self.sqs = (_client(name) for name in ("events", "logs", "sqs"))
        name = self.connection.triggers
        bus = self.events.create_event_bus(Name=name)["EventBusArn"]
        self.events.create_archive(ArchiveName=name, EventSourceArn=bus)
        queue = self.sqs.create_queue(QueueName=self.connection.parked_triggers)["QueueUrl"]
        self.queue: str = queue
        received = self.sqs.create_queue(QueueName=f"{name}-received")["QueueUrl"]
        self._received: str = received
        self.subscribe("all", received)
        self.logs.create_log_group(logGroupName=self.connection.triggers_log)
        self.logs.create_log_stream(logGroupName=self.connection.triggers_log, logStreamName="1")

    def subscribe(self, rule: str, queue: str) -> None:
        name = self.connection.triggers
        pattern = json.dumps({"source": ["market.orders"]})
        self.events.put_rule(Name=rule, EventBusName=name, EventPattern=pattern)
        attributes = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        target = {"Id": "1", "Arn": attributes["Attributes"]["QueueArn"]}
        self.events.put_targets(Rule=rule, EventBusName=name, Targets=[target])

    def park(self, body: Mapping[str, Any] | str) -> str:
        text = body if isinstance(body, str) else json.dumps(body)
        identity: str = self.sqs.send_message(QueueUrl=self.queue, MessageBody=text)["MessageId"]
        return identity

    def parked(self) -> int:
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["All"])
        return int(attributes["Attributes"]["ApproximateNumberOfMessages"])

    def log(self, at: datetime, message: str) -> None:
        line = {"timestamp": int(at.timestamp() * 1000), "message": message}
        self.logs.put_log_events(
            logGroupName=self.connection.triggers_log, logStreamName="1", logEvents=[line]
        )

    def received(self) -> list[dict[str, Any]]:
        """Return the events that the bus delivered since the last call."""
        events: list[dict[str, Any]] = []
        while found := self.sqs.receive_message(
            QueueUrl=self._received, MaxNumberOfMessages=10
        ).get("Messages"):
            events += [json.loads(each["Body"]) for each in found]
        return events


@contextmanager
def trigger_services(connection: Connection) -> Iterator[TriggerServices]:
    """Provide the services inside the context. The table stays in DynamoDB Local."""
    real = composition.aws_client

    def of_moto(service: str, chosen: Connection, *rest: Any) -> Any:  # noqa: ANN401
        if service in _OF_DYNAMODB_LOCAL:
            return real(service, chosen, *rest)  # type: ignore[call-overload]
        return _client(service)

    with (
        mock_aws(),
        patch("operator_cli.triggers.aws_client", of_moto),
        # moto waits this long for a message of an empty queue.
        patch("operator_cli.parked_queue.WAIT_SECONDS", 0),
    ):
        yield TriggerServices(connection)


def _client(service: str) -> Any:  # noqa: ANN401 - the stubs of one of them are not installed
    create: Any = boto3.client
    return create(service, region_name=REGION)
