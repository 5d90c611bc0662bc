"""Faults of JSON are found in the order of the text, and no more than are wanted."""

import json
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.problems import MAX_PROBLEMS, MAX_STEPS, Code, Problem
from orders.protocols.json_text import read_json, write_json, written_json


def pointers(faults: Iterable[Problem]) -> list[str]:
    return [fault.pointer for fault in faults]


def test_faults_are_reported_in_the_order_of_the_text() -> None:
    read = read_json(
        rb'{"a": ["\u0001"], "b": {"c": 1, "c": 2}, "d": {"\u0002": 1}, "e": "\ud800"}'
    )
    faults = read.faults()
    assert [(str(each.code), each.pointer) for each in faults] == [
        ("illegal_character", "/a/0"),
        ("duplicate_member", "/b/c"),
        ("illegal_character", "/d"),
        ("illegal_character", "/e"),
    ]
    assert read.tree["b"] == {"c": 2}  # type: ignore[index]


def test_a_text_at_the_root_is_checked_too() -> None:
    assert pointers(read_json(rb'"\u0001"').faults()) == [""]


def test_the_search_for_faults_stops_at_the_limit() -> None:
    body = b'{"x":[%s]}' % b",".join([rb'"\u0001"'] * 100)
    read = read_json(body)
    assert len(read.faults()) == MAX_PROBLEMS
    assert pointers(read.faults(at_most=2)) == ["/x/0", "/x/1"]


def test_a_part_of_the_text_is_searched_on_its_own() -> None:
    read = read_json(rb'{"a": "\u0001", "data": [["\u0001"], ["x"]]}')
    assert pointers(read.faults(but_for="data")) == ["/a"]
    [bad, good] = read.tree["data"]  # type: ignore[index]
    assert pointers(read.faults_of(bad, ("data", 0), 5)) == ["/data/0/0"]
    assert read.faults_of(good, ("data", 1), 5) == ()


def test_the_path_of_a_deep_fault_is_cut() -> None:
    depth = 5000
    [fault] = read_json(b"[" * depth + rb'"\u0001"' + b"]" * depth).faults()
    assert len(fault.path) == MAX_STEPS + 1
    assert fault.pointer == "/0" * MAX_STEPS + "/…"


values = st.recursive(
    st.sampled_from(["a", "\x01", "\ud800", 1, None]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc\x02"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(values)
def test_every_fault_is_found(value: object) -> None:
    def places(value: object) -> int:
        if isinstance(value, dict):
            return ("\x02" in value) + sum(map(places, value.values()))
        if isinstance(value, list):
            return sum(map(places, value))
        return value in {"\x01", "\ud800"}

    faults = read_json(json.dumps(value).encode()).faults(at_most=1000)
    assert len(faults) == places(value)
    assert all(fault.code is Code.ILLEGAL_CHARACTER for fault in faults)


@pytest.mark.parametrize("names", [["a", "a", "b", "a"], ["a", "b", "b", "a"]])
def test_each_duplicate_name_is_reported_once(names: list[str]) -> None:
    body = b"{%s}" % b",".join(b'"%s": %d' % (name.encode(), n) for n, name in enumerate(names))
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    read = read_json(body)
    assert sorted(pointers(read.faults())) == [f"/{name}" for name in sorted(repeated)]
    last = {name: n for n, name in enumerate(names)}
    assert read.tree == last
    assert all(before != after for before, after in pairwise(read.faults()))


def test_json_that_is_written_already_is_not_changed() -> None:
    assert (
        write_json({"a": [written_json(b'{"b":1}')], "c": "\ud800"}) == b'{"a":[{"b":1}],"c":"?"}'
    )
