"""Parallel calls end before their caller goes on, also if one of them fails."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from orders.adapters.parallel_calls import run_all

THREADS = 3


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(THREADS) as pool:
        yield pool


def test_results_are_in_the_order_of_the_arguments(pool: ThreadPoolExecutor) -> None:
    assert run_all(pool, lambda n: n * n, range(20)) == [n * n for n in range(20)]
    assert run_all(pool, lambda n: n, ()) == []


def test_no_call_outlives_the_failure_of_another(pool: ThreadPoolExecutor) -> None:
    begun, failed = Barrier(THREADS), Event()
    started: list[int] = []
    ended: list[int] = []

    def call(number: int) -> None:
        started.append(number)
        if number < THREADS:
            begun.wait(5)
        if number == 1:
            failed.set()
            raise ValueError("the second call")
        # It ends a moment after the failure.
        failed.wait(5)
        Event().wait(0.02)
        ended.append(number)

    with pytest.raises(ValueError, match="the second call"):
        run_all(pool, call, range(50))
    seen = list(started)
    assert sorted(ended) == sorted({*seen} - {1})
    assert len(seen) < 50
    Event().wait(0.05)
    assert started == seen, "a call began after the failure was raised"


def test_the_first_of_several_errors_is_raised(pool: ThreadPoolExecutor) -> None:
    together = Barrier(THREADS)

    def call(number: int) -> None:
        together.wait(5)
        raise ValueError(f"call {number}")

    with pytest.raises(ValueError, match="call 0"):
        run_all(pool, call, range(THREADS))


class _NotStarted(Future[None]):
    """A call that a thread is about to start when it is cancelled."""

    def cancel(self) -> bool:
        cancelled = super().cancel()
        self.set_running_or_notify_cancel()
        return cancelled


def test_a_cancelled_call_does_not_hide_the_error_of_a_later_one(
    pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: Future[None] = Future()
    failed.set_exception(ValueError("the second call"))
    futures = iter([_NotStarted(), failed])
    monkeypatch.setattr(pool, "submit", lambda *_: next(futures))
    with pytest.raises(ValueError, match="the second call"):
        run_all(pool, lambda _: None, range(2))
