"""Reference expansion: the id and the key of references at the paths of `expand`."""

import copy

import pytest

from orders.protocols.commercetools.expansion import expanded, read_paths
from tests.support.functions import Tree

VIP = {"typeId": "customer-group", "id": "vip-id", "key": "vip"}
SHOWN = {**VIP, "obj": {"id": "vip-id", "key": "vip"}}
STATE = {"typeId": "state", "id": "s", "key": "packed"}


def order() -> Tree:
    return {
        "customerGroup": VIP,
        "state": {"typeId": "state", "id": "no key"},
        "custom": {"fields": {"a-b": VIP, "text": "x"}},
        "lineItems": [{"state": [{"state": STATE}, {"state": STATE}], "n": n} for n in range(3)],
        "grid": [[VIP], [VIP]],
    }


def expand(*paths: str) -> Tree:
    tree = order()
    before = copy.deepcopy(tree)
    result = expanded(tree, read_paths(paths))
    assert tree == before, "the order is not modified"
    return result


def test_a_reference_has_its_object_with_id_and_key() -> None:
    assert expand("customerGroup") == order() | {"customerGroup": SHOWN}


def test_several_paths_are_expanded() -> None:
    shown = expand("customerGroup", "custom.fields.a-b", "customerGroup")
    assert (shown["customerGroup"], shown["custom"]["fields"]["a-b"]) == (SHOWN, SHOWN)
    assert expand("custom.fields.`a-b`")["custom"]["fields"]["a-b"] == SHOWN


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("lineItems[*].state[*].state", {(line, n) for line in range(3) for n in range(2)}),
        ("lineItems[1].state[*].state", {(1, 0), (1, 1)}),
        ("lineItems[*].state[1].state", {(0, 1), (1, 1), (2, 1)}),
        ("lineItems[9].state[0].state", set()),
    ],
)
def test_a_path_leads_into_arrays(path: str, places: set[tuple[int, int]]) -> None:
    shown = expand(path)
    found = {
        (line, n)
        for line, item in enumerate(shown["lineItems"])
        for n, each in enumerate(item["state"])
        if each["state"].get("obj") == {"id": "s", "key": "packed"}
    }
    assert found == places


def test_a_path_leads_into_nested_arrays() -> None:
    assert expand("grid[*][0]")["grid"] == [[SHOWN], [SHOWN]]


@pytest.mark.parametrize(
    "path",
    [
        *("state", "custom", "custom.fields.text", "unknown", "customerGroup.id", "lineItems"),
        *("", ".", "customerGroup.", ".customerGroup", "customerGroup[*]", "lineItems[x].state"),
        *("lineItems.state.state", "lineItems[*]state", "customerGroup ", "lineItems[-1]"),
        *("customerGroup.obj", "lineItems[99999999999].state", "`customerGroup", "a" * 10_000),
    ],
)
def test_any_other_path_has_no_effect(path: str) -> None:
    assert expand(path) == order()


def test_an_object_that_was_sent_is_kept() -> None:
    tree = {"value": {**VIP, "obj": "sent"}}
    assert expanded(tree, read_paths(["value"])) == tree
