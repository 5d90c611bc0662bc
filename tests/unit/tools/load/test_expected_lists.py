"""What the lists must show follows from the stored orders."""

import json
from dataclasses import replace
from datetime import timedelta

from orders.domain.identifiers import uuid_of
from tests.support.order_changes import NOW, new_order
from tools.load.audit_lists import Row
from tools.load.expected_lists import ExpectedLists
from tools.load.reads import times_of
from tools.load.table import Marker, Number, Place

LATER, LAST = NOW + timedelta(seconds=5), NOW + timedelta(seconds=9)
FIRST = replace(new_order("A", 1), version=2, updated_at=LAST)
SECOND = replace(new_order("B", 2), endpoint="kiosk")
IMPORTED = replace(
    new_order("C, renamed", 3),
    version=2,
    updated_at=LATER,
    protocol="commercetools",
    document=json.dumps({"first_number": "C"}),
)
UNNAMED = replace(new_order(uuid_of("demo", 4), 4), protocol="commercetools", document="{}")
MARKER = Marker(Place(Number("demo", 5), LATER), "D", 3)
EXPECTED = ExpectedLists([UNNAMED, FIRST, IMPORTED, SECOND], [MARKER], "website")
ROWS = {1: Row(1, "A", 2), 2: Row(2, "B", 1), 3: Row(3, "C, renamed", 2), 4: Row(4, "", 1)}


def test_commercetools_orders_are_listed_by_id_and_by_change() -> None:
    assert EXPECTED.by_id().rows == [ROWS[1], ROWS[2], ROWS[3], ROWS[4]]
    assert EXPECTED.by_change(NOW).rows == [ROWS[2], ROWS[4], ROWS[3], ROWS[1]]
    assert EXPECTED.by_change(LATER).rows == [ROWS[3], ROWS[1]]


def test_a_message_has_the_first_number_and_version() -> None:
    rows = [Row(3, "C", 1), Row(4, "", 1)]
    assert EXPECTED.messages().rows == rows
    assert EXPECTED.messages(newest_first=True).rows == rows[::-1]


def test_a_campaign_has_the_orders_of_its_endpoint_newest_first() -> None:
    numbers = [row.order_id for row in EXPECTED.campaign().rows]
    assert numbers == [4, 3, 1]
    changed = EXPECTED.changed_in_campaign(LATER)
    assert {row.order_id for row in changed.rows} == {1, 3}
    assert not changed.is_sorted


def test_altcrafts_list_has_all_orders_oldest_first() -> None:
    rows = [(row.order_id, row.external_id) for row in EXPECTED.altcraft().rows]
    assert rows == [(1, "A"), (2, "B"), (3, "C, renamed"), (4, UNNAMED.external_id)]


def test_changes_are_those_after_the_first_version_and_the_deletions() -> None:
    deletion = Row(5, "D", 3, is_deleted=True)
    assert EXPECTED.changes().rows == [ROWS[3], deletion, ROWS[1]]
    assert EXPECTED.changes(newest_first=True).rows == [ROWS[1], deletion, ROWS[3]]


def test_the_times_are_in_whole_seconds_and_cover_all_and_half_of_the_orders() -> None:
    first, middle = times_of(EXPECTED.orders)
    assert (first.microsecond, middle.microsecond) == (0, 0)
    assert first < min(each.created_at for each in EXPECTED.orders)
    assert 0 < len(EXPECTED.by_change(middle).rows) < len(EXPECTED.orders)
