"""Problems have a path and a short message with the allowed values."""

import json
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.problems import (
    MAX_PROBLEMS,
    MAX_REQUEST_PROBLEMS,
    MAX_SHOWN,
    MAX_STEP,
    MAX_STEPS,
    Code,
    Problem,
    Reported,
    below,
    listed,
    pointer,
    problems_left,
    shown,
    spelled,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@dataclass(frozen=True, slots=True)
class _Detailed(Problem):
    detail: str


def test_a_pointer_escapes_its_steps() -> None:
    assert pointer() == ""
    assert pointer("data", 3, "a/b~c") == "/data/3/a~1b~0c"


def test_a_prefix_is_added_to_the_path_of_a_problem() -> None:
    moved = below(("data", 1), Problem(Code.REQUIRED, ("status",), "status is required"))
    assert moved == Problem(Code.REQUIRED, ("data", 1, "status"), "status is required")
    assert moved.pointer == "/data/1/status"


def test_a_moved_problem_keeps_its_class() -> None:
    problem = _Detailed(Code.REQUIRED, ("status",), "status is required", "more")
    assert below(("data",), problem) == replace(problem, path=("data", "status"))


@pytest.mark.parametrize(
    ("sent", "quoted"),
    [
        ("abc", '"abc"'),
        ("it's", '"it\'s"'),
        ('a "b"', r'"a \"b\""'),
        ("Grüße", '"Grüße"'),
        ("", '""'),
        (None, "null"),
        (True, "true"),
        (12, "12"),
        (Decimal("12.50"), "12.50"),
        (Code.STALE, '"stale"'),
        ({"a": "secret"}, "an object"),
        (["secret"], "an array"),
        (("secret",), "an array"),
    ],
)
def test_a_sent_value_is_quoted_as_json_does(sent: object, quoted: str) -> None:
    assert shown(sent) == quoted


def test_a_long_sent_value_is_shortened() -> None:
    assert shown("a" * 60) == f'"{"a" * 60}"'
    assert shown("a" * 61) == f'"{"a" * 60}…"'
    assert shown(10**60) == f"1{'0' * 59}…"


def test_a_quoted_text_holds_no_character_that_does_not_print() -> None:
    assert shown("a\nb\x00\x85\u2028\ud800") == r'"a\nb\u0000\u0085\u2028\ud800"'
    assert shown("\U000e0001") == r'"\udb40\udc01"'


@given(json_values)
def test_a_quoted_value_is_one_short_line(sent: object) -> None:
    assert shown(sent).isprintable()
    assert len(shown(sent)) <= 12 * (MAX_SHOWN + 1) + 2


@given(st.text(max_size=MAX_SHOWN))
def test_a_quoted_text_is_json_for_the_text(sent: str) -> None:
    assert json.loads(shown(sent)) == sent


def test_a_vendor_sets_its_own_quotes() -> None:
    assert spelled("a'b") == "a'b"
    assert spelled("a\nb") == r"a\nb"
    assert spelled(None) == "null"
    assert spelled("a" * 61) == "a" * 60 + "…"


def test_allowed_values_are_listed_up_to_a_limit() -> None:
    assert listed(["USD", "EUR"]) == "USD, EUR"
    assert listed([]) == "none is configured"
    assert listed([str(n) for n in range(25)]).endswith("18, 19 and 5 more")


def test_a_pointer_has_a_bounded_length() -> None:
    longest = pointer("data", 9999, "lines", 4999, "custom_fields", "n" * MAX_STEP)
    assert longest == "/data/9999/lines/4999/custom_fields/" + "n" * MAX_STEP
    assert pointer("n" * (MAX_STEP + 1)) == f"/{'n' * MAX_STEP}…"
    assert pointer(*range(MAX_STEPS)) == "/0/1/2/3/4/5/6/7/8/9/10/11"
    assert pointer(*range(MAX_STEPS + 1)).endswith("/10/11/…")
    assert len(pointer(*["n" * 1000] * 1000)) < 2 * MAX_STEP
    assert len(pointer(*["~" * 1000] * 1000)) < 4 * MAX_STEP


@pytest.mark.parametrize(
    ("found", "left"),
    [
        (0, MAX_PROBLEMS),
        (MAX_REQUEST_PROBLEMS - MAX_PROBLEMS, MAX_PROBLEMS),
        (MAX_REQUEST_PROBLEMS - 3, 3),
        (MAX_REQUEST_PROBLEMS, 1),
        (10**6, 1),
    ],
)
def test_every_order_may_report_at_least_one_problem(found: int, left: int) -> None:
    assert problems_left(found) == left


@pytest.mark.parametrize(("found", "left"), [(0, 20), (1980, 20), (1999, 1), (2000, 0), (9999, 0)])
def test_warnings_end_with_the_problems_of_a_request(found: int, left: int) -> None:
    assert Reported(warnings=found).warnings_left == left
    assert Reported(found).warnings_left == left
    assert Reported(warnings=found).problems_left == MAX_PROBLEMS
