"""Compare what a shop has of its orders with what the hub has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orders.application.ports import Deadline, Fingerprint, Fingerprints

MAX_RECONCILED = 10_000


class Comparison(StrEnum):
    """How an order of the shop compares with the hub's. Published."""

    EQUAL = "equal"
    DIFFERENT = "different"
    MISSING = "missing"  # the hub has no such order
    RENAMED = "renamed"  # the external id is a former one of the order


@dataclass(frozen=True, slots=True)
class Expected:
    """An order as the shop has it. What is None is not compared."""

    external_id: str
    digest: str | None = None
    version: int | None = None
    update_time: datetime | None = None

    def agrees_with(self, found: Fingerprint) -> bool:
        """Return whether all that the shop has is equal."""
        return (
            self.digest in {None, found.digest}
            and self.version in {None, found.version}
            and self.update_time in {None, found.update_time}
        )


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The result for one order. `found` is None if it is missing.

    `agrees` says whether all that was compared is equal, also of a renamed order.
    """

    external_id: str
    result: Comparison
    found: Fingerprint | None = None
    agrees: bool = False


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Compares orders. Documents are not read."""

    fingerprints: Fingerprints

    def __call__(
        self, account: str, expected: Sequence[Expected], deadline: Deadline
    ) -> Sequence[Reconciled]:
        """Return the result for each order, in the same order.

        Raises StorageUnavailableError and StorageRefusedError.
        """
        names = list(dict.fromkeys(each.external_id for each in expected))
        found = self.fingerprints.find(account, names, deadline)
        return [_compare(each, found.get(each.external_id)) for each in expected]


def _compare(expected: Expected, found: Fingerprint | None) -> Reconciled:
    if found is None:
        return Reconciled(expected.external_id, Comparison.MISSING)
    agrees = expected.agrees_with(found)
    if found.external_id != expected.external_id:
        result = Comparison.RENAMED
    else:
        result = Comparison.EQUAL if agrees else Comparison.DIFFERENT
    return Reconciled(expected.external_id, result, found, agrees)
