"""Publishes parked triggers again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from operator_cli.parked_queue import (
    ParkedBatch,
    ParkedMessage,
    ParkedQueue,
    ParkedRecord,
    ParkedTrigger,
)
from orders.application.ports import Deadline, TriggerPublisher, Unreadable
from orders.application.relay_triggers import CommittedChange, RelayTriggers
from orders.domain.triggers import Trigger

# A message must stay hidden as long as one replay works on it and on those before it.
HIDDEN_SECONDS = 900
NO_VERSION = "its version is no longer in the table"
NO_RECORD = "the table's stream, which keeps records for 24 hours, no longer has it"
UNREADABLE = "its record still cannot be read"
UNKNOWN = "its format is unknown"
NOT_RELAYED = "some of its triggers could not be published"


class FindTrigger(Protocol):
    """Builds a single trigger again."""

    def find(self, parked: ParkedTrigger, deadline: Deadline) -> Trigger | None:
        """Return the trigger, None if it cannot be built."""


class FindChanges(Protocol):
    """Reads records of the table's stream again."""

    def find(
        self, parked: ParkedBatch | ParkedRecord
    ) -> Sequence[CommittedChange | Unreadable] | None:
        """Return the changes that have triggers, None if the records are gone."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What happened to one message. `kept_because` is None if its triggers were published."""

    message: ParkedMessage
    kept_because: str | None


@dataclass(frozen=True, slots=True)
class ReplayParked:
    """Publishes what the queue of parked triggers holds."""

    queue: ParkedQueue
    triggers: FindTrigger
    changes: FindChanges
    publisher: TriggerPublisher
    relay: RelayTriggers
    deadline: Callable[[], Deadline]

    def __call__(self) -> list[Replayed]:
        """Publish the triggers of every message, and delete the messages that succeeded.

        The others stay in the queue. If it is interrupted, a trigger may be published twice.
        """
        done: list[Replayed] = []
        try:
            for message in self.queue.receive(None, HIDDEN_SECONDS):
                done.append(Replayed(message, "the command was interrupted"))
                kept_because = self._replay(message)
                if kept_because is None:
                    self.queue.remove(message)
                done[-1] = Replayed(message, kept_because)
        finally:
            self.queue.show_again([each.message for each in done if each.kept_because])
        return done

    def _replay(self, message: ParkedMessage) -> str | None:
        """Publish the triggers of a message. Return why it must stay in the queue, if it must."""
        match message.content:
            case None:
                return UNKNOWN
            case ParkedTrigger() as parked:
                return self._publish(self.triggers.find(parked, self.deadline()))
            case parked:
                return self._relay(parked, self.changes.find(parked))

    def _publish(self, trigger: Trigger | None) -> str | None:
        if trigger is None:
            return NO_VERSION
        unsent = self.publisher.publish([trigger], self.deadline())
        return f"EventBridge rejected it: {unsent[0].code}" if unsent else None

    def _relay(
        self,
        parked: ParkedBatch | ParkedRecord,
        changes: Sequence[CommittedChange | Unreadable] | None,
    ) -> str | None:
        if changes is None:
            return NO_RECORD
        if isinstance(parked, ParkedRecord) and any(isinstance(c, Unreadable) for c in changes):
            # The relay would park it once more.
            return UNREADABLE
        # The relay knows which triggers of the batch their writers published, and parks those that
        # EventBridge rejects one by one.
        return NOT_RELAYED if self.relay(changes, self.deadline()).failed else None
