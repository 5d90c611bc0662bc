"""Orders that a shop sent: accepted or rejected by the checks."""

from dataclasses import dataclass
from datetime import datetime

from orders.domain.fulfilment import Fulfilment
from orders.domain.order import LineMembers
from orders.domain.problems import Problem, Steps


@dataclass(frozen=True, slots=True)
class Submission:
    """A sent order that passed the checks.

    `document` is the canonical JSON text of the order without its external id: equal content gives
    equal text. `endpoint` is the point of sale, None if the order has none. `fulfilment` is the
    state that the `status` implies. `update_time` is the shop's time, None if it sent none. `path`
    leads to the order in the request, and the paths of its problems start with it. If
    `must_be_new` is true, the order fails if it already exists. `lines` names the lines in the
    document. If it is None, triggers compare the lines like any other member. `defaults` is what
    the present settings fill in beside the document (`applied_defaults`), "" if nothing.
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
    defaults: str = ""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A sent order that failed the checks, with its problems."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()
