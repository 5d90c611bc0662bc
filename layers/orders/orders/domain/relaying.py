"""Decide which triggers the relay must publish, because their writers did not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum


class RelayDecision(Enum):
    """What the relay does with the trigger of one committed change."""

    SENT = "sent"  # the writer published it: do nothing
    DUE = "due"  # the writer failed, or ended without a receipt: publish it
    WAIT = "wait"  # the writer may still be running: look again later


@dataclass(frozen=True, slots=True)
class WriterLifetime:
    """The longest time that a writer runs after its write. `margin` covers clock differences."""

    writer: timedelta
    margin: timedelta = timedelta(seconds=5)

    def ends_at(self, committed_at: datetime) -> datetime:
        """Return the time at which the writer of a change has certainly ended.

        The stream has times in whole seconds, so one second is added. The invocation began before
        its write, so it ends at most `writer` after the write.
        """
        return committed_at + timedelta(seconds=1) + self.writer + self.margin


def decide_relay(
    trigger_id: str,
    receipt: frozenset[str] | None,
    ends_at: datetime,
    now: datetime,
) -> RelayDecision:
    """Decide about one trigger. `receipt` is None if the writer has not left one (yet)."""
    if receipt is not None:
        return RelayDecision.DUE if trigger_id in receipt else RelayDecision.SENT
    return RelayDecision.DUE if now >= ends_at else RelayDecision.WAIT
