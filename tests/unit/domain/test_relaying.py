"""Whose trigger is left behind: the receipt decides, and without one the end of the writer."""

from datetime import UTC, datetime, timedelta

import pytest

from orders.domain.relaying import RelayDecision, WriterLifetime, decide_relay

COMMITTED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ENDS_AT = datetime(2026, 1, 2, 3, 5, tzinfo=UTC)
TICK = timedelta(microseconds=1)
NAMED, SILENT = frozenset({"other", "trigger"}), frozenset({"other"})
# To both sides of the writer's end, and far from it.
TIMES = [ENDS_AT - timedelta(days=1), ENDS_AT - TICK, ENDS_AT, ENDS_AT + timedelta(days=1)]


@pytest.mark.parametrize("now", TIMES)
def test_what_a_receipt_names_is_due_at_any_time(now: datetime) -> None:
    assert decide_relay("trigger", NAMED, ENDS_AT, now) is RelayDecision.DUE


@pytest.mark.parametrize("now", TIMES)
@pytest.mark.parametrize("receipt", [SILENT, frozenset[str]()])
def test_what_a_receipt_does_not_name_was_sent(now: datetime, receipt: frozenset[str]) -> None:
    assert decide_relay("trigger", receipt, ENDS_AT, now) is RelayDecision.SENT


def test_without_a_receipt_a_trigger_waits_for_the_end_of_its_writer() -> None:
    assert [decide_relay("trigger", None, ENDS_AT, now) for now in TIMES] == [
        RelayDecision.WAIT,
        RelayDecision.WAIT,
        RelayDecision.DUE,
        RelayDecision.DUE,
    ]


def test_a_writer_has_its_time_a_margin_and_the_second_that_the_stream_cuts_off() -> None:
    writer_lifetime = WriterLifetime(timedelta(seconds=27), timedelta(seconds=5))
    assert writer_lifetime.ends_at(COMMITTED_AT) == COMMITTED_AT + timedelta(seconds=33)


@pytest.mark.parametrize("fraction", [timedelta(0), timedelta(seconds=1) - TICK])
def test_no_writer_lives_beyond_its_end_whatever_the_stream_cut_off(fraction: timedelta) -> None:
    writer_lifetime = WriterLifetime(timedelta(seconds=27), timedelta(0))
    written_at = COMMITTED_AT + fraction
    streamed = written_at.replace(microsecond=0)
    assert writer_lifetime.ends_at(streamed) > written_at + writer_lifetime.writer


def test_the_margin_is_there_unless_it_is_taken_away() -> None:
    without = WriterLifetime(timedelta(seconds=27), timedelta(0))
    spared = WriterLifetime(timedelta(seconds=27)).ends_at(COMMITTED_AT) - without.ends_at(
        COMMITTED_AT
    )
    assert spared == timedelta(seconds=5)
