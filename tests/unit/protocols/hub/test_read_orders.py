"""The order reads of the hub's own API."""

import json
from dataclasses import replace
from typing import Any

import pytest

from orders.application import list_orders
from orders.protocols.hub import answers
from tests.support.hub import ORDERS, START, Hub, order_number, problem


def names(tree: dict[str, Any]) -> list[str]:
    return [each["external_id"] for each in tree["orders"]]


def test_an_order_has_one_neutral_shape() -> None:
    hub = Hub()
    order = hub.create("A", update_time="2026-01-01T00:00:00Z", email="shop@example.com")
    hub.rename("A", "B")
    tree = hub.get("order", order.order_id)
    document = tree.pop("document")
    assert tree == {
        "order_id": order.order_id,
        "external_id": "B",
        "former_external_ids": ["A"],
        "version": 2,
        "digest": order.digest,
        "protocol": "altcraft",
        "endpoint": "website",
        "status": "new",
        "fulfilment": {"status": "PROCESSING", "substatus": "STARTED"},
        "created_at": "2026-01-02T03:04:05Z",
        "updated_at": "2026-01-02T03:04:05.000001Z",
        "ordered_at": "2026-01-02T03:04:05Z",
        "update_time": None,
        "client": "shop",
        "request_id": hub.orders["demo", "B"].request_id,
        "email": "shop@example.com",
        "currency": "USD",
        "total_price": "1900.5",
        "delivery_cost": "100",
        "lines": [
            {
                "external_id": "1",
                "article": "mug",
                "count": 2,
                "price": "900.25",
                "base_price": "950.5",
                "total": "1800.5",
            }
        ],
    }
    assert document == {"external_id": "B", **json.loads(order.document)}


@pytest.mark.parametrize("order_id", ["888", "1", str(2**53 - 1)])
def test_an_order_that_the_account_does_not_have_is_404(order_id: str) -> None:
    hub = Hub()
    hub.create("A", account="other")
    for route in ("order", "history"):
        answer = hub.ask(route, order_id=order_id)
        assert (answer.status, problem(answer)["code"]) == (404, "not_found")
    theirs = order_number(START)
    assert hub.ask("order", order_id=theirs).status == 404


@pytest.mark.parametrize("order_id", ["", "0", "-1", "1.0", "x", str(2**53), "9" * 30, "\u0661"])
def test_an_order_id_is_a_whole_number(order_id: str) -> None:
    for route in ("order", "history"):
        answer = Hub().ask(route, order_id=order_id)
        assert answer.status == 400
        assert problem(answer)["errors"][0]["parameter"] == "order_id"


def test_orders_are_listed_by_creation_in_either_direction() -> None:
    hub = Hub()
    for name in "ABCDE":
        hub.create(name)
        hub.wait(10)
    assert names(hub.get(ORDERS)) == list("EDCBA")
    assert names(hub.get(ORDERS, direction="asc")) == list("ABCDE")
    for direction, expected in (("desc", "EDCBA"), ("asc", "ABCDE")):
        pages = hub.pages(ORDERS, limit=2, direction=direction)
        assert [name for page in pages for name in names(page)] == list(expected)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"created_from": "2026-01-02T03:04:15Z"}, "CB"),
        ({"created_to": "2026-01-02T03:04:15Z"}, "A"),
        ({"created_from": "2026-01-02T03:04:15Z", "created_to": "2026-01-02T03:04:25Z"}, "B"),
        ({"created_from": "2026-01-02T06:04:15 03:00"}, "CB"),
        ({"changed_from": "2026-01-02T03:04:35Z"}, "A"),
        ({"changed_to": "2026-01-02T03:04:16Z"}, "B"),
        ({"status": "paid"}, "A"),
        ({"status": ("paid", "new")}, "CBA"),
        ({"status": "unheard of"}, ""),
        ({"endpoint": "couriers"}, "C"),
        ({"endpoint": ("couriers", "website"), "status": "new"}, "CB"),
        ({"protocol": "altcraft"}, "CBA"),
        ({"protocol": "commercetools"}, ""),
        ({"protocol": ("altcraft", "commercetools"), "status": "paid"}, "A"),
    ],
)
def test_a_list_has_the_orders_that_match_all_its_filters(
    query: dict[str, str | tuple[str, ...]], expected: str
) -> None:
    hub = Hub()
    hub.create("A")
    hub.wait(10)
    hub.create("B")
    hub.wait(10)
    hub.create("C", endpoint="couriers")
    hub.wait(10)
    hub.update("A", status="paid")
    assert names(hub.get(ORDERS, None, **query)) == list(expected)
    pages = hub.pages(ORDERS, None, limit=1, **query)
    assert [name for page in pages for name in names(page)] == list(expected)


