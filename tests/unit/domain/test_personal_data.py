"""A person is recognised whatever the spelling, and personal data can be left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.personal_data import (
    Contacts,
    changes_without,
    looks_like_phone,
    members_at,
    normal_email,
    normal_phone,
    person_of,
    without,
)


@pytest.mark.parametrize(
    "contacts",
    [
        Contacts(emails=(" John.Doe@Example.COM ",)),
        Contacts(phones=("+7 (912) 345-67-89",)),
        Contacts(phones=("79123456789",)),
        Contacts(customer_ids=("42",)),
        Contacts(emails=("other@example.com",), customer_ids=(" 42 ",)),
    ],
)
def test_a_person_is_recognised_by_any_contact_in_any_spelling(contacts: Contacts) -> None:
    person = person_of(["john.doe@example.com"], ["7 912 345 67 89"], ["42"])
    assert person.is_in(contacts)


@pytest.mark.parametrize(
    "contacts",
    [
        Contacts(),
        Contacts(emails=("john.doe@example.com.org", "xjohn.doe@example.com")),
        Contacts(phones=("79123456780", "9123456789", "42", "")),
        Contacts(customer_ids=("421", "A42", "john.doe@example.com")),
    ],
)
def test_a_contact_that_only_contains_the_wanted_one_is_of_another_person(
    contacts: Contacts,
) -> None:
    person = person_of(["john.doe@example.com"], ["79123456789"], ["42"])
    assert not person.is_in(contacts)


def test_the_letters_of_customer_ids_are_compared_exactly() -> None:
    assert not person_of(customer_ids=["abc"]).is_in(Contacts(customer_ids=("ABC",)))


def test_digits_of_other_scripts_are_digits() -> None:
    assert person_of(phones=["+٧٩١٢٣"]).is_in(Contacts(phones=("7 9123",)))


@pytest.mark.parametrize(
    ("emails", "phones", "ids"),
    [
        (["john"], [], []),
        ([""], [], []),
        ([], ["12"], []),
        ([], ["call me at 79123456789"], []),
        ([], [], [" "]),
    ],
)
def test_a_contact_that_would_find_nobody_or_everybody_is_rejected(
    emails: list[str], phones: list[str], ids: list[str]
) -> None:
    with pytest.raises(ValueError, match="must"):
        person_of(emails, phones, ids)


@given(st.text())
def test_normal_forms_stay_as_they_are(text: str) -> None:
    assert normal_phone(normal_phone(text)) == normal_phone(text)
    assert normal_email(text).casefold() == normal_email(text)


def test_a_date_is_no_phone() -> None:
    assert not looks_like_phone("2026-01-02T03:04:05Z")
    assert not looks_like_phone("1234")


TREE = {
    "email": "a@b",
    "custom": {"x": 1},
    "lines": [{"id": "1", "custom": 1}, {"id": "2"}],
    "info": {"deliveries": [{"address": {"city": "N"}, "key": "k"}]},
}
MEMBERS = frozenset(
    {
        ("email",),
        ("custom",),
        ("lines", "*", "custom"),
        ("info", "deliveries", "*", "address"),
        ("absent", "*", "member"),
    }
)


def test_members_are_left_out_at_any_depth() -> None:
    assert without(TREE, MEMBERS) == {
        "lines": [{"id": "1"}, {"id": "2"}],
        "info": {"deliveries": [{"key": "k"}]},
    }


def test_an_array_by_its_positions_is_an_array() -> None:
    """Defaults and overrides have the lines by their positions."""
    sent = {"lines": {"0": {"custom": 1, "status": "new"}}}
    assert without(sent, MEMBERS) == {"lines": {"0": {"status": "new"}}}


def test_the_values_of_members_are_found_at_any_depth() -> None:
    assert list(members_at(TREE, ("lines", "*", "custom"))) == [1]
    assert list(members_at(TREE, ("info", "deliveries", "*", "address"))) == [{"city": "N"}]
    assert list(members_at(TREE, ("email", "*"))) == []


def test_a_changed_member_keeps_its_name_without_its_values() -> None:
    changed: dict[str, dict[str, object]] = {
        "email": {"old": "a", "new": "b"},
        "status": {"old": "new", "new": "paid"},
        "lines": {
            "old": [{"id": "1", "custom": 1, "count": 1}],
            "new": [{"id": "1", "custom": 2, "count": 5}],
        },
        "info": {"old": {"deliveries": []}},
    }
    assert changes_without(changed, MEMBERS) == {
        "email": {},
        "status": {"old": "new", "new": "paid"},
        "lines": {"old": [{"id": "1", "count": 1}], "new": [{"id": "1", "count": 5}]},
        "info": {"old": {"deliveries": []}},
    }


def test_a_change_of_personal_data_only_has_no_values() -> None:
    lines = {"old": [{"id": "1", "custom": 1}], "new": [{"id": "1", "custom": 2}]}
    assert changes_without({"lines": lines}, MEMBERS) == {"lines": {}}
