"""Reduce the triggers of changes to what the policy of the account permits."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from orders.application.errors import NotFoundError
from orders.application.ports import Deadline, SettingsRepository
from orders.domain.changes import OrderChange
from orders.domain.settings import Policies
from orders.domain.triggers import Trigger, TriggerPayload

# Returns a trigger with what a payload permits, by the protocol of its order.
type ReduceTrigger = Callable[[Trigger, TriggerPayload], Trigger]


# Returns a change with the trigger that its account permits.
type ReduceAny = Callable[[OrderChange], OrderChange]


def unreduced(change: OrderChange) -> OrderChange:
    """Return the change with its whole trigger. A `ReduceAny` for writers without a policy."""
    return change


def everything(trigger: Trigger, _payload: TriggerPayload) -> Trigger:
    """Return the whole trigger. A `ReduceTrigger` for writers without a policy."""
    return trigger


@dataclass(frozen=True, slots=True)
class TriggerPayloads:
    """Reduces the trigger of a change before it is written: what is left out is never stored."""

    settings: SettingsRepository
    reduce_trigger: ReduceTrigger

    def __call__(self, change: OrderChange, deadline: Deadline) -> OrderChange:
        """Return the change with the trigger that the account's policy permits.

        Raises StorageUnavailableError and StorageRefusedError if the settings cannot be read.
        """
        if change.trigger is None:
            return change
        return self.of(change.after.order.account, deadline)(change)

    def of(self, account: str, deadline: Deadline) -> ReduceAny:
        """Return what reduces the triggers of changes of an account. Raises as a call does."""
        payload = self._payload_of(account, deadline)

        def reduce(change: OrderChange) -> OrderChange:
            if change.trigger is None:
                return change
            return replace(change, trigger=self.reduce_trigger(change.trigger, payload))

        return reduce

    def _payload_of(self, account: str, deadline: Deadline) -> TriggerPayload:
        try:
            return self.settings.load(account, deadline).settings.policies.trigger_payload
        except NotFoundError:
            return Policies().trigger_payload
