"""The import use case, with fakes: each error of a port is reported correctly."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.application.deadlines import PUBLISHING_SECONDS
from orders.application.errors import (
    DefinitionsRefusedError,
    SettingsTooLargeError,
    StorageRefusedError,
    StorageUnavailableError,
)
from orders.application.import_orders import ImportCommand, ImportOrders, ImportReport
from orders.application.import_progress import NewNumber
from orders.application.ports import Deadline, Lookup, WriteOutcome
from orders.domain.custom_fields import ValueType
from orders.domain.identifiers import uuid_of
from orders.domain.importing import Outcome, Write
from orders.domain.known_products import EntryName
from orders.domain.order import Order
from orders.domain.order_numbers import first_number_of, second_of
from orders.domain.problems import Code, Problem, Reported
from orders.domain.settings import NO_DEFINITIONS, Definitions, Rulebook, StoredSettings
from orders.domain.submissions import Rejection, Submission
from orders.domain.triggers import TriggerPayload
from orders.runtime.composition.order_protocols import reduce_trigger
from tests.support.catalogue import FakeCatalogue
from tests.support.deadlines import CountingPause, FixedDeadline
from tests.support.fakes import (
    FakeOrderChanges,
    FakeOrderIds,
    FakeOrders,
    FakePublisher,
    FakeSettings,
    TickingClock,
    publishing,
    renamed,
)
from tests.support.order_changes import renaming, soft_deletion
from tests.support.samples import order_field, settings

RESERVED = NewNumber(5, datetime(2026, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class Sent:
    """A sent order. It is rejected if it is bad or its currency is unknown."""

    position: int
    external_id: str | None = "A"
    text: str = "x"
    currency: str = "USD"
    bad: bool = False
    skip_trigger: bool = False
    product_names: tuple[EntryName, ...] = ()
    both: bool = False

    def submit(self, rules: Rulebook, _before: Reported) -> Submission | Rejection:
        if self.bad:
            return Rejection((Problem(Code.REQUIRED, ("status",), "status is required"),))
        if self.currency not in rules.settings.currencies:
            unknown = Problem(Code.UNKNOWN_CURRENCY, ("currency",), "unknown")
            other = Problem(Code.DUPLICATE_LINE, ("lines", 1), "twice")
            return Rejection((other, unknown) if self.both else (unknown,))
        return Submission(str(self.external_id), "altcraft", f'{{"note":"{self.text}"}}', "new")


@dataclass
class World:
    """The use case with fakes."""

    orders: FakeOrders = field(default_factory=FakeOrders)
    order_ids: FakeOrderIds = field(default_factory=FakeOrderIds)
    settings: FakeSettings = field(
        default_factory=lambda: FakeSettings({"demo": StoredSettings(settings(), 1)})
    )
    publisher: FakePublisher = field(default_factory=FakePublisher)
    pause: CountingPause = field(default_factory=CountingPause)
    catalogue: FakeCatalogue = field(default_factory=FakeCatalogue)
    requests: int = 0

    def send(
        self,
        *orders: Sent,
        definitions: Definitions = NO_DEFINITIONS,
        deadline: FixedDeadline | None = None,
    ) -> ImportReport:
        self.requests += 1
        command = ImportCommand("demo", "shop", f"request-{self.requests}", orders, definitions)
        return self.use_case()(command, deadline or FixedDeadline())

    def use_case(self) -> ImportOrders:
        return ImportOrders(
            self.orders,
            self.order_ids,
            self.settings,
            publishing(self.publisher),
            TickingClock(),
            self.pause,
            self.catalogue,
            reduce_trigger,
        )

    def sent_triggers(self) -> list[tuple[str, int]]:
        return [(each.order.external_id, each.order.version) for each in self.publisher.sent]


def _outcomes(report: ImportReport) -> list[str]:
    return [str(result.outcome) for result in report.results]


def _codes(report: ImportReport) -> list[str]:
    return [str(problem.code) for result in report.results for problem in result.problems]


def test_an_import_is_an_upsert() -> None:
    world = World()
    assert _outcomes(world.send(Sent(0))) == ["created"]
    assert _outcomes(world.send(Sent(0))) == ["unchanged"]
    assert _outcomes(world.send(Sent(0, text="y"))) == ["updated"]
    stored = world.orders["demo", "A"]
    assert (stored.order_id, stored.version, stored.document) == (1, 2, '{"note":"y"}')
    assert world.sent_triggers() == [("A", 1), ("A", 2)]


def test_an_invalid_order_never_blocks_a_valid_one() -> None:
    world = World()
    report = world.send(
        Sent(0, "A"), Sent(1, "B", bad=True), Sent(2, "C", currency="XXX"), Sent(3, "D")
    )
    assert _outcomes(report) == ["created", "failed", "failed", "created"]
    assert [result.external_id for result in report.results] == ["A", "B", "C", "D"]
    assert not any(result.retryable for result in report.results)
    assert set(world.orders.orders) == {("demo", "A"), ("demo", "D")}


def test_skipped_triggers_are_neither_stored_nor_published() -> None:
    world = World()
    report = world.send(Sent(0, "A", skip_trigger=True), Sent(1, "B"))
    assert [write.trigger is None for write in world.orders.writes] == [True, False]
    assert world.sent_triggers() == [("B", 1)]
    assert report.published == 1


def test_an_unsent_trigger_is_reported_and_the_order_stays_imported() -> None:
    world = World(publisher=FakePublisher(lost={"A"}))
    report = world.send(Sent(0, "A"), Sent(1, "B"))
    assert _outcomes(report) == ["created", "created"]
    assert report.published == 1
    assert [trigger.order.external_id for trigger in report.unpublished] == ["A"]


def test_settings_are_read_again_before_an_order_is_rejected() -> None:
    world = World()
    world.settings.cached["demo"] = StoredSettings(replace(settings(), currencies=("EUR",)), 0)
    assert _outcomes(world.send(Sent(0, "A"), Sent(1, "B", currency="EUR"))) == [
        "created",
        "created",
    ]
    assert world.settings.fresh_loads == 1
    assert _outcomes(world.send(Sent(0, "C", currency="XXX"), Sent(1, "D", currency="XXX"))) == [
        "failed",
        "failed",
    ]
    assert world.settings.fresh_loads == 2


def test_only_affected_orders_fail_if_settings_cannot_be_read_again() -> None:
    world = World()
    world.settings.available = False
    report = world.send(Sent(0, "A"), Sent(1, "B", currency="XXX"))
    assert _outcomes(report) == ["created", "failed"]
    assert _codes(report) == ["storage_unavailable"]
    assert report.results[1].retryable
    assert not report.unavailable


def test_definitions_are_applied_before_the_orders() -> None:
    world = World()
    definitions = Definitions((order_field("new_field"),))
    report = world.send(Sent(0), definitions=definitions)
    assert report.written
    assert world.settings.stored["demo"].version == 2
    assert not world.send(Sent(0), definitions=definitions).written
    assert world.settings.stored["demo"].version == 2


def test_rejected_definitions_reject_the_request() -> None:
    world = World()
    world.send(Sent(0), definitions=Definitions((order_field("a"),)))
    with pytest.raises(DefinitionsRefusedError) as refusal:
        world.send(Sent(1, "B"), definitions=Definitions((order_field("a", ValueType.INT),)))
    assert refusal.value.problems[0].pointer == "/custom_fields/0/value_type"
    assert len(world.orders) == 1


def test_an_order_sent_with_an_alias_is_updated() -> None:
    world = World()
    world.send(Sent(0, "new"))
    world.orders.aliases["demo", "old"] = 1
    report = world.send(Sent(0, "old", "y"), Sent(1, "new", "z"), Sent(2, "old", "z"))
    assert _outcomes(report) == ["updated", "updated", "unchanged"]
    assert [result.external_id for result in report.results] == ["old", "new", "old"]
    assert {(result.order_id, result.version) for result in report.results} == {(1, 2)}
    assert len(world.orders) == 1
    assert world.orders["demo", "new"].document == '{"note":"z"}'


@pytest.mark.parametrize("stale", [False, True])
def test_only_the_hub_gives_generated_ids(*, stale: bool) -> None:
    world = World()
    world.settings.cached["demo"] = StoredSettings(
        replace(settings(), currencies=() if stale else ("USD",)), 1
    )
    generated = uuid_of("demo", 5)
    report = world.send(Sent(0, generated), Sent(1, uuid_of("other", 5)))
    assert _outcomes(report) == ["failed", "created"]
    assert _codes(report) == ["invalid_value"]
    command = ImportCommand(
        "demo", "shop", "r", [Sent(0, generated)], order_ids={generated: RESERVED}
    )
    assert _outcomes(world.use_case()(command, FixedDeadline())) == ["created"]


def test_after_a_conflict_the_order_is_decided_again() -> None:
    world = World()

    def overtaken(orders: FakeOrders, write: Write) -> WriteOutcome:
        orders.commit(
            replace(write, order=replace(write.order, request_id="theirs", document="{}"))
        )
        return orders.commit(write)

    world.orders.faults = [overtaken]
    report = world.send(Sent(0))
    assert _outcomes(report) == ["updated"]
    assert (report.results[0].order_id, report.results[0].version) == (1, 2)
    assert world.pause.attempts == [1]
    assert world.sent_triggers() == [("A", 2)]


def test_a_conflict_with_equal_content_changes_nothing() -> None:
    world = World()

    def overtaken(orders: FakeOrders, write: Write) -> WriteOutcome:
        orders.commit(replace(write, order=replace(write.order, request_id="theirs")))
        return orders.commit(write)

    world.orders.faults = [overtaken]
    assert _outcomes(world.send(Sent(0))) == ["unchanged"]
    assert world.sent_triggers() == []


def test_a_committed_write_is_recognised_if_its_answer_was_lost() -> None:
    world = World()
    world.orders.faults = [_committed_unseen]
    report = world.send(Sent(0))
    assert _outcomes(report) == ["created"]
    assert report.results[0].version == 1
    assert world.sent_triggers() == [("A", 1)]


@pytest.mark.parametrize(
    ("outcome", "order_id"),
    [(WriteOutcome.UNTRIED, 1), (WriteOutcome.UNKNOWN, 2), (WriteOutcome.CONFLICT, 2)],
)
def test_an_order_id_serves_one_attempt_unless_nothing_was_written(
    outcome: WriteOutcome, order_id: int
) -> None:
    world = World()
    world.orders.faults = [lambda _orders, _write: outcome]
    report = world.send(Sent(0))
    assert (_outcomes(report), report.results[0].order_id) == (["created"], order_id)
    assert world.order_ids.last == order_id


def test_an_order_keeps_the_time_of_its_order_id() -> None:
    first = TickingClock()()
    world = World(order_ids=FakeOrderIds(first_number_of(second_of(first))))
    world.orders.faults = [lambda _orders, _write: WriteOutcome.UNTRIED]
    world.send(Sent(0))
    assert world.orders["demo", "A"].created_at == first
    second = TickingClock(first + timedelta(seconds=9))()
    world.order_ids.last = first_number_of(second_of(second))
    world.orders.faults = [_never]
    world.send(Sent(1, "B"))
    assert world.orders["demo", "B"].created_at == second


def _created_unseen_and_deleted(orders: FakeOrders, write: Write) -> WriteOutcome:
    orders.commit(write)
    del orders.orders[write.order.account, write.order.external_id]
    orders.deleted.append(write.order)
    return WriteOutcome.UNKNOWN


def test_an_order_that_is_deleted_before_the_retry_gets_another_order_id() -> None:
    world = World()
    world.orders.faults = [_created_unseen_and_deleted]
    report = world.send(Sent(0))
    assert (_outcomes(report), report.results[0].order_id) == (["created"], 2)
    assert [trigger.order.order_id for trigger in world.publisher.sent] == [2]
    # The relay publishes the first one too, which the table's stream shows as committed.
    assert [trigger.order.order_id for trigger in report.unpublished] == [1]


def test_an_order_whose_external_id_contains_its_order_id_is_not_created_twice() -> None:
    world = World()
    name = uuid_of("demo", RESERVED.order_id)
    command = ImportCommand("demo", "shop", "r", [Sent(0, name)], order_ids={name: RESERVED})
    world.orders.faults = [_created_unseen_and_deleted]
    report = world.use_case()(command, FixedDeadline())
    assert (_outcomes(report), report.results[0].order_id) == (["created"], 5)
    assert world.orders.orders == {}
    assert [trigger.order.created_at for trigger in world.publisher.sent] == [RESERVED.created_at]
    assert report.unpublished == ()


def test_a_lost_answer_leaves_a_reserved_order_id_to_the_retry() -> None:
    world = World()
    name = uuid_of("demo", RESERVED.order_id)
    command = ImportCommand("demo", "shop", "r", [Sent(0, name)], order_ids={name: RESERVED})
    world.orders.faults = [_never]
    report = world.use_case()(command, FixedDeadline())
    assert (_outcomes(report), report.results[0].order_id) == (["created"], 5)
    assert world.orders["demo", name].created_at == RESERVED.created_at


def test_an_order_that_is_renamed_between_two_attempts_is_found() -> None:
    world = World()
    world.send(Sent(0))

    def renamed_meanwhile(orders: FakeOrders, _write: Write) -> WriteOutcome:
        order = renamed(orders.orders.pop(("demo", "A")), "Z")
        orders.orders["demo", "Z"] = order
        orders.aliases["demo", "A"] = order.order_id
        return WriteOutcome.CONFLICT

    world.orders.faults = [renamed_meanwhile]
    report = world.send(Sent(0, "A", "y"))
    assert _outcomes(report) == ["updated"]
    assert world.orders["demo", "Z"].document == '{"note":"y"}'
    assert world.orders["demo", "Z"].version == 3


def _never(_orders: FakeOrders, _write: Write) -> WriteOutcome:
    return WriteOutcome.UNKNOWN


def _always_overtaken(orders: FakeOrders, write: Write) -> WriteOutcome:
    stored = orders.orders.get(("demo", "A"))
    theirs = replace(
        write.order,
        version=stored.version + 1 if stored else 1,
        document=f'{{"theirs":{stored.version if stored else 0}}}',
        request_id="theirs",
    )
    orders.orders["demo", "A"] = theirs
    return WriteOutcome.CONFLICT


@pytest.mark.parametrize(
    ("fault", "code", "unavailable"),
    [
        (_never, Code.STORAGE_UNAVAILABLE, False),
        (_always_overtaken, Code.CONFLICT, True),
    ],
)
def test_orders_that_are_not_written_in_time_are_retryable(
    fault: Callable[[FakeOrders, Write], WriteOutcome], code: Code, *, unavailable: bool
) -> None:
    world = World(pause=CountingPause(limit=3))
    world.orders.faults = [fault] * 3
    report = world.send(Sent(0))
    assert _outcomes(report) == ["failed"]
    assert _codes(report) == [code]
    assert report.results[0].retryable
    assert report.unavailable is unavailable, "a write whose answer was lost may be committed"
    assert world.sent_triggers() == []


def test_untried_writes_are_not_uncertain() -> None:
    world = World(pause=CountingPause(limit=2))
    world.orders.faults = [lambda _orders, _write: WriteOutcome.UNTRIED] * 2
    report = world.send(Sent(0))
    assert (_outcomes(report), _codes(report)) == (["failed"], ["storage_unavailable"])
    assert report.unavailable
    assert report.unpublished == ()


def test_the_last_error_is_reported() -> None:
    world = World(pause=CountingPause(limit=2))
    world.orders.faults = [_always_overtaken, _never]
    assert _codes(world.send(Sent(0))) == ["storage_unavailable"]
    world = World(pause=CountingPause(limit=2))
    world.orders.faults = [_never, _always_overtaken]
    assert _codes(world.send(Sent(0))) == ["conflict"]


def _committed_unseen(orders: FakeOrders, write: Write) -> WriteOutcome:
    orders.commit(write)
    return WriteOutcome.UNKNOWN


@pytest.mark.parametrize(
    "answer", [WriteOutcome.UNKNOWN, WriteOutcome.UNTRIED, WriteOutcome.CONFLICT]
)
def test_an_order_that_names_the_request_is_its_own_whatever_was_answered(
    answer: WriteOutcome,
) -> None:
    world = World()
    world.send(Sent(1, "B"))

    def commit_and_answer(orders: FakeOrders, write: Write) -> WriteOutcome:
        orders.commit(write)
        return answer

    world.orders.faults = [commit_and_answer] * 2
    report = world.send(Sent(0, "A"), Sent(1, "B", "other"))
    assert _outcomes(report) == ["created", "updated"]
    assert (report.published, report.unpublished) == (2, ())
    assert world.sent_triggers()[1:] == [("A", 1), ("B", 2)]


def test_of_two_attempts_at_a_version_the_trigger_repeats_the_one_that_came() -> None:
    """The first is late: it comes after the second has been sent, whose answer is lost too."""
    world = World()
    first: list[Write] = []

    def be_late(_orders: FakeOrders, write: Write) -> WriteOutcome:
        first.append(write)
        return WriteOutcome.UNKNOWN

    def be_overtaken(orders: FakeOrders, _write: Write) -> WriteOutcome:
        orders.commit(first[0])
        return WriteOutcome.UNKNOWN

    world.orders.faults = [be_late, be_overtaken]
    world.send(Sent(0))
    stored = world.orders["demo", "A"]
    assert [trigger.order.updated_at for trigger in world.publisher.sent] == [stored.updated_at]


def _refuse(_orders: FakeOrders, _write: Write) -> WriteOutcome:
    return WriteOutcome.REFUSED


def test_a_refusal_after_a_lost_answer_does_not_deny_the_write() -> None:
    world = World()
    world.orders.faults = [_never, _refuse]
    report = world.send(Sent(0))
    assert (_codes(report), report.results[0].retryable) == ([Code.STORAGE_UNAVAILABLE], True)
    assert len(report.unpublished) == 1


def test_a_store_that_refuses_reads_after_a_lost_answer_does_not_deny_the_write() -> None:
    world = World(orders=RefusingOrders(reads=1))
    world.orders.faults = [_committed_unseen]
    report = world.send(Sent(0))
    assert (_codes(report), report.results[0].retryable) == ([Code.STORAGE_UNAVAILABLE], True)
    assert [trigger.order.version for trigger in report.unpublished] == [1]


def test_the_trigger_of_a_write_that_cannot_be_confirmed_is_reported() -> None:
    world = World(pause=CountingPause(limit=1))
    world.orders.faults = [_committed_unseen]
    report = world.send(Sent(0))
    assert (_outcomes(report), report.unavailable) == (["failed"], False)
    assert [trigger.order.version for trigger in report.unpublished] == [1]


def test_the_trigger_of_an_overwritten_uncertain_version_is_reported() -> None:
    world = World()

    def unseen_and_overwritten(orders: FakeOrders, write: Write) -> WriteOutcome:
        orders.commit(write)
        _always_overtaken(orders, write)
        return WriteOutcome.UNKNOWN

    world.orders.faults = [unseen_and_overwritten]
    report = world.send(Sent(0))
    assert (_outcomes(report), report.results[0].version) == (["updated"], 3)
    assert world.sent_triggers() == [("A", 3)]
    assert [trigger.order.version for trigger in report.unpublished] == [1]


def test_the_trigger_of_an_attempt_without_an_answer_is_left_to_the_relay() -> None:
    world = World()
    world.orders.faults = [_never]
    report = world.send(Sent(0))
    assert world.sent_triggers() == [("A", 1)]
    # The first attempt may still be committed if the order is deleted meanwhile.
    assert [trigger.order.order_id for trigger in report.unpublished] == [1]


def _world_with_an_unread_alias() -> World:
    """Return a world in which order A is stored, and its alias "old" cannot be read at first."""
    world = World()
    world.send(Sent(0, "A"))
    world.orders.aliases["demo", "old"] = 1
    world.orders.unread = {"old"}
    return world


def _committed_unseen_and_alias_read(orders: FakeOrders, write: Write) -> WriteOutcome:
    orders.unread = set()
    return _committed_unseen(orders, write)


def test_a_committed_write_is_recognised_if_its_group_has_a_new_step() -> None:
    world = _world_with_an_unread_alias()
    world.orders.faults = [_committed_unseen_and_alias_read]
    report = world.send(Sent(0, "A", "y"), Sent(1, "old", "y"), Sent(2, "old", "z"))
    assert _outcomes(report) == ["updated", "unchanged", "updated"]
    assert [result.version for result in report.results] == [2, 3, 3]
    assert world.sent_triggers() == [("A", 1), ("A", 2), ("A", 3)]
    assert report.unpublished == ()


def test_an_earlier_version_of_the_request_is_not_the_later_one() -> None:
    world = _world_with_an_unread_alias()
    world.orders.faults = [_committed_unseen_and_alias_read, _never]
    report = world.send(Sent(0, "A", "y"), Sent(1, "old", "z"))
    assert _outcomes(report) == ["updated", "updated"]
    assert world.orders["demo", "A"].document == '{"note":"z"}'
    assert world.sent_triggers() == [("A", 1), ("A", 2), ("A", 3)]


def test_a_version_of_another_request_is_not_recognised() -> None:
    world = World()

    def theirs_instead(orders: FakeOrders, write: Write) -> WriteOutcome:
        orders.commit(replace(write, order=replace(write.order, request_id="theirs")))
        return WriteOutcome.UNKNOWN

    world.orders.faults = [theirs_instead]
    report = world.send(Sent(0))
    assert (_outcomes(report), world.sent_triggers()) == (["unchanged"], [])


@dataclass
class RefusingOrders(FakeOrders):
    """A store that rejects each read after the first `reads`."""

    reads: int = 0

    def find_by_external_ids(
        self, account: str, external_ids: Collection[str], deadline: Deadline
    ) -> Lookup:
        if not self.reads:
            raise StorageRefusedError("AccessDeniedException")
        self.reads -= 1
        return super().find_by_external_ids(account, external_ids, deadline)


def test_a_rejecting_store_raises_an_error_if_nothing_is_stored() -> None:
    with pytest.raises(StorageRefusedError):
        World(orders=RefusingOrders()).send(Sent(0))


def test_committed_orders_are_reported_if_the_store_rejects_others() -> None:
    world = World(orders=RefusingOrders(reads=1))
    world.orders.unread = {"B"}
    report = world.send(Sent(0, "A"), Sent(1, "B"))
    assert _outcomes(report) == ["created", "failed"]
    assert (_codes(report), report.results[1].retryable) == (["not_storable"], False)
    assert world.sent_triggers() == [("A", 1)]


def test_steps_that_cancel_each_other_out_do_not_count_as_written() -> None:
    world = World(pause=CountingPause(limit=1))
    world.send(Sent(0, "A"))
    world.orders.unread = {"B"}
    assert world.send(Sent(0, "A", "y"), Sent(1, "A", "x"), Sent(2, "B")).unavailable


def test_one_problem_with_the_settings_is_enough_to_read_them_again() -> None:
    world = World()
    world.send(Sent(0, currency="XXX", both=True))
    assert world.settings.fresh_loads == 1


def test_a_permanently_rejected_write_is_not_retryable() -> None:
    world = World()
    world.orders.faults = [lambda _orders, _write: WriteOutcome.REFUSED]
    report = world.send(Sent(0), Sent(1, "B"))
    assert _outcomes(report) == ["failed", "created"]
    assert _codes(report) == ["not_storable"]
    assert not report.results[0].retryable


def test_an_unread_order_does_not_delay_others() -> None:
    world = World(pause=CountingPause(limit=2))
    world.orders.unread = {"A"}
    report = world.send(Sent(0, "A"), Sent(1, "B"))
    assert _outcomes(report) == ["failed", "created"]
    assert report.results[0].retryable
    assert not report.unavailable


def test_without_order_ids_only_stored_orders_are_updated() -> None:
    world = World(pause=CountingPause(limit=2))
    world.send(Sent(0, "A"))
    world.order_ids.available = False
    report = world.send(Sent(0, "A", "y"), Sent(1, "B"))
    assert _outcomes(report) == ["updated", "failed"]
    assert _codes(report) == ["storage_unavailable"]


def test_storing_leaves_time_to_publish() -> None:
    world = World()
    report = world.send(Sent(0), deadline=FixedDeadline(PUBLISHING_SECONDS - 0.1))
    assert _outcomes(report) == ["failed"]
    assert _outcomes(world.send(Sent(0), deadline=FixedDeadline(PUBLISHING_SECONDS + 0.1))) == [
        "created"
    ]


def test_nothing_is_tried_after_the_deadline() -> None:
    world = World()
    report = world.send(Sent(0), deadline=FixedDeadline(0))
    assert _outcomes(report) == ["failed"]
    assert report.unavailable
    assert len(world.orders) == 0


@pytest.mark.parametrize(
    ("first", "unavailable"), [(Sent(0, "A"), False), (Sent(0, "A", bad=True), True)]
)
def test_an_import_is_unavailable_only_if_nothing_was_written(
    first: Sent, *, unavailable: bool
) -> None:
    world = World(pause=CountingPause(limit=1))
    world.orders.unread = {"B"}
    assert world.send(first, Sent(1, "B")).unavailable is unavailable


def test_written_definitions_count_as_written() -> None:
    world = World(pause=CountingPause(limit=1))
    world.orders.unread = {"A"}
    report = world.send(Sent(0), definitions=Definitions((order_field("a"),)))
    assert report.written
    assert not report.unavailable


def test_definitions_that_are_too_large_reject_the_request() -> None:
    world = World()
    world.settings.room = 0
    with pytest.raises(SettingsTooLargeError):
        world.send(Sent(0), definitions=Definitions((order_field("a"),)))
    assert len(world.orders) == 0


def test_settings_that_cannot_be_read_reject_the_request() -> None:
    world = World()
    world.settings.available = False
    with pytest.raises(StorageUnavailableError):
        world.send(Sent(0), definitions=Definitions((order_field("a"),)))


def test_an_empty_request_does_nothing() -> None:
    report = World().send()
    assert (report.results, report.published, report.unavailable) == ((), 0, False)


requests = st.lists(
    st.lists(
        st.builds(
            Sent,
            position=st.just(0),
            external_id=st.sampled_from("ABC"),
            text=st.sampled_from("xyz"),
            currency=st.sampled_from(["USD", "XXX"]),
            bad=st.booleans(),
        ),
        max_size=6,
    ),
    min_size=1,
    max_size=4,
)


@given(requests)
def test_importing_twice_has_the_same_result_as_importing_once(batches: list[list[Sent]]) -> None:
    once, twice = World(), World()
    for batch in batches:
        orders = [replace(sent, position=position) for position, sent in enumerate(batch)]
        once.send(*orders)
        first = twice.send(*orders)
        second = twice.send(*orders)
        assert sum(first.count(outcome) for outcome in Outcome) == len(orders)
        if len({sent.external_id for sent in orders}) == len(orders):
            assert second.count(Outcome.CREATED) == second.count(Outcome.UPDATED) == 0
    documents = [
        {key: order.document for key, order in world.orders.orders.items()}
        for world in (once, twice)
    ]
    assert documents[0] == documents[1]


@given(requests, st.lists(st.sampled_from(["fault", "unseen", "overtaken"]), max_size=8))
def test_every_committed_version_has_one_trigger_after_any_error(
    batches: list[list[Sent]], faults: list[str]
) -> None:
    world = World()

    def unseen(orders: FakeOrders, write: Write) -> WriteOutcome:
        orders.commit(write)
        return WriteOutcome.UNKNOWN

    known = {"fault": _never, "unseen": unseen, "overtaken": _always_conflict}
    world.orders.faults = [known[name] for name in faults]
    for batch in batches:
        orders = [replace(sent, position=position) for position, sent in enumerate(batch)]
        report = world.send(*orders)
        assert [result.position for result in report.results] == list(range(len(orders)))
    committed = {(write.order.external_id, write.order.version) for write in world.orders.writes}
    assert sorted(world.sent_triggers()) == sorted(committed)


def _always_conflict(_orders: FakeOrders, _write: Write) -> WriteOutcome:
    return WriteOutcome.CONFLICT


def test_the_orders_after_a_full_request_are_retryable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.application.import_progress.MAX_REQUEST_CHARACTERS", 40)
    world = World()
    report = world.send(*(Sent(n, f"O{n}", currency="USD") for n in range(5)))
    assert _outcomes(report) == ["created"] * 4 + ["failed"]
    assert [result.retryable for result in report.results] == [False] * 4 + [True]
    assert _codes(report) == ["storage_unavailable"]


def test_a_full_request_keeps_the_problems_of_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.application.import_progress.MAX_REQUEST_CHARACTERS", 1)
    world = World()
    report = world.send(Sent(0, "O0", currency="XXX"), Sent(1, "O1"))
    assert _outcomes(report) == ["failed", "created"]
    assert [result.retryable for result in report.results] == [False, False]


def test_a_full_request_leaves_out_orders_that_need_newer_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("orders.application.import_progress.MAX_REQUEST_CHARACTERS", 1)
    world = World()
    world.settings.cached["demo"] = StoredSettings(replace(settings(), currencies=("EUR",)), 0)
    report = world.send(Sent(0, "O0"), Sent(1, "O1", currency="EUR"))
    assert _outcomes(report) == ["failed", "created"]
    assert [result.retryable for result in report.results] == [True, False]


def test_one_request_reads_a_limited_part_of_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.application.import_orders.MAX_IMPORT_CHARACTERS", 1)
    world = World()
    world.send(Sent(0, "A"), Sent(1, "B"))

    class OneAtATime(FakeOrders):
        def find_by_external_ids(
            self, account: str, external_ids: Collection[str], deadline: Deadline
        ) -> Lookup:
            first, *others = sorted(external_ids)
            lookup = super().find_by_external_ids(account, [first], deadline)
            return Lookup(lookup.orders, frozenset(others))

    world.orders = OneAtATime(world.orders.orders)
    report = world.send(Sent(0, "A", "y"), Sent(1, "B", "y"))
    assert _outcomes(report) == ["updated", "failed"]
    assert [result.retryable for result in report.results] == [False, True]


def test_later_orders_of_a_bad_request_report_fewer_problems() -> None:
    asked: list[Reported] = []

    class Counting(Sent):
        def submit(self, rules: Rulebook, before: Reported) -> Submission | Rejection:
            del rules
            asked.append(before)
            problem = Problem(Code.REQUIRED, ("status",), "status is required")
            if self.position % 2:
                return Submission(f"O{self.position}", "altcraft", "{}", "new", warnings=(problem,))
            return Rejection((problem,) * 3, (problem,))

    World().send(*(Counting(n, f"O{n}") for n in range(5)))
    assert asked == [Reported(*each) for each in [(0, 0), (3, 1), (3, 2), (6, 3), (6, 4)]]


def _hidden_by_another(orders: FakeOrders, order: Order) -> None:
    """Let another request delete an order softly."""
    change = soft_deletion(orders.as_stored(orders[order.account, order.external_id]))
    assert FakeOrderChanges(orders).commit(change) is WriteOutcome.COMMITTED


def test_an_import_revives_a_softly_deleted_order() -> None:
    world = World()
    world.send(Sent(0))
    _hidden_by_another(world.orders, world.orders["demo", "A"])
    report = world.send(Sent(0))
    assert _outcomes(report) == ["created"]
    assert (report.results[0].order_id, report.results[0].version) == (1, 3)
    assert world.publisher.sent[-1].revived
    assert world.orders.hidden == {}
    assert _outcomes(world.send(Sent(0))) == ["unchanged"]


def test_a_revival_under_an_alias_keeps_the_aliases() -> None:
    world = World()
    world.send(Sent(0, "old"))
    stored = world.orders.as_stored(world.orders["demo", "old"])
    changes = FakeOrderChanges(world.orders)
    assert changes.commit(renaming(stored, "new")) is WriteOutcome.COMMITTED
    _hidden_by_another(world.orders, world.orders["demo", "new"])
    assert _outcomes(world.send(Sent(0, "old"))) == ["created"]
    assert world.orders.aliases_of(world.orders["demo", "new"]) == ("old",)


def test_a_revival_whose_answer_was_lost_is_recognised() -> None:
    world = World()
    world.send(Sent(0))
    _hidden_by_another(world.orders, world.orders["demo", "A"])
    world.orders.faults = [_committed_unseen]
    report = world.send(Sent(0))
    assert _outcomes(report) == ["created"]
    assert report.results[0].version == 3


def test_a_new_order_that_another_request_deletes_softly_is_not_revived() -> None:
    """The answer to its creation was lost, but its order id shows that it was created."""
    world = World()

    def created_unseen_and_hidden(orders: FakeOrders, write: Write) -> WriteOutcome:
        orders.commit(write)
        _hidden_by_another(orders, write.order)
        return WriteOutcome.UNKNOWN

    world.orders.faults = [created_unseen_and_hidden]
    report = world.send(Sent(0))
    assert _outcomes(report) == ["created"]
    assert report.results[0].version == 1
    assert list(world.orders.hidden) == [("demo", "A")]


@pytest.mark.parametrize("payload", TriggerPayload)
def test_the_policy_of_the_account_decides_what_the_triggers_of_an_import_contain(
    payload: TriggerPayload,
) -> None:
    """The triggers that are published are those that are stored."""
    policies = replace(settings().policies, trigger_payload=payload)
    shop = replace(settings(), policies=policies)
    world = World(settings=FakeSettings({"demo": StoredSettings(shop, 1)}))
    world.send(Sent(0, "A"), Sent(1, "B"))
    world.send(Sent(0, "A", text="y"))
    assert [trigger.payload for trigger in world.publisher.sent] == [payload] * 3
    assert [write.trigger for write in world.orders.writes] == world.publisher.sent
    assert all(write.order.document != "{}" for write in world.orders.writes)
    shown = {trigger.order.document for trigger in world.publisher.sent}
    assert (shown == {"{}"}) is (payload is TriggerPayload.THIN)
