"""Compares the orders of a file with those of a hub, in both directions."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, islice
from typing import Any

from operator_cli.hub_reads import HubReads, OrderFilters
from operator_cli.reconcile_file import ShopOrders

# More orders than these are read in pages, not one by one.
FEW = 1000
_SHOWN = ("order_id", "version", "digest", "update_time", "created_at")


class Result(StrEnum):
    """How an order differs, or that it does not."""

    EQUAL = "equal"
    DIFFERENT = "different"
    RENAMED = "renamed"
    MISSING_IN_HUB = "missing_in_hub"
    MISSING_IN_FILE = "missing_in_file"


_RESULTS = {
    "equal": Result.EQUAL,
    "different": Result.DIFFERENT,
    "renamed": Result.RENAMED,
    "missing": Result.MISSING_IN_HUB,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One order that differs. `details` are the hub's members of it."""

    result: Result
    external_id: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> Mapping[str, Any]:
        """Return the members of a printed difference."""
        return {"result": str(self.result), "external_id": self.external_id, **self.details}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison. `counts` has the number of orders of each result so far."""

    hub: HubReads
    shop: ShopOrders
    counts: Counter[Result] = field(default_factory=Counter)

    def of_file(self) -> Iterator[Difference]:
        """Yield the orders of the file that are missing in the hub, renamed or different there."""
        for batch in self.shop.batches():
            results = self.hub.reconcile(batch)
            self.shop.note_found(each["order_id"] for each in results if "order_id" in each)
            for each in results:
                result = _RESULTS[each["result"]]
                self.counts[result] += 1
                if result is not Result.EQUAL:
                    details = {
                        name: value
                        for name, value in each.items()
                        if name not in {"result", "external_id"}
                    }
                    yield Difference(result, each["external_id"], details)

    def of_hub(self, covered: OrderFilters) -> Iterator[Difference]:
        """Yield the orders of the hub that the file lacks, of those that it should have.

        `of_file` must have been read before.
        """
        for order in self._candidates(covered):
            if self.shop.lacks(order["order_id"], order["external_id"]):
                self.counts[Result.MISSING_IN_FILE] += 1
                details = {name: order[name] for name in _SHOWN}
                yield Difference(Result.MISSING_IN_FILE, order["external_id"], details)

    def _candidates(self, covered: OrderFilters) -> Iterator[Mapping[str, Any]]:
        """Yield the orders of the hub, or only those that the file lacks if they are few."""
        lacking = self._lacking(covered)
        if lacking is None:
            yield from chain.from_iterable(self.hub.orders(covered))
            return
        found = (self.hub.order(order_id) for order_id in lacking)
        yield from (order for order in found if order is not None)

    def _lacking(self, covered: OrderFilters) -> Sequence[int] | None:
        """Return the ids of the orders that the file lacks, None if they are many or not listed."""
        ids = self.hub.ids_of_orders(covered)
        if ids is None:
            return None
        lacking = (number for number, name in ids if self.shop.lacks(number, name))
        found = list(islice(lacking, FEW + 1))
        return found if len(found) <= FEW else None

    @property
    def differences(self) -> int:
        """The number of differences so far."""
        return self.counts.total() - self.counts[Result.EQUAL]
