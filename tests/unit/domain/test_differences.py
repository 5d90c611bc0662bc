"""The differences between two JSON values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.differences import ABSENT, Difference, differences

_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text("ab/~", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~"), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("/a", 1, 2)]),
        ({"a": 1}, {}, [("/a", 1, ABSENT)]),
        ({}, {"a": {"b": [1]}}, [("/a/b/0", ABSENT, 1)]),
        ({"a": [1, 2]}, {"a": [1]}, [("/a/1", 2, ABSENT)]),
        ({"a": 1}, {"a": True}, [("/a", 1, True)]),
        ({"a": {}}, {"a": []}, [("/a", {}, [])]),
        ({"a": None}, {}, [("/a", None, ABSENT)]),
        ({"a": 1}, {"a": {"b": 2}}, [("/a", 1, ABSENT), ("/a/b", ABSENT, 2)]),
        ({"a": {"b": 2}}, {"a": 1}, [("/a/b", 2, ABSENT), ("/a", ABSENT, 1)]),
        ({"a/b": "1"}, {"a/b": "2"}, [("/a~1b", "1", "2")]),
    ],
)
def test_each_difference_has_its_pointer_and_values(
    before: object, after: object, expected: list[tuple[str, object, object]]
) -> None:
    found = differences(before, after)
    assert list(found.found) == [Difference(*each) for each in expected]
    assert not found.is_cut


@given(_json, _json)
def test_values_have_no_difference_exactly_if_they_are_equal(before: Any, after: Any) -> None:  # noqa: ANN401
    # A repr distinguishes true from 1, unlike a comparison.
    is_equal = before == after and repr(_sorted(before)) == repr(_sorted(after))
    assert (differences(before, after).found == ()) is is_equal


def _sorted(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def test_more_differences_are_cut_without_being_looked_for() -> None:
    before, after = list(range(1000)), list(range(1, 1001))
    found = differences(before, after, at_most=3)
    assert [each.pointer for each in found.found] == ["/0", "/1", "/2"]
    assert found.is_cut
    assert not differences(before[:3], after[:3], at_most=3).is_cut


def test_a_long_text_is_cut() -> None:
    [found] = differences("", "x" * 10_000).found
    assert isinstance(found.after, str)
    assert len(found.after) < 100
