"""Update an order at the request of its shop: its content, its states and its external id at once.

The document stays as it was imported. What an update changes is kept beside it (`overrides`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.external_ids import ExternalIdRefusal, aliases_after
from orders.domain.fulfilment import Fulfilment
from orders.domain.importing import is_too_large
from orders.domain.order import Cause, Order
from orders.domain.settings import ExternalIdPolicy
from orders.domain.triggers import Contents, changes_of_move, documents_of, trigger_of


class UpdateRefusal(StrEnum):
    """The reason why an order is not updated."""

    OTHER_VERSION = "other_version"  # the caller has not read the current version
    TOO_LARGE = "too_large"  # the order could not be stored


@dataclass(frozen=True, slots=True)
class Revision:
    """What an update makes of an order."""

    external_id: str
    status: str
    fulfilment: Fulfilment
    endpoint: str | None
    overrides: str


# Returns the revision of an order, which is given as its next version with unchanged content. An
# error that it raises rejects the update. The same version must always have the same result.
type Revise = Callable[[Order], Revision]


@dataclass(frozen=True, slots=True)
class Update:
    """A requested update. `version` must be the current version of the order.

    With `skip_trigger`, the change has no trigger.
    """

    version: int
    revise: Revise
    policy: ExternalIdPolicy
    skip_trigger: bool = False


def plan_update(
    stored: StoredOrder, update: Update, cause: Cause, contents: Contents = documents_of
) -> OrderChange | UpdateRefusal | ExternalIdRefusal | None:
    """Plan an update. Returns None if it changes nothing.

    An order that the shop gave no external id can get one at any time, another order only as long
    as its state permits it.
    """
    order = stored.order
    if update.version != order.version:
        return UpdateRefusal.OTHER_VERSION
    next_version = order.next_version(cause)
    revision = update.revise(next_version)
    aliases = _aliases(stored, revision, update.policy)
    if isinstance(aliases, ExternalIdRefusal):
        return aliases
    after = revised(next_version, revision)
    if _revision_of(order) == revision:
        return None
    trigger = None if update.skip_trigger else trigger_of(order, after, None, contents)
    if is_too_large(after.document, after.defaults, after.overrides, changes_of_move(trigger)):
        return UpdateRefusal.TOO_LARGE
    return OrderChange(stored, StoredOrder(after, aliases), trigger)


def revised(order: Order, revision: Revision) -> Order:
    """Return an order with what a revision makes of it."""
    return replace(
        order,
        external_id=revision.external_id,
        status=revision.status,
        fulfilment=revision.fulfilment,
        endpoint=revision.endpoint,
        overrides=revision.overrides,
    )


def _revision_of(order: Order) -> Revision:
    return Revision(
        order.external_id, order.status, order.fulfilment, order.endpoint, order.overrides
    )


def _aliases(
    stored: StoredOrder, revision: Revision, policy: ExternalIdPolicy
) -> tuple[str, ...] | ExternalIdRefusal:
    order = stored.order
    if revision.external_id == order.external_id:
        return stored.aliases
    is_named = stored.shop_external_id is not None
    if is_named and not order.fulfilment.takes_external_id:
        return ExternalIdRefusal.TOO_LATE
    return aliases_after(stored, revision.external_id, policy)
