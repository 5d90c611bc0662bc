"""An import reads together what it needs, while the token of a presumed caller is read again."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import pytest

from orders.application.authenticate import Caller, presume
from orders.application.errors import (
    ForbiddenError,
    StorageRefusedError,
    StorageUnavailableError,
    UnauthenticatedError,
)
from orders.application.import_orders import ImportCommand, ImportOrders, ImportReport
from orders.application.ports import Deadline, Lookup
from orders.domain.clients import Role
from orders.domain.importing import Outcome
from orders.domain.known_products import EntryName
from orders.domain.problems import Code, Problem, Reported
from orders.domain.settings import NO_DEFINITIONS, Definitions, Rulebook, StoredSettings
from orders.domain.submissions import Rejection, Submission
from tests.support.catalogue import FakeCatalogue
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.fakes import (
    FakeOrderIds,
    FakeOrders,
    FakePublisher,
    FakeSettings,
    FakeTokens,
    TickingClock,
    client,
    publishing,
)
from tests.support.samples import order_field, settings

WRITER = client("demo", Role.ORDERS_WRITE)
READER = client("demo", Role.ORDERS_READ)


@dataclass(frozen=True)
class Sent:
    """A sent order."""

    position: int
    external_id: str | None = "A"
    is_good: bool = True
    # Its id once it is read.
    read_id: str | None = None
    skip_trigger: bool = False
    product_names: tuple[EntryName, ...] = ()

    def submit(self, _rules: Rulebook, _before: Reported) -> Submission | Rejection:
        if not self.is_good:
            return Rejection((Problem(Code.REQUIRED, (), "status is required"),))
        return Submission(self.read_id or str(self.external_id), "altcraft", "{}", "new")


@dataclass
class Orders(FakeOrders):
    """An order store that notes which orders are read. `fault` replaces the next read."""

    reads: list[set[str]] = field(default_factory=list)
    fault: Exception | None = None

    def find_by_external_ids(
        self, account: str, external_ids: Collection[str], deadline: Deadline
    ) -> Lookup:
        self.reads.append(set(external_ids))
        fault, self.fault = self.fault, None
        if fault:
            raise fault
        return super().find_by_external_ids(account, external_ids, deadline)


@dataclass
class World:
    """The use case with fakes. `together` has the number of calls that were made together."""

    orders: Orders = field(default_factory=Orders)
    order_ids: FakeOrderIds = field(default_factory=FakeOrderIds)
    settings: FakeSettings = field(
        default_factory=lambda: FakeSettings({"demo": StoredSettings(settings(), 1)})
    )
    tokens: FakeTokens = field(
        default_factory=lambda: FakeTokens({"token": WRITER}, expired={"token": WRITER})
    )
    together: list[int] = field(default_factory=list)

    def call(self, calls: Sequence[Callable[[], object]]) -> None:
        self.together.append(len(calls))
        # The worst case: the token is confirmed last.
        for each in reversed(calls):
            each()

    def send(
        self, *sent: Sent, caller: Caller | None = None, definitions: Definitions = NO_DEFINITIONS
    ) -> ImportReport:
        use_case = ImportOrders(
            self.orders,
            self.order_ids,
            self.settings,
            publishing(FakePublisher()),
            TickingClock(),
            CountingPause(3),
            FakeCatalogue(),
            together=self.call,
        )
        return use_case(
            ImportCommand("demo", "shop", "r", sent, definitions, caller=caller), DEADLINE
        )

    def caller(self) -> Caller:
        return presume("token", Role.ORDERS_WRITE, self.tokens, DEADLINE)


def outcomes(report: ImportReport) -> list[Outcome]:
    return [each.outcome for each in report.results]


def test_nothing_is_read_ahead_if_everything_is_known() -> None:
    world = World()
    world.send(Sent(0), Sent(1, "B", is_good=False))
    assert world.together == []
    assert world.orders.reads == [{"A"}]


@pytest.mark.parametrize("missing", ["settings", "ids", "token"])
def test_everything_is_read_together_if_something_is_missing(missing: str) -> None:
    world = World()
    world.settings.expired = missing == "settings"
    world.order_ids.ready = missing != "ids"
    caller = world.caller() if missing == "token" else None
    report = world.send(Sent(0), Sent(1, "B", is_good=False), Sent(2, "x" * 256), caller=caller)
    assert world.together == [3 + (caller is not None)]
    assert outcomes(report) == [Outcome.CREATED, Outcome.FAILED, Outcome.CREATED]
    # An id that no order can have is not read ahead.
    assert world.orders.reads[0] == {"A", "B"}
    assert world.order_ids.ready


def test_orders_that_were_read_ahead_are_not_read_again() -> None:
    world = World()
    world.send(Sent(0))
    world.settings.expired = True
    assert outcomes(world.send(Sent(0), Sent(1, "B"))) == [Outcome.UNCHANGED, Outcome.CREATED]
    assert world.orders.reads == [{"A"}, {"A", "B"}]


def test_an_order_whose_id_was_not_known_before_is_read() -> None:
    world = World()
    world.send(Sent(0))
    world.settings.expired = True
    assert outcomes(world.send(Sent(0, None, read_id="A"))) == [Outcome.UNCHANGED]
    assert world.orders.reads[1:] == [set(), {"A"}]


def test_a_lost_race_reads_the_orders_again() -> None:
    world = World(settings=FakeSettings({"demo": StoredSettings(settings(), 1)}, expired=True))

    def race(orders: FakeOrders, write: object) -> object:
        world.send(Sent(0))
        return orders.commit(write)  # type: ignore[arg-type]

    world.orders.faults.append(race)  # type: ignore[arg-type]
    assert outcomes(world.send(Sent(0))) == [Outcome.UNCHANGED]
    assert world.orders.reads == [{"A"}] * 3


def test_a_fault_of_what_is_read_ahead_counts_only_if_it_is_needed() -> None:
    world = World()
    world.settings.expired = True
    world.order_ids.available = world.order_ids.ready = False
    world.orders.fault = StorageRefusedError("AccessDenied")
    assert outcomes(world.send(Sent(0, is_good=False))) == [Outcome.FAILED]
    world.orders.fault = StorageRefusedError("AccessDenied")
    report = world.send(Sent(0))
    assert world.orders.reads[1:3] == [{"A"}, {"A"}]
    assert report.unavailable


@pytest.mark.parametrize("clients", [{}, {"token": READER}], ids=["revoked", "other role"])
def test_nothing_is_written_for_a_caller_that_is_not_confirmed(
    clients: dict[str, object],
) -> None:
    world = World()
    world.tokens.clients = clients  # type: ignore[assignment]
    caller = world.caller()
    definitions = Definitions(custom_fields=(order_field("note"),))
    for _ in range(2):
        with pytest.raises((UnauthenticatedError, ForbiddenError)):
            world.send(Sent(0), caller=caller, definitions=definitions)
    assert not world.orders.writes
    assert world.settings.stored["demo"].version == 1


def test_a_token_of_another_client_is_not_confirmed() -> None:
    world = World()
    caller = world.caller()
    world.tokens.clients = {"token": replace(WRITER, account="other")}
    with pytest.raises(StorageUnavailableError):
        world.send(Sent(0), caller=caller)
    assert not world.orders.writes


def test_a_caller_is_confirmed_once() -> None:
    world = World()
    caller = world.caller()
    assert caller.is_presumed
    world.send(Sent(0), caller=caller)
    assert not caller.is_presumed
    world.tokens.clients.clear()
    caller.confirm()


def test_an_error_is_answered_to_a_confirmed_caller_only() -> None:
    world = World()
    with pytest.raises(ZeroDivisionError), world.caller().confirmed():
        raise ZeroDivisionError
    world.tokens.clients.clear()
    with pytest.raises(UnauthenticatedError), world.caller().confirmed():
        raise ZeroDivisionError
    with pytest.raises(UnauthenticatedError), world.caller().confirmed():
        pass


def test_a_client_that_lacks_the_role_is_not_presumed() -> None:
    tokens = FakeTokens({"token": WRITER}, expired={"token": READER})
    assert not presume("token", Role.ORDERS_WRITE, tokens, DEADLINE).is_presumed
