"""Triggers that cannot be published are sent to the queue, or an error is raised."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto import mock_aws
from mypy_boto3_sqs.client import SQSClient

from orders.adapters.sqs_parking import MESSAGES_PER_CALL, SqsParking
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.ports import Parked
from tests.support.deadlines import DEADLINE, CountingPause, FixedDeadline

type Tree = dict[str, Any]


@dataclass
class Queue:
    """A queue, its recorded calls, and the answers that replace the next ones."""

    client: SQSClient
    url: str
    calls: list[list[Tree]] = field(default_factory=list)
    faults: list[Exception | Tree | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        events = self.client.meta.events
        events.register("provide-client-params.sqs.SendMessageBatch", self._on_call)
        events.register("after-call.sqs.SendMessageBatch", self._on_answer)

    def parking(self, limit: int = 5) -> SqsParking:
        return SqsParking(self.client, self.url, CountingPause(limit))

    def messages(self) -> list[Tree]:
        """Receive and delete all messages of the queue."""
        bodies: list[Tree] = []
        while True:
            answer = self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
            if not answer.get("Messages"):
                return bodies
            bodies += [json.loads(each["Body"]) for each in answer["Messages"]]

    def _on_call(self, params: Tree, **_rest: object) -> None:
        self.calls.append(list(params["Entries"]))
        if self.faults and isinstance(fault := self.faults[0], Exception):
            self.faults.pop(0)
            raise fault

    def _on_answer(self, parsed: Tree, **_rest: object) -> None:
        if self.faults and not isinstance(fault := self.faults.pop(0), Exception):
            parsed.update(fault or {})


@pytest.fixture
def queue() -> Iterator[Queue]:
    with mock_aws():
        client = boto3.client("sqs")
        yield Queue(client, client.create_queue(QueueName="parked")["QueueUrl"])


def _parked(number: int = 1) -> Parked:
    return Parked("MalformedDetail", {"account": "demo", "order_id": number, "version": 2})


def _error(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "SendMessageBatch",
    )


def _failed(position: int) -> Tree:
    entry = {"Id": str(position), "SenderFault": False, "Code": "InternalError"}
    return {"Failed": [entry]}


def test_a_message_has_the_reason_and_the_ids(queue: Queue) -> None:
    queue.parking().park([_parked()], DEADLINE)
    assert queue.messages() == [
        {"reason": "MalformedDetail", "account": "demo", "order_id": 1, "version": 2}
    ]


def test_a_key_is_written_unchanged(queue: Queue) -> None:
    keys = {"pk": {"S": "A#demo#O#я"}, "sk": {"S": "O"}}
    queue.parking().park([Parked("unreadable", {"keys": keys})], DEADLINE)
    assert queue.messages() == [{"reason": "unreadable", "keys": keys}]


def test_nothing_to_park_makes_no_call(queue: Queue) -> None:
    queue.parking().park([], DEADLINE)
    assert queue.calls == []


def test_a_call_has_at_most_ten_messages(queue: Queue) -> None:
    queue.parking().park([_parked(number) for number in range(23)], DEADLINE)
    assert [len(call) for call in queue.calls] == [MESSAGES_PER_CALL, MESSAGES_PER_CALL, 3]
    assert sorted(each["order_id"] for each in queue.messages()) == list(range(23))


@pytest.mark.parametrize("position", [0, 2])
def test_a_rejected_message_raises_an_error(queue: Queue, position: int) -> None:
    queue.faults.append(_failed(position))
    with pytest.raises(StorageUnavailableError):
        queue.parking().park([_parked(number) for number in range(3)], DEADLINE)


def test_a_rejected_message_of_a_later_call_raises_an_error(queue: Queue) -> None:
    queue.faults += [None, _failed(1)]
    with pytest.raises(StorageUnavailableError):
        queue.parking().park([_parked(number) for number in range(12)], DEADLINE)
    assert len(queue.calls) == 2


@pytest.mark.parametrize(
    "fault",
    [
        _error("ThrottlingException"),
        _error("InternalError", 500),
        ReadTimeoutError(endpoint_url="http://injected"),
    ],
)
def test_a_call_is_repeated_after_a_transient_error(queue: Queue, fault: Exception) -> None:
    queue.faults.append(fault)
    queue.parking().park([_parked()], DEADLINE)
    assert len(queue.calls) == 2
    assert len(queue.messages()) == 1


def test_an_error_that_persists_is_raised(queue: Queue) -> None:
    queue.faults += [_error("ThrottlingException")] * 9
    with pytest.raises(StorageUnavailableError, match="ThrottlingException"):
        queue.parking(limit=2).park([_parked()], DEADLINE)
    assert len(queue.calls) == 2


def test_a_permanent_error_is_raised_without_a_retry(queue: Queue) -> None:
    queue.faults += [_error("AccessDenied")] * 9
    with pytest.raises(StorageRefusedError, match="AccessDenied"):
        queue.parking().park([_parked()], DEADLINE)
    assert len(queue.calls) == 1


def test_a_missing_queue_raises_an_error(queue: Queue) -> None:
    queue.client.delete_queue(QueueUrl=queue.url)
    with pytest.raises(StorageRefusedError, match=r"NonExistentQueue|QueueDoesNotExist"):
        queue.parking().park([_parked()], DEADLINE)


def test_nothing_is_sent_after_the_deadline(queue: Queue) -> None:
    with pytest.raises(StorageUnavailableError):
        queue.parking().park([_parked()], FixedDeadline(0))
    assert queue.calls == []
