"""Patches: whatever differs between two objects, and nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.patches import difference, patched

type Tree = dict[str, Any]

NAMES = st.sampled_from(["a", "b", "0", "1", ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
# No document of an order has a member with an empty name, but the values of custom fields may.
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "lines"]), VALUES, max_size=3)


def _exact(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return a value in which true differs from 1."""
    if isinstance(value, dict):
        return {name: _exact(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_exact(each) for each in value]
    return (type(value), value)


@given(OBJECTS, OBJECTS)
def test_a_patch_makes_the_new_object_of_the_old_one(old: Tree, new: Tree) -> None:
    assert _exact(patched(old, difference(old, new))) == _exact(new)


@given(OBJECTS)
def test_equal_objects_have_an_empty_patch(tree: Tree) -> None:
    assert difference(tree, tree) == {}


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        ({"a": 1}, {}, {"a": None}),
        ({}, {"a": 1}, {"a": 1}),
        ({}, {"a": None}, {"a": {"": None}}),
        ({}, {"a": {"b": 1}}, {"a": {"": {"b": 1}}}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"b": None, "c": 3}}),
        ({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}, {"b": 3}]}, {"a": {"1": {"b": 3}}}),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}, {"b": 2}]}),
        ({"a": 1}, {"a": True}, {"a": True}),
        ({"a": {"b": 1}}, {"a": {"": 1}}, {"a": {"": {"": 1}}}),
    ],
)
def test_a_patch_has_only_what_differs(old: Tree, new: Tree, patch: Tree) -> None:
    assert difference(old, new) == patch
