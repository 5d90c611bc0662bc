"""Request ids are UUIDs of version 7."""

from itertools import pairwise
from time import sleep
from uuid import RFC_4122, UUID

from orders.runtime.composition import new_request_id


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
