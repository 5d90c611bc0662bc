"""What an earlier job of a file means for the next command."""

from datetime import timedelta
from typing import Any

import pytest

from operator_cli.earlier_jobs import (
    PREVIEW_LIFETIME,
    has_imported,
    import_before,
    is_out_of_date,
    is_over,
)
from orders.domain.times import parse_time

END = "2026-11-27T10:00:07Z"
IMPORTED = {
    "job_id": "1",
    "state": "completed",
    "mode": "import",
    "ended_at": END,
    "orders": 2,
    "upload": None,
    "undone_by": None,
}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, False),
        ({"state": "importing", "ended_at": None}, False),
        ({"state": "previewed", "mode": "preview"}, False),
        ({"state": "created", "mode": "preview", "upload": {}, "orders": None}, False),
        ({"state": "created", "mode": "preview", "orders": None}, True),
        ({"state": "cancelled"}, True),
        ({"undone_by": "2"}, True),
        ({"state": "failed", "mode": "preview"}, True),
        ({"state": "failed", "orders": None}, True),
        ({"state": "failed"}, False),
    ],
    ids=str,
)
def test_some_jobs_have_nothing_to_continue(members: dict[str, Any], *, expected: bool) -> None:
    assert is_over({**IMPORTED, **members}) is expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, True),
        ({"state": "stopped"}, True),
        # The result files are still being written.
        ({"state": "stopped", "ended_at": None}, False),
        ({"state": "importing", "ended_at": None}, False),
        ({"state": "previewed", "mode": "preview"}, False),
    ],
    ids=str,
)
def test_an_import_ends_with_its_results(members: dict[str, Any], *, expected: bool) -> None:
    job = {**IMPORTED, **members}
    assert has_imported(job) is expected
    assert bool(import_before(job)) is expected


def test_a_preview_is_out_of_date_after_some_minutes() -> None:
    now = parse_time(END) + PREVIEW_LIFETIME
    assert not is_out_of_date(IMPORTED, now)
    assert is_out_of_date(IMPORTED, now + timedelta(seconds=1))
    assert not is_out_of_date({**IMPORTED, "ended_at": None}, now + timedelta(days=1))
