"""Record the history of orders, from the table's stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from orders.application.errors import NotFoundError, StorageError
from orders.application.ports import (
    Deadline,
    HistoryRepository,
    Parking,
    SettingsRepository,
    Unreadable,
)
from orders.domain.history import OrderKey, ReplacedVersion
from orders.domain.settings import Policies


class HistoryRecord(Protocol):
    """One stream record of an order that was replaced or deleted."""

    @property
    def sequence_number(self) -> str:
        """Return the sequence number of the record in the stream."""

    @property
    def content(self) -> ReplacedVersion | OrderKey:
        """Return the replaced version, or the key of the deleted order."""


@dataclass(frozen=True, slots=True)
class HistoryReport:
    """The result of one batch: how many versions were recorded, orders erased, records parked.

    `failed` is the sequence number of the earliest record, if the batch failed: Lambda must deliver
    it and all later ones again.
    """

    recorded: int = 0
    erased: int = 0
    parked: int = 0
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class RecordHistory:
    """Keeps each replaced version, and removes the history of deleted orders."""

    history: HistoryRepository
    settings: SettingsRepository
    parking: Parking

    def __call__(
        self, records: Sequence[HistoryRecord | Unreadable], deadline: Deadline
    ) -> HistoryReport:
        """Process a batch. It is safe to process a batch twice, or late, or out of order.

        Unreadable records are parked. Storage errors are not raised: the report names the record
        from which Lambda must deliver again.
        """
        unreadable = [each for each in records if isinstance(each, Unreadable)]
        contents = [each.content for each in records if not isinstance(each, Unreadable)]
        replaced = [each for each in contents if isinstance(each, ReplacedVersion)]
        deleted = {each for each in contents if isinstance(each, OrderKey)}
        try:
            if unreadable:
                self.parking.park([each.parked for each in unreadable], deadline)
            self._keep(replaced, deadline)
            # The records of one order can arrive in any order, because a rename changes its key.
            # So versions that were kept after the deletion of their order are removed again.
            late = {_key_of(each) for each in replaced} - deleted
            deleted |= self.history.deleted_among(late, deadline) if late else set()
            if deleted:
                self.history.erase(deleted, deadline)
        except StorageError:
            return HistoryReport(failed=records[0].sequence_number)
        return HistoryReport(len(replaced), len(deleted), len(unreadable))

    def _keep(self, replaced: Sequence[ReplacedVersion], deadline: Deadline) -> None:
        days = {
            account: self._days_of(account, deadline)
            for account in {each.order.account for each in replaced}
        }
        if replaced:
            self.history.keep([(each, days[each.order.account]) for each in replaced], deadline)

    def _days_of(self, account: str, deadline: Deadline) -> int:
        try:
            return self.settings.load(account, deadline).settings.policies.history_days
        except NotFoundError:
            return Policies().history_days


def _key_of(version: ReplacedVersion) -> OrderKey:
    return OrderKey(version.order.account, version.order.order_id)
