"""Unknown members are ignored, with warnings or not, or rejected: the account's policy decides."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from orders.domain.problems import MAX_PROBLEMS
from orders.domain.settings import Policies, StoredSettings, UnknownMembers
from orders.protocols.altcraft.unknown_members import unknown_of_order
from tests.support.altcraft import JSON, XML, Shop, read_json
from tests.support.samples import line, order, request, settings, to_xml

type Tree = dict[str, Any]
IGNORE, NEAR, WARN, REJECT = UnknownMembers
DEFINITION: Tree = {
    "external_id": "gift",
    "name": "Gift",
    "entity_type": "order",
    "value_type": "bool",
    "required": False,
}
STATUS: Tree = {"external_id": "packed", "name": "Packed", "type": "in_process"}


def shop(policy: UnknownMembers = NEAR) -> Shop:
    made = Shop()
    own = replace(settings(), policies=Policies(unknown_members=policy))
    made.settings.stored["demo"] = StoredSettings(own, 1)
    return made


def posted(body: Tree, policy: UnknownMembers = NEAR, *, as_xml: bool = False) -> Tree:
    """Return the answer to a request in JSON or XML, as plain data."""
    sent: bytes | Tree = to_xml(body) if as_xml else body
    return read_json(shop(policy).post(sent, XML if as_xml else JSON, accept=JSON))


def paths(part: Mapping[str, Any], member: str = "warnings") -> list[str]:
    return [each["path"] for each in part.get(member, ())]


# One request with misspelt (near) and other unknown members at every place.
PLACES = request(
    order(delivery_cots="1", payment="card", lines=[line(cuont=1, colour="red")]),
    skip_trigger=True,
    comment="x",
    custom_fields=[DEFINITION | {"default_valeu": True, "note": 1}],
    custom_line_statuses=[STATUS | {"nmae": "x", "colour": 1}],
)
NEAR_ROOT = [
    "/skip_trigger",
    "/custom_fields/0/default_valeu",
    "/custom_line_statuses/0/nmae",
]
OTHER_ROOT = ["/comment", "/custom_fields/0/note", "/custom_line_statuses/0/colour"]
NEAR_ORDER = ["/data/0/delivery_cots", "/data/0/lines/0/cuont"]
OTHER_ORDER = ["/data/0/payment", "/data/0/lines/0/colour"]


@pytest.mark.parametrize("as_xml", [False, True])
@pytest.mark.parametrize(
    ("policy", "details", "root", "of_order"),
    [
        (IGNORE, False, [], []),
        (IGNORE, True, [], []),
        (NEAR, False, NEAR_ROOT, NEAR_ORDER),
        (NEAR, True, NEAR_ROOT + OTHER_ROOT, NEAR_ORDER + OTHER_ORDER),
        (WARN, False, NEAR_ROOT + OTHER_ROOT, NEAR_ORDER + OTHER_ORDER),
        (WARN, True, NEAR_ROOT + OTHER_ROOT, NEAR_ORDER + OTHER_ORDER),
    ],
)
def test_the_policy_decides_which_unknown_members_an_answer_names(
    policy: UnknownMembers,
    details: bool,  # noqa: FBT001 - a column of the table
    root: list[str],
    of_order: list[str],
    as_xml: bool,  # noqa: FBT001 - a column of the table
) -> None:
    extra = {"result_details": True} if details else {}
    tree = posted(PLACES | extra, policy, as_xml=as_xml)
    assert tree["error"] == 0
    assert paths(tree) == root
    [entry] = tree["result"]
    assert [each for each in paths(entry) if each != "/data/0/total_price"] == of_order


def test_a_near_miss_names_the_known_member() -> None:
    [entry] = posted(request(order(delivery_cots="100")))["result"]
    assert entry["warnings"] == [
        {
            "code": "unknown_member",
            "path": "/data/0/delivery_cots",
            "message": 'Unknown member "delivery_cots" was ignored; did you mean delivery_cost?',
        }
    ]


@pytest.mark.parametrize("as_xml", [False, True])
def test_the_answer_without_a_near_miss_has_no_warnings(*, as_xml: bool) -> None:
    tree = posted(request(order(payment="card"), comment="x"), as_xml=as_xml)
    assert tree == {
        "error": 0,
        "error_text": "",
        "result": [{"error": 0, "external_id": "1234000"}],
    }


@pytest.mark.parametrize("as_xml", [False, True])
def test_reject_rejects_an_order_with_an_unknown_member(*, as_xml: bool) -> None:
    bad = order(external_id="bad", payment="card", lines=[line(cuont=1)])
    tree = posted(request(bad, order(external_id="good")), REJECT, as_xml=as_xml)
    rejected, accepted = tree["result"]
    assert (rejected["error"], accepted["error"]) == (400, 0)
    assert paths(rejected, "errors") == ["/data/0/lines/0/cuont", "/data/0/payment"]
    assert [each["message"] for each in rejected["errors"]] == [
        (
            'Unknown member "cuont" must be removed (policy unknown_members: reject); '
            "did you mean count?"
        ),
        'Unknown member "payment" must be removed (policy unknown_members: reject)',
    ]


@pytest.mark.parametrize("as_xml", [False, True])
@pytest.mark.parametrize(
    ("root", "path"),
    [
        ({"skip_trigger": True}, "/skip_trigger"),
        ({"custom_fields": [DEFINITION | {"note": 1}]}, "/custom_fields/0/note"),
        ({"custom_line_statuses": [STATUS | {"note": 1}]}, "/custom_line_statuses/0/note"),
    ],
)
def test_reject_rejects_a_request_with_an_unknown_member_outside_of_orders(
    root: Tree, path: str, *, as_xml: bool
) -> None:
    made = shop(REJECT)
    body = request(**root)
    answer = made.post(to_xml(body) if as_xml else body, XML if as_xml else JSON, accept=JSON)
    tree = read_json(answer)
    assert (answer.status, tree["error"], tree["result"]) == (400, 400, [])
    assert paths(tree, "errors") == [path]
    assert made.documents() == {}
    assert made.settings.stored["demo"].version == 1


def test_a_failed_order_names_its_near_misses_too() -> None:
    sent = order(totl_price="1000", total_price=None)
    [entry] = posted(request(sent))["result"]
    assert paths(entry, "errors") == ["/data/0/total_price"]
    assert paths(entry) == ["/data/0/totl_price"]


def test_near_misses_are_named_before_others_and_both_are_limited() -> None:
    others = {f"a{n}": 1 for n in range(100)}
    [entry] = posted(request(order(**others, tga="x", delivery_cots=1)), WARN)["result"]
    assert paths(entry)[0] == "/data/0/delivery_cots"
    assert len(paths(entry)) == MAX_PROBLEMS
    lines = [line(external_id=str(n), cuont=1) for n in range(100)]
    [entry] = posted(request(order(lines=lines)))["result"]
    assert len(paths(entry)) == MAX_PROBLEMS


def test_a_long_name_is_not_repeated_in_the_answer() -> None:
    for sent in (request(order(**{"~" * 1000: 1})), request(**{"~" * 1000: 1})):
        tree = posted(sent, WARN)
        warnings = [*tree.get("warnings", ()), *tree["result"][0].get("warnings", ())]
        assert [each["path"] in {"", "/data/0"} for each in warnings] == [True]
        assert len(json.dumps(warnings)) < 500


def test_a_warning_of_xml_has_the_line_of_its_element() -> None:
    body = to_xml(request(order(delivery_cots="1"))).replace(
        b"<delivery_cots>", b"\n<delivery_cots>"
    )
    answer = shop().post(body, XML)
    [warning] = ET.fromstring(answer.body).iterfind("result/warnings")  # noqa: S314 - our own answer
    assert warning.findtext("line") == "2"
    assert warning.findtext("path") == "/data/0/delivery_cots"


def test_an_unknown_array_of_xml_is_ignored_as_in_json() -> None:
    sent = order(photos=["a", "b"], lines=[line(photos=["c", "d"])])
    for as_xml in (True, False):
        [entry] = posted(request(sent, result_details=True), as_xml=as_xml)["result"]
        assert entry["error"] == 0
        assert paths(entry) == ["/data/0/photos", "/data/0/lines/0/photos"]


def test_members_of_orders_of_any_shape_are_read() -> None:
    for sent in ({}, {"lines": 5}, {"lines": [5, None, "x"]}, {"lines": [{"cuont": 1}, []]}):
        found = unknown_of_order(sent, ("data", 0))
        assert len(found.members) == (1 if "cuont" in str(sent) else 0)
    assert posted({"data": [5, "x", None]})["error"] == 400
