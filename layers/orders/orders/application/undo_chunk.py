"""Undo what an import job did with the records of one chunk, as a part of another job."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import batched

from orders.application.chunk_requests import chunk_key
from orders.application.deadlines import PUBLISHING_SECONDS, EarlierDeadline
from orders.application.earlier_runs import EarlierRuns
from orders.application.errors import (
    KeyInUseError,
    StorageError,
    StorageRefusedError,
    StorageUnavailableError,
)
from orders.application.get_order_by_id import find_all_with_hidden
from orders.application.import_chunk import PATIENCE, UNPROCESSED
from orders.application.import_job_ports import ImportJobs, JobFiles
from orders.application.ports import (
    Clock,
    Deadline,
    HistoryRepository,
    OrderChanges,
    OrderIndex,
    OrderRepository,
    Pause,
    RequestKey,
)
from orders.application.publish_triggers import PublishTriggers
from orders.application.repeat_requests import RepeatRequests, Run
from orders.application.trigger_payloads import ReduceAny, TriggerPayloads, unreduced
from orders.application.undo_orders import (
    SECONDS_OF_A_GROUP,
    UNDONE_TOGETHER,
    UndoOrders,
    UndoStores,
    UndoWays,
)
from orders.domain.changes import StoredOrder
from orders.domain.deletions import Deletion
from orders.domain.history import OrderKey
from orders.domain.identifiers import is_external_id, time_of_request
from orders.domain.import_jobs import (
    MAX_SAMPLES,
    ChunkResult,
    ChunkSummary,
    Job,
    JobKind,
    JobMode,
    JobState,
    ProblemGroup,
    RecordResult,
    Sample,
    Undone,
    merged,
)
from orders.domain.importing import Outcome
from orders.domain.order import Cause, Order
from orders.domain.triggers import Trigger, TriggerForm
from orders.domain.undoing import TracedChange, UndoOutcome, UndoReason

PROTOCOL = "hub"
# Clocks differ by less, and a writer lives for less.
_SLACK = timedelta(seconds=60)
_WRITTEN = frozenset({str(Outcome.CREATED), str(Outcome.UPDATED)})
_CHANGED = frozenset({str(UndoOutcome.DELETED), str(UndoOutcome.RESTORED)})
# Another attempt may do better.
_RETRYABLE = frozenset({UndoReason.HISTORY_PENDING, UndoReason.UNAVAILABLE})

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
class UndoChunkCommand:
    """One attempt at a chunk of an undo job.

    The last attempt reports the orders that could not be undone. An earlier one raises an error, so
    that the engine tries again.
    """

    account: str
    job_id: str
    run: int
    chunk: int
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class UndoneStores:
    """The stores of orders that an undo reads and writes."""

    orders: OrderRepository
    index: OrderIndex
    changes: OrderChanges
    history: HistoryRepository


@dataclass(frozen=True, slots=True)
class UndoChunk:
    """Undoes the records of a chunk.

    `form_of` says how triggers show an order. `payloads` reduces them; without it, they contain
    everything. `repeats` gives all attempts at a chunk one request id.
    """

    jobs: ImportJobs
    files: JobFiles
    stores: UndoneStores
    repeats: RepeatRequests
    publish_triggers: PublishTriggers
    form_of: Callable[[Order], TriggerForm]
    clock: Clock
    pause: Pause
    payloads: TriggerPayloads | None = None

    def __call__(self, command: UndoChunkCommand, deadline: Deadline) -> ChunkResult | None:
        """Undo the chunk, and keep the result. A chunk that has a result keeps it.

        Returns None if the job does not run any more. Raises StorageUnavailableError if another
        attempt may undo more, and StorageRefusedError.
        """
        job = self.jobs.find(command.account, command.job_id, deadline)
        if job is None or job.kind is not JobKind.UNDO or job.run != command.run:
            return None
        kept = self.files.result(job.account, job.job_id, job.run, command.chunk)
        if kept is None:
            undone = self._undone_job(job, deadline)
            if job.state is not JobState.IMPORTING or undone is None:
                return None
            kept = self._undo(job, undone, command, deadline)
        self.jobs.add_summary(job.account, job.job_id, job.run, kept.summary, deadline)
        return kept

    def _undone_job(self, job: Job, deadline: Deadline) -> Job | None:
        return None if job.undoes is None else self.jobs.find(job.account, job.undoes, deadline)

    def _undo(
        self, job: Job, undone: Job, command: UndoChunkCommand, deadline: Deadline
    ) -> ChunkResult:
        if job.mode is JobMode.PREVIEW:
            result = self._result(job, undone, command, None, deadline)
            return self.files.add_result(job.account, job.job_id, job.run, result)
        run = self._begin(job, command.chunk, deadline)
        try:
            # The attempt before this one may have ended after it kept its result.
            found = self.files.result(job.account, job.job_id, job.run, command.chunk)
            if found is not None:
                return found
            is_last = command.is_last or self._is_late(run)
            final = replace(command, is_last=is_last)
            result = self._result(job, undone, final, run, deadline)
            return self.files.add_result(job.account, job.job_id, job.run, result)
        except StorageError:
            # The next attempt need not wait until this one must have ended.
            self._release(run, deadline)
            raise

    def _begin(self, job: Job, chunk: int, deadline: Deadline) -> Run:
        try:
            begun = self.repeats.begin(chunk_key(job, chunk), deadline)
        except KeyInUseError:
            message = "another attempt at the chunk has not ended"
            raise StorageUnavailableError(message) from None
        if not isinstance(begun, Run):
            raise StorageRefusedError("a chunk has an answer, but no result")
        return begun

    def _is_late(self, run: Run) -> bool:
        return run.is_repeated and self.clock() >= time_of_request(run.request_id) + PATIENCE

    def _release(self, run: Run, deadline: Deadline) -> None:
        try:
            run.records.release(run.key, run.attempt, deadline)
        except StorageError:
            # Then the next attempt waits until this one must have ended.
            return

    def _result(
        self,
        job: Job,
        undone: Job,
        command: UndoChunkCommand,
        run: Run | None,
        deadline: Deadline,
    ) -> ChunkResult:
        undoing = _Undoing(self, job, undone, run, EarlierDeadline(deadline, PUBLISHING_SECONDS))
        try:
            result = undoing.run(command.chunk)
        except StorageError:
            self._publish(job, run, undoing, deadline)
            raise
        self._publish(job, run, undoing, deadline)
        if not command.is_last:
            codes = {str(reason) for reason in _RETRYABLE}
            found = {each.code for each in result.records} & codes
            if found:
                raise StorageUnavailableError(f"orders of the chunk failed: {sorted(found)}")
        return result

    def _publish(self, job: Job, run: Run | None, undoing: "_Undoing", deadline: Deadline) -> None:
        if run is not None:
            committed, doubtful = undoing.triggers
            request = RequestKey(job.account, run.request_id)
            self.publish_triggers(request, committed, doubtful, deadline)


@dataclass(frozen=True, slots=True)
class _Found:
    """What became of an order, for all records of the chunk that changed it."""

    outcome: UndoOutcome
    version: int
    reason: UndoReason | None = None


class _Undoing:
    """One attempt at a chunk."""

    def __init__(
        self, parts: UndoChunk, job: Job, undone: Job, run: Run | None, deadline: Deadline
    ) -> None:
        self._parts = parts
        self._job = job
        self._undone = undone
        self._run = run
        self._deadline = deadline
        # The requests of all chunks of the import, None until they are needed.
        self._requests: frozenset[str] | None = None
        self._request_id = "" if run is None else run.request_id
        # Read the clock once: DynamoDB requires a repeated transaction to be identical.
        cause = Cause(self._request_id, job.client, parts.clock(), PROTOCOL)
        reduced: ReduceAny = unreduced
        if parts.payloads and run is not None and not job.skip_triggers:
            reduced = parts.payloads.of(job.account, deadline)
        self._orders = UndoOrders(
            UndoWays(cause, parts.form_of, reduced, skip_triggers=job.skip_triggers),
            UndoStores(parts.stores.index, parts.stores.changes, parts.pause),
            deadline,
        )

    @property
    def triggers(self) -> tuple[Sequence[Trigger], Sequence[Trigger]]:
        """Return the triggers of committed changes, and of those that may be committed."""
        return self._orders.triggers

    def run(self, number: int) -> ChunkResult:
        """Undo the records of a chunk, some at a time."""
        undone = self._undone
        files, account = self._parts.files, undone.account
        result = files.result(account, undone.job_id, undone.run, number)
        records = self._unfinished(number) if result is None else result.records
        request_id = self._request_of(number) if result is None else result.summary.request_id
        found: dict[int, _Found] = {}
        results: list[RecordResult] = []
        for group in batched(records, UNDONE_TOGETHER, strict=False):
            if self._deadline.remaining() < SECONDS_OF_A_GROUP:
                results += [_unavailable(record) for record in group]
                continue
            try:
                written = self._written(group, request_id)
                found |= self._undo({n: v for n, v in written.values() if n not in found})
            except StorageUnavailableError:
                results += [_unavailable(record) for record in group]
                continue
            results += [_undone(record, written, found) for record in group]
        return self._summed(number, results)

    def _unfinished(self, number: int) -> Sequence[RecordResult]:
        """Return the records of a chunk whose import has no result. It may have been cut off."""
        chunk = self._parts.files.chunk(self._undone.account, self._undone.job_id, number)
        return [RecordResult(each.row, each.key, UNPROCESSED) for each in chunk.records]

    def _request_of(self, number: int) -> str:
        """Return the id of the request that imported a chunk, "" if none has begun."""
        records, now = self._parts.repeats.records, self._parts.clock()
        record = records.find(chunk_key(self._undone, number), now, self._deadline)
        return "" if record is None else record.request_id

    def _written(
        self, group: Sequence[RecordResult], request_id: str
    ) -> dict[int, tuple[int, int]]:
        """Return the order id and the version that the import wrote, by the row of the record."""
        reported = {
            record.row: (record.order_id, record.version)
            for record in group
            if record.outcome in _WRITTEN and record.order_id and record.version
        }
        names = {
            record.external_id: record.row
            for record in group
            if record.outcome == UNPROCESSED
            and record.external_id is not None
            and is_external_id(record.external_id)
        }
        if not names or not request_id:
            return reported
        return reported | self._written_in_doubt(names, request_id)

    def _written_in_doubt(
        self, names: Mapping[str, int], request_id: str
    ) -> dict[int, tuple[int, int]]:
        """Return what the import wrote of unprocessed records, which are given by name.

        The answer to a write may have been lost: then the order or its history names the request.
        """
        account, stores = self._undone.account, self._parts.stores
        lookup = stores.orders.find_by_external_ids(account, names, self._deadline)
        if lookup.unread:
            raise StorageUnavailableError("orders could not be read in time")
        rows = {order.order_id: names[name] for name, order in lookup.orders.items()}
        rows |= {stored.order.order_id: names[name] for name, stored in lookup.hidden.items()}
        present = find_all_with_hidden(stores.index, account, [*rows], self._deadline)
        earlier = EarlierRuns(stores.history, self._parts.clock, lambda: True)
        by_import = earlier.written([*present.values()], request_id, self._deadline)
        if self._run is not None and by_import:
            # The next attempt does not find an order by its name that this one has deleted.
            self._run.note(by_import, self._deadline)
        written = {number: each.order.version for number, each in by_import.items()}
        deleted = {
            names[each.external_id]: (each.order_id, 1)
            for each in self._deleted_before()
            if each.external_id in names
        }
        return deleted | {rows[number]: (number, version) for number, version in written.items()}

    def _deleted_before(self) -> Sequence[Deletion]:
        """Return the deletions of noted orders by an earlier attempt."""
        if self._run is None or not self._run.noted:
            return ()
        keys = [OrderKey(self._undone.account, number) for number in self._run.noted]
        deletions = self._parts.stores.history.deletions_among(keys, self._deadline)
        return [each for each in deletions.values() if each.request_id == self._request_id]

    def _undo(self, versions: Mapping[int, int]) -> dict[int, _Found]:
        """Undo orders, given the version that the import wrote of each."""
        if not versions:
            return {}
        history = self._parts.stores.history
        account = self._undone.account
        index = self._parts.stores.index
        present = find_all_with_hidden(index, account, [*versions], self._deadline)
        keys = [OrderKey(account, number) for number in versions if number not in present]
        deletions = history.deletions_among(keys, self._deadline) if keys else {}
        found = {
            key.order_id: self._gone(versions[key.order_id], deletions.get(key)) for key in keys
        }
        found |= self._undone_before(present)
        left = {number: each for number, each in present.items() if number not in found}
        traced = self._traced(left, versions)
        undo = self._orders.preview if self._run is None else self._orders.undo
        reports = undo(traced)
        return found | {
            each.order_id: _Found(each.outcome, each.version, each.reason) for each in reports
        }

    def _undone_before(self, present: Mapping[int, StoredOrder]) -> dict[int, _Found]:
        """Return the orders that an earlier attempt at this chunk restored."""
        run = self._run
        if run is None or not run.is_repeated:
            return {}
        earlier = EarlierRuns(self._parts.stores.history, self._parts.clock, lambda: True)
        written = earlier.written([*present.values()], run.request_id, self._deadline)
        return {
            number: _Found(UndoOutcome.RESTORED, each.order.version - 1)
            for number, each in written.items()
        }

    def _gone(self, version: int, deletion: Deletion | None) -> _Found:
        """Return what became of an order that does not exist any more."""
        if deletion is not None and deletion.request_id == self._request_id:
            # An earlier attempt at this chunk deleted it.
            return _Found(UndoOutcome.DELETED, version)
        if version == 1:
            # It did not exist before the import either.
            return _Found(UndoOutcome.UNCHANGED, version)
        return _Found(UndoOutcome.KEPT, version, UndoReason.DELETED)

    def _traced(
        self, present: Mapping[int, StoredOrder], versions: Mapping[int, int]
    ) -> list[TracedChange]:
        before = self._versions({number: versions[number] - 1 for number in present})
        repeated = [
            stored.order
            for number, stored in present.items()
            if self._may_be_repeated(stored.order, versions[number], before.get(number))
        ]
        ranges = self._ranges(repeated, versions)
        before |= self._versions({number: each.start - 1 for number, each in ranges.items()})
        traced = []
        for number, stored in present.items():
            written = ranges.get(number, range(versions[number], versions[number] + 1))
            change = TracedChange(stored, written[-1], before.get(number), first=written[0])
            traced.append(change)
        return traced

    def _versions(self, wanted: Mapping[int, int]) -> dict[int, Order | None]:
        """Return a version of each order, None if the history does not have it."""
        account, history = self._undone.account, self._parts.stores.history
        keys = {
            number: (OrderKey(account, number), version)
            for number, version in wanted.items()
            if version > 0
        }
        found = history.find_versions([*keys.values()], self._deadline) if keys else {}
        kept = {number: found.get(key) for number, key in keys.items()}
        return dict.fromkeys(wanted) | {
            number: None if each is None else each.order for number, each in kept.items()
        }

    def _may_be_repeated(self, order: Order, version: int, before: Order | None) -> bool:
        """Return whether the import may have written another version of an order beside this one.

        It may, if the file has the order under two of its external ids.
        """
        job = self._undone
        began = (job.started_at or job.created_at) - _SLACK
        ended = (job.ended_at or job.updated_at) + _SLACK
        is_later = order.version > version
        is_after = is_later and order.client == job.client and order.updated_at <= ended
        is_before = (
            before is not None and before.client == job.client and before.updated_at >= began
        )
        return is_after or is_before

    def _ranges(self, orders: Sequence[Order], versions: Mapping[int, int]) -> dict[int, range]:
        """Return all versions around the known one that the import wrote in a row, by order id."""
        if not orders:
            return {}
        account, job = self._undone.account, self._undone
        keys = {order.order_id: OrderKey(account, order.order_id) for order in orders}
        marks = self._parts.stores.history.marks_of([*keys.values()], self._deadline)
        if self._requests is None:
            summaries = self._parts.jobs.summaries(account, job.job_id, job.run, self._deadline)
            self._requests = frozenset(each.request_id for each in summaries)
        ranges = {}
        for order in orders:
            by = {each.version: each.request_id for each in marks.get(keys[order.order_id], ())}
            by[order.version] = order.request_id
            first = last = versions[order.order_id]
            while by.get(first - 1) in self._requests:
                first -= 1
            while by.get(last + 1) in self._requests:
                last += 1
            ranges[order.order_id] = range(first, last + 1)
        return ranges

    def _summed(self, number: int, results: Sequence[RecordResult]) -> ChunkResult:
        outcomes = Counter(each.outcome for each in results)
        undone = Undone(**{str(each): outcomes[each] for each in UndoOutcome})
        changed = {each.order_id for each in results if each.outcome in _CHANGED}
        triggers = 0 if self._job.skip_triggers else len(changed)
        summary = ChunkSummary(number, undone.counts(triggers=triggers), self._request_id, undone)
        samples = tuple(_samples(results)) if self._run is None else ()
        groups = merged(_group(each) for each in results if each.code)
        return ChunkResult(summary, tuple(results), samples, groups)


def _undone(
    record: RecordResult, written: Mapping[int, tuple[int, int]], found: Mapping[int, _Found]
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


def _unavailable(record: RecordResult) -> RecordResult:
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


def _group(result: RecordResult) -> ProblemGroup:
    sample = Sample(result.row, result.external_id, result.message)
    return ProblemGroup(result.code, "", 1, (sample,))


def _samples(results: Iterable[RecordResult]) -> Iterator[Mapping[str, object]]:
    """Yield the first records with each outcome."""
    shown: Counter[str] = Counter()
    for each in results:
        shown[each.outcome] += 1
        if shown[each.outcome] <= MAX_SAMPLES:
            yield {
                "row": each.row,
                "external_id": each.external_id,
                "outcome": each.outcome,
                "changed": [],
            }
