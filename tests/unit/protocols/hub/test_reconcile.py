"""The comparison of a shop's orders with the hub's."""

import json
from typing import Any

import pytest

from orders.protocols import http
from tests.support.hub import RECONCILE, Hub, problem

type Tree = dict[str, Any]

TIME = "2026-01-01T00:00:00Z"


@pytest.fixture
def hub() -> Hub:
    hub = Hub()
    hub.create("A", comment="a")
    hub.create("B", 1)
    hub.rename("B", "B2")
    return hub


def results(tree: Tree) -> list[str]:
    return [each["result"] for each in tree["results"]]


def test_each_order_is_equal_different_missing_or_renamed(hub: Hub) -> None:
    stored = hub.orders["demo", "A"]
    tree = hub.reconcile(
        {"external_id": "A", "digest": stored.digest},
        {"external_id": "A", "digest": "0" * 64},
        {"external_id": "none", "version": 1},
        {"external_id": "B", "version": 2},
        {"external_id": "B", "version": 7},
        {"external_id": "B2", "version": 2},
    )
    assert tree["counts"] == {"equal": 2, "different": 1, "missing": 1, "renamed": 2}
    found: Tree = {
        "order_id": stored.order_id,
        "version": 1,
        "digest": stored.digest,
        "update_time": None,
    }
    renamed = hub.orders["demo", "B2"]
    other = {**found, "order_id": renamed.order_id, "version": 2, "digest": renamed.digest}
    name = {"present_external_id": "B2"}
    assert tree["results"] == [
        {"external_id": "A", "result": "equal", **found},
        {"external_id": "A", "result": "different", **found},
        {"external_id": "none", "result": "missing"},
        {"external_id": "B", "result": "renamed", **name, "content_agrees": True, **other},
        {"external_id": "B", "result": "renamed", **name, "content_agrees": False, **other},
        {"external_id": "B2", "result": "equal", **other},
    ]


def test_all_that_is_sent_of_an_order_is_compared(hub: Hub) -> None:
    digest = hub.orders["demo", "A"].digest
    for expected, sent in (
        ("equal", {"digest": digest}),
        ("equal", {"digest": digest.upper()}),
        ("equal", {"version": 1}),
        ("equal", {"digest": digest, "version": 1}),
        ("equal", {"digest": digest, "version": 1, "update_time": None}),
        ("different", {"version": 2}),
        ("different", {"digest": digest, "version": 2}),
        ("different", {"update_time": TIME}),
    ):
        assert results(hub.reconcile({"external_id": "A", **sent})) == [expected], sent


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (TIME, "equal"),
        ("2026-01-01T03:00:00+03:00", "equal"),
        ("2026-01-01 00:00:00", "equal"),
        ("2026-01-01", "equal"),
        ("2026-01-01T00:00:01Z", "different"),
    ],
)
def test_times_are_compared_as_moments(sent: str, expected: str) -> None:
    hub = Hub()
    order = hub.create("A")
    object.__setattr__(
        order, "update_time", hub.now.replace(month=1, day=1, hour=0, minute=0, second=0)
    )
    assert results(hub.reconcile({"external_id": "A", "update_time": sent})) == [expected]


def test_whole_numbers_may_have_a_fraction_of_zero_and_ids_may_be_numbers() -> None:
    hub = Hub()
    hub.create("7")
    for sent in (b'{"external_id":7,"version":1}', b'{"external_id":"7","version":1.0}'):
        answer = hub.ask(RECONCILE, body=b'{"orders":[' + sent + b"]}")
        assert results(json.loads(answer.body)) == ["equal"]


def test_orders_of_another_account_are_missing(hub: Hub) -> None:
    hub.create("C", 2, account="other")
    assert results(hub.reconcile({"external_id": "C", "version": 1})) == ["missing"]


def test_nothing_to_compare_is_compared(hub: Hub) -> None:
    assert hub.reconcile()["results"] == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/orders"),
        ({"orders": {}}, "/orders"),
        ({"orders": [], "more": 1}, "/more"),
        ({"orders": ["A"]}, "/orders/0"),
        ({"orders": [{"version": 1}]}, "/orders/0/external_id"),
        ({"orders": [{"external_id": 7.5, "version": 1}]}, "/orders/0/external_id"),
        ({"orders": [{"external_id": True, "version": 1}]}, "/orders/0/external_id"),
        ({"orders": [{"external_id": "", "version": 1}]}, "/orders/0/external_id"),
        ({"orders": [{"external_id": "x" * 256, "version": 1}]}, "/orders/0/external_id"),
        ({"orders": [{"external_id": "A"}]}, "/orders/0"),
        ({"orders": [{"external_id": "A", "digest": "abc"}]}, "/orders/0/digest"),
        ({"orders": [{"external_id": "A", "version": 0}]}, "/orders/0/version"),
        ({"orders": [{"external_id": "A", "version": "1"}]}, "/orders/0/version"),
        ({"orders": [{"external_id": "A", "version": True}]}, "/orders/0/version"),
        ({"orders": [{"external_id": "A", "version": 1.5}]}, "/orders/0/version"),
        ({"orders": [{"external_id": "A", "version": 2**60}]}, "/orders/0/version"),
        ({"orders": [{"external_id": "A", "update_time": "now"}]}, "/orders/0/update_time"),
        ({"orders": [{"external_id": "A", "version": 1, "etag": 1}]}, "/orders/0/etag"),
        (
            {"orders": [{"external_id": "A", "version": 1}, {"external_id": "B", "version": -1}]},
            "/orders/1/version",
        ),
        (b'{"orders": [{"external_id": "A", "external_id": "B"}]}', "/orders/0/external_id"),
        ({"orders": [{"external_id": "A", "version": 1}] * 10_001}, "/orders"),
    ],
)
def test_a_fault_in_the_body_is_named_by_its_pointer(body: object, pointer: str) -> None:
    answer = Hub().ask(RECONCILE, body=body)
    assert answer.status == 400
    tree = problem(answer)
    assert tree["code"] == "invalid_body"
    assert tree["errors"][0]["pointer"] == pointer
    assert pointer in tree["detail"]


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b'"orders"', b"<orders/>", b"\xff"])
def test_a_body_must_be_a_json_object(body: bytes) -> None:
    answer = Hub().ask(RECONCILE, body=body)
    assert (answer.status, problem(answer)["code"]) == (400, "invalid_body")


def test_another_media_type_is_rejected() -> None:
    headers = {"authorization": "Bearer reader", "content-type": "text/csv"}
    answer = Hub().ask(RECONCILE, body={"orders": []}, headers=headers)
    assert (answer.status, problem(answer)["code"]) == (415, "unsupported_media_type")


def test_many_faults_are_limited() -> None:
    answer = Hub().ask(RECONCILE, body={"orders": [{}] * 100})
    assert len(problem(answer)["errors"]) == 20


def test_results_that_do_not_fit_in_one_answer_ask_for_fewer_orders(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 100)
    body = {"orders": [{"external_id": "A", "version": 1}]}
    answer = hub.ask(RECONCILE, body=body)
    assert (answer.status, problem(answer)["code"]) == (413, "too_large")


def test_ten_thousand_orders_are_compared_in_one_request() -> None:
    hub = Hub()
    hub.create("O7")
    orders = [{"external_id": f"O{number}", "version": 1} for number in range(10_000)]
    tree = hub.reconcile(*orders)
    assert tree["counts"]["missing"] == 9_999
    assert len(json.dumps(tree)) > 100_000
