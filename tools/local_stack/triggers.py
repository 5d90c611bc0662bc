"""A subscriber that writes the published triggers to a file."""

import json
import threading
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tools.local_stack.aws import EmbeddedAws

NAME = "local-events-log"
EVERYTHING = {"source": [{"prefix": ""}]}
POLL_SECONDS = 1
PATIENCE_SECONDS = 15


class TriggerLog:
    """Appends every event of a bus to a file, as one JSON line."""

    def __init__(self, aws: EmbeddedAws, event_bus_name: str, path: Path) -> None:
        """Subscribe to the bus."""
        self._path = path
        self._sqs = aws.client("sqs")
        self._queue_url = _subscribe(aws.client("events"), self._sqs, event_bus_name)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=NAME, daemon=True)

    def start(self) -> None:
        """Start to receive events in a background thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop receiving events."""
        self._stopping.set()
        self._thread.join(timeout=PATIENCE_SECONDS)

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                self._append_received()
            except (BotoCoreError, ClientError):
                # The embedded AWS is busy or has ended; `LocalStack.wait` detects its end.
                self._stopping.wait(POLL_SECONDS)

    def _append_received(self) -> None:
        messages = self._sqs.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=POLL_SECONDS
        ).get("Messages", [])
        for message in messages:
            self._append(json.loads(message["Body"]))
            self._sqs.delete_message(
                QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"]
            )

    def _append(self, event: object) -> None:
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"
        # Unbuffered: a long line in one write, so that no reader finds half of it.
        with self._path.open("ab", buffering=0) as log:
            log.write(line.encode())


def _subscribe(events: Any, sqs: Any, event_bus_name: str) -> str:  # noqa: ANN401
    queue_url: str = sqs.create_queue(QueueName=NAME)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    events.put_rule(Name=NAME, EventBusName=event_bus_name, EventPattern=json.dumps(EVERYTHING))
    events.put_targets(
        Rule=NAME,
        EventBusName=event_bus_name,
        Targets=[{"Id": NAME, "Arn": attributes["Attributes"]["QueueArn"]}],
    )
    return queue_url