@pytest.mark.parametrize("sent", ["A", "B", "C"])
def test_an_order_is_found_by_its_external_id_and_by_its_former_ones(sent: str) -> None:
    hub = Hub()
    hub.create("A")
    hub.rename("A", "B")
    hub.rename("B", "C")
    tree = hub.get(ORDERS, external_id=sent)
    [found] = tree["orders"]
    assert (found["external_id"], found["former_external_ids"]) == ("C", ["A", "B"])
    assert tree["next"] is None
    assert hub.get(ORDERS, external_id=sent, status="paid")["orders"] == []
    assert hub.get(ORDERS, external_id="D")["orders"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "201"),
        ("limit", "ten"),
        ("limit", ""),
        ("limit", ("1", "2")),
        ("direction", "up"),
        ("protocol", "yandex_market"),
        ("created_from", "yesterday"),
        ("changed_to", "2026-13-01"),
        ("created_from", ("2026-01-01", "2026-01-02")),
        ("external_id", ""),
        ("external_id", "x" * 256),
        ("external_id", "\ud800"),
        ("after", "2"),
        ("page", "2"),
        ("Limit", "2"),
        ("status", ("new",) * 51),
    ],
)
def test_a_parameter_that_breaks_a_rule_is_named(name: str, value: str | tuple[str, ...]) -> None:
    answer = Hub().ask(ORDERS, {name: value})
    assert answer.status == 400
    assert problem(answer)["errors"][0]["parameter"] == name
    assert name in problem(answer)["detail"]


def test_a_range_does_not_end_before_it_begins() -> None:
    answer = Hub().ask(ORDERS, {"created_from": "2026-01-02", "created_to": "2026-01-01"})
    assert answer.status == 400
    assert problem(answer)["detail"] == "created_from must not be later than created_to"


def test_a_page_ends_before_its_orders_are_too_much_for_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub = Hub()
    for place in range(5):
        hub.create(f"O{place}", place, comment="x" * 1000)
    monkeypatch.setattr(answers, "MAX_ANSWER_BYTES", 16_000)
    page = hub.get(ORDERS)
    assert names(page) == ["O4", "O3"]
    assert names(hub.get(ORDERS, after=page["next"])) == ["O2", "O1"]
    monkeypatch.undo()
    monkeypatch.setattr(answers, "MAX_SHOWN_CHARACTERS", 2500)
    assert names(hub.get(ORDERS)) == ["O4", "O3"]


def test_a_list_that_examined_enough_orders_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub()
    for place in range(250):
        hub.create(f"O{place}", place, status="paid" if place == 0 else "new")
    monkeypatch.setattr(list_orders, "MAX_EXAMINED", 100)
    pages = hub.pages(ORDERS, status="paid")
    assert [name for page in pages for name in names(page)] == ["O0"]
    assert len(pages) > 2


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_of_changed_orders_have_each_order_once(limit: int, direction: str) -> None:
    hub = Hub()
    for place in range(30):
        hub.create(f"old {place:02}", place)
    hub.wait(1000)
    for place in range(6):
        hub.create(f"young {place}", place)
    hub.wait(10)
    for name in ("old 03", "old 20", "young 1", "young 2", "young 5"):
        hub.update(name, status="paid")
    expected = ["old 03", "old 20", *(f"young {place}" for place in range(6))]
    pages = hub.pages(ORDERS, limit=limit, direction=direction, changed_from="2026-01-02T03:10:00Z")
    listed = [name for page in pages for name in names(page)]
    assert listed == (expected if direction == "asc" else expected[::-1])


def test_too_many_changes_ask_for_a_shorter_range(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub()
    for place in range(50):
        hub.create(f"O{place}", place)
    hub.wait(1000)
    for place in range(20):
        hub.update(f"O{place}", status="paid")
    monkeypatch.setattr(list_orders, "MAX_EXAMINED", 10)
    answer = hub.ask(ORDERS, {"changed_from": "2026-01-02T03:10:00Z"})
    assert answer.status == 400
    assert "changed_from" in problem(answer)["detail"]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "unauthenticated"),
        ({"authorization": "Bearer nobody"}, 401, "unauthenticated"),
        ({"authorization": "Bearer"}, 401, "unauthenticated"),
        ({"authorization": "Basic cmVhZGVy"}, 401, "unauthenticated"),
        ({"api-key": "reader"}, 401, "unauthenticated"),
        ({"authorization": "Bearer writer"}, 403, "forbidden"),
    ],
)
def test_a_bearer_token_that_may_read_is_required(
    headers: dict[str, str], status: int, code: str
) -> None:
    hub = Hub()
    for route in ("orders", "order", "history", "changes", "reconcile"):
        # A wrong request is rejected for its token first, and its body is not read.
        answer = hub.ask(route, {"nonsense": "1"}, "x", b"{", headers)
        assert (answer.status, problem(answer)["code"]) == (status, code)


def test_a_store_that_does_not_answer_is_503_with_the_time_to_wait() -> None:
    hub = Hub()
    hub.index.available = False
    for route in ("orders", "changes"):
        answer = hub.ask(route)
        assert (answer.status, problem(answer)["code"]) == (503, "unavailable")
        assert answer.headers["Retry-After"] == "5"


def test_an_unexpected_error_is_500_without_its_message() -> None:
    hub = Hub()
    hub.orders.orders["demo", "A"] = replace(hub.create("A"), protocol="unheard of")
    answer = hub.ask("orders")
    assert (answer.status, problem(answer)["code"]) == (500, "internal_error")
    assert b"unheard" not in answer.body


def test_orders_of_another_account_are_not_listed() -> None:
    hub = Hub()
    hub.create("A", account="other")
    hub.wait(100)
    assert hub.get(ORDERS)["orders"] == []
    assert hub.get(ORDERS, external_id="A")["orders"] == []
    assert hub.get("changes")["changes"] == []
