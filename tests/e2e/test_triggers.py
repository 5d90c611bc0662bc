"""`orders triggers` on a running stack: published triggers are shown and published again."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.support.samples import IMPORT_RESOURCE, order, request
from tests.support.triggers_log import wait_for_triggers
from tools.local_stack.settings import STACK_NAME
from tools.local_stack.stack import LocalStack

COMMAND = Path(sys.executable).with_name("orders")
RULE = "test-consumer"
EXTERNAL_ID = "replayed order"

type Tree = dict[str, Any]


@dataclass
class Consumer:
    """A queue that receives the triggers of a stack by its own rule of the bus."""

    stack: LocalStack
    queue: str = ""
    received: list[Tree] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sqs, events = (self.stack.aws.client(name) for name in ("sqs", "events"))
        self.queue = self.sqs.create_queue(QueueName=RULE)["QueueUrl"]
        attributes = self.sqs.get_queue_attributes(
            QueueUrl=self.queue, AttributeNames=["QueueArn"]
        )["Attributes"]
        bus = self.stack.deployment.event_bus_name
        pattern = json.dumps({"detail": {"external_id": [EXTERNAL_ID]}})
        events.put_rule(Name=RULE, EventBusName=bus, EventPattern=pattern)
        target = {"Id": "1", "Arn": attributes["QueueArn"]}
        events.put_targets(Rule=RULE, EventBusName=bus, Targets=[target])

    def wait_for(self, is_wanted: Callable[[Tree], bool]) -> Tree:
        deadline = time.monotonic() + 20
        while True:
            for event in self.received:
                if is_wanted(event):
                    return event
            assert time.monotonic() < deadline, self.received
            answer = self.sqs.receive_message(
                QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=1
            )
            self.received += [json.loads(each["Body"]) for each in answer.get("Messages", [])]

    def orders(self, *words: str) -> str:
        """Run the command and return its output."""
        where = ("--endpoint-url", self.stack.endpoint.aws_endpoint)
        return subprocess.run(  # noqa: S603 - the test defines the command
            [COMMAND, "triggers", *words, *where], capture_output=True, text=True, check=True
        ).stdout


def is_of(kind: str) -> Callable[[Tree], bool]:
    return lambda event: bool(event["detail-type"] == kind)


@pytest.fixture
def consumer(stack: LocalStack) -> Consumer:
    return Consumer(stack)


def test_published_triggers_are_shown_and_published_again(
    stack: LocalStack, consumer: Consumer
) -> None:
    endpoint = stack.endpoint
    answer = urllib3.request(
        "POST",
        endpoint.base_url + IMPORT_RESOURCE,
        body=json.dumps(request(order(external_id=EXTERNAL_ID))).encode(),
        headers={"Authorization": f"Bearer {endpoint.token}", "Content-Type": "application/json"},
        timeout=60,
    )
    assert answer.status == 200
    first = consumer.wait_for(is_of("OrderCreated"))
    assert "replay-name" not in first
    shown = [json.loads(line) for line in consumer.orders("tail", "--json").splitlines()]
    detail = first["detail"]
    assert {
        "kind": "OrderCreated",
        "trigger_id": detail["id"],
        "order_id": detail["order_id"],
        "version": 1,
    } in [{name: each[name] for name in each if name != "at"} for each in shown]

    replay = json.loads(
        consumer.orders("replay", "--since", "1h", "--rule", RULE, "--wait", "--json")
    )["replay"]
    again = consumer.wait_for(lambda event: event.get("replay-name") == replay)
    assert again["detail"] == detail
    # The log of all triggers has another rule, which this replay leaves out.
    wanted = [
        each
        for each in wait_for_triggers(endpoint, lambda each: each["id"] == detail["id"], 1)
        if "replay-name" in each
    ]
    assert wanted == []

    consumer.received.clear()
    queue = consumer.sqs.get_queue_url(QueueName=f"{STACK_NAME}-parked-triggers")["QueueUrl"]
    names = {name: detail[name] for name in ("account", "order_id", "version")}
    parked = {"reason": "test", "trigger_id": detail["id"], "kind": "OrderCreated", **names}
    consumer.sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(parked))
    [row] = json.loads(consumer.orders("parked", "list", "--json"))
    assert (row["reason"], row["order_id"]) == ("test", detail["order_id"])
    assert consumer.orders("parked", "replay") == "Replayed 1 of 1 message.\n"
    assert consumer.wait_for(is_of("OrderCreated"))["detail"] == detail
    assert json.loads(consumer.orders("parked", "list", "--json")) == []
