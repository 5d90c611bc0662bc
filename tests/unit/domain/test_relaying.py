"""A trigger is due if a receipt names it, or if its writer ended without a receipt."""

from datetime import UTC, datetime, timedelta

import pytest

from orders.domain.relaying import RelayDecision, WriterLifetime, decide_relay

COMMITTED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ENDS_AT = datetime(2026, 1, 2, 3, 5, tzinfo=UTC)
TICK = timedelta(microseconds=1)
NAMED, SILENT = frozenset({"other", "trigger"}), frozenset({"other"})
# Shortly before and after the writer's end, and long before and after it.
TIMES = [ENDS_AT - timedelta(days=1), ENDS_AT - TICK, ENDS_AT, ENDS_AT + timedelta(days=1)]


@pytest.mark.parametrize("now", TIMES)
def test_a_trigger_that_a_receipt_names_is_always_due(now: datetime) -> None:
    assert decide_relay("trigger", NAMED, ENDS_AT, now) is RelayDecision.DUE


@pytest.mark.parametrize("now", TIMES)
@pytest.mark.parametrize("receipt", [SILENT, frozenset[str]()])
def test_a_trigger_that_a_receipt_does_not_name_was_sent(
    now: datetime, receipt: frozenset[str]
) -> None:
    assert decide_relay("trigger", receipt, ENDS_AT, now) is RelayDecision.SENT


def test_without_a_receipt_a_trigger_is_due_after_the_end_of_its_writer() -> None:
    assert [decide_relay("trigger", None, ENDS_AT, now) for now in TIMES] == [
        RelayDecision.WAIT,
        RelayDecision.WAIT,
        RelayDecision.DUE,
        RelayDecision.DUE,
    ]


def test_the_end_of_a_writer_includes_a_margin_and_one_second() -> None:
    writer_lifetime = WriterLifetime(timedelta(seconds=27), timedelta(seconds=5))
    assert writer_lifetime.ends_at(COMMITTED_AT) == COMMITTED_AT + timedelta(seconds=33)


@pytest.mark.parametrize("fraction", [timedelta(0), timedelta(seconds=1) - TICK])
def test_no_writer_runs_after_its_computed_end(fraction: timedelta) -> None:
    writer_lifetime = WriterLifetime(timedelta(seconds=27), timedelta(0))
    written_at = COMMITTED_AT + fraction
    streamed = written_at.replace(microsecond=0)
    assert writer_lifetime.ends_at(streamed) > written_at + writer_lifetime.writer


def test_the_default_margin_is_five_seconds() -> None:
    without = WriterLifetime(timedelta(seconds=27), timedelta(0))
    spared = WriterLifetime(timedelta(seconds=27)).ends_at(COMMITTED_AT) - without.ends_at(
        COMMITTED_AT
    )
    assert spared == timedelta(seconds=5)
