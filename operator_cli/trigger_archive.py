"""Replays triggers from the stack's archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from operator_cli.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient

COMPLETED = "COMPLETED"
_ENDED = frozenset({COMPLETED, "CANCELLED", "FAILED"})


@dataclass(frozen=True, slots=True)
class TriggerArchive:
    """The archive of a stack's triggers. It has the name of the bus."""

    events: EventBridgeClient
    name: str

    def replay(
        self, replay: str, start: datetime, end: datetime, rules: Sequence[str] = ()
    ) -> None:
        """Start a replay of the triggers of a time, to some rules of the bus or to all."""
        bus = self.events.describe_event_bus(Name=self.name)["Arn"]
        # EventBridge does not report the ARNs of archives in lists, but derives them from the name.
        place = bus.rpartition(":event-bus/")[0]
        filters = [f"{place}:rule/{self.name}/{rule}" for rule in rules]
        self.events.start_replay(
            ReplayName=replay,
            EventSourceArn=f"{place}:archive/{self.name}",
            EventStartTime=start,
            EventEndTime=end,
            Destination={"Arn": bus, "FilterArns": filters} if filters else {"Arn": bus},
        )

    def has_ended(self, replay: str) -> bool:
        """Return whether a replay is complete. Raises OperatorError if it failed."""
        found = self.events.describe_replay(ReplayName=replay)
        state = str(found["State"])
        if state in _ENDED and state != COMPLETED:
            reason = found.get("StateReason", "EventBridge reported no reason")
            raise OperatorError(f"Replay {replay} ended as {state}: {reason}.")
        return state == COMPLETED
