"""The changes of the hub's own API."""

from typing import Any

import pytest

from orders.application import read_changes
from orders.protocols.hub import answers
from tests.support.hub import CHANGES, Hub, problem

DAY = 24 * 3600


def kinds(tree: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(each["external_id"], each["kind"], each["version"]) for each in tree["changes"]]


def test_a_change_has_ids_version_time_kind_and_digest() -> None:
    hub = Hub()
    created = hub.create("A")
    hub.wait(100)
    [change] = hub.get(CHANGES)["changes"]
    assert change == {
        "kind": "created",
        "at": "2026-01-02T03:04:05Z",
        "order_id": created.order_id,
        "external_id": "A",
        "version": 1,
        "digest": created.digest,
    }
    [with_order] = hub.get(CHANGES, include="order")["changes"]
    assert with_order.pop("order") == hub.get("order", created.order_id)
    assert with_order == change


def test_every_kind_of_change_is_listed_once_at_the_present_version() -> None:
    hub = Hub()
    for place, name in enumerate("ABCDE"):
        hub.create(name, place)
    hub.wait(10)
    hub.update("C", status="paid")
    hub.ship("C")
    hub.wait(10)
    hub.rename("D", "D2")
    hub.wait(10)
    hub.delete("E")
    hub.wait(100)
    tree = hub.get(CHANGES)
    assert kinds(tree) == [
        ("A", "created", 1),
        ("B", "created", 1),
        ("C", "updated", 3),
        ("D2", "updated", 2),
        ("E", "deleted", 2),
    ]
    assert tree["has_more"] is False
    assert tree["changes"][-1]["digest"] is None
    assert hub.get(CHANGES, include="order")["changes"][-1]["order"] is None


def test_a_reader_learns_of_each_later_change_after_its_cursor() -> None:
    hub = Hub()
    hub.create("A")
    hub.wait(100)
    cursor = hub.get(CHANGES)["next"]
    assert kinds(hub.get(CHANGES, after=cursor)) == []
    hub.create("B")
    hub.update("A", status="paid")
    hub.wait(100)
    tree = hub.get(CHANGES, after=cursor)
    assert sorted(kinds(tree)) == [("A", "updated", 2), ("B", "created", 1)]
    # The same cursor returns the same again, so that a reader that failed can repeat its request.
    assert hub.get(CHANGES, after=cursor) == tree
    assert kinds(hub.get(CHANGES, after=tree["next"])) == []


@pytest.mark.parametrize("seconds", [0, 30, 59])
def test_changes_of_the_last_minute_are_not_settled(seconds: int) -> None:
    hub = Hub()
    hub.create("old")
    hub.wait(200)
    hub.create("new")
    hub.update("old", status="paid")
    hub.wait(seconds)
    tree = hub.get(CHANGES)
    # The old order is listed when its last change is settled.
    assert kinds(tree) == []
    assert tree["has_more"] is False
    hub.wait(62)
    assert sorted(kinds(hub.get(CHANGES, after=tree["next"]))) == [
        ("new", "created", 1),
        ("old", "updated", 2),
    ]


def test_pages_together_have_every_change_once() -> None:
    hub = Hub()
    for number in range(30):
        hub.create(f"O{number}", number)
        hub.wait(7)
    for number in range(0, 30, 3):
        hub.update(f"O{number}", status="paid")
        hub.wait(1)
    hub.delete("O1")
    hub.wait(100)
    pages = hub.pages(CHANGES, limit=4)
    assert max(len(page["changes"]) for page in pages) <= 4
    found = [each for page in pages for each in kinds(page)]
    assert found == kinds(hub.get(CHANGES, limit=200))
    assert len(found) == len({name for name, _, _ in found}) == 30


def test_an_order_that_changes_between_two_pages_is_listed_again() -> None:
    hub = Hub()
    for place, name in enumerate("ABCD"):
        hub.create(name, place)
    hub.wait(100)
    first = hub.get(CHANGES, limit=2)
    assert kinds(first) == [("A", "created", 1), ("B", "created", 1)]
    hub.update("A", status="paid")
    hub.update("C", status="paid")
    hub.wait(100)
    rest = hub.get(CHANGES, after=first["next"])
    assert kinds(rest) == [("D", "created", 1), ("A", "updated", 2), ("C", "updated", 2)]


