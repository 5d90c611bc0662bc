"""Limit the number of requests that a campaign may send in an hour."""

from dataclasses import dataclass

from orders.application.ports import Clock, Deadline, RequestCounter
from orders.domain.rate_limit import Allowance, allowance_of, window_of


@dataclass(frozen=True, slots=True)
class LimitRequests:
    """Counts the requests of a campaign against its hourly limit."""

    counter: RequestCounter
    clock: Clock

    def __call__(self, account: str, campaign_id: int, limit: int, deadline: Deadline) -> Allowance:
        """Count this request and return the allowance of the current hour.

        Raises nothing. If the store fails, the request is allowed.
        """
        window = window_of(self.clock())
        count = self.counter.count(account, campaign_id, window, deadline)
        return allowance_of(limit, count or 0, window)
