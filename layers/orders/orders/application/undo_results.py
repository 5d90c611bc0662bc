"""The result of the undo of one chunk, from what the orders of its records became."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orders.application.chunk_results import UNPROCESSED
from orders.application.chunk_samples import Shown, first_of_each_outcome, sample_of
from orders.domain.import_jobs import (
    ChunkResult,
    ChunkSummary,
    Counts,
    ProblemGroup,
    RecordResult,
    Sample,
    Undone,
    merged,
)
from orders.domain.problems import listed
from orders.domain.undoing import UndoOutcome, UndoReason

_CHANGED = frozenset({str(UndoOutcome.DELETED), str(UndoOutcome.RESTORED)})
# Another attempt may do better.
_RETRYABLE = frozenset({str(UndoReason.HISTORY_PENDING), str(UndoReason.UNAVAILABLE)})

DETAILS: Mapping[UndoReason, str] = {
    UndoReason.CHANGED_SINCE: "The order was changed after the import; it is kept",
    UndoReason.DELETED: "The order was deleted permanently and has no history; import it again",
    UndoReason.HISTORY_EXPIRED: (
        "The version before the import is no longer in the history; import the order again"
    ),
    UndoReason.HISTORY_PENDING: (
        "The version before the import is not in the history yet; undo the job again in a minute"
    ),
    UndoReason.RENAMED_WHILE_DELETED: (
        "The order cannot get another external id while it is softly deleted; revive it first"
    ),
    UndoReason.TOO_LARGE: (
        "The version before the import is too large to be restored with another external id; "
        "import the order again"
    ),
    UndoReason.UNAVAILABLE: "The order store did not answer in time; undo the job again",
    UndoReason.INTERNAL_ERROR: "Internal error. It was logged; you can undo the job again",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What became of an order, for all records of the chunk that changed it."""

    outcome: UndoOutcome
    version: int
    reason: UndoReason | None = None


def undone_result(
    record: RecordResult, written: Mapping[int, tuple[int, int]], found: Mapping[int, Found]
) -> RecordResult:
    """Return what became of the order of a record. The import may not have changed it."""
    if record.row not in written:
        return RecordResult(
            record.row,
            record.external_id,
            str(UndoOutcome.UNCHANGED),
            record.order_id,
            record.version,
        )
    number, _ = written[record.row]
    order = found[number]
    return _with(record, order.outcome, order.reason, number, order.version)


def unavailable_result(record: RecordResult) -> RecordResult:
    """Return the result of a record whose order could not be read or written in time."""
    reason = UndoReason.UNAVAILABLE
    return _with(record, UndoOutcome.FAILED, reason, record.order_id, record.version)


def _with(
    record: RecordResult,
    outcome: UndoOutcome,
    reason: UndoReason | None,
    order_id: int | None,
    version: int | None,
) -> RecordResult:
    code, message = ("", "") if reason is None else (str(reason), DETAILS[reason])
    return RecordResult(
        record.row,
        record.external_id,
        str(outcome),
        order_id,
        version,
        code=code,
        message=message,
    )


def undo_result(
    number: int,
    request_id: str,
    results: Sequence[RecordResult],
    *,
    skip_triggers: bool,
    changed: Mapping[int, Sequence[Shown]] | None,
) -> ChunkResult:
    """Return the result of a chunk.

    `changed` are the differences that a preview shows, by order id. Without it, there are no
    samples.
    """
    outcomes = Counter(each.outcome for each in results)
    undone = Undone(**{str(each): outcomes[each] for each in UndoOutcome})
    orders = {each.order_id for each in results if each.outcome in _CHANGED}
    triggers = 0 if skip_triggers else len(orders)
    counts = undone.counts(triggers=triggers) + Counts(unprocessed=outcomes[UNPROCESSED])
    summary = ChunkSummary(number, counts, request_id, undone)
    first = () if changed is None else first_of_each_outcome(results)
    shown = changed or {}
    samples = [sample_of(each, shown.get(each.order_id or 0, ())) for each in first]
    groups = merged(_group(each) for each in results if each.code)
    return ChunkResult(summary, tuple(results), tuple(samples), groups)


def unfinished(result: ChunkResult) -> str:
    """Return what another attempt may undo, "" if nothing."""
    found = {each.code for each in result.records} & _RETRYABLE
    return f"orders of the chunk failed: {listed(sorted(found))}" if found else ""


def _group(result: RecordResult) -> ProblemGroup:
    sample = Sample(result.row, result.external_id, result.message)
    return ProblemGroup(result.code, "", 1, (sample,))
