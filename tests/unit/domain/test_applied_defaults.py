"""Defaults are kept beside the document, and do not change with the definitions."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from orders.domain.applied_defaults import settled_defaults, written
from orders.domain.order import LineMembers, Order

LINES = LineMembers("lines", identity="id", status="status", fields="more")
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def _stored(document: dict[str, Any], defaults: dict[str, Any]) -> Order:
    text = json.dumps(document)
    order = Order("demo", "A", 7, 1, "new", "altcraft", text, NOW, NOW, "request")
    return replace(order, defaults=written(defaults))


def _settled(
    before: dict[str, Any], kept: dict[str, Any], after: dict[str, Any], offered: dict[str, Any]
) -> dict[str, Any]:
    text = settled_defaults(_stored(before, kept), json.dumps(after), written(offered), LINES)
    tree: dict[str, Any] = json.loads(text) if text else {}
    return tree


def test_a_new_order_gets_the_present_defaults() -> None:
    assert settled_defaults(None, "{}", '{"more":{"f":1}}', LINES) == '{"more":{"f":1}}'
    assert settled_defaults(None, "{}", "", LINES) == ""


@pytest.mark.parametrize(
    ("before", "kept", "after", "offered", "settled"),
    [
        ({}, {"f": 1}, {}, {"f": 2}, {"f": 1}),
        ({}, {"f": 1}, {}, {}, {"f": 1}),
        ({}, {"f": 1}, {"f": 5}, {}, {}),
        ({"f": 5}, {}, {}, {"f": 2}, {"f": 2}),
        ({}, {}, {}, {"f": 2}, {}),
        ({"g": 1}, {"f": 1}, {}, {"f": 2, "g": 3, "h": 4}, {"f": 1, "g": 3}),
    ],
)
def test_a_stored_order_and_its_lines_keep_their_defaults(
    before: dict[str, int],
    kept: dict[str, int],
    after: dict[str, int],
    offered: dict[str, int],
    settled: dict[str, int],
) -> None:
    assert _settled({"more": before}, {"more": kept}, {"more": after}, {"more": offered}) == (
        {"more": settled} if settled else {}
    )
    assert _settled(
        {"lines": [{"id": "1"}, {"id": "2", "more": before}]},
        {"lines": {"1": {"more": kept}}},
        {"lines": [{"id": "2", "more": after}, {"id": "1"}]},
        {"lines": {"0": {"more": offered}}},
    ) == ({"lines": {"0": {"more": settled}}} if settled else {})


def test_a_new_line_gets_the_present_defaults() -> None:
    assert _settled(
        {"lines": [{"id": "1"}]},
        {"lines": {"0": {"more": {"f": 1}}}},
        {"lines": [{"id": "2"}, {"id": "1"}]},
        {"lines": {"0": {"more": {"f": 2}}, "1": {"more": {"f": 2}}}},
    ) == {"lines": {"0": {"more": {"f": 2}}, "1": {"more": {"f": 1}}}}


def test_the_content_of_an_order_has_its_defaults() -> None:
    order = _stored(
        {"more": {"b": 1}, "lines": [{"id": "1"}, {"id": "2", "more": {"b": 2}}]},
        {"more": {"a": 0}, "lines": {"0": {"more": {"a": 5}}, "1": {"more": {"a": 6}}}},
    )
    assert order.tree() == {
        "external_id": "A",
        "more": {"a": 0, "b": 1},
        "lines": [{"id": "1", "more": {"a": 5}}, {"id": "2", "more": {"a": 6, "b": 2}}],
    }
    assert replace(order, document='{"lines":[{},{}]}').content()["more"] == {"a": 0}
