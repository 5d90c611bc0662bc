"""The changes of an import job to orders, as far as the history has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from orders.application.import_job_ports import ImportJobs
from orders.application.ports import Deadline, HistoryRepository
from orders.domain.changes import StoredOrder
from orders.domain.history import OrderKey
from orders.domain.import_jobs import Job
from orders.domain.order import Order
from orders.domain.undoing import TracedChange

# Clocks differ by less, and a writer lives for less.
_SLACK = timedelta(seconds=60)


@dataclass(slots=True)
class TraceImport:
    """Traces the changes of the job `undone`."""

    jobs: ImportJobs
    history: HistoryRepository
    undone: Job
    deadline: Deadline
    # The requests of all chunks of the import, None until they are needed.
    _requests: frozenset[str] | None = None

    def traced(
        self, present: Mapping[int, StoredOrder], versions: Mapping[int, int]
    ) -> list[TracedChange]:
        """Return the change of each present order, given a version that the import wrote of it."""
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
        account, history = self.undone.account, self.history
        keys = {
            number: (OrderKey(account, number), version)
            for number, version in wanted.items()
            if version > 0
        }
        found = history.find_versions([*keys.values()], self.deadline) if keys else {}
        kept = {number: found.get(key) for number, key in keys.items()}
        return dict.fromkeys(wanted) | {
            number: None if each is None else each.order for number, each in kept.items()
        }

    def _may_be_repeated(self, order: Order, version: int, before: Order | None) -> bool:
        """Return whether the import may have written another version of an order beside this one.

        It may, if the file has the order under two of its external ids.
        """
        job = self.undone
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
        account, job = self.undone.account, self.undone
        keys = {order.order_id: OrderKey(account, order.order_id) for order in orders}
        marks = self.history.marks_of([*keys.values()], self.deadline)
        if self._requests is None:
            summaries = self.jobs.summaries(account, job.job_id, job.run, self.deadline)
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
