"""An import is an upsert: it creates or replaces each order, or rejects it with a reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.applied_defaults import written
from orders.domain.changes import StoredOrder
from orders.domain.fulfilment import Fulfilment
from orders.domain.importing import (
    MAX_DOCUMENT_BYTES,
    Group,
    Outcome,
    Plan,
    Step,
    failed,
    group_steps,
    plan_group,
)
from orders.domain.order import Cause, LineMembers, Order, Presence
from orders.domain.problems import Code, Problem
from orders.domain.submissions import Submission
from orders.domain.triggers import TriggerKind

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DELIVERED = Fulfilment.DELIVERED
LATER = NOW + timedelta(hours=1)
SENT = Submission("A", "altcraft", '{"lines":[],"status":"new"}', "new")
STORED = Order(
    account="demo",
    external_id="A",
    order_id=7,
    version=3,
    status="new",
    protocol="altcraft",
    document=SENT.document,
    created_at=NOW,
    updated_at=NOW,
    request_id="earlier",
)


def _doc(text: str) -> str:
    return f'{{"note":"{text}"}}'


def _plan(stored: Order | None, *sent: Submission, skip: tuple[bool, ...] = ()) -> Plan:
    flags = skip or (False,) * len(sent)
    steps = tuple(
        Step(i, each, flag) for i, (each, flag) in enumerate(zip(sent, flags, strict=True))
    )
    return plan_group(Group("demo", "A", stored, steps), 99, Cause("req", "shop", LATER))


def test_an_unknown_order_is_created() -> None:
    plan = _plan(None, SENT)
    [result] = plan.results
    assert (result.outcome, result.order_id, result.version) == (Outcome.CREATED, 99, 1)
    assert plan.write
    assert plan.write.base_version is None
    assert plan.write.order == Order(
        "demo", "A", 99, 1, "new", "altcraft", SENT.document, LATER, LATER, "req", client="shop"
    )
    assert plan.write.trigger
    assert plan.write.trigger.kind is TriggerKind.ORDER_CREATED


def test_an_order_with_equal_content_is_not_written() -> None:
    plan = _plan(STORED, SENT)
    [result] = plan.results
    assert (result.outcome, result.order_id, result.version) == (Outcome.UNCHANGED, 7, 3)
    assert plan.write is None


def test_new_content_replaces_the_document_and_keeps_the_order_id() -> None:
    plan = _plan(STORED, replace(SENT, document=_doc("x"), status="paid", update_time=NOW))
    [result] = plan.results
    assert (result.outcome, result.order_id, result.version) == (Outcome.UPDATED, 7, 4)
    assert plan.write
    assert plan.write.base_version == 3
    assert plan.write.order == replace(
        STORED,
        version=4,
        status="paid",
        document=_doc("x"),
        updated_at=LATER,
        request_id="req",
        client="shop",
        update_time=NOW,
    )


@pytest.mark.parametrize(
    ("stored_time", "sent_time", "outcome"),
    [
        (LATER, NOW, Outcome.FAILED),
        (NOW, NOW, Outcome.UPDATED),
        (NOW, LATER, Outcome.UPDATED),
        (None, NOW, Outcome.UPDATED),
        (LATER, None, Outcome.UPDATED),
    ],
)
def test_an_older_update_time_is_stale(
    stored_time: datetime | None, sent_time: datetime | None, outcome: Outcome
) -> None:
    stored = replace(STORED, update_time=stored_time)
    plan = _plan(stored, replace(SENT, document=_doc("x"), update_time=sent_time))
    [result] = plan.results
    assert result.outcome is outcome
    assert bool(plan.write) is (outcome is Outcome.UPDATED)
    if outcome is Outcome.FAILED:
        [problem] = result.problems
        assert (problem.code, problem.pointer) == (Code.STALE, "/update_time")
        assert "2026-01-02T04:04:05Z" in problem.message
        assert (result.order_id, result.version) == (None, None)


def test_the_path_of_a_problem_starts_with_the_path_of_the_order() -> None:
    stored = replace(STORED, update_time=LATER)
    sent = replace(SENT, document=_doc("x"), update_time=NOW, path=("data", 7))
    assert _plan(stored, sent).results[0].problems[0].pointer == "/data/7/update_time"
    step = Step(7, sent, skip_trigger=False)
    result = failed(step, Problem(Code.CONFLICT, (), "again"), retryable=True)
    assert result.problems[0].pointer == "/data/7"


@pytest.mark.parametrize("together", [True, False])
def test_the_newest_update_time_stays_the_guard(*, together: bool) -> None:
    timed = replace(SENT, document=_doc("1"), update_time=LATER)
    timeless = replace(SENT, document=_doc("2"))
    older = replace(SENT, document=_doc("3"), update_time=NOW)
    if together:
        outcomes = [result.outcome for result in _plan(None, timed, timeless, older).results]
    else:
        stored: Order | None = None
        outcomes = []
        for sent in (timed, timeless, older):
            plan = _plan(stored, sent)
            outcomes.append(plan.results[0].outcome)
            stored = plan.write.order if plan.write else stored
        assert stored
        assert stored.update_time == LATER
    assert outcomes == [Outcome.CREATED, Outcome.UPDATED, Outcome.FAILED]


def test_equal_content_is_never_stale() -> None:
    stored = replace(STORED, update_time=LATER)
    plan = _plan(stored, replace(SENT, update_time=NOW))
    assert plan.results[0].outcome is Outcome.UNCHANGED


def test_an_order_of_another_protocol_is_not_changed() -> None:
    plan = _plan(replace(STORED, protocol="commercetools"), SENT)
    [result] = plan.results
    assert (result.outcome, plan.write) == (Outcome.FAILED, None)
    assert result.problems[0].code is Code.OTHER_PROTOCOL


@pytest.mark.parametrize(("character", "size"), [("a", 1), ("я", 2)])
def test_a_document_that_is_too_large_is_rejected(character: str, size: int) -> None:
    room = MAX_DOCUMENT_BYTES - len(_doc(""))
    fits = replace(SENT, document=_doc(character * (room // size)))
    too_large = replace(SENT, document=_doc(character * (room // size + 1)))
    plan = _plan(None, too_large)
    assert plan.results[0].problems[0].code is Code.ORDER_TOO_LARGE
    assert plan.write is None
    assert _plan(None, fits).write


def test_several_steps_for_one_order_are_one_write() -> None:
    one, two = replace(SENT, document=_doc("1")), replace(SENT, document=_doc("2"), status="paid")
    plan = _plan(STORED, one, one, two)
    assert [result.outcome for result in plan.results] == [
        Outcome.UPDATED,
        Outcome.UNCHANGED,
        Outcome.UPDATED,
    ]
    assert {result.version for result in plan.results} == {4}
    assert plan.write
    assert (plan.write.order.version, plan.write.order.document) == (4, two.document)
    assert plan.write.trigger
    assert plan.write.trigger.kind is TriggerKind.ORDER_STATUS_CHANGED


def test_a_new_order_sent_twice_is_created_once() -> None:
    plan = _plan(None, SENT, replace(SENT, document=_doc("2")))
    assert [result.outcome for result in plan.results] == [Outcome.CREATED, Outcome.UPDATED]
    assert plan.write
    assert (plan.write.order.version, plan.write.order.document) == (1, _doc("2"))
    assert plan.write.trigger
    assert plan.write.trigger.kind is TriggerKind.ORDER_CREATED


def test_steps_that_cancel_each_other_out_are_not_written() -> None:
    plan = _plan(STORED, replace(SENT, document=_doc("x")), SENT)
    assert [result.outcome for result in plan.results] == [Outcome.UPDATED, Outcome.UPDATED]
    assert plan.write is None
    assert {result.version for result in plan.results} == {3}


def test_a_step_is_stale_if_an_earlier_step_has_a_later_update_time() -> None:
    newer = replace(SENT, document=_doc("1"), update_time=LATER)
    older = replace(SENT, document=_doc("2"), update_time=NOW)
    plan = _plan(STORED, newer, older)
    assert [result.outcome for result in plan.results] == [Outcome.UPDATED, Outcome.FAILED]
    assert plan.write
    assert plan.write.order.document == newer.document


@pytest.mark.parametrize(
    ("skip", "triggered"),
    [((True,), False), ((False,), True), ((True, False), True), ((True, True), False)],
)
def test_there_is_no_trigger_if_all_changes_skip_it(
    skip: tuple[bool, ...], *, triggered: bool
) -> None:
    sent = [replace(SENT, document=_doc(str(n))) for n in range(len(skip))]
    plan = _plan(STORED, *sent, skip=skip)
    assert plan.write
    assert bool(plan.write.trigger) is triggered


def test_a_step_without_a_change_does_not_affect_the_trigger() -> None:
    plan = _plan(STORED, SENT, replace(SENT, document=_doc("x")), skip=(False, True))
    assert plan.write
    assert plan.write.trigger is None


def test_steps_are_grouped_by_their_stored_order() -> None:
    steps = [
        Step(i, replace(SENT, external_id=name), skip_trigger=False)
        for i, name in enumerate("BACAB")
    ]
    groups = group_steps("demo", steps, {"A": STORED, "B": STORED})
    assert [(group.external_id, [step.position for step in group.steps]) for group in groups] == [
        ("A", [0, 1, 3, 4]),
        ("C", [2]),
    ]
    assert [group.stored for group in groups] == [STORED, None]


@given(texts=st.lists(st.sampled_from("abc"), min_size=1, max_size=6), known=st.booleans())
def test_one_request_with_several_steps_equals_several_requests(
    texts: list[str], *, known: bool
) -> None:
    sent = [replace(SENT, document=_doc(text)) for text in texts]
    together = _plan(STORED if known else None, *sent)
    one_by_one: Order | None = STORED if known else None
    outcomes = []
    for each in sent:
        plan = _plan(one_by_one, each)
        outcomes.append(plan.results[0].outcome)
        one_by_one = plan.write.order if plan.write else one_by_one
    assert [result.outcome for result in together.results] == outcomes
    final = together.write.order if together.write else STORED
    assert one_by_one
    assert final.document == one_by_one.document


def test_a_new_order_gets_the_state_that_its_status_implies() -> None:
    delivered = replace(SENT, document=_doc("done"), status="delivered", fulfilment=DELIVERED)
    for sent, state in ((SENT, Fulfilment.STARTED), (delivered, Fulfilment.DELIVERED)):
        plan = _plan(None, sent)
        assert plan.write
        assert plan.write.order.fulfilment is state


def test_an_import_never_moves_the_fulfilment_backwards() -> None:
    stored = replace(STORED, fulfilment=Fulfilment.READY_TO_SHIP)
    plan = _plan(stored, replace(SENT, document=_doc("other")))
    assert plan.write
    assert plan.write.order.fulfilment is Fulfilment.READY_TO_SHIP
    plan = _plan(stored, replace(SENT, document=_doc("done"), fulfilment=DELIVERED))
    assert plan.write
    assert plan.write.order.fulfilment is Fulfilment.DELIVERED
    assert plan.write.trigger
    assert "fulfilment" in plan.write.trigger.changed


def test_a_moved_fulfilment_is_written_if_the_steps_cancel_out() -> None:
    done = replace(SENT, document=_doc("done"), fulfilment=DELIVERED)
    plan = _plan(STORED, done, SENT)
    assert plan.write
    assert plan.write.order.document == STORED.document
    assert plan.write.order.fulfilment is Fulfilment.DELIVERED
    assert plan.write.trigger
    assert set(plan.write.trigger.changed) == {"fulfilment"}


def test_an_existing_order_that_must_be_new_is_rejected() -> None:
    sent = replace(SENT, must_be_new=True, path=("data", 3))
    [result] = _plan(STORED, sent).results
    [problem] = result.problems
    assert (problem.code, problem.pointer) == (Code.DUPLICATE, "/data/3/external_id")
    assert problem.message == 'Order "A" already exists'
    assert (result.outcome, result.order_id, result.version) == (Outcome.FAILED, None, None)


def test_the_size_and_the_limit_are_reported_in_kilobytes() -> None:
    document = _doc("x" * (500 * 1024 + 700))
    [result] = _plan(None, replace(SENT, document=document)).results
    [problem] = result.problems
    assert (problem.code, problem.pointer) == (Code.ORDER_TOO_LARGE, "")
    assert problem.message == (
        "The order must have at most 388 KB; got 501 KB; the largest part is note with 501 KB"
    )


def test_the_defaults_of_an_order_count_for_its_size() -> None:
    room = MAX_DOCUMENT_BYTES - len(_doc(""))
    defaults = written({"custom_fields": {"f": "x" * 100}})
    fits = replace(SENT, document=_doc("x" * (room - len(defaults))), defaults=defaults)
    assert _plan(None, fits).write
    assert not _plan(None, replace(fits, document=_doc("x" * room))).write
    many = replace(fits, document=_doc(""), defaults=written({"f": "x" * MAX_DOCUMENT_BYTES}))
    [result] = _plan(None, many).results
    assert "the largest part is the defaults of custom fields" in result.problems[0].message


def test_an_order_of_another_protocol_is_rejected_with_a_solution() -> None:
    [result] = _plan(replace(STORED, protocol="commercetools"), SENT).results
    assert result.problems[0].message == (
        'Order "A" was imported through commercetools; delete it there before importing it here'
    )


def test_a_failed_result_has_its_position_external_id_and_warnings() -> None:
    warning = Problem(Code.TOTAL_MISMATCH, ("total_price",), "mismatch")
    step = Step(7, replace(SENT, warnings=(warning,)), skip_trigger=False)
    problem = Problem(Code.CONFLICT, (), "lost")
    result = failed(step, problem, retryable=True)
    assert (result.position, result.external_id, result.outcome) == (7, "A", Outcome.FAILED)
    assert (result.problems, result.warnings) == ((problem,), (warning,))
    assert result.retryable


def test_an_order_has_the_endpoint_of_its_last_import() -> None:
    sent = replace(SENT, endpoint="website")
    plan = _plan(None, sent)
    assert plan.write
    assert plan.write.order.endpoint == "website"
    plan = _plan(replace(STORED, endpoint="website"), replace(SENT, document=_doc("x")))
    assert plan.write
    assert plan.write.order.endpoint is None


def test_the_trigger_of_an_import_compares_the_lines_of_its_protocol() -> None:
    lines = LineMembers("parts", identity="key", status="state")
    stored = replace(STORED, document='{"parts":[{"key":"1","state":"new"}]}')
    sent = replace(SENT, document='{"parts":[{"key":"1","state":"sent"}]}', lines=lines)
    plan = _plan(stored, sent)
    assert plan.write
    assert plan.write.trigger
    assert plan.write.trigger.kind is TriggerKind.ORDER_LINE_STATUS_CHANGED


HIDDEN = replace(STORED, version=4, presence=Presence.HIDDEN)


def _plan_hidden(*sent: Submission, hidden: Order = HIDDEN, skip: bool = False) -> Plan:
    steps = tuple(Step(i, each, skip_trigger=skip) for i, each in enumerate(sent))
    group = Group("demo", "A", hidden, steps, ("old",))
    return plan_group(group, 99, Cause("req", "shop", LATER))


@pytest.mark.parametrize("document", [STORED.document, _doc("x")])
def test_an_import_revives_a_softly_deleted_order_also_with_equal_content(document: str) -> None:
    plan = _plan_hidden(replace(SENT, document=document))
    [result] = plan.results
    assert (result.outcome, result.order_id, result.version) == (Outcome.CREATED, 7, 5)
    assert plan.write
    assert plan.write.base_version == 4
    assert plan.write.revives == StoredOrder(HIDDEN, ("old",))
    assert (plan.write.order.presence, plan.write.order.document) == (Presence.REVIVED, document)
    assert plan.write.order.created_at == STORED.created_at
    assert plan.write.trigger
    assert plan.write.trigger.kind is TriggerKind.ORDER_CREATED
    assert plan.write.trigger.revived


def test_the_steps_after_a_revival_update_the_order() -> None:
    plan = _plan_hidden(SENT, replace(SENT, document=_doc("x")), replace(SENT, document=_doc("x")))
    assert [each.outcome for each in plan.results] == [
        Outcome.CREATED,
        Outcome.UPDATED,
        Outcome.UNCHANGED,
    ]
    assert {each.version for each in plan.results} == {5}
    assert plan.write
    assert plan.write.trigger
    assert plan.write.trigger.revived


def test_a_revival_can_skip_its_trigger() -> None:
    plan = _plan_hidden(SENT, skip=True)
    assert plan.write
    assert plan.write.trigger is None


def test_an_import_of_another_protocol_does_not_revive() -> None:
    for must_be_new, code in ((True, Code.DUPLICATE), (False, Code.OTHER_PROTOCOL)):
        plan = _plan_hidden(replace(SENT, protocol="commercetools", must_be_new=must_be_new))
        [result] = plan.results
        assert plan.write is None
        assert [problem.code for problem in result.problems] == [code]


def test_an_order_that_must_be_new_may_revive_one_of_its_own_protocol() -> None:
    [result] = _plan_hidden(replace(SENT, must_be_new=True)).results
    assert result.outcome is Outcome.CREATED


def test_an_older_update_time_does_not_revive_other_content() -> None:
    guarded = replace(HIDDEN, update_time=LATER)
    plan = _plan_hidden(replace(SENT, document=_doc("x"), update_time=NOW), hidden=guarded)
    [result] = plan.results
    assert [problem.code for problem in result.problems] == [Code.STALE]
    assert plan.write is None


def test_steps_are_grouped_by_a_softly_deleted_order_too() -> None:
    hidden = StoredOrder(HIDDEN, ("old",))
    steps = [
        Step(0, replace(SENT, external_id="old"), skip_trigger=False),
        Step(1, SENT, skip_trigger=False),
    ]
    [group] = group_steps("demo", steps, {}, {"old": hidden, "A": hidden})
    assert (group.external_id, group.stored, group.aliases) == ("A", HIDDEN, ("old",))
    assert group.steps == tuple(steps)
