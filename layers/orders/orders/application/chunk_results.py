"""The result of the import of one chunk, from what the orders of its records became."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from orders.application.chunk_samples import (
    first_of_each_outcome,
    sample_of,
    shown_differences,
    shown_id,
)
from orders.application.preview_ports import Notes
from orders.domain.file_records import Record
from orders.domain.import_jobs import (
    ChunkResult,
    ChunkSummary,
    Counts,
    OnDuplicate,
    ProblemGroup,
    RecordResult,
    Sample,
    merged,
)
from orders.domain.importing import OrderResult, Outcome
from orders.domain.problems import Code, Problem, Steps, encodable, pointer, shown

# The outcome of an order that has none yet. Published.
UNPROCESSED = "unprocessed"
# So many characters of problems are beside an order in a result file: many orders may have many.
MAX_MESSAGE = 1000

# A result with the problems of its order.
type AnsweredRecord = tuple[RecordResult, tuple[Problem, ...]]


def result_of(record: Record, order: OrderResult, on_duplicate: OnDuplicate) -> AnsweredRecord:
    """Return the result of the order of a record."""
    external_id = order.external_id or record.key
    problems = tuple(
        replace(each, path=_below_order(each.path, order.position)) for each in order.problems
    )
    if on_duplicate is OnDuplicate.SKIP and _exists_already(problems):
        return RecordResult(record.row, external_id, str(Outcome.UNCHANGED)), ()
    outcome = UNPROCESSED if order.retryable else str(order.outcome)
    result = RecordResult(record.row, external_id, outcome, order.order_id, order.version)
    return _with_problems(result, problems), problems


def repeated_key(record: Record) -> Problem:
    """Return the problem of a record whose key was in the file before."""
    message = (
        f"Row {record.row} has the external id {shown(record.key)} of row {record.first_row}; "
        "an order must be in the file once, in adjacent rows"
    )
    return Problem(Code.DUPLICATE, ("external_id",), message)


def repeated(record: Record) -> AnsweredRecord:
    """Return the result of a record whose key was in the file before."""
    problems = (repeated_key(record),)
    result = RecordResult(record.row, record.key, str(Outcome.FAILED))
    return _with_problems(result, problems), problems


def _with_problems(result: RecordResult, problems: Sequence[Problem]) -> RecordResult:
    """Return the result with its first problem. The message also has the others."""
    if not problems:
        return result
    first = problems[0]
    text = message_of([(each.pointer, each.message) for each in problems])
    return replace(result, code=str(first.code), path=first.pointer, message=text)


def message_of(problems: Sequence[tuple[str, str]]) -> str:
    """Return the message beside an order in a result file, from the places and messages."""
    (_, first), *others = problems
    messages = [first, *(f"{place}: {message}" for place, message in others)]
    sizes = accumulate(len(each) + 2 for each in messages)
    kept = max(1, sum(1 for size in sizes if size <= MAX_MESSAGE))
    left = len(messages) - kept
    more = (f"and {left} more",) if left else ()
    return "; ".join((*messages[:kept], *more))


def _exists_already(problems: Sequence[Problem]) -> bool:
    return [(each.code, each.path) for each in problems] == [(Code.DUPLICATE, ("external_id",))]


def _below_order(path: Steps, position: int) -> Steps:
    """Return the path in the order. Protocols begin it with the place of the order in a request."""
    for index, step in enumerate(path[:2]):
        if step == position and isinstance(step, int):
            return path[index + 1 :]
    return path


def chunk_result(
    number: int,
    request_id: str,
    results: Sequence[AnsweredRecord],
    silent: set[int],
    notes: Notes | None,
) -> ChunkResult:
    """Return the result of a chunk. `silent` are the rows without triggers; `notes` of a preview.

    `results` are in the sequence of the file.
    """
    groups = merged(
        _group(result, problem)
        for result, problems in results
        if result.outcome == Outcome.FAILED
        for problem in problems
    )
    records = [result for result, _ in results]
    samples = () if notes is None else first_of_each_outcome(records)
    return ChunkResult(
        ChunkSummary(number, _counts(records, silent), request_id),
        tuple(records),
        samples=tuple(sample_of(each, _changed(each, notes)) for each in samples),
        groups=groups,
    )


def _counts(results: Sequence[RecordResult], silent: set[int]) -> Counts:
    found = Counter(each.outcome for each in results)
    # An order has one trigger, also if several records change it. A new one of a preview has no id.
    changed = {
        each.order_id or each.external_id
        for each in results
        if each.outcome in {Outcome.CREATED, Outcome.UPDATED} and each.row not in silent
    }
    return Counts(
        created=found[Outcome.CREATED],
        updated=found[Outcome.UPDATED],
        unchanged=found[Outcome.UNCHANGED],
        failed=found[Outcome.FAILED],
        unprocessed=found[UNPROCESSED],
        triggers=len(changed),
    )


def _group(result: RecordResult, problem: Problem) -> ProblemGroup:
    path = pointer(*("*" if isinstance(step, int) else step for step in problem.path))
    sample = Sample(result.row, shown_id(result), encodable(problem.message))
    return ProblemGroup(str(problem.code), encodable(path), 1, (sample,))


def _changed(result: RecordResult, notes: Notes | None) -> Sequence[Mapping[str, object]]:
    change = None if notes is None else notes.orders.get(result.external_id or "")
    if result.outcome != Outcome.UPDATED or not change or not change.before or not change.after:
        return []
    return shown_differences(change.before.tree(), change.after.tree())
