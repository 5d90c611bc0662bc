"""Histories and differences as text."""

from typing import Any

import pytest

from operator_cli.history_text import history_lines
from tests.support.hub_worlds import memory_world

VERSION = {
    "version": 2,
    "at": "2026-01-02T03:04:05Z",
    "external_id": "A",
    "status": "paid",
    "digest": "d",
    "client": "shop",
    "request_id": "r",
    "protocol": "altcraft",
    "trigger": "OrderUpdated",
    "changed": {},
}


def _lines(**changes: Any) -> list[str]:  # noqa: ANN401 - JSON
    return list(history_lines([{**VERSION, **changes}]))[1:]


def test_a_version_has_one_line_that_says_who_changed_what_and_when() -> None:
    world = memory_world()
    order = world.create("A")
    world.update("A", status="paid", comment="x")
    versions = world.reads.history(order.order_id)
    assert versions is not None
    heading, *changes, first = history_lines(versions)
    assert heading.startswith("version 2  2026-01-02T04:04:06Z  OrderStatusChanged  ")
    assert 'client "shop"' in heading
    assert "through altcraft" in heading
    assert changes == ['  comment: (none) -> "x"', '  status: "new" -> "paid"']
    assert first.startswith("version 1  ")


def test_lines_are_compared_by_their_id() -> None:
    old = [{"external_id": "1", "status": "new"}, {"external_id": "2", "count": 1}]
    new = [{"external_id": "2", "count": 2}, {"external_id": "3"}]
    assert _lines(changed={"lines": {"old": old, "new": new}}) == [
        '  lines[1]: {"external_id":"1","status":"new"} -> (none)',
        "  lines[2].count: 1 -> 2",
        '  lines[3]: (none) -> {"external_id":"3"}',
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ["  m.a.b: 1 -> 2"]),
        ([1, 2], [1, 3, 4], ["  m[1]: 2 -> 3", "  m[2]: (none) -> 4"]),
        ([{"external_id": "1"}, {"external_id": "1"}], [], None),
        (1, True, ["  m: 1 -> true"]),
        ("a", {"b": 1}, ['  m: "a" -> {"b":1}']),
        (None, "x", ['  m: null -> "x"']),
        ("a\x1b[31m\u202e", "b", ['  m: "a\\u001b[31m\\u202e" -> "b"']),
    ],
)
def test_values_are_compared_down_to_what_differs(
    old: object, new: object, expected: list[str] | None
) -> None:
    lines = _lines(changed={"m": {"old": old, "new": new}})
    if expected is None:
        assert len(lines) == 2
    else:
        assert lines == expected


def test_a_version_whose_predecessor_is_not_kept_says_so() -> None:
    assert _lines(changed=None) == ["  what changed is not known: the version before is not kept"]


def test_a_deletion_has_neither_a_status_nor_changes() -> None:
    lines = list(history_lines([{**VERSION, "status": None, "changed": None}]))
    [line] = lines
    assert line.startswith("version 2  2026-01-02T03:04:05Z  OrderUpdated  external_id")
    assert line.endswith('"A"  through altcraft  client "shop"  request r')
