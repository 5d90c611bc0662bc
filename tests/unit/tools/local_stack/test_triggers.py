"""The file of published triggers: each message of the queue gets there, whatever goes wrong."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tools.local_stack.triggers import TriggerLog


@dataclass
class Queue:
    """SQS and EventBridge at once; a message stays until it is deleted.

    `fail` gets the name of each call and may raise.
    """

    messages: list[dict[str, Any]]
    fail: Callable[[str], None] = lambda _call: None
    idle: Callable[[], None] = lambda: None
    asked: list[int] = field(default_factory=list)

    def client(self, _service: str) -> Any:  # noqa: ANN401 - as a client of boto3
        return self

    def create_queue(self, **_rest: object) -> dict[str, str]:
        return {"QueueUrl": "queue"}

    def get_queue_attributes(self, **_rest: object) -> dict[str, Any]:
        return {"Attributes": {"QueueArn": "arn"}}

    def put_rule(self, **_rest: object) -> None:
        pass

    def put_targets(self, **_rest: object) -> None:
        pass

    def receive_message(self, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - as boto3
        self.fail("receive_message")
        if not self.messages:
            self.idle()
            return {}
        return {"Messages": self.messages[: arguments["MaxNumberOfMessages"]]}

    def delete_message(self, *, ReceiptHandle: str, **_rest: object) -> None:  # noqa: N803 - AWS's
        self.fail("delete_message")
        self.messages = [each for each in self.messages if each["ReceiptHandle"] != ReceiptHandle]


def _messages(count: int) -> list[dict[str, Any]]:
    return [{"Body": json.dumps({"n": n}), "ReceiptHandle": f"{n}"} for n in range(count)]


def _follow(queue: Queue, path: Path) -> list[int]:
    """Follow the queue until it is empty; return what the file holds."""
    log = TriggerLog(queue, "bus", path)  # type: ignore[arg-type]
    queue.idle = log._stopping.set  # noqa: SLF001 - ends the loop where it is waiting
    log.start()
    log._thread.join(10)  # noqa: SLF001
    assert queue.messages == []
    return [json.loads(line)["n"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_message_gets_into_the_file(tmp_path: Path) -> None:
    assert _follow(Queue(_messages(25)), tmp_path / "log") == list(range(25))


@pytest.mark.parametrize("call", ["receive_message", "delete_message"])
@pytest.mark.parametrize("at", [1, 2])
def test_a_call_that_fails_loses_no_message(
    call: str, at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.local_stack.triggers.POLL_SECONDS", 0.01)
    made: list[str] = []

    def fail(name: str) -> None:
        made.append(name)
        if name == call and made.count(call) == at:
            raise EndpointConnectionError(endpoint_url="http://embedded")

    assert set(_follow(Queue(_messages(12), fail), tmp_path / "log")) == set(range(12))


def test_a_message_is_deleted_only_when_it_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    deleted_before: list[int] = []

    def count(name: str) -> None:
        if name == "delete_message":
            deleted_before.append(len(path.read_text(encoding="utf-8").splitlines()))

    _follow(Queue(_messages(3), count), path)
    assert deleted_before == [1, 2, 3]


@dataclass
class WrittenFile(io.RawIOBase):
    """A file in place of a path: records each write and how the file was opened."""

    writes: list[bytes] = field(default_factory=list)
    opened: set[tuple[str, int]] = field(default_factory=set)

    def open(self, mode: str, buffering: int) -> WrittenFile:
        self.opened.add((mode, buffering))
        return self

    def close(self) -> None:
        """Stay open for the next event."""

    def write(self, text: Any) -> int:  # noqa: ANN401 - any buffer, as RawIOBase
        self.writes.append(bytes(text))
        return len(text)


def test_an_event_is_one_unbuffered_write_so_that_no_reader_finds_half_of_it() -> None:
    file = WrittenFile()
    event = {"detail": "я" * 200_000}
    log = TriggerLog(Queue([]), "bus", file)  # type: ignore[arg-type]
    for _ in range(2):
        log._append(event)  # noqa: SLF001 - the write itself
    assert file.opened == {("ab", 0)}
    assert [json.loads(each) for each in file.writes] == [event, event]
    assert all(each.endswith(b"\n") for each in file.writes)
