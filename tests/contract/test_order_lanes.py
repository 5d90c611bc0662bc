"""The contract of OrderLanes. The fake and the DynamoDB adapter must both pass."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from orders.adapters.dynamodb_order_lanes import DynamoOrderLanes
from orders.application.errors import StorageUnavailableError
from orders.application.ports import OrderLanes
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.fakes import FakeOrderLanes
from tests.support.template_tables import create_table


@pytest.fixture(params=["memory", "dynamodb"])
def lanes(request: pytest.FixtureRequest) -> OrderLanes:
    if request.param == "memory":
        return FakeOrderLanes()
    client = request.getfixturevalue("dynamodb")
    return DynamoOrderLanes(client, create_table(client))


def test_the_lanes_of_each_account_and_window_are_counted_from_0(lanes: OrderLanes) -> None:
    assert [lanes.open("demo", 7, DEADLINE) for _ in range(3)] == [0, 1, 2]
    assert lanes.open("demo", 8, DEADLINE) == 0
    assert lanes.open("other", 7, DEADLINE) == 0


def test_shared_places_follow_each_other_inside_the_room(lanes: OrderLanes) -> None:
    assert lanes.share("demo", 7, range(100, 200), 10, DEADLINE) == range(100, 110)
    assert lanes.share("demo", 7, range(100, 200), 5, DEADLINE) == range(110, 115)
    assert lanes.share("demo", 7, range(90, 190), 5, DEADLINE) == range(115, 120)
    assert lanes.share("demo", 7, range(150, 250), 5, DEADLINE) == range(150, 155)
    assert lanes.share("demo", 8, range(100, 200), 1, DEADLINE) == range(100, 101)
    assert lanes.share("other", 7, range(100, 200), 1, DEADLINE) == range(100, 101)


def test_there_are_no_shared_places_beyond_the_room(lanes: OrderLanes) -> None:
    assert lanes.share("demo", 7, range(100, 110), 11, DEADLINE) is None
    assert lanes.share("demo", 7, range(100, 110), 8, DEADLINE) == range(100, 108)
    assert lanes.share("demo", 7, range(100, 110), 3, DEADLINE) is None
    assert lanes.share("demo", 7, range(100, 110), 2, DEADLINE) == range(108, 110)
    assert lanes.share("demo", 7, range(100, 110), 1, DEADLINE) is None
    assert lanes.share("demo", 7, range(100, 100), 1, DEADLINE) is None


def test_lanes_can_be_opened_and_shared_in_one_window(lanes: OrderLanes) -> None:
    lanes.share("demo", 7, range(100, 200), 10, DEADLINE)
    assert lanes.open("demo", 7, DEADLINE) == 0
    assert lanes.share("demo", 7, range(100, 200), 1, DEADLINE) == range(110, 111)
    assert lanes.open("demo", 7, DEADLINE) == 1


def test_no_call_is_made_after_the_deadline(lanes: OrderLanes) -> None:
    with pytest.raises(StorageUnavailableError):
        lanes.open("demo", 7, FixedDeadline(0))
    with pytest.raises(StorageUnavailableError):
        lanes.share("demo", 7, range(1, 9), 1, FixedDeadline(0))
    assert lanes.open("demo", 7, DEADLINE) == 0


def test_parallel_calls_never_get_the_same(lanes: OrderLanes) -> None:
    if isinstance(lanes, FakeOrderLanes):
        return

    def take(number: int) -> tuple[int, range | None]:
        room = range(100 + number % 3, 5000)
        return lanes.open("demo", 7, DEADLINE), lanes.share("demo", 7, room, 3, DEADLINE)

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take, range(48)))
    assert sorted(number for number, _ in taken) == list(range(48))
    places = [place for _, found in taken for place in found or ()]
    assert len(set(places)) == len(places) == 3 * 48
