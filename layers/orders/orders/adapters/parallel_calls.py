"""Calls that run at the same time, and all end together."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait


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
