"""A client that follows changes gathers the orders of the table, through faults."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
import urllib3

from orders.domain.order import Order
from tests.support.order_changes import NOW, new_order
from tools.load import followed_changes
from tools.load.followed_changes import ChangeFollower, following, wait_until_settled
from tools.load.lists import Shop, UnreadableListError
from tools.load.table import Contents, Marker, Number, Place

type Tree = dict[str, Any]
SHOP = Shop("demo", "secret", "website", 1001, 2001)
FIRST = new_order("A", 1)
CHANGED = replace(new_order("B", 2), version=2)


def change_of(order: Order, kind: str = "created", shows: Order | None = None) -> Tree:
    """Return a change as the hub lists it. `shows` is the order that it includes."""
    tree = {**_members_of(order), "kind": kind}
    if kind == "deleted":
        return tree | {"digest": None, "order": None}
    return tree | {"order": _members_of(shows or order)}


def _members_of(order: Order) -> Tree:
    return {
        "order_id": order.order_id,
        "external_id": order.external_id,
        "version": order.version,
        "digest": order.digest,
    }


@dataclass
class FakeReader:
    """Answers the pages after each other. An error in their place is raised once."""

    pages: list[list[Tree] | Exception] = field(default_factory=list)
    shop: Shop = SHOP
    asked: list[str | None] = field(default_factory=list)
    at_end: Callable[[], None] = lambda: None
    read: int = 0

    def changes(self, after: str | None) -> Tree:
        self.asked.append(after)
        page = self.pages.pop(0) if self.pages else []
        if not self.pages:
            self.at_end()
        if isinstance(page, Exception):
            raise page
        self.read += 1
        return {"changes": page, "next": f"cursor {self.read}", "has_more": bool(self.pages)}


def follower_of(*pages: list[Tree] | Exception) -> tuple[ChangeFollower, FakeReader]:
    reader = FakeReader(list(pages))
    return ChangeFollower(reader), reader  # type: ignore[arg-type]


def details(follower: ChangeFollower, *orders: Order) -> list[str]:
    return [each.detail for each in follower.catch_up(Contents(orders=orders))]


def test_all_pages_together_have_the_orders_of_the_table() -> None:
    follower, reader = follower_of(
        [change_of(FIRST), change_of(replace(CHANGED, version=1))],
        [change_of(CHANGED, "updated"), change_of(new_order("C", 3))],
        [change_of(replace(new_order("C", 3), version=2), "deleted")],
    )
    assert details(follower, FIRST, CHANGED) == []
    assert reader.asked == [None, "cursor 1", "cursor 2"]


def test_a_lost_a_stale_and_an_invented_order_are_differences() -> None:
    follower, _ = follower_of(
        [change_of(replace(CHANGED, version=1)), change_of(new_order("C", 3))]
    )
    found = follower.catch_up(Contents(orders=[FIRST, CHANGED]))
    assert [each.order for each in found] == ["order id 1", "order id 2", "order id 3"]
    assert {each.kind for each in found} == {"followed"}


@pytest.mark.parametrize("version", [1, 2])
def test_a_version_that_does_not_rise_is_a_difference(version: int) -> None:
    again = replace(CHANGED, version=version)
    follower, _ = follower_of([change_of(CHANGED), change_of(again, "updated"), change_of(FIRST)])
    assert details(follower, FIRST, again) == [f"version {version} is listed after 2"]


def test_an_order_that_is_not_that_of_its_change_is_a_difference() -> None:
    follower, _ = follower_of([change_of(FIRST, shows=replace(FIRST, version=2))])
    assert len(details(follower, FIRST)) == 1


def test_a_page_that_failed_is_read_again_with_the_same_cursor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(followed_changes, "_PAUSE_SECONDS", 0)
    broken = [UnreadableListError("503"), urllib3.exceptions.ProtocolError("reset")]
    follower, reader = follower_of([change_of(FIRST)], *broken, [change_of(CHANGED)])
    ended = threading.Event()
    reader.at_end = ended.set
    with following([follower]):
        assert ended.wait(10)
    assert reader.asked[:4] == [None, "cursor 1", "cursor 1", "cursor 1"]
    assert details(follower, FIRST, CHANGED) == []


def test_changes_that_cannot_be_read_at_the_end_are_a_difference() -> None:
    follower, _ = follower_of(UnreadableListError("410"))
    assert [each.kind for each in follower.catch_up(Contents())] == ["unreadable"]


def test_the_last_change_or_deletion_must_be_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    wait_until_settled(Contents())
    recent = datetime.now(UTC)
    wait_until_settled(Contents(orders=[replace(FIRST, updated_at=recent)]))
    marker = Marker(Place(Number("demo", 3), recent), "C", 2)
    wait_until_settled(Contents(orders=[replace(FIRST, updated_at=NOW)], markers=[marker]))
    assert [60 < seconds <= 61 for seconds in slept] == [True, True]
