"""A repetition of an import recognises what an earlier run of it wrote."""

import copy
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.application.import_orders import ImportCommand, ImportOrders, ImportReport
from orders.application.ports import Deadline, WriteOutcome
from orders.application.repeat_requests import Run
from orders.domain.importing import Write
from orders.domain.known_products import EntryName
from orders.domain.problems import Reported
from orders.domain.repeats import NO_TIME, IdempotencyKey, RequestRecord
from orders.domain.settings import Rulebook, StoredSettings
from orders.domain.submissions import Rejection, Submission
from tests.support.catalogue import FakeCatalogue
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.fakes import (
    FakeOrderChanges,
    FakeOrderIds,
    FakeOrders,
    FakePublisher,
    FakeRequestRecords,
    FakeSettings,
    TickingClock,
    publishing,
)
from tests.support.order_changes import deletion, soft_deletion
from tests.support.samples import settings

KEY = IdempotencyKey("demo", "shop", "key", "fingerprint")


class KilledError(BaseException):
    """The process has crashed."""


@dataclass(frozen=True)
class Sent:
    """A sent order."""

    position: int
    external_id: str = "A"
    text: str = "x"
    skip_trigger: bool = False
    must_be_new: bool = False
    product_names: tuple[EntryName, ...] = ()

    def submit(self, _rules: Rulebook, _before: Reported) -> Submission | Rejection:
        return Submission(
            self.external_id,
            "altcraft",
            f'{{"note":"{self.text}"}}',
            "new",
            must_be_new=self.must_be_new,
        )


