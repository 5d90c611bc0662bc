"""An import names the members that the draft has no place for."""

import copy
import json
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.protocols.commercetools.errors import RequestRefusedError
from orders.protocols.commercetools.ignored_members import (
    HEADER,
    MAX_CHARACTERS,
    MAX_POINTERS,
    ignored_members,
)
from orders.protocols.commercetools.representation import represent
from orders.protocols.json_text import write_json
from tests.support.commercetools import draft, full_draft, line, money
from tests.support.drafts import places, read, stored
from tests.support.functions import Tree


def ignored(sent: object) -> list[str]:
    """Return the pointers of the header for a draft that the import accepts."""
    header = ignored_members(read(sent).sent).get(HEADER)
    return [] if header is None else header.split(", ")


def test_no_member_of_the_protocol_is_ignored() -> None:
    assert ignored_members(read(full_draft()).sent) == {}
    assert ignored(draft()) == []


@pytest.mark.parametrize(
    "member", ["discountCodes", "returnInfo", "syncInfo", "locale", "anonymousId", "lineItem"]
)
def test_a_member_that_a_draft_has_no_place_for_is_named(member: str) -> None:
    assert ignored(draft() | {member: ["x"]}) == [f"/{member}"]


@pytest.mark.parametrize("value", [None, [], {}])
def test_a_member_without_content_is_not_named(value: object) -> None:
    assert ignored(draft() | {"discountCodes": value}) == []


FULL: Tree = json.loads(json.dumps(full_draft()))
# Custom fields and attributes have members of the shop's choice, names have languages.
FREE = {"fields", "value", "name"}


def _objects(tree: Any, steps: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:  # noqa: ANN401 - any JSON value
    found = [steps] if isinstance(tree, dict) else []
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for step, value in parts:
        if step in FREE and not (isinstance(value, dict) and "currencyCode" in value):
            continue
        if isinstance(value, dict | list):
            found += _objects(value, (*steps, step))
    return found


OBJECTS = _objects(FULL)


@pytest.mark.parametrize("steps", OBJECTS, ids=lambda steps: "/" + "/".join(map(str, steps)))
def test_an_unknown_member_of_every_object_is_named(steps: tuple[str | int, ...]) -> None:
    sent = copy.deepcopy(FULL)
    part: Any = sent
    for step in steps:
        part = part[step]
    part["unknown"] = 1
    assert ignored(sent) == ["/" + "/".join(map(str, (*steps, "unknown")))]


def test_the_objects_of_the_full_draft_are_of_every_kind() -> None:
    assert len(OBJECTS) > 60


def test_an_amount_of_cents_has_no_precise_amount() -> None:
    cents = money(995) | {"preciseAmount": 99_512}
    assert ignored(draft(lineItems=[line(price={"value": cents})])) == [
        "/lineItems/0/price/value/preciseAmount"
    ]


def test_an_expanded_reference_is_named_but_not_its_id() -> None:
    group = {"typeId": "customer-group", "id": "g", "obj": {"id": "g", "version": 1}}
    assert ignored(draft(customerGroup=group)) == ["/customerGroup/obj"]


def test_an_order_that_is_sent_back_is_accepted_and_its_own_members_are_named() -> None:
    sent = json.loads(write_json(_answered()))
    pointers = ignored(sent)
    assert {"/id", "/version", "/createdAt", "/lineItems/0/id", "/lineItems/0/totalPrice"} <= {
        *pointers
    }
    assert not {"/discountCodes", "/syncInfo", "/lineItems/0/quantity"} & {*pointers}


def _answered() -> Tree:
    return represent(stored(draft()))


def test_the_first_member_of_each_kind_comes_before_those_of_other_lines() -> None:
    lines = [line(addedAt="2026", mode="x") for _ in range(30)]
    pointers = ignored(draft(lineItems=lines) | {"zone": 1})
    assert pointers[:5] == [
        "/lineItems/0/addedAt",
        "/lineItems/0/mode",
        "/zone",
        "/lineItems/1/addedAt",
        "/lineItems/1/mode",
    ]
    assert (len(pointers), pointers[-1]) == (MAX_POINTERS + 1, "...")


def test_all_members_are_named_if_there_is_room() -> None:
    names = [f"member{n}" for n in range(MAX_POINTERS)]
    assert ignored(draft() | dict.fromkeys(names, 1)) == [f"/{name}" for name in names]
    assert ignored(draft() | dict.fromkeys(["one more", *names], 1))[-1] == "..."


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cc", "Cs"])), st.just(1)))
def test_any_name_is_one_pointer_of_a_header(members: dict[str, int]) -> None:
    known = draft()
    sent = {**{f"x{name}": value for name, value in members.items()}, **known}
    header = ignored_members(sent).get(HEADER, "...")
    assert header.isascii()
    assert header.isprintable()
    unknown = [f"x{name}" for name in members]
    expected = ["/" + name.replace("~", "~0").replace("/", "~1") for name in unknown]
    assert [unquote(each) for each in header.split(", ") if each != "..."] == expected[:20]


@pytest.mark.parametrize("name", ["x" * 3_000_000, "é" * 1000, "x" * MAX_CHARACTERS])
def test_a_name_that_is_too_long_for_a_header_is_counted(name: str) -> None:
    header = ignored_members(draft() | {name: 1, "short": 1})[HEADER]
    assert header == "/short, ..."
    assert ignored_members(draft() | {name: 1})[HEADER] == "..."


def test_the_header_is_bounded() -> None:
    names = [f"{n}{'é' * 30}" for n in range(MAX_POINTERS)]
    header = ignored_members(draft() | dict.fromkeys(names, 1))[HEADER]
    assert len(header) <= MAX_CHARACTERS + len("...")
    assert header.endswith(", ...")


def test_every_optional_member_may_be_null() -> None:
    accepted = 0
    for steps in places(FULL):
        if not isinstance(steps[-1], str):
            continue
        sent = copy.deepcopy(FULL)
        part: Any = sent
        for step in steps[:-1]:
            part = part[step]
        part[steps[-1]] = None
        with suppress(RequestRefusedError):
            assert ignored(sent) == []
            accepted += 1
    assert accepted > 100
