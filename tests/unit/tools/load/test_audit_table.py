"""The audit of a table finds what is wrong in its indexes, markers and history."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orders.domain.order import Presence
from orders.domain.order_numbers import first_number_of, second_of
from tests.support.order_changes import new_order
from tools.load.audit import Difference
from tools.load.audit_table import (
    change_differences,
    entry_differences,
    history_differences,
    number_of,
    orphans,
    place_of,
)
from tools.load.table import Contents, Entry, Marker, Number, Place

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FIRST = new_order("A", first_number_of(second_of(NOW)))
CHANGED = replace(
    new_order("B", FIRST.order_id + 1), version=3, updated_at=NOW + timedelta(seconds=1)
)
DELETED = Number("demo", FIRST.order_id + 2)
MARKER = Marker(Place(DELETED, NOW), "C", 2)
HIDDEN = replace(new_order("D", FIRST.order_id + 3), version=2, presence=Presence.HIDDEN)
HIDDEN_MARKER = Marker(Place(number_of(HIDDEN), NOW), "D", 2)
CONTENTS = Contents(
    orders=[FIRST, CHANGED],
    entries=[Entry(number_of(FIRST), "A"), Entry(number_of(CHANGED), "B", ("former",))],
    hidden=[HIDDEN],
    hidden_entries=[Entry(number_of(HIDDEN), "D")],
    markers=[MARKER, HIDDEN_MARKER],
    tombstones=[DELETED],
    places=[place_of(CHANGED), MARKER.place, HIDDEN_MARKER.place],
    versions=[(number_of(CHANGED), (1, 2)), (number_of(HIDDEN), (1,))],
)
LATE = NOW + timedelta(minutes=1)


def kinds(found: Iterable[Difference]) -> set[str]:
    return {each.kind for each in found}


def of_entries(now: datetime = LATE, **changes: object) -> set[str]:
    contents = replace(CONTENTS, **changes)  # type: ignore[arg-type]
    return kinds(entry_differences(contents, now, lambda at: at + timedelta(seconds=30)))


def of_changes(**changes: object) -> set[str]:
    return kinds(change_differences(replace(CONTENTS, **changes)))  # type: ignore[arg-type]


def of_history(*versions: tuple[Number, tuple[int, ...]]) -> set[str]:
    return kinds(history_differences(replace(CONTENTS, versions=versions)))


def test_correct_items_have_no_differences() -> None:
    assert of_entries() == of_changes() == of_history(*CONTENTS.versions) == set()


def test_a_softly_deleted_order_without_its_entry_is_found() -> None:
    assert of_entries(hidden_entries=[]) == {"hidden entry"}
    assert of_entries(hidden=[]) == {"hidden entry"}
    assert of_entries(entries=[*CONTENTS.entries, Entry(number_of(HIDDEN), "D")]) == {
        "orphan entry"
    }


def test_a_softly_deleted_order_without_its_marker_or_history_is_found() -> None:
    markers, places = [MARKER], [place_of(CHANGED), MARKER.place]
    assert of_changes(markers=markers, places=places) == {"marker"}
    assert of_history(*CONTENTS.versions[:1]) == {"history"}


def test_an_order_without_its_index_entry_is_found() -> None:
    assert of_entries(entries=CONTENTS.entries[:1]) == {"not indexed"}


def test_an_index_entry_with_a_former_external_id_is_found() -> None:
    former = replace(CONTENTS.entries[1], name="former")
    assert of_entries(entries=[CONTENTS.entries[0], former]) == {"not indexed"}


def test_an_index_entry_without_an_order_is_found_after_the_end_of_its_writer() -> None:
    orphan = Entry(DELETED, "C")
    entries = [*CONTENTS.entries, orphan]
    assert of_entries(entries=entries) == {"orphan entry"}
    assert of_entries(NOW + timedelta(seconds=29), entries=entries) == set()
    assert orphans(replace(CONTENTS, entries=entries)) == [orphan]


def test_a_change_that_is_not_listed_is_found() -> None:
    assert of_changes(places=[MARKER.place, HIDDEN_MARKER.place]) == {"no change"}
    assert of_changes(places=[place_of(CHANGED), HIDDEN_MARKER.place]) == {"no change"}


@pytest.mark.parametrize(
    "place", [place_of(FIRST), replace(place_of(CHANGED), changed_at=NOW), MARKER.place]
)
def test_a_change_that_is_listed_wrongly_is_found(place: Place) -> None:
    assert of_changes(places=[*CONTENTS.places, place]) == {"wrong change"}


def test_a_deletion_without_its_marker_is_found() -> None:
    places = [place_of(CHANGED), HIDDEN_MARKER.place]
    assert of_changes(markers=[HIDDEN_MARKER], places=places) == {"marker"}


def test_a_marker_of_an_order_that_was_never_deleted_is_found() -> None:
    assert of_changes(tombstones=[]) == {"marker"}
    marker = Marker(place_of(FIRST), "A", 2)
    places = [*CONTENTS.places, marker.place]
    numbers = [DELETED, number_of(FIRST)]
    markers = [*CONTENTS.markers, marker]
    assert of_changes(markers=markers, places=places, tombstones=numbers) == {"marker"}


@pytest.mark.parametrize("versions", [(), (1,), (2,), (1, 2, 3), (1, 1, 2)])
def test_a_history_with_other_versions_is_found(versions: tuple[int, ...]) -> None:
    hidden = (number_of(HIDDEN), (1,))
    assert of_history((number_of(CHANGED), versions), hidden) == {"history"}


def test_a_history_of_an_unchanged_or_a_deleted_order_is_found() -> None:
    for number in (number_of(FIRST), DELETED):
        assert of_history(*CONTENTS.versions, (number, (1,))) == {"history"}
