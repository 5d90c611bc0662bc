"""Which triggers of committed changes their writers have left behind."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum


class RelayDecision(Enum):
    """What is to be done with the envelope of one committed change."""

    SENT = "sent"  # its writer has published it
    DUE = "due"  # its writer could not, or has ended without saying that it did
    WAIT = "wait"  # its writer may still be at it


@dataclass(frozen=True, slots=True)
class WriterLifetime:
    """How long a writer may live after a write of its own, and by how much clocks may differ."""

    writer: timedelta
    margin: timedelta = timedelta(seconds=5)

    def ends_at(self, committed_at: datetime) -> datetime:
        """Return when the writer of a change must have ended; the stream's times are whole seconds.

        A write is part of an invocation that began before it, so its time limit counts from there.
        """
        return committed_at + timedelta(seconds=1) + self.writer + self.margin


def decide_relay(
    trigger_id: str,
    receipt: frozenset[str] | None,
    ends_at: datetime,
    now: datetime,
) -> RelayDecision:
    """Decide one envelope by its request's receipt, None where there is none (yet)."""
    if receipt is not None:
        return RelayDecision.DUE if trigger_id in receipt else RelayDecision.SENT
    return RelayDecision.DUE if now >= ends_at else RelayDecision.WAIT
