"""A line's status is kept beside the document, and holds until the shop changes it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.fulfilment import Fulfilment
from orders.domain.importing import MAX_DOCUMENT_BYTES, Group, Outcome, Plan, Step, plan_group
from orders.domain.line_statuses import (
    DerivedStatus,
    LineStatusRefusal,
    LineStatusUpdate,
    plan_line_status,
)
from orders.domain.order import Cause, LineMembers, Order, Presence
from orders.domain.submissions import Submission
from orders.domain.triggers import TriggerKind

type Tree = dict[str, Any]

LINES = LineMembers("lines", identity="id", status="state")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
CAUSE = Cause("request", "shop", NOW)


def _document(*lines: tuple[str, str], status: str = "new", **more: object) -> str:
    tree = {"lines": [{"id": name, "state": state} for name, state in lines], "status": status}
    return json.dumps({**tree, **more}, separators=(",", ":"))


def _order(document: str = _document(("1", "new"), ("2", "new"))) -> Order:
    return Order("demo", "A", 7, 3, "new", "altcraft", document, NOW, NOW, "earlier")


def _change(
    order: Order,
    line: str,
    status: str,
    derived: DerivedStatus | None = None,
    *,
    skip: bool = False,
) -> OrderChange:
    change = plan_line_status(
        StoredOrder(order, ("old",)),
        LineStatusUpdate(line, status, skip_trigger=skip),
        LINES,
        CAUSE,
        lambda _statuses: derived,
    )
    assert isinstance(change, OrderChange)
    return change


def _after(order: Order, line: str, status: str, derived: DerivedStatus | None = None) -> Order:
    return _change(order, line, status, derived).after.order


def _states(order: Order) -> list[str]:
    return [line["state"] for line in order.content()["lines"]]


def _imported(order: Order, *documents: str) -> Plan:
    steps = tuple(
        Step(
            n,
            Submission("A", "altcraft", document, json.loads(document)["status"], lines=LINES),
            skip_trigger=False,
        )
        for n, document in enumerate(documents)
    )
    return plan_group(Group("demo", "A", order, steps), 99, Cause("import", "shop", NOW))


def _order_after(order: Order, *documents: str) -> Order:
    plan = _imported(order, *documents)
    return plan.write.order if plan.write else order


def test_a_new_status_of_a_line_is_a_version_with_a_trigger() -> None:
    order = _order()
    change = _change(order, "2", "delivered")
    after = change.after.order
    assert (after.version, after.document, after.digest) == (4, order.document, order.digest)
    assert _states(after) == ["new", "delivered"]
    assert (after.status, after.fulfilment) == ("new", Fulfilment.STARTED)
    assert change.after.aliases == ("old",)
    assert change.trigger is not None
    assert change.trigger.kind is TriggerKind.ORDER_LINE_STATUS_CHANGED
    assert change.trigger.changed == {
        "lines": {
            "old": [{"id": "2", "state": "new"}],
            "new": [{"id": "2", "state": "delivered"}],
        }
    }


def test_the_trigger_can_be_skipped() -> None:
    assert _change(_order(), "2", "delivered", skip=True).trigger is None


def test_the_same_status_changes_nothing() -> None:
    order = _after(_order(), "2", "delivered")
    for line, status in (("1", "new"), ("2", "delivered")):
        wanted = LineStatusUpdate(line, status)
        assert plan_line_status(StoredOrder(order), wanted, LINES, CAUSE) is None


def test_the_imported_status_of_a_line_can_be_restored() -> None:
    order = _after(_after(_order(), "2", "delivered"), "2", "new")
    assert (order.overrides, _states(order)) == ("", ["new", "new"])


def test_an_unknown_line_is_refused() -> None:
    wanted = LineStatusUpdate("3", "delivered")
    refusal = plan_line_status(StoredOrder(_order()), wanted, LINES, CAUSE)
    assert refusal is LineStatusRefusal.UNKNOWN_LINE


def test_an_order_of_a_protocol_without_line_statuses_is_refused() -> None:
    wanted = LineStatusUpdate("1", "delivered")
    refusal = plan_line_status(StoredOrder(_order()), wanted, None, CAUSE)
    assert refusal is LineStatusRefusal.NO_LINE_STATUSES


def test_an_order_that_would_be_too_large_is_refused() -> None:
    full = _document(("1", "new"), note="x" * (MAX_DOCUMENT_BYTES - 60))
    wanted = LineStatusUpdate("1", "s" * 100)
    refusal = plan_line_status(StoredOrder(_order(full)), wanted, LINES, CAUSE)
    assert refusal is LineStatusRefusal.TOO_LARGE


def test_an_equal_import_leaves_the_status_alone() -> None:
    order = _after(_order(), "2", "delivered")
    [result] = _imported(order, order.document).results
    assert result.outcome is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        # The import sends the same status as the one before it.
        ([("1", "new"), ("2", "new")], ["new", "delivered"]),
        ([("2", "new"), ("1", "new")], ["delivered", "new"]),
        ([("2", "new")], ["delivered"]),
        # The import sends another status.
        ([("1", "new"), ("2", "processing")], ["new", "processing"]),
        ([("1", "new"), ("2", "delivered")], ["new", "delivered"]),
        ([("1", "processing"), ("2", "new")], ["processing", "delivered"]),
        # The line is gone.
        ([("1", "new"), ("3", "new")], ["new", "new"]),
    ],
)
def test_a_status_holds_until_an_import_sends_another_one(
    sent: list[tuple[str, str]], expected: list[str]
) -> None:
    order = _after(_order(), "2", "delivered")
    assert _states(_order_after(order, _document(*sent, note="other"))) == expected


def test_a_status_that_was_given_up_does_not_come_back() -> None:
    order = _after(_order(), "2", "delivered")
    order = _order_after(order, _document(("1", "new"), ("2", "processing")))
    order = _order_after(order, _document(("1", "new"), ("2", "new")))
    assert (_states(order), order.overrides) == (["new", "new"], "")


def test_two_steps_of_one_request_give_a_status_up_too() -> None:
    order = _after(_order(), "2", "delivered")
    plan = _imported(order, _document(("1", "new"), ("2", "canceled")), order.document)
    assert [each.outcome for each in plan.results] == [Outcome.UPDATED, Outcome.UPDATED]
    assert plan.write is not None
    assert _states(plan.write.order) == ["new", "new"]


def test_a_line_that_comes_back_has_the_sent_status() -> None:
    order = _after(_order(), "2", "delivered")
    order = _order_after(order, _document(("1", "new")))
    order = _order_after(order, _document(("1", "new"), ("2", "new")))
    assert _states(order) == ["new", "new"]


def test_a_revived_order_keeps_the_statuses_of_its_lines() -> None:
    order = replace(_after(_order(), "2", "delivered"), presence=Presence.HIDDEN)
    assert _states(_order_after(order, order.document)) == ["new", "delivered"]


PAID = DerivedStatus("paid", Fulfilment.DELIVERED)


def test_a_derived_status_of_the_order_is_kept_beside_the_document_too() -> None:
    order = _order()
    change = _change(order, "2", "delivered", PAID)
    after = change.after.order
    assert (after.status, after.fulfilment) == ("paid", Fulfilment.DELIVERED)
    assert (after.document, after.content()["status"]) == (order.document, "paid")
    assert change.trigger is not None
    assert change.trigger.kind is TriggerKind.ORDER_STATUS_CHANGED
    assert set(change.trigger.changed) == {"lines", "status", "fulfilment"}


def test_a_derived_status_never_moves_the_fulfilment_backwards() -> None:
    order = replace(_order(), fulfilment=Fulfilment.SHOP_FAILED)
    assert _after(order, "2", "delivered", PAID).fulfilment is Fulfilment.SHOP_FAILED


def test_a_derived_status_holds_until_an_import_sends_another_status() -> None:
    order = _after(_order(), "2", "delivered", PAID)
    same = _order_after(order, _document(("1", "new"), ("2", "new"), note="other"))
    assert (same.status, same.content()["status"]) == ("paid", "paid")
    other = _order_after(order, _document(("1", "new"), ("2", "new"), status="canceled"))
    assert (other.status, other.content()["status"]) == ("canceled", "canceled")
    back = _order_after(other, _document(("1", "new"), ("2", "new")))
    assert (back.status, back.content()["status"]) == ("new", "new")


def test_the_statuses_of_all_lines_are_derived_from() -> None:
    seen: list[Sequence[str]] = []

    def derive(statuses: Sequence[str]) -> None:
        seen.append(list(statuses))

    order = _after(_order(), "1", "refunded")
    plan_line_status(StoredOrder(order), LineStatusUpdate("2", "delivered"), LINES, CAUSE, derive)
    assert seen == [["refunded", "delivered"]]


STATES = st.sampled_from(["new", "processing", "delivered"])


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("line"), st.sampled_from(["1", "2"]), STATES),
            st.tuples(st.just("import"), STATES, STATES),
        ),
        max_size=8,
    )
)
def test_a_line_has_what_was_last_said_of_it(steps: list[tuple[str, str, str]]) -> None:
    """The last of: a change of the line's status, and an import that sends another one."""
    order = _order()
    sent = {"1": "new", "2": "new"}
    expected = dict(sent)
    for kind, first, second in steps:
        if kind == "line":
            expected[first] = second
            wanted = LineStatusUpdate(first, second)
            change = plan_line_status(StoredOrder(order), wanted, LINES, CAUSE)
            order = change.after.order if isinstance(change, OrderChange) else order
        else:
            now = {"1": first, "2": second}
            expected |= {name: state for name, state in now.items() if state != sent[name]}
            sent = now
            order = _order_after(order, _document(*now.items()))
    assert _states(order) == [expected["1"], expected["2"]]
