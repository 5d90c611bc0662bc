"""What a repetition of a request with a key gets, and which answers are kept."""

from datetime import UTC, datetime, timedelta

import pytest

from orders.domain.repeats import (
    NO_TIME,
    KeptAnswer,
    RequestRecord,
    Verdict,
    is_final,
    judge,
)

NOW = datetime(2026, 11, 26, tzinfo=UTC)
ANSWER = KeptAnswer(201, b"{}", {})
LATER = NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("fingerprint", "ends_at", "answer", "verdict"),
    [
        ("other", NO_TIME, None, Verdict.OTHER_REQUEST),
        ("other", LATER, ANSWER, Verdict.OTHER_REQUEST),
        ("same", LATER, ANSWER, Verdict.ANSWERED),
        ("same", NO_TIME, ANSWER, Verdict.ANSWERED),
        ("same", LATER, None, Verdict.RUNNING),
        ("same", NOW, None, Verdict.CUT_OFF),
        ("same", NO_TIME, None, Verdict.CUT_OFF),
    ],
)
def test_a_record_decides_what_a_repetition_gets(
    fingerprint: str, ends_at: datetime, answer: KeptAnswer | None, verdict: Verdict
) -> None:
    record = RequestRecord(fingerprint, "request", "attempt", ends_at, answer=answer)
    assert judge(record, "same", NOW) is verdict


@pytest.mark.parametrize(
    ("status", "retryable", "kept"),
    [
        (200, False, True),
        (201, False, True),
        (400, False, True),
        (404, False, True),
        (409, False, True),
        (200, True, False),
        (401, False, False),
        (403, False, False),
        (420, False, False),
        (429, False, False),
        (500, False, False),
        (503, False, False),
    ],
)
def test_an_answer_that_a_retry_may_improve_is_not_kept(
    *, status: int, retryable: bool, kept: bool
) -> None:
    assert is_final(status, retryable=retryable) is kept
