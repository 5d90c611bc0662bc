"""Undo what an import job did with the records of one chunk, as a part of another job."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched

from orders.application.chunk_runs import ChunkCommand, ChunkRuns, ChunkWork
from orders.application.chunk_samples import Shown, shown_differences
from orders.application.deadlines import PUBLISHING_SECONDS, EarlierDeadline
from orders.application.earlier_runs import EarlierRuns
from orders.application.errors import StorageUnavailableError
from orders.application.get_order_by_id import find_all_with_hidden
from orders.application.imported_versions import ImportedVersions
from orders.application.ports import Deadline, Pause, RequestKey
from orders.application.publish_triggers import PublishTriggers
from orders.application.repeat_requests import Run
from orders.application.trace_import import TraceImport
from orders.application.trigger_payloads import ReduceAny, TriggerPayloads, unreduced
from orders.application.undo_orders import (
    SECONDS_OF_A_GROUP,
    UNDONE_TOGETHER,
    UndoOrders,
    UndoStores,
    UndoWays,
)
from orders.application.undo_ports import UndoneStores
from orders.application.undo_report import UndoneOrder
from orders.application.undo_results import (
    Found,
    unavailable_result,
    undo_result,
    undone_result,
    unfinished,
)
from orders.domain.changes import StoredOrder
from orders.domain.deletions import Deletion
from orders.domain.history import OrderKey
from orders.domain.import_jobs import MAX_SAMPLES, ChunkResult, Job, JobKind, RecordResult
from orders.domain.order import Cause, Order
from orders.domain.triggers import Trigger, TriggerForm
from orders.domain.undoing import TracedChange, UndoOutcome, UndoReason

PROTOCOL = "hub"


@dataclass(frozen=True, slots=True)
class UndoChunk:
    """Undoes the records of a chunk.

    `form_of` says how triggers show an order. `payloads` reduces them; without it, they contain
    everything.
    """

    runs: ChunkRuns
    stores: UndoneStores
    publish_triggers: PublishTriggers
    form_of: Callable[[Order], TriggerForm]
    pause: Pause
    payloads: TriggerPayloads | None = None

    def __call__(self, command: ChunkCommand, deadline: Deadline) -> ChunkResult | None:
        """Undo the chunk, and keep the result. A chunk that has a result keeps it.

        Returns None if the job does not run any more. Raises StorageUnavailableError if another
        attempt may undo more, and StorageRefusedError.
        """
        job = self.runs.job_of(command, deadline)
        if job is None or job.kind is not JobKind.UNDO:
            return None
        work = ChunkWork(lambda run: self._result(job, command.chunk, run, deadline), unfinished)
        return self.runs.result(job, command, work, deadline)

    def _result(
        self, job: Job, number: int, run: Run | None, deadline: Deadline
    ) -> ChunkResult | None:
        undone = self.runs.jobs.find(job.account, job.undoes or "", deadline)
        if undone is None:
            return None
        undoing = _Undoing(self, job, undone, run, EarlierDeadline(deadline, PUBLISHING_SECONDS))
        try:
            return undoing.run(number)
        finally:
            self._publish(job, run, undoing, deadline)

    def _publish(self, job: Job, run: Run | None, undoing: "_Undoing", deadline: Deadline) -> None:
        if run is not None:
            committed, doubtful = undoing.triggers
            request = RequestKey(job.account, run.request_id)
            self.publish_triggers(request, committed, doubtful, deadline)


class _Undoing:
    """One attempt at a chunk."""

    def __init__(
        self, parts: UndoChunk, job: Job, undone: Job, run: Run | None, deadline: Deadline
    ) -> None:
        self._parts = parts
        self._job = job
        self._account = undone.account
        self._run = run
        self._deadline = deadline
        self._imported = ImportedVersions(parts.runs, parts.stores, undone, run, deadline)
        self._trace = TraceImport(parts.runs.jobs, parts.stores.history, undone, deadline)
        # The differences of the first orders that would be restored, by order id.
        self._shown: dict[int, Sequence[Shown]] = {}
        self._request_id = "" if run is None else run.request_id
        # Read the clock once: DynamoDB requires a repeated transaction to be identical.
        cause = Cause(self._request_id, job.client, parts.runs.clock(), PROTOCOL)
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
        records, request_id = self._imported.of_chunk(number)
        found: dict[int, Found] = {}
        results: list[RecordResult] = []
        for group in batched(records, UNDONE_TOGETHER, strict=False):
            if self._deadline.remaining() < SECONDS_OF_A_GROUP:
                results += [unavailable_result(record) for record in group]
                continue
            try:
                written = self._imported.written(group, request_id)
                found |= self._undo({n: v for n, v in written.values() if n not in found})
            except StorageUnavailableError:
                results += [unavailable_result(record) for record in group]
                continue
            results += [undone_result(record, written, found) for record in group]
        return undo_result(
            number,
            self._request_id,
            results,
            skip_triggers=self._job.skip_triggers,
            changed=self._shown if self._run is None else None,
        )

    def _undo(self, versions: Mapping[int, int]) -> dict[int, Found]:
        """Undo orders, given the version that the import wrote of each."""
        if not versions:
            return {}
        history = self._parts.stores.history
        account = self._account
        index = self._parts.stores.index
        present = find_all_with_hidden(index, account, [*versions], self._deadline)
        keys = [OrderKey(account, number) for number in versions if number not in present]
        deletions = history.deletions_among(keys, self._deadline) if keys else {}
        found = {
            key.order_id: self._gone(versions[key.order_id], deletions.get(key)) for key in keys
        }
        found |= self._undone_before(present)
        left = {number: each for number, each in present.items() if number not in found}
        traced = self._trace.traced(left, versions)
        reports = self._previewed(traced) if self._run is None else self._orders.undo(traced)
        return found | {
            each.order_id: Found(each.outcome, each.version, each.reason) for each in reports
        }

    def _previewed(self, traced: Sequence[TracedChange]) -> Sequence[UndoneOrder]:
        """Return what would be done, and note what the samples show of it."""
        planned = self._orders.planned(traced)
        if len(self._shown) < MAX_SAMPLES:
            self._shown |= {
                report.order_id: shown_differences(
                    change.before.order.tree(), change.after.order.tree()
                )
                for report, change in planned
                if report.outcome is UndoOutcome.RESTORED and change is not None
            }
        return [report for report, _ in planned]

    def _undone_before(self, present: Mapping[int, StoredOrder]) -> dict[int, Found]:
        """Return the orders that an earlier attempt at this chunk restored."""
        run = self._run
        if run is None or not run.is_repeated:
            return {}
        earlier = EarlierRuns(self._parts.stores.history, self._parts.runs.clock, lambda: True)
        written = earlier.written([*present.values()], run.request_id, self._deadline)
        return {
            number: Found(UndoOutcome.RESTORED, each.order.version - 1)
            for number, each in written.items()
        }

    def _gone(self, version: int, deletion: Deletion | None) -> Found:
        """Return what became of an order that does not exist any more."""
        if deletion is not None and deletion.request_id == self._request_id:
            # An earlier attempt at this chunk deleted it.
            return Found(UndoOutcome.DELETED, version)
        if version == 1:
            # It did not exist before the import either.
            return Found(UndoOutcome.UNCHANGED, version)
        return Found(UndoOutcome.KEPT, version, UndoReason.DELETED)
