"""The history of an order in the hub's own API."""

import pytest

from orders.application import read_history
from orders.domain.history import OrderKey
from orders.protocols.hub import answers
from tests.support.hub import Hub, problem


def test_a_history_has_every_version_with_what_changed() -> None:
    hub = Hub()
    order = hub.create("A")
    hub.wait(1)
    hub.update("A", status="paid", comment="gift")
    hub.wait(1)
    hub.rename("A", "B")
    hub.wait(1)
    hub.update("B", silent=True, comment="none")
    hub.wait(1)
    hub.ship("B")
    tree = hub.get("history", order.order_id)
    assert (tree["order_id"], tree["next"]) == (order.order_id, None)
    versions = tree["versions"]
    assert [each["version"] for each in versions] == [5, 4, 3, 2, 1]
    assert [each["at"][-3:-1] for each in versions] == ["09", "08", "07", "06", "05"]
    assert [each["external_id"] for each in versions] == ["B", "B", "B", "A", "A"]
    assert [each["trigger"] for each in versions] == [
        "OrderUpdated",
        None,
        "OrderExternalIdChanged",
        "OrderStatusChanged",
        "OrderCreated",
    ]
    assert [each["changed"] for each in versions] == [
        {
            "fulfilment": {
                "old": {"status": "PROCESSING", "substatus": "STARTED"},
                "new": {"status": "PROCESSING", "substatus": "READY_TO_SHIP"},
            }
        },
        {"comment": {"old": "gift", "new": "none"}},
        {"external_id": {"old": "A", "new": "B"}},
        {"comment": {"new": "gift"}, "status": {"old": "new", "new": "paid"}},
        {},
    ]
    assert versions[-1] == {
        "version": 1,
        "at": "2026-01-02T03:04:05Z",
        "external_id": "A",
        "status": "new",
        "digest": order.digest,
        "client": "shop",
        "request_id": "import",
        "protocol": "altcraft",
        "trigger": "OrderCreated",
        "changed": {},
    }


def test_changed_lines_are_shown_as_triggers_show_them() -> None:
    hub = Hub()
    order = hub.create("A")
    line = {"external_id": "1", "status": "new", "count": 1, "final_price_per_item": "1"}
    added = {**line, "external_id": "2"}
    hub.update("A", lines=[line])
    hub.update("A", lines=[line, added])
    [latest, *_] = hub.get("history", order.order_id)["versions"]
    assert latest["changed"] == {"lines": {"old": [], "new": [added]}}


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
def test_pages_together_have_every_version_once(limit: int) -> None:
    hub = Hub()
    order = hub.create("A")
    for number in range(6):
        hub.update("A", comment=str(number))
    whole = hub.get("history", order.order_id)["versions"]
    pages = hub.pages("history", order.order_id, limit=limit)
    assert all(1 <= len(page["versions"]) <= limit for page in pages)
    found = [each for page in pages for each in page["versions"]]
    assert found == whole
    assert [each["version"] for each in found] == [7, 6, 5, 4, 3, 2, 1]
    assert all(each["changed"] is not None for each in found)


def test_large_versions_come_in_several_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub()
    order = hub.create("A")
    for number in range(6):
        hub.update("A", comment=str(number) * 2000)
    whole = hub.get("history", order.order_id)["versions"]
    for module, name, value in (
        (answers, "MAX_ANSWER_BYTES", 16_000),
        (answers, "MAX_SHOWN_CHARACTERS", 5000),
        (read_history, "MAX_HISTORY_CHARACTERS", 5000),
        (read_history, "FIRST_ORDERS", 2),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, value)
            pages = hub.pages("history", order.order_id)
            assert [each for page in pages for each in page["versions"]] == whole, name


def test_what_changed_is_not_known_if_the_version_before_is_not_kept() -> None:
    hub = Hub()
    order = hub.create("A")
    for number in range(4):
        hub.update("A", comment=str(number))
    kept = hub.history.versions[OrderKey("demo", order.order_id)]
    del kept[1], kept[3]
    versions = hub.get("history", order.order_id)["versions"]
    assert [(each["version"], each["changed"]) for each in versions] == [
        (5, {"comment": {"old": "2", "new": "3"}}),
        (4, None),
        (2, None),
    ]


def test_a_permanent_deletion_leaves_itself_for_as_long_as_deletions_are_kept() -> None:
    hub = Hub()
    order = hub.create("A")
    hub.update("A", comment="x")
    cursor = hub.get("history", order.order_id, limit=1)["next"]
    hub.wait(1)
    hub.delete("A")
    tree = hub.get("history", order.order_id)
    assert tree["versions"] == [
        {
            "version": 3,
            "at": "2026-01-02T03:04:06Z",
            "external_id": "A",
            "status": None,
            "digest": None,
            "client": "shop",
            "request_id": hub.orders.deleted[0].request_id,
            "protocol": "commercetools",
            "trigger": "OrderDeleted",
            "changed": None,
        }
    ]
    assert hub.get("history", order.order_id, after=cursor)["versions"] == []
    hub.history.deletions.clear()
    answer = hub.ask("history", order_id=order.order_id)
    assert (answer.status, problem(answer)["code"]) == (404, "not_found")


def test_a_cursor_of_another_order_is_rejected() -> None:
    hub = Hub()
    order = hub.create("A")
    hub.update("A", comment="x")
    other = hub.create("B", 1)
    cursor = hub.get("history", order.order_id, limit=1)["next"]
    assert hub.ask("history", {"after": cursor}, other.order_id).status == 400


def test_a_history_has_soft_deletions_and_their_ends() -> None:
    hub = Hub()
    order = hub.create("A")
    hub.wait(1)
    hub.hide("A")
    assert hub.ask("order", order_id=order.order_id).status == 404
    deleted, created = hub.get("history", order.order_id)["versions"]
    assert (created["version"], created["status"]) == (1, "new")
    assert deleted == {
        "version": 2,
        "at": "2026-01-02T03:04:06Z",
        "external_id": "A",
        "status": None,
        "digest": None,
        "client": "shop",
        "request_id": deleted["request_id"],
        "protocol": deleted["protocol"],
        "trigger": "OrderDeleted",
        "changed": None,
    }
    hub.wait(1)
    hub.revive("A")
    hub.wait(1)
    hub.update("A", status="paid")
    updated, revived, *older = hub.get("history", order.order_id)["versions"]
    assert older == [deleted, created]
    assert (revived["trigger"], revived["status"]) == ("OrderCreated", "new")
    assert (revived["digest"], revived["changed"]) == (order.digest, {})
    assert updated["changed"] == {"status": {"old": "new", "new": "paid"}}
