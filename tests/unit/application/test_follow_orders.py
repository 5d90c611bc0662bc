"""List orders by creation, while orders are created."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from orders.application import follow_orders
from orders.application.errors import StorageUnavailableError
from orders.application.follow_orders import FollowedOrders, FollowOrders, FollowQuery
from orders.domain.reading_progress import NOTHING_PASSED, Passed
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.fakes import FakeOrderIndex, FakeOrders
from tests.support.hub import START, order_number
from tests.support.order_changes import new_order


@dataclass
class Shop:
    """An account whose orders are created in any sequence."""

    orders: FakeOrders = field(default_factory=FakeOrders)
    now: datetime = START

    def __post_init__(self) -> None:
        self.index = FakeOrderIndex(self.orders)
        self._follow = FollowOrders(self.index, lambda: self.now)

    def create(self, *places: int, endpoint: str = "website", age: float = 0) -> None:
        for place in places:
            number = order_number(self.now - timedelta(seconds=age), place)
            order = replace(new_order(f"order {place}", number), endpoint=endpoint)
            self.orders.orders["demo", order.external_id] = order

    def follow(
        self,
        limit: int = 10,
        after: Passed = NOTHING_PASSED,
        endpoint: str | None = None,
        deadline: FixedDeadline = DEADLINE,
    ) -> FollowedOrders:
        return self._follow(FollowQuery("demo", limit, endpoint, after), deadline)

    def places(self, listed: FollowedOrders) -> list[int]:
        return [int(each.order.external_id.removeprefix("order ")) for each in listed.orders]


def test_orders_are_listed_oldest_first() -> None:
    shop = Shop()
    shop.create(3, 1, 2)
    first = shop.follow(2)
    assert shop.places(first) == [1, 2]
    second = shop.follow(2, first.passed_with(2))
    assert shop.places(second) == [3]
    end = shop.follow(2, second.passed_with(1))
    assert (end.orders, end.is_cut_short) == ((), False)


def test_a_new_order_is_listed_at_once() -> None:
    shop = Shop()
    shop.create(1)
    assert shop.places(shop.follow()) == [1]


def test_an_order_that_appears_behind_the_reader_is_listed_next() -> None:
    shop = Shop()
    shop.create(5, 7)
    first = shop.follow()
    shop.now += timedelta(seconds=59)
    shop.create(6, 2, age=59)
    shop.create(9)
    second = shop.follow(after=first.passed_with(2))
    assert shop.places(second) == [2, 6, 9]
    third = shop.follow(after=second.passed_with(3))
    assert shop.places(third) == []


def test_a_reader_keeps_its_place_if_it_stops_before_orders_that_it_knows() -> None:
    shop = Shop()
    shop.create(5, 7)
    first = shop.follow()
    shop.create(2, 3, 4)
    second = shop.follow(1, first.passed_with(2))
    assert shop.places(second) == [2]
    shop.now += timedelta(minutes=5)
    third = shop.follow(after=second.passed_with(1))
    assert shop.places(third) == [3, 4]
    assert shop.places(shop.follow(after=third.passed_with(2))) == []


def test_a_reader_that_takes_a_part_of_a_page_gets_the_rest_next() -> None:
    shop = Shop()
    shop.create(1, 2, 3, 4)
    page = shop.follow()
    assert shop.places(shop.follow(after=page.passed_with(0))) == [1, 2, 3, 4]
    assert shop.places(shop.follow(after=page.passed_with(3))) == [4]


def test_the_progress_is_short_once_orders_are_settled() -> None:
    shop = Shop()
    shop.create(*range(1, 1000, 2))
    page = shop.follow(1000)
    assert len(page.passed_with(500).runs) == 500
    shop.now += timedelta(minutes=2)
    assert shop.follow(1000, page.passed_with(500)).passed_with(0).runs == ()


def test_a_reader_waits_if_too_many_runs_are_not_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow_orders, "MAX_RUNS", 3)
    shop = Shop()
    shop.create(2, 4, 6, 8, 10)
    first = shop.follow()
    assert shop.places(first) == [2, 4, 6]
    waiting = shop.follow(after=first.passed_with(3))
    assert (waiting.orders, waiting.is_cut_short) == ((), False)
    shop.now += timedelta(minutes=2)
    assert shop.places(shop.follow(after=waiting.passed_with(0))) == [8, 10]


def test_consecutive_orders_count_as_one() -> None:
    shop = Shop()
    shop.create(*range(1, 1200))
    first = shop.follow(1000)
    assert len(first.passed_with(1000).runs) == 1
    assert len(shop.follow(1000, first.passed_with(1000)).orders) == 199


def test_orders_of_one_endpoint_are_listed() -> None:
    shop = Shop()
    shop.create(1, 3, endpoint="other")
    shop.create(2, 4)
    first = shop.follow(1, endpoint="website")
    assert shop.places(first) == [2]
    assert shop.places(shop.follow(1, first.passed_with(1), "website")) == [4]


def test_a_page_without_an_order_of_the_endpoint_goes_on_beyond_the_usual_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(follow_orders, "MAX_EXAMINED", 10)
    shop = Shop()
    shop.create(*range(1, 500), endpoint="other")
    shop.create(500, *range(502, 520))
    page = shop.follow(endpoint="website")
    assert shop.places(page) == [500]


def test_a_list_without_an_order_of_the_endpoint_ends() -> None:
    shop = Shop()
    shop.create(*range(1, 300), endpoint="other")
    page = shop.follow(endpoint="website")
    assert (page.orders, page.is_cut_short) == ((), False)


def test_a_page_that_finds_nothing_in_time_is_cut_short_and_can_go_on() -> None:
    shop = Shop()
    shop.create(*range(1, 2000), endpoint="other")
    shop.create(2000)
    page = shop.follow(endpoint="website", deadline=FixedDeadline(60, 0.1))
    assert (page.orders, page.is_cut_short) == ((), True)
    shop.index.orders_read = 0
    rest = shop.follow(after=page.passed_with(0), endpoint="website")
    assert shop.places(rest) == [2000]
    assert shop.index.orders_read < 1900


def test_a_page_with_orders_ends_when_the_time_is_over() -> None:
    shop = Shop()
    shop.create(*range(1, 2000))
    page = shop.follow(1000, deadline=FixedDeadline(60, 0.1))
    assert 0 < len(page.orders) < 1000
    assert not page.is_cut_short


def test_a_page_has_hardly_more_characters_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow_orders, "MAX_FOUND_CHARACTERS", 1)
    shop = Shop()
    shop.create(1, 2)
    assert shop.places(shop.follow()) == [1]


def test_a_store_that_does_not_answer_is_reported() -> None:
    shop = Shop()
    shop.index.available = False
    with pytest.raises(StorageUnavailableError):
        shop.follow()
