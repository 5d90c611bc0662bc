"""Converted records as orders of the Altcraft import, with the problems of their conversion."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from orders.application.ports import SentOrder
from orders.domain.file_records import Record
from orders.domain.known_products import EntryName
from orders.domain.problems import (
    MAX_PROBLEMS,
    NOTHING_REPORTED,
    Code,
    Problem,
    Reported,
    Steps,
    below,
    pointer,
)
from orders.domain.settings import Rulebook, UnknownMembers
from orders.domain.submissions import Rejection, Submission
from orders.file_formats.interface import Converted
from orders.protocols.altcraft.requests import ImportBody
from orders.protocols.altcraft.submissions import AltcraftOrder, read_orders
from orders.protocols.altcraft.unknown_members import unknown_of_request


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record without an order. `problems` have paths that begin at the root of the request."""

    position: int
    external_id: str | None
    problems: tuple[Problem, ...]
    skip_trigger: bool = True
    product_names: Iterable[EntryName] = ()

    def submit(self, rules: Rulebook, before: Reported = NOTHING_REPORTED) -> Rejection:
        """Return the problems."""
        del rules
        return Rejection(self.problems[: before.problems_left])


@dataclass(frozen=True, slots=True)
class LocatedOrder:
    """An order whose problems name the place in the file that a member came from.

    `unknown` are the problems of members beside the orders, for an account that rejects them.
    """

    order: SentOrder
    list_sources: Callable[[], Mapping[str, str]] | None
    unknown: tuple[Problem, ...] = ()

    @property
    def position(self) -> int:
        """Return the index of the order."""
        return self.order.position

    @property
    def external_id(self) -> str | None:
        """Return the external id, None if it cannot be read."""
        return self.order.external_id

    @property
    def skip_trigger(self) -> bool:
        """Return whether the trigger of the order is skipped."""
        return self.order.skip_trigger

    @property
    def product_names(self) -> Iterable[EntryName]:
        """Return the names of the products and SKUs of the order."""
        return self.order.product_names

    def submit(
        self, rules: Rulebook, before: Reported = NOTHING_REPORTED
    ) -> Submission | Rejection:
        """Check the order. Its problems and warnings name their places in the file."""
        if self.unknown and rules.settings.policies.unknown_members is UnknownMembers.REJECT:
            return Rejection(self.unknown[: before.problems_left])
        checked = self.order.submit(rules, before)
        if isinstance(checked, Submission) and not checked.warnings:
            return checked
        warnings = self._located(checked.warnings)
        if isinstance(checked, Rejection):
            return replace(checked, problems=self._located(checked.problems), warnings=warnings)
        return replace(checked, warnings=warnings)

    def _located(self, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
        source_of = self.list_sources() if problems and self.list_sources else {}
        return tuple(_with_place(each, source_of) for each in problems)


def _with_place(problem: Problem, source_of: Mapping[str, str]) -> Problem:
    source = source_of.get(pointer(*problem.path[2:]))
    return replace(problem, message=f"{problem.message} ({source})") if source else problem


def read_converted(
    records: Sequence[Record],
    converted: Sequence[Converted],
    *,
    skip_triggers: bool,
    unknown: Sequence[str] = (),
) -> list[SentOrder]:
    """Return the orders of an Altcraft import, at the positions of their records.

    `unknown` are the names of unknown members beside the orders.
    """
    around = unknown_of_request(dict.fromkeys(unknown)).problems()
    body = ImportBody.model_construct(
        data=[each.tree for each in converted], skip_triggers=skip_triggers
    )
    faults = [
        below(("data", position), fault)
        for position, each in enumerate(converted)
        for fault in each.faults[:MAX_PROBLEMS]
    ]
    orders: list[SentOrder] = []
    read = read_orders(body, faults, is_request=False)
    for record, each, order in zip(records, converted, read, strict=True):
        if any(not fault.path for fault in each.faults):
            # The record cannot be read as an order, so its members are not judged.
            orders.append(rejected(order.position, record, each.faults, ("data",)))
            continue
        judged = _without_echoes(order, each.faults)
        is_plain = not each.list_sources and not around
        orders.append(judged if is_plain else LocatedOrder(judged, each.list_sources, around))
    return orders


def _without_echoes(order: AltcraftOrder, faults: Sequence[Problem]) -> AltcraftOrder:
    """Return the order without the reports that a value is missing which cannot be read."""
    if not faults:
        return order
    unread = {("data", order.position, *fault.path) for fault in faults}
    kept = (
        each for each in order.problems if each.code is not Code.REQUIRED or each.path not in unread
    )
    return replace(order, problems=tuple(kept))


def rejected(
    position: int, record: Record, faults: Iterable[Problem], prefix: Steps
) -> RejectedRecord:
    """Return a record that is rejected with these problems."""
    below_order = tuple(below((*prefix, position), fault) for fault in faults)
    return RejectedRecord(position, record.key, below_order[:MAX_PROBLEMS])
