"""Orders as a shop sends them."""

from dataclasses import dataclass
from datetime import datetime

from orders.domain.fulfilment import Fulfilment
from orders.domain.order import LineMembers
from orders.domain.problems import Problem, Steps


@dataclass(frozen=True, slots=True)
class Submission:
    """A sent order that may be stored.

    `document` is the canonical JSON text of the order without its external id, so equal content is
    equal text. `endpoint` is the order's point of sale, None without one. `fulfilment` is how far
    an order with this `status` has come. `update_time` is the one that the shop sent, if any.
    `path` leads to the order in its request; the paths of its problems begin with it. One that
    `must_be_new` replaces no stored order, whatever that holds. `lines` says where the document
    holds its lines, None where they are compared like any other member.
    """

    external_id: str
    protocol: str
    document: str
    status: str
    endpoint: str | None = None
    fulfilment: Fulfilment = Fulfilment.STARTED
    update_time: datetime | None = None
    warnings: tuple[Problem, ...] = ()
    path: Steps = ()
    must_be_new: bool = False
    lines: LineMembers | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A sent order that cannot be stored, and all that is wrong with it."""

    problems: tuple[Problem, ...]
