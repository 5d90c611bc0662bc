"""Request ids are UUIDs of version 7."""

from itertools import pairwise
from time import sleep
from uuid import RFC_4122, UUID

from orders.runtime.composition import new_request_id
from orders.runtime.request_ids import (
    is_repeated_request,
    one_request,
    repeat_request,
    request_id,
)


def test_request_ids_sort_by_time() -> None:
    ids = []
    for _ in range(5):
        ids.append(new_request_id())
        sleep(0.002)
    assert all(earlier < later for earlier, later in pairwise(ids))


def test_a_request_id_is_a_uuid_of_version_seven() -> None:
    for _ in range(100):
        identity = UUID(new_request_id())
        assert (identity.version, identity.variant) == (7, RFC_4122)


def test_a_repetition_has_the_id_of_the_request_that_it_repeats() -> None:
    with one_request() as own:
        assert (request_id(), is_repeated_request()) == (own, False)
        repeat_request("first")
        assert (request_id(), is_repeated_request()) == ("first", True)
    assert request_id() not in {own, "first"}
    assert not is_repeated_request()
