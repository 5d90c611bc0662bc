"""The audit of histories finds versions that are missing, altered or in another sequence."""

from dataclasses import replace
from datetime import timedelta

import pytest

from orders.domain.history import ReplacedVersion
from orders.domain.order import Order
from tests.support.order_changes import NOW, new_order
from tools.load.audit_history import document_differences, sequence_differences
from tools.load.audit_table import number_of
from tools.load.journal import Entry, Kind, Reply
from tools.load.table import Contents, Marker, Place

VERSIONS = [
    replace(new_order(), version=number, updated_at=NOW + timedelta(seconds=number))
    for number in (1, 2, 3)
]
PRESENT = VERSIONS[-1]
FIRST, SECOND = (ReplacedVersion(each, None, NOW) for each in VERSIONS[:2])
OTHER = ReplacedVersion(replace(VERSIONS[0], order_id=9), None, NOW)
LATER = ReplacedVersion(replace(VERSIONS[0], updated_at=PRESENT.updated_at), None, NOW)


def of_histories(order: Order, *history: ReplacedVersion) -> set[str]:
    contents = Contents(orders=[order])
    return {e.kind for e in sequence_differences(contents, {number_of(order): history})}


def test_a_complete_history_has_no_differences() -> None:
    assert of_histories(PRESENT, SECOND, FIRST) == set()
    assert of_histories(VERSIONS[0]) == set()


def test_a_history_of_a_deleted_order_is_found() -> None:
    number = number_of(PRESENT)
    contents = Contents(markers=[Marker(Place(number, NOW), "A", 4)])
    assert list(sequence_differences(contents, {number: []})) == []
    [difference] = sequence_differences(contents, {number: [FIRST]})
    assert difference.kind == "history"


def test_a_softly_deleted_order_has_the_history_of_a_present_one() -> None:
    number = number_of(PRESENT)
    hidden = Contents(hidden=[PRESENT], markers=[Marker(Place(number, NOW), "A", 3)])
    assert list(sequence_differences(hidden, {number: [SECOND, FIRST]})) == []
    [difference] = sequence_differences(hidden, {number: [FIRST]})
    assert difference.kind == "history"


@pytest.mark.parametrize(
    "history",
    [
        [],
        [FIRST],
        [SECOND],
        [FIRST, SECOND],
        [SECOND, SECOND, FIRST],
        [SECOND, OTHER],
        [SECOND, LATER],
    ],
)
def test_another_history_is_found(history: list[ReplacedVersion]) -> None:
    assert of_histories(PRESENT, *history) == {"history"}


DOCUMENT = {"total_price": "7.50", "email": "shop@example.com"}
IMPORTED = Entry("north", "A", Kind.IMPORT, Reply.ACKNOWLEDGED, "A", DOCUMENT, version=1)
NAME, PRESENT_NAME = ("north", "A", 1), ("north", "A", 2)


def test_a_kept_version_has_the_document_that_was_acknowledged() -> None:
    kept = {NAME: {**DOCUMENT, "total_price": "7.5"}}
    assert list(document_differences([IMPORTED], {}, kept)) == []
    altered = {NAME: {**DOCUMENT, "total_price": "8"}}
    [difference] = document_differences([IMPORTED], {}, altered)
    assert difference.kind == "altered history"


def test_an_acknowledged_version_that_is_not_kept_is_found() -> None:
    [difference] = document_differences([IMPORTED], {PRESENT_NAME: DOCUMENT}, {})
    assert difference.kind == "history"


def test_the_present_version_and_other_outcomes_are_not_expected_in_the_history() -> None:
    assert list(document_differences([IMPORTED], {NAME: DOCUMENT}, {})) == []
    for entry in (
        replace(IMPORTED, reply=Reply.UNKNOWN),
        replace(IMPORTED, kind=Kind.MOVE),
        replace(IMPORTED, version=0),
    ):
        assert list(document_differences([entry], {}, {})) == []


def test_the_versions_of_a_permanently_deleted_order_are_not_expected() -> None:
    deleted = replace(IMPORTED, kind=Kind.DELETE, document={}, version=0)
    for reply in (Reply.ACKNOWLEDGED, Reply.UNKNOWN):
        journal = [IMPORTED, replace(deleted, reply=reply)]
        assert list(document_differences(journal, {}, {})) == []
    refused = [IMPORTED, replace(deleted, reply=Reply.REFUSED)]
    assert len(list(document_differences(refused, {}, {}))) == 1