def test_a_cursor_older_than_deletions_are_kept_is_410() -> None:
    hub = Hub()
    hub.create("A")
    hub.wait(100)
    cursor = hub.get(CHANGES)["next"]
    hub.wait(90 * DAY - 200)
    assert hub.ask(CHANGES, {"after": cursor}).status == 200
    hub.wait(300)
    answer = hub.ask(CHANGES, {"after": cursor})
    assert (answer.status, problem(answer)["code"]) == (410, "cursor_expired")
    assert "without after" in problem(answer)["detail"]


def test_a_reader_that_asks_regularly_needs_no_changes_to_keep_its_cursor() -> None:
    hub = Hub()
    hub.create("A")
    hub.update("A", status="paid")
    hub.wait(100)
    cursor = hub.get(CHANGES)["next"]
    for _ in range(4):
        hub.wait(60 * DAY)
        tree = hub.get(CHANGES, after=cursor)
        assert kinds(tree) == []
        cursor = tree["next"]


def test_a_first_reading_may_begin_with_changes_older_than_deletions_are_kept() -> None:
    hub = Hub()
    for place, name in enumerate("ABC"):
        hub.create(name, place)
        hub.update(name, status="paid")
    hub.wait(200 * DAY)
    page = hub.get(CHANGES, limit=1)
    hub.wait(DAY)
    rest = hub.get(CHANGES, limit=2, after=page["next"])
    assert kinds(page) + kinds(rest) == [(name, "updated", 2) for name in "ABC"]


def test_a_reading_that_stops_in_the_middle_expires_too() -> None:
    hub = Hub()
    for place, name in enumerate("ABC"):
        hub.create(name, place)
    hub.wait(100)
    page = hub.get(CHANGES, limit=1)
    hub.wait(91 * DAY)
    assert hub.ask(CHANGES, {"after": page["next"]}).status == 410


def test_a_page_that_ends_early_is_followed_by_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub()
    for number in range(60):
        hub.create(f"O{number}", number, comment="x" * 500)
    hub.wait(10)
    for number in range(10):
        hub.update(f"O{number}", status="paid")
    hub.wait(100)
    expected = kinds(hub.get(CHANGES, limit=100))
    assert len(expected) == 60
    for module, name, value in (
        (answers, "MAX_ANSWER_BYTES", 14_000),
        (answers, "MAX_SHOWN_CHARACTERS", 2000),
        (read_changes, "MAX_FOUND_CHARACTERS", 2000),
        (read_changes, "MAX_READ_CHARACTERS", 20_000),
        (read_changes, "MAX_EXAMINED", 55),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, value)
            pages = hub.pages(CHANGES, include="order", limit=100)
            assert len(pages) > 1, name
            assert sorted(each for page in pages for each in kinds(page)) == sorted(expected)


@pytest.mark.parametrize("name", ["include", "limit", "after", "status"])
def test_a_parameter_of_changes_that_breaks_a_rule_is_named(name: str) -> None:
    answer = Hub().ask(CHANGES, {name: "document"})
    assert answer.status == 400
    assert problem(answer)["errors"][0]["parameter"] == name


def test_a_soft_deletion_is_a_deletion_and_its_end_a_revival() -> None:
    hub = Hub()
    for place, name in enumerate("AB"):
        hub.create(name, place)
    hub.wait(10)
    hub.hide("A")
    hub.wait(100)
    tree = hub.get(CHANGES, include="order")
    assert kinds(tree) == [("B", "created", 1), ("A", "deleted", 2)]
    assert (tree["changes"][1]["digest"], tree["changes"][1]["order"]) == (None, None)
    hub.revive("A")
    hub.wait(100)
    following = hub.get(CHANGES, after=tree["next"], include="order")
    assert kinds(following) == [("A", "revived", 3)]
    assert following["changes"][0]["order"]["version"] == 3
    hub.update("A", status="paid")
    hub.wait(100)
    assert kinds(hub.get(CHANGES, after=following["next"])) == [("A", "updated", 4)]
    assert kinds(hub.get(CHANGES)) == [("B", "created", 1), ("A", "updated", 4)]