@dataclass
class MortalOrders(FakeOrders):
    """Orders whose writer crashes after it has written so many."""

    written_before_death: int = 1000

    def save(
        self, account: str, writes: Sequence[Write], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        if len(writes) > self.written_before_death:
            super().save(account, writes[: self.written_before_death], deadline)
            raise KilledError
        return super().save(account, writes, deadline)


@dataclass
class World:
    """The use case with fakes, for the runs of one request with a key."""

    orders: MortalOrders = field(default_factory=MortalOrders)
    order_ids: FakeOrderIds = field(default_factory=FakeOrderIds)
    publisher: FakePublisher = field(default_factory=FakePublisher)
    records: FakeRequestRecords = field(default_factory=FakeRequestRecords)
    clock: TickingClock = field(default_factory=TickingClock)

    def __post_init__(self) -> None:
        first = RequestRecord("fingerprint", "keyed", "keyed", NO_TIME)
        now = self.clock()
        self.records.claim(KEY, first, now, now.replace(year=2030), DEADLINE)

    def use_case(self) -> ImportOrders:
        return ImportOrders(
            self.orders,
            self.order_ids,
            FakeSettings({"demo": StoredSettings(settings(), 1)}),
            publishing(self.publisher),
            self.clock,
            CountingPause(),
            FakeCatalogue(),
        )

    def send(self, *orders: Sent, request_id: str = "other") -> ImportReport:
        """Import orders by another request, without a key."""
        return self.use_case()(ImportCommand("demo", "shop", request_id, orders), DEADLINE)

    def repeat(self, *orders: Sent) -> ImportReport:
        """Run the request, or run it again."""
        noted = self.records.records["demo", "shop", "key"][0].noted
        run = Run(KEY, "keyed", "keyed", self.records, is_repeated=True, noted=noted)
        command = ImportCommand("demo", "shop", "keyed", orders, run=run)
        return self.use_case()(command, DEADLINE)

    def cut_off(self, *orders: Sent, after: int = 0) -> None:
        """Run the request until it has written so many orders."""
        self.orders.written_before_death = after
        with suppress(KilledError):
            self.repeat(*orders)
        self.orders.written_before_death = 1000

    def change(self, *, softly: bool | None = None) -> None:
        """Change the order A by another request, or delete it."""
        if softly is None:
            self.send(Sent(0, text="theirs"))
            return
        stored = self.orders.as_stored(self.orders["demo", "A"])
        change = soft_deletion(stored) if softly else deletion(stored)
        assert FakeOrderChanges(self.orders).save(change, DEADLINE) is WriteOutcome.COMMITTED


def _outcomes(report: ImportReport) -> list[str]:
    return [str(each.outcome) for each in report.results]


def _known(report: ImportReport) -> list[tuple[object, ...]]:
    return [
        (each.outcome, each.version, each.digest, [problem.code for problem in each.problems])
        for each in report.results
    ]


def test_orders_of_the_first_run_are_answered_as_the_repetition_writes_the_others() -> None:
    world = World()
    world.send(Sent(0, "B", "old"))
    orders = [Sent(0, "A"), Sent(1, "B"), Sent(2, "C")]
    world.cut_off(*orders, after=2)
    assert world.orders["demo", "B"].version == 2
    report = world.repeat(*orders)
    assert _outcomes(report) == ["created", "updated", "created"]
    assert [each.version for each in report.results] == [1, 2, 1]
    assert [each.order_id for each in report.results] == [2, 1, 4]
    assert [order.external_id for order in report.stored] == ["A", "B", "C"]


def test_the_triggers_of_the_first_run_are_left_to_the_relay() -> None:
    world = World()
    orders = [Sent(0, "A"), Sent(1, "B")]
    world.cut_off(*orders, after=1)
    report = world.repeat(*orders)
    assert [each.order.external_id for each in world.publisher.sent] == ["B"]
    assert (report.published, report.unpublished) == (1, ())


@pytest.mark.parametrize("must_be_new", [False, True])
@pytest.mark.parametrize("softly", [None, True], ids=["changed", "hidden"])
def test_an_order_that_the_first_run_created_is_answered_as_created_if_it_changed_since(
    *, softly: bool | None, must_be_new: bool
) -> None:
    world = World()
    sent = Sent(0, must_be_new=must_be_new)
    world.cut_off(sent, Sent(1, "B"), after=1)
    world.change(softly=softly)
    before = copy.deepcopy((world.orders.orders, world.orders.hidden))
    report = world.repeat(sent, Sent(1, "B"))
    assert _outcomes(report) == ["created", "created"]
    assert report.results[0].version == 1
    assert report.stored[0].document == '{"note":"x"}'
    world.orders.orders.pop(("demo", "B"))
    assert (world.orders.orders, world.orders.hidden) == before


def test_an_order_that_the_first_run_wrote_only_in_part_is_finished() -> None:
    """The second write of the order follows when its alias could be read."""
    world = World()
    world.send(Sent(0))
    world.orders.aliases["demo", "old"] = 1
    world.cut_off(Sent(0, "A", "y"), after=1)
    report = world.repeat(Sent(0, "A", "y"), Sent(1, "old", "z"))
    assert _outcomes(report) == ["unchanged", "updated"]
    assert world.orders["demo", "A"].document == '{"note":"z"}'


def test_an_order_that_another_request_created_is_a_duplicate_in_the_repetition_too() -> None:
    world = World()
    world.cut_off(Sent(0, must_be_new=True), after=0)
    world.send(Sent(0))
    assert _outcomes(world.repeat(Sent(0, must_be_new=True))) == ["failed"]


@pytest.mark.parametrize("deleted", [False, True])
def test_all_runs_give_an_order_without_a_number_the_same_one(*, deleted: bool) -> None:
    world = World()

    def run() -> ImportReport:
        noted = world.records.records["demo", "shop", "key"][0].noted
        run = Run(KEY, "keyed", "keyed", world.records, is_repeated=True, noted=noted)
        name, number = world.use_case().reserve_id("demo", DEADLINE, run)
        command = ImportCommand(
            "demo", "shop", "keyed", [Sent(0, name)], order_ids={name: number}, run=run
        )
        return world.use_case()(command, DEADLINE)

    first = run()
    [stored] = world.orders.orders.values()
    if deleted:
        change = deletion(world.orders.as_stored(stored))
        FakeOrderChanges(world.orders).save(change, DEADLINE)
    again = run()
    assert _known(again) == _known(first)
    assert [each.order_id for each in again.results] == [stored.order_id]
    assert list(world.orders.orders.values()) == ([] if deleted else [stored])


IDS = st.sampled_from("ABC")
TEXTS = st.sampled_from("xyz")
STORED = st.dictionaries(IDS, TEXTS)
SENT = st.lists(st.tuples(IDS, TEXTS), min_size=1, max_size=6)


@given(stored=STORED, sent=SENT, after=st.integers(0, 3))
def test_a_repetition_ends_as_one_run_would_have_ended(
    stored: dict[str, str], sent: list[tuple[str, str]], after: int
) -> None:
    orders = [Sent(position, name, text) for position, (name, text) in enumerate(sent)]
    world, whole = World(), World()
    for each in (world, whole):
        each.send(*(Sent(n, *pair) for n, pair in enumerate(stored.items())))
    expected = whole.repeat(*orders)
    world.cut_off(*orders, after=after)
    report = world.repeat(*orders)
    assert _documents(world) == _documents(whole)
    steps = {name: len(list(group)) for name, group in groupby(sorted(n for n, _ in sent))}
    for order, found, wanted in zip(orders, _known(report), _known(expected), strict=True):
        # The version before an update is not known, so a first step may count as a change.
        is_known = steps[order.external_id] == 1 or order.external_id not in stored
        if is_known:
            assert found == wanted
        else:
            assert found[1:] == wanted[1:]


def _documents(world: World) -> dict[str, tuple[int, str]]:
    return {
        name: (order.version, order.document) for (_, name), order in world.orders.orders.items()
    }
