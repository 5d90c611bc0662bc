"""Limit the requests of a campaign to those that an hour allows."""

from dataclasses import dataclass

from orders.application.ports import Clock, Deadline, RequestCounter
from orders.domain.rate_limit import Allowance, allowance_of, window_of


@dataclass(frozen=True, slots=True)
class LimitRequests:
    """The use case, put together with its ports."""

    counter: RequestCounter
    clock: Clock

    def __call__(self, account: str, campaign_id: int, limit: int, deadline: Deadline) -> Allowance:
        """Count the request at hand and return what is left.

        Raises nothing: if the requests cannot be counted, this one is allowed as the first.
        """
        window = window_of(self.clock())
        count = self.counter.count(account, campaign_id, window, deadline)
        return allowance_of(limit, count or 0, window)
