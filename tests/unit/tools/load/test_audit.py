"""The audit finds every kind of difference, and reports none for correct data."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tools.load.audit import Published, Stored, altered_members, differences
from tools.load.journal import Entry, Kind, Reply, read_journal

DOCUMENT: dict[str, Any] = {
    "email": "shop@example.com",
    "total_price": "1900.50",
    "lines": [{"external_id": "1", "final_price_per_item": "900.25", "count": 2}],
}
CHANGED = {**DOCUMENT, "total_price": "7"}


def entry(kind: Kind, **changes: Any) -> Entry:  # noqa: ANN401
    fields: dict[str, Any] = {
        "account": "north",
        "order": "A",
        "reply": Reply.ACKNOWLEDGED,
        "external_id": "A",
        "document": {},
    }
    return Entry(kind=kind, **(fields | changes))


IMPORTED = entry(Kind.IMPORT, document=DOCUMENT, version=1)
UPDATED = entry(Kind.IMPORT, document=CHANGED, version=2)
RENAMED = entry(Kind.RENAME, external_id="B")
DELETED = entry(Kind.DELETE)
JOURNAL = [IMPORTED, UPDATED, RENAMED]
STORED = Stored("north", "B", 7, 3, CHANGED)


def published(version: int, kind: str = "OrderUpdated", **changes: Any) -> Published:  # noqa: ANN401
    trigger = Published("north", f"id-{version}", kind, 7, version, "A" if version < 3 else "B")
    return replace(trigger, **changes)


PUBLISHED = [published(1), published(2), published(3), published(3)]


def kinds(*arguments: Any) -> set[str]:  # noqa: ANN401
    return {each.kind for each in differences(*arguments)}


def test_correct_data_has_no_differences() -> None:
    assert differences(JOURNAL, [STORED], PUBLISHED) == []


def test_a_lost_order_is_found() -> None:
    assert "lost" in kinds(JOURNAL, [], PUBLISHED)


def test_an_order_with_another_external_id_is_found() -> None:
    assert "renamed" in kinds(JOURNAL, [replace(STORED, external_id="A")], PUBLISHED)


def test_an_order_stored_under_both_external_ids_is_found() -> None:
    twice = [STORED, replace(STORED, external_id="A", order_id=8)]
    assert "doubled" in kinds(JOURNAL, twice, PUBLISHED)


def test_an_order_id_that_two_orders_share_is_found() -> None:
    others = replace(STORED, external_id="Z")
    assert "doubled" in kinds(JOURNAL, [STORED, others], PUBLISHED)


@pytest.mark.parametrize(
    "document",
    [
        {**CHANGED, "total_price": "7.00000001"},
        {**CHANGED, "email": "other@example.com"},
        {**CHANGED, "lines": []},
        {**CHANGED, "lines": [{**DOCUMENT["lines"][0], "count": 3}]},
        {name: value for name, value in CHANGED.items() if name != "email"},
        DOCUMENT,
    ],
)
def test_an_altered_order_is_found(document: dict[str, Any]) -> None:
    assert kinds(JOURNAL, [replace(STORED, document=document)], PUBLISHED) == {"altered"}


def test_an_older_version_is_found() -> None:
    found = kinds([IMPORTED, UPDATED], [Stored("north", "A", 7, 1, CHANGED)], [published(1)])
    assert "older" in found


def test_amounts_are_compared_as_numbers_and_other_texts_as_texts() -> None:
    assert list(altered_members({"a": "7.50", "b": 2}, {"a": "7.5", "b": "2"})) == []
    assert list(altered_members({"a": "x "}, {"a": "x"}))
    assert list(altered_members({"a": "12345678901234567.01"}, {"a": "12345678901234567.02"}))


def test_a_missing_trigger_is_found() -> None:
    assert kinds(JOURNAL, [STORED], [published(1), published(3)]) == {"no trigger"}


def test_an_invented_trigger_is_found() -> None:
    assert kinds(JOURNAL, [STORED], [*PUBLISHED, published(4)]) == {"invented"}
    strange = published(1, order_id=99, id="strange")
    assert kinds(JOURNAL, [STORED], [*PUBLISHED, strange]) == {"invented"}


def test_two_triggers_of_one_version_are_found() -> None:
    assert "two triggers" in kinds(JOURNAL, [STORED], [*PUBLISHED, published(2, id="other")])


def test_a_trigger_id_that_two_changes_share_is_found() -> None:
    assert "one id" in kinds(JOURNAL, [STORED], [*PUBLISHED[:2], published(3, id="id-2")])


def test_a_deleted_order_is_removed_and_its_deletion_is_published() -> None:
    journal = [IMPORTED, DELETED]
    triggers = [published(1), published(2, "OrderDeleted")]
    assert differences(journal, [], triggers) == []
    assert "no trigger" in kinds(journal, [], [published(1)])
    back = Stored("north", "A", 7, 1, DOCUMENT)
    assert "back again" in kinds(journal, [back], triggers)


def test_a_rejected_order_is_not_stored() -> None:
    refused = replace(IMPORTED, reply=Reply.REFUSED)
    assert differences([refused], [], []) == []
    assert "back again" in kinds([refused], [Stored("north", "A", 7, 1, DOCUMENT)], [published(1)])


@pytest.mark.parametrize("document", [DOCUMENT, CHANGED])
def test_an_import_with_an_unknown_outcome_may_be_stored_or_not(document: dict[str, Any]) -> None:
    journal = [IMPORTED, replace(UPDATED, reply=Reply.UNKNOWN, version=0)]
    stored = Stored("north", "A", 7, 1, document)
    assert differences(journal, [stored], [published(1)]) == []
    third = replace(stored, document={**DOCUMENT, "total_price": "3"})
    assert kinds(journal, [third], [published(1)]) == {"altered"}


def test_a_first_import_with_an_unknown_outcome_may_be_stored_or_not() -> None:
    journal = [replace(IMPORTED, reply=Reply.UNKNOWN, version=0)]
    assert differences(journal, [], []) == []
    stored = Stored("north", "A", 7, 1, DOCUMENT)
    assert differences(journal, [stored], [published(1)]) == []


def test_a_rename_with_an_unknown_outcome_permits_both_external_ids() -> None:
    journal = [IMPORTED, replace(RENAMED, reply=Reply.UNKNOWN)]
    for name in ("A", "B"):
        assert differences(journal, [Stored("north", name, 7, 1, DOCUMENT)], [published(1)]) == []


def test_a_later_answer_settles_an_unknown_outcome() -> None:
    journal = [replace(UPDATED, reply=Reply.UNKNOWN, version=0), IMPORTED]
    stored = Stored("north", "A", 7, 1, CHANGED)
    assert kinds(journal, [stored], [published(1)]) == {"altered"}


def test_a_journal_is_read_back_unchanged(tmp_path: Path) -> None:
    lines = [each.written() for each in JOURNAL]
    assert json.loads(lines[0])["kind"] == "import"
    (tmp_path / "shop-1.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert list(read_journal(tmp_path)) == JOURNAL


HIDDEN = entry(Kind.HIDE)
REVIVED = entry(Kind.REVIVE)
ORDER = Stored("north", "A", 7, 2, DOCUMENT, is_hidden=True)


def test_a_softly_deleted_order_is_kept_and_not_lost() -> None:
    journal, triggers = [IMPORTED, HIDDEN], [published(1), published(2, "OrderDeleted")]
    assert differences(journal, [ORDER], triggers) == []
    assert "lost" in kinds(journal, [], triggers)
    assert kinds(journal, [replace(ORDER, is_hidden=False)], triggers) == {"hidden"}
    assert kinds([IMPORTED], [ORDER], triggers) == {"hidden"}


@pytest.mark.parametrize("end", [REVIVED, replace(IMPORTED, version=3)])
def test_a_revived_order_is_present(end: Entry) -> None:
    journal = [IMPORTED, HIDDEN, end]
    present = replace(ORDER, version=3, is_hidden=False)
    triggers = [published(1), published(2, "OrderDeleted"), published(3, external_id="A")]
    assert differences(journal, [present], triggers) == []
    assert kinds(journal, [replace(present, is_hidden=True)], triggers) == {"hidden"}


@pytest.mark.parametrize("kind", [Kind.HIDE, Kind.REVIVE, Kind.IMPORT])
def test_an_order_may_be_hidden_if_a_request_was_not_answered(kind: Kind) -> None:
    unknown = entry(kind, reply=Reply.UNKNOWN, document=DOCUMENT)
    triggers = [published(1), published(2, "OrderDeleted")]
    for is_hidden in (True, False):
        stored = replace(ORDER, is_hidden=is_hidden)
        assert differences([IMPORTED, HIDDEN, unknown], [stored], triggers) == []


def test_the_last_deletion_of_an_order_counts_in_any_sequence_of_triggers() -> None:
    journal = [IMPORTED, HIDDEN, DELETED]
    deletions = [published(3, "OrderDeleted", external_id="A"), published(2, "OrderDeleted")]
    assert differences(journal, [], [*deletions, published(1)]) == []
    assert kinds(journal, [], deletions) == {"no trigger"}


def test_the_status_of_a_line_that_is_lost_is_found() -> None:
    lines = {"lines": [{"external_id": "1", "status": "delivered"}]}
    journal = [IMPORTED, entry(Kind.LINE, document=lines), replace(IMPORTED, version=3)]
    triggers = [published(1), published(2), published(3, external_id="A")]

    def stored(status: str) -> Stored:
        [line] = DOCUMENT["lines"]
        document = {**DOCUMENT, "lines": [{**line, "status": status}]}
        return Stored("north", "A", 7, 3, document)

    assert differences(journal, [stored("delivered")], triggers) == []
    assert kinds(journal, [stored("new")], triggers) == {"altered"}
    unknown = entry(Kind.LINE, reply=Reply.UNKNOWN, document=lines)
    assert differences([*journal, unknown], [stored("new")], triggers) == []


def test_an_update_changes_its_members_and_no_others() -> None:
    update = entry(Kind.UPDATE, document={"email": "new@example.com"}, version=2)
    journal, triggers = [IMPORTED, update], [published(1), published(2)]
    updated = Stored("north", "A", 7, 2, {**DOCUMENT, "email": "new@example.com"})
    assert differences(journal, [updated], triggers) == []
    lost = replace(updated, document=DOCUMENT)
    assert kinds(journal, [lost], triggers) == {"altered"}
    assert kinds(journal, [replace(lost, version=1)], [published(1)]) == {"altered", "older"}
    unknown = [IMPORTED, replace(update, reply=Reply.UNKNOWN)]
    assert differences(unknown, [updated], triggers) == []
    assert differences(unknown, [replace(lost, version=1)], [published(1)]) == []
