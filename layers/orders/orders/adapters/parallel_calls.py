"""Calls that run at the same time, and all end together."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

# The batches of an import of 1,000 orders are written in one round: 40 of them.
MAX_THREADS = 40


@dataclass(slots=True)
class ParallelCalls:
    """Makes calls in parallel, at most `threads` at a time. The threads start when needed.

    A call must not make others through the same object: all threads may wait for it then.
    """

    threads: int = MAX_THREADS
    _pool: ThreadPoolExecutor | None = field(default=None, init=False)

    def __call__[A, B](self, call: Callable[[A], B], arguments: Iterable[A]) -> list[B]:
        """Make the calls. Return the results in the order of the arguments.

        All calls end before this one, also if one of them raises an error.
        """
        calls = list(arguments)
        if len(calls) <= 1:
            return [call(argument) for argument in calls]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="parallel")
        return run_all(self._pool, call, calls)


@dataclass(slots=True)
class CallsTogether:
    """Implements Together. Its calls may make parallel calls themselves."""

    # Hardly any request has more parts, and each part waits for its own calls only.
    _in_parallel: ParallelCalls = field(default_factory=lambda: ParallelCalls(4), init=False)

    def __call__(self, calls: Sequence[Callable[[], object]]) -> None:
        """Make the calls in threads of their own."""
        self._in_parallel(lambda call: call(), calls)


def run_all[A, B](
    pool: ThreadPoolExecutor, call: Callable[[A], B], arguments: Sequence[A]
) -> list[B]:
    """Make the calls in parallel. Return the results in the order of the arguments.

    If a call raises an error, those that have not started are cancelled, and the error is raised
    after the running ones have ended. Lambda would freeze a call that is left behind, and continue
    it minutes later.
    """
    running = [pool.submit(call, argument) for argument in arguments]
    try:
        wait(running, return_when=FIRST_EXCEPTION)
    finally:
        for each in running:
            each.cancel()
        wait(running)
    # A call may be cancelled although it comes before the one that raised the error.
    failed = [each for each in running if not each.cancelled() and each.exception()]
    return [each.result() for each in failed or running]


def some_ahead[A, B](
    call: Callable[[A], B], arguments: Iterable[A], *, threads: int, ahead: int
) -> Iterator[B]:
    """Yield the results of calls in the order of the arguments, in memory for `ahead` of them.

    The arguments are iterated by the caller, as far as results are asked for, and `ahead` further.
    All calls that have started end before the iteration does, also if it is left early.
    """
    running: deque[Future[B]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="ahead")
    try:
        for argument in arguments:
            running.append(pool.submit(call, argument))
            if len(running) > ahead:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
