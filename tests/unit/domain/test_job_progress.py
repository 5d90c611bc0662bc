"""The rate of a run, and when it will end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from orders.domain.import_jobs import (
    UPLOAD_LIFETIME,
    Counts,
    Job,
    JobState,
    estimated_end,
    rate_of,
    total,
)
from tests.support.import_jobs import NOW, import_job, summary

RUNNING = import_job(state=JobState.IMPORTING, run=1, chunks=4, orders=400, started_at=NOW)
LATER = NOW + timedelta(seconds=20)


def test_the_rate_is_that_of_processed_orders_since_the_start() -> None:
    counts = Counts(created=60, failed=40, unprocessed=300)
    assert rate_of(RUNNING, counts, LATER) == 5
    assert estimated_end(RUNNING, counts, LATER) == LATER + timedelta(seconds=60)


def test_the_rate_of_a_run_that_has_ended_does_not_change() -> None:
    ended = replace(RUNNING, state=JobState.COMPLETED, ended_at=LATER)
    assert rate_of(ended, Counts(created=400), LATER + timedelta(days=1)) == 20
    assert estimated_end(ended, Counts(created=400), LATER) is None


@pytest.mark.parametrize(
    "job",
    [
        import_job(),
        replace(RUNNING, state=JobState.SPLITTING, orders=None),
        replace(RUNNING, state=JobState.FINISHING),
        replace(RUNNING, orders=None),
    ],
)
def test_the_end_is_only_estimated_while_chunks_are_imported(job: Job) -> None:
    assert estimated_end(job, Counts(created=1, unprocessed=1), LATER) is None


def test_nothing_is_estimated_before_an_order_is_processed() -> None:
    assert rate_of(RUNNING, Counts(unprocessed=400), NOW) is None
    assert rate_of(RUNNING, Counts(unprocessed=400), LATER) == 0
    assert estimated_end(RUNNING, Counts(unprocessed=400), LATER) is None


def test_orders_without_a_result_are_unprocessed() -> None:
    summaries = [summary(0, created=2, triggers=2), summary(2, failed=1, unprocessed=1)]
    counts = total(summaries, 10)
    assert counts == Counts(created=2, failed=1, unprocessed=7, triggers=2)
    assert (counts.received, counts.processed) == (10, 3)


def test_an_upload_expires() -> None:
    assert not import_job().upload_expired(NOW + UPLOAD_LIFETIME - timedelta(seconds=1))
    assert import_job().upload_expired(NOW + UPLOAD_LIFETIME)
    assert not import_job(upload=None).upload_expired(NOW + UPLOAD_LIFETIME)
