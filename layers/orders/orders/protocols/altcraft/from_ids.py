"""The parameter `from_id` of lists, which is the `next_from_id` of an earlier answer."""

from collections.abc import Iterator, Sequence

from orders.application.follow_orders import MAX_RUNS
from orders.domain.order_numbers import MAX_ORDER_ID
from orders.domain.problems import Code, Problem, shown
from orders.domain.reading_progress import Passed
from orders.protocols.altcraft.errors import RequestRefusedError, bad_request
from orders.protocols.cursors import CursorError, read_cursor, write_cursor

# A run takes two numbers of at most 17 digits, and a gap is usually much smaller.
_MOST_CHARACTERS = 64 * MAX_RUNS


def write_from_id(list_name: str, passed: Passed) -> str:
    """Return how far a list was read, as a text. It is never empty, which is the first page."""
    return write_cursor(list_name, [passed.start, *_gaps_and_lengths(passed)])


def read_from_id(sent: str, list_name: str) -> Passed:
    """Return how far this list was read. Raises RequestRefusedError (400)."""
    try:
        return _passed_of(read_cursor(sent, list_name, _MOST_CHARACTERS))
    except CursorError:
        raise _refused(sent) from None


def write_last_number(list_name: str, number: int) -> str:
    """Return the number of the last entry that was read, as a text."""
    return write_cursor(list_name, [number])


def read_last_number(sent: str, list_name: str) -> int:
    """Return the number of the last entry that was read. Raises RequestRefusedError (400)."""
    try:
        parts = read_cursor(sent, list_name, _MOST_CHARACTERS)
    except CursorError:
        raise _refused(sent) from None
    if len(parts) != 1 or parts[0] is None:
        raise _refused(sent)
    return parts[0]


def _refused(sent: str) -> RequestRefusedError:
    message = (
        "from_id must be the next_from_id of an earlier answer to the same request, unchanged, "
        f"or empty for the first page; got {shown(sent)}"
    )
    return bad_request(message, Problem(Code.INVALID_VALUE, ("from_id",), message))


def _gaps_and_lengths(passed: Passed) -> Iterator[int]:
    end = passed.start
    for run in passed.runs:
        yield run.start - end
        yield len(run)
        end = run.stop


def _passed_of(parts: Sequence[int | None]) -> Passed:
    numbers = [part for part in parts if part is not None]
    if len(numbers) != len(parts) or len(parts) % 2 == 0:
        raise CursorError
    end = start = numbers[0]
    runs: list[range] = []
    for gap, length in zip(numbers[1::2], numbers[2::2], strict=True):
        if not length or (runs and not gap):
            raise CursorError
        runs.append(range(end + gap, end + gap + length))
        end = runs[-1].stop
    if end > MAX_ORDER_ID + 1:
        raise CursorError
    return Passed(start, tuple(runs))
