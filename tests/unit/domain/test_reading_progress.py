"""How far a list in order of creation was read."""

from hypothesis import given
from hypothesis import strategies as st

from orders.domain.reading_progress import NOTHING_PASSED, Passed

IDS = st.integers(0, 60)


@given(st.lists(st.tuples(st.frozensets(IDS), IDS)))
def test_all_ids_below_the_bound_and_those_that_were_read_are_passed(
    steps: list[tuple[frozenset[int], int]],
) -> None:
    passed, expected, start = NOTHING_PASSED, set[int](), 0
    for order_ids, complete_to in steps:
        passed = passed.further(order_ids, complete_to)
        start = max(start, complete_to)
        expected |= order_ids
    assert [each for each in range(70) if each in passed] == [
        each for each in range(70) if each < start or each in expected
    ]


@given(st.frozensets(IDS), st.frozensets(IDS), IDS)
def test_equal_progress_is_equal_however_it_was_made(
    first: frozenset[int], second: frozenset[int], complete_to: int
) -> None:
    together = NOTHING_PASSED.further(first | second, complete_to)
    apart = NOTHING_PASSED.further(first, 0).further(second, complete_to)
    assert together == apart
    ends = [together.start - 1, *(run.stop for run in together.runs)]
    starts = [run.start for run in together.runs]
    assert all(end < start for end, start in zip(ends, starts, strict=False))
    assert all(together.runs)


def test_many_consecutive_ids_are_one_run() -> None:
    passed = NOTHING_PASSED.further(range(5, 5000), 0)
    assert passed == Passed(0, (range(5, 5000),))
    assert passed.further([], 4000) == Passed(4000, (range(4000, 5000),))
