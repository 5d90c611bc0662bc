"""What stands in for the stores while a request is previewed."""

from dataclasses import replace

from orders.application.ports import WriteOutcome
from orders.application.preview_ports import NotedChange, Notes, NotingOrders
from orders.domain.importing import Write
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.fakes import FakeOrders
from tests.support.order_changes import new_order


def test_a_noted_order_is_found_as_it_was_noted_by_all_its_names() -> None:
    """A step that is read later in the request is decided on what the steps before it did."""
    stored, created = new_order("A", 1), new_order("B", 0)
    store = FakeOrders({("demo", "A"): stored}, aliases={("demo", "old"): 1})
    notes = Notes()
    orders = NotingOrders(store, notes)
    orders.find_by_external_ids("demo", ["A", "B"], DEADLINE)
    second = replace(stored, version=2, status="paid")
    writes = [Write(second, 1, None), Write(created, None, None)]
    assert orders.save("demo", writes, DEADLINE) == [WriteOutcome.COMMITTED] * 2
    found = orders.find_by_external_ids("demo", ["A", "old", "B", "C"], DEADLINE).orders
    assert found == {"A": second, "old": second, "B": created}
    third = replace(second, version=3)
    orders.save("demo", [Write(third, 2, None)], DEADLINE)
    assert notes.orders == {"A": NotedChange(stored, third), "B": NotedChange(None, created)}
    assert store.orders == {("demo", "A"): stored}


def test_nothing_is_noted_after_the_deadline() -> None:
    notes = Notes()
    orders = NotingOrders(FakeOrders(), notes)
    outcomes = orders.save("demo", [Write(new_order(), None, None)], FixedDeadline(0))
    assert (outcomes, notes.orders) == ([WriteOutcome.UNTRIED], {})
