"""Personal data in documents: where it is, how to leave it out, and whose it is."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from orders.domain.order import Order
from orders.domain.patches import WHOLE

# The steps from the root of a document to a member. `*` stands for every element of an array.
type MemberPath = tuple[str, ...]

ANY = "*"
# Fewer digits are no phone number, and would find orders of many persons.
MIN_PHONE_DIGITS = 5
_PHONE = re.compile(r"\+?[\d\s().\-/]+")


@dataclass(frozen=True, slots=True)
class Contacts:
    """What an order says about who a person is, as it was sent."""

    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    customer_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonalData:
    """The personal data in the documents of one protocol.

    `members` are the members that hold it. `strip` returns a document or a patch, as text, without
    them. `contacts_of` returns the contacts in an order.
    """

    members: frozenset[MemberPath]
    strip: Callable[[str], str]
    contacts_of: Callable[[Order], Contacts]

    def without_person(self, order: Order) -> Order:
        """Return the order without its personal data, also without that of its parts' texts."""
        document, defaults, overrides = (
            self.strip(text) if text else ""
            for text in (order.document, order.defaults, order.overrides)
        )
        return replace(order, document=document, defaults=defaults, overrides=overrides)


@dataclass(frozen=True, slots=True)
class Person:
    """A person whose orders are wanted: normalised email addresses, phones and customer ids."""

    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    customer_ids: frozenset[str] = frozenset()

    def is_in(self, contacts: Contacts) -> bool:
        """Return whether one of the contacts is one of this person's."""
        return (
            not self.emails.isdisjoint(map(normal_email, contacts.emails))
            or not self.phones.isdisjoint(map(normal_phone, contacts.phones))
            or not self.customer_ids.isdisjoint(map(str.strip, contacts.customer_ids))
        )


def person_of(
    emails: Iterable[str] = (), phones: Iterable[str] = (), customer_ids: Iterable[str] = ()
) -> Person:
    """Return the person with these contacts. Raises ValueError for one that finds nobody."""
    return Person(
        frozenset(map(_wanted_email, emails)),
        frozenset(map(_wanted_phone, phones)),
        frozenset(map(_wanted_id, customer_ids)),
    )


def normal_email(text: str) -> str:
    """Return the form in which email addresses are compared: letter case does not count."""
    return unicodedata.normalize("NFC", text.strip()).casefold()


def normal_phone(text: str) -> str:
    """Return the form in which phones are compared: only digits count."""
    return "".join(str(unicodedata.decimal(each)) for each in text if each.isdecimal())


def looks_like_email(text: str) -> bool:
    """Return whether a text of unknown meaning may be an email address."""
    return "@" in text


def looks_like_phone(text: str) -> bool:
    """Return whether a text of unknown meaning may be a phone."""
    is_written_so = _PHONE.fullmatch(text.strip()) is not None
    return is_written_so and len(normal_phone(text)) >= MIN_PHONE_DIGITS


def texts_in(value: object) -> Iterator[str]:
    """Yield each text and each whole number in a value, as text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_in(each)


def members_at(tree: Any, path: MemberPath) -> Iterator[Any]:  # noqa: ANN401 - whatever JSON holds
    """Yield the value, or the values, of a member of a document."""
    if not path:
        yield tree
        return
    step, rest = path[0], path[1:]
    if isinstance(tree, Mapping):
        found = list(tree.values()) if step == ANY else [tree[step]] if step in tree else []
    else:
        found = tree if isinstance(tree, list) and step == ANY else []
    for each in found:
        yield from members_at(each, rest)


def without(tree: Any, members: Iterable[MemberPath]) -> Any:  # noqa: ANN401 - same
    """Return a copy of a document or of a patch without these members. Other parts are shared."""
    paths = list(members)
    if isinstance(tree, Mapping):
        if tree.keys() == {WHOLE}:
            return {WHOLE: without(tree[WHOLE], paths)}
        kept = {}
        for name, value in tree.items():
            below = [path[1:] for path in paths if path and path[0] in (name, ANY)]
            if () not in below:
                kept[name] = without(value, below) if below else value
        return kept
    if isinstance(tree, list):
        below = [path[1:] for path in paths if path and path[0] == ANY]
        return [without(each, below) for each in tree] if below else tree
    return tree


def changes_without(
    changed: Mapping[str, Mapping[str, Any]], members: frozenset[MemberPath]
) -> dict[str, Mapping[str, Any]]:
    """Return the changes of a trigger without the values of these members.

    The name of a changed member stays, without its values if only these members differ.
    """
    return {
        name: _change_without(change, [path[1:] for path in members if path[0] == name])
        for name, change in changed.items()
    }


def _change_without(change: Mapping[str, Any], below: list[MemberPath]) -> Mapping[str, Any]:
    if () in below:
        return {}
    if not below:
        return change
    sides = {side: without(value, below) for side, value in change.items()}
    is_same = sides.keys() == {"old", "new"} and sides["old"] == sides["new"]
    return {} if is_same else sides


def _wanted_email(text: str) -> str:
    if not looks_like_email(text):
        raise ValueError("must be an email address")
    return normal_email(text)


def _wanted_phone(text: str) -> str:
    if not looks_like_phone(text):
        raise ValueError(f"must be a phone number of at least {MIN_PHONE_DIGITS} digits")
    return normal_phone(text)


def _wanted_id(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text.strip()
