"""Triggers for the tests of a consumer: samples, their schemas, and the bus on moto."""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import uuid4

import boto3
from jsonschema import Draft202012Validator

from market_orders_testing.stack import ROOT, Tree

TRIGGER_KINDS = (
    "OrderCreated",
    "OrderDeleted",
    "OrderExternalIdChanged",
    "OrderStatusChanged",
    "OrderLineStatusChanged",
    "OrderUpdated",
)
SOURCE = "market.orders"
BUS = "market-orders-triggers"
_SAMPLES = ROOT / "examples" / "trigger_consumer" / "events"
_SCHEMAS = ROOT / "events" / "schemas"
_PER_CALL = 10


@cache
def _read(folder: str, kind: str) -> Tree:
    if kind not in TRIGGER_KINDS:
        raise ValueError(f"the kind must be one of {', '.join(TRIGGER_KINDS)}; got {kind}")
    path = (_SCHEMAS if folder == "schemas" else _SAMPLES) / f"{kind}.json"
    content: Tree = json.loads(path.read_text(encoding="utf-8"))
    return content


def trigger_schema(kind: str) -> Tree:
    """Return the JSON Schema of `detail` for a detail-type."""
    return deepcopy(_read("schemas", kind))


def sample_trigger(kind: str, **detail: object) -> Tree:
    """Return an event of a kind, as EventBridge delivers it to a function.

    `detail` replaces members of the sample's detail; None removes one. Raises jsonschema's
    ValidationError if the hub would never publish such an event.
    """
    event = deepcopy(_read("samples", kind))
    members = {**event["detail"], **detail}
    event["detail"] = {name: value for name, value in members.items() if value is not None}
    Draft202012Validator(_read("schemas", kind)).validate(event["detail"])
    # Every delivery has an id of its own; the id of the trigger is in the detail.
    return {**event, "id": str(uuid4())}


@dataclass(frozen=True)
class Subscription:
    """A rule of the bus whose events a test reads."""

    sqs: Any
    queue: str

    def received(self) -> list[Tree]:
        """Return the events that matched since the last call, as a function receives them."""
        events: list[Tree] = []
        while found := self._receive():
            for message in found:
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                # moto leaves the member out.
                events.append({"account": "123456789012", **json.loads(message["Body"])})
        return events

    def _receive(self) -> list[Tree]:
        answer = self.sqs.receive_message(
            QueueUrl=self.queue, MaxNumberOfMessages=_PER_CALL, WaitTimeSeconds=0
        )
        messages: list[Tree] = answer.get("Messages", [])
        return messages


class TriggerBus:
    """The bus of the stack's triggers, on moto."""

    def __init__(self, name: str = BUS) -> None:
        """Create the bus. This must happen inside of moto's `mock_aws`."""
        create: Any = boto3.client
        self.name = name
        self.events = create("events")
        self.sqs = create("sqs")
        self.events.create_event_bus(Name=name)

    def subscribe(self, pattern: Mapping[str, Any] | None = None) -> Subscription:
        """Return a rule with this pattern, by default one that matches every trigger."""
        rule = f"rule-{uuid4().hex}"
        queue = self.sqs.create_queue(QueueName=rule)["QueueUrl"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        text = json.dumps(pattern or {"source": [SOURCE]})
        self.events.put_rule(Name=rule, EventBusName=self.name, EventPattern=text)
        target = {"Id": "1", "Arn": attributes["Attributes"]["QueueArn"]}
        self.events.put_targets(Rule=rule, EventBusName=self.name, Targets=[target])
        return Subscription(self.sqs, queue)

    def publish(self, event: Mapping[str, Any]) -> None:
        """Publish an event, such as one of `sample_trigger`, to the rules of the bus."""
        self.events.put_events(
            Entries=[
                {
                    "EventBusName": self.name,
                    "Source": event["source"],
                    "DetailType": event["detail-type"],
                    "Detail": json.dumps(event["detail"]),
                    "Time": datetime.fromisoformat(event["time"]),
                }
            ]
        )
