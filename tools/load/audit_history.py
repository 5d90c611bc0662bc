"""Compares the history, as readers see it, with the present orders and with what clients sent."""

from collections.abc import Iterator, Mapping, Sequence

from orders.domain.history import ReplacedVersion
from orders.domain.order import Order
from tools.load.audit import Difference, Document, altered_members
from tools.load.audit_table import number_of
from tools.load.journal import Entry, Kind, Reply
from tools.load.table import Contents, Number

# An account, the external id of an order in a version, and the version.
type VersionName = tuple[str, str, int]
# What readers got of the history of each order.
type Histories = Mapping[Number, Sequence[ReplacedVersion]]


def sequence_differences(contents: Contents, histories: Histories) -> Iterator[Difference]:
    """Return the orders whose history is wrong, and the permanently deleted ones that have one."""
    for order in (*contents.orders, *contents.hidden):
        yield from _of_order(order, histories[number_of(order)])
    hidden = {number_of(order) for order in contents.hidden}
    for marker in contents.markers:
        number = marker.place.number
        if number not in hidden and histories[number]:
            detail = f"it was deleted, and has {len(histories[number])} versions"
            yield Difference("history", number.account, marker.external_id, detail)


def _of_order(order: Order, history: Sequence[ReplacedVersion]) -> Iterator[Difference]:
    """Return what is wrong in a history, which has each version once, the newest first."""

    def differs(detail: str) -> Difference:
        return Difference("history", order.account, order.external_id, detail)

    versions = [each.order.version for each in history]
    expected = list(range(order.version - 1, 0, -1))
    if versions != expected:
        yield differs(f"versions {versions} instead of {expected}")
    newer = order
    for each in history:
        if each.order.order_id != order.order_id or each.order.created_at != order.created_at:
            yield differs(f"version {each.order.version} is one of another order")
        if each.order.updated_at >= newer.updated_at:
            yield differs(f"version {each.order.version} is not older than the next one")
        newer = each.order


def document_differences(
    journal: Sequence[Entry],
    present: Mapping[VersionName, Document],
    replaced: Mapping[VersionName, Document],
) -> Iterator[Difference]:
    """Return the acknowledged imports whose version is kept with another document, or not at all.

    A permanent deletion removes the history of its order.
    """
    erased = {
        (entry.account, entry.order)
        for entry in journal
        if entry.kind is Kind.DELETE and entry.reply is not Reply.REFUSED
    }
    for entry in journal:
        is_import = entry.kind is Kind.IMPORT and entry.reply is Reply.ACKNOWLEDGED
        is_import = is_import and (entry.account, entry.order) not in erased
        named = (entry.account, entry.external_id, entry.version)
        if not is_import or not entry.version or named in present:
            continue
        kept = replaced.get(named)
        if kept is None:
            detail = f"the acknowledged version {entry.version} is not kept"
            yield Difference("history", entry.account, entry.external_id, detail)
        elif altered := list(altered_members(entry.document, kept)):
            detail = f"version {entry.version}: {'; '.join(altered[:3])}"
            yield Difference("altered history", entry.account, entry.external_id, detail)
