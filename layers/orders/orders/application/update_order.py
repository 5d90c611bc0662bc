"""Update an order: its content, its states and its external id in one change."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Clock, Deadline, SettingsRepository
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.external_ids import ExternalIdRefusal
from orders.domain.order import Cause, Order
from orders.domain.order_updates import Revision, Update, UpdateRefusal, plan_update
from orders.domain.settings import Settings
from orders.domain.triggers import Contents

type UpdateReport = ChangeReport[UpdateRefusal | ExternalIdRefusal]


@dataclass(frozen=True, slots=True)
class UpdateOrderCommand:
    """One request. A repeated request has another `request_id`.

    `version` must be the current version of the order. `revise` returns the revision of its next
    version, as `domain.order_updates.Revise` does, by the account's settings. `endpoints` are the
    endpoints that the request names. With `skip_trigger`, the change has no trigger.
    """

    address: OrderAddress
    version: int
    revise: Callable[[Order, Settings], Revision]
    request_id: str
    client: str
    protocol: str
    endpoints: tuple[str, ...] = ()
    skip_trigger: bool = False


@dataclass(frozen=True, slots=True)
class UpdateOrder:
    """Updates one order. `contents` shows two versions in the form of their protocol."""

    change_order: ChangeOrder
    settings: SettingsRepository
    contents: Contents
    clock: Clock

    def __call__(self, command: UpdateOrderCommand, deadline: Deadline) -> UpdateReport:
        """Apply the whole update or nothing. An update without an effect changes nothing.

        Raises what `revise` raises, StorageUnavailableError if nothing was changed, and
        StorageRefusedError.
        """
        settings = self._settings_with(command, deadline)
        # Read the clock once: DynamoDB requires a repeated transaction to be identical.
        cause = Cause(command.request_id, command.client, self.clock(), command.protocol)
        update = Update(
            command.version,
            lambda order: command.revise(order, settings),
            settings.policies.external_id_policy,
            command.skip_trigger,
        )

        def decide(stored: StoredOrder) -> OrderChange | UpdateRefusal | ExternalIdRefusal | None:
            return plan_update(stored, update, cause, self.contents)

        report: UpdateReport = self.change_order(
            command.address, decide, command.request_id, deadline
        )
        return replace(report, refusal=ExternalIdRefusal.TAKEN) if report.taken else report

    def _settings_with(self, command: UpdateOrderCommand, deadline: Deadline) -> Settings:
        """Return settings that have the endpoints, read again if one of them may be new."""
        load = partial(self.settings.load, command.address.account, deadline)
        settings = load().settings
        if not settings.endpoints.keys() >= set(command.endpoints):
            settings = load(fresh=True).settings
        return settings
