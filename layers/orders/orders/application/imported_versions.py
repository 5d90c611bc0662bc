"""What an import job wrote of the records of a chunk, also where its result does not say so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orders.application.chunk_requests import chunk_key
from orders.application.chunk_results import UNPROCESSED
from orders.application.chunk_runs import ChunkRuns
from orders.application.earlier_runs import EarlierRuns
from orders.application.errors import StorageUnavailableError
from orders.application.get_order_by_id import find_all_with_hidden
from orders.application.ports import Deadline
from orders.application.repeat_requests import Run
from orders.application.undo_ports import UndoneStores
from orders.domain.deletions import Deletion
from orders.domain.history import OrderKey
from orders.domain.identifiers import is_external_id
from orders.domain.import_jobs import Job, RecordResult
from orders.domain.importing import Outcome

_WRITTEN = frozenset({str(Outcome.CREATED), str(Outcome.UPDATED)})


@dataclass(frozen=True, slots=True)
class ImportedVersions:
    """Finds the versions that the job `undone` wrote. `run` is that of the undo."""

    runs: ChunkRuns
    stores: UndoneStores
    undone: Job
    run: Run | None
    deadline: Deadline

    def of_chunk(self, number: int) -> tuple[Sequence[RecordResult], str]:
        """Return the records of a chunk, and the id of the request that imported them."""
        result = self.runs.files.result(
            self.undone.account, self.undone.job_id, self.undone.run, number
        )
        if result is not None:
            return result.records, result.summary.request_id
        return self._unfinished(number), self._request_of(number)

    def _unfinished(self, number: int) -> Sequence[RecordResult]:
        """Return the records of a chunk whose import has no result. It may have been cut off."""
        chunk = self.runs.files.chunk(self.undone.account, self.undone.job_id, number)
        return [RecordResult(each.row, each.key, UNPROCESSED) for each in chunk.records]

    def _request_of(self, number: int) -> str:
        """Return the id of the request that imported a chunk, "" if none has begun."""
        records, now = self.runs.repeats.records, self.runs.clock()
        record = records.find(chunk_key(self.undone, number), now, self.deadline)
        return "" if record is None else record.request_id

    def written(self, group: Sequence[RecordResult], request_id: str) -> dict[int, tuple[int, int]]:
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
        account, stores = self.undone.account, self.stores
        lookup = stores.orders.find_by_external_ids(account, names, self.deadline)
        if lookup.unread:
            raise StorageUnavailableError("orders could not be read in time")
        rows = {order.order_id: names[name] for name, order in lookup.orders.items()}
        rows |= {stored.order.order_id: names[name] for name, stored in lookup.hidden.items()}
        present = find_all_with_hidden(stores.index, account, [*rows], self.deadline)
        earlier = EarlierRuns(stores.history, self.runs.clock, lambda: True)
        by_import = earlier.written([*present.values()], request_id, self.deadline)
        if self.run is not None and by_import:
            # The next attempt does not find an order by its name that this one has deleted.
            self.run.note(by_import, self.deadline)
        written = {number: each.order.version for number, each in by_import.items()}
        deleted = {
            names[each.external_id]: (each.order_id, 1)
            for each in self._deleted_before()
            if each.external_id in names
        }
        return deleted | {rows[number]: (number, version) for number, version in written.items()}

    def _deleted_before(self) -> Sequence[Deletion]:
        """Return the deletions of noted orders by an earlier attempt."""
        if self.run is None or not self.run.noted:
            return ()
        keys = [OrderKey(self.undone.account, number) for number in self.run.noted]
        deletions = self.stores.history.deletions_among(keys, self.deadline)
        return [each for each in deletions.values() if each.request_id == self.run.request_id]
