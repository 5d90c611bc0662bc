"""The predicate language, and the queries that predicates become."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.protocols.commercetools.predicates import (
    MAX_COMPARISONS,
    Comparison,
    PredicateError,
    read_predicate,
)

VARIABLES = {"one": ["1"], "several": ["1", "2"]}


def read(text: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(each.member, each.operator, each.values) for each in read_predicate(text, VARIABLES)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('id > "x"', [("id", ">", ("x",))]),
        (
            'a="1"and b >= "2" AND c<"3"',
            [("a", "=", ("1",)), ("b", ">=", ("2",)), ("c", "<", ("3",))],
        ),
        ('  ( ( a = "1" ) and (b="2") )  ', [("a", "=", ("1",)), ("b", "=", ("2",))]),
        ('store(key="k")', [("store(key)", "=", ("k",))]),
        (
            'resource( typeId = "order" and id in ("1", "2") )',
            [("resource(typeId)", "=", ("order",)), ("resource(id)", "in", ("1", "2"))],
        ),
        ('custom(fields(a="b"))', [("custom(fields(a))", "=", ("b",))]),
        ("a = :one", [("a", "=", ("1",))]),
        ("a in :several", [("a", "in", ("1", "2"))]),
        ('a IN (:one, "x")', [("a", "in", ("1", "x"))]),
        (r'a = "\"(\u00e9\\"', [("a", "=", ('"(é\\',))]),
        ('a = "(((((((((((((((((((((((("', [("a", "=", ("(" * 24,))]),
    ],
)
def test_a_predicate_is_read_to_comparisons(
    text: str, expected: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('a="1" or b="2"', "or is not supported"),
        ('not(a="1")', "not is not supported"),
        ('a != "1"', "!= is not supported"),
        ('a <> "1"', "<> is not supported"),
        ("a is defined", "is defined is not supported"),
        ("a is not defined", "is not defined is not supported"),
        ('a not in ("1")', "not in is not supported"),
        ('a contains any ("1")', "contains any is not supported"),
        ("a within circle(1, 2, 3)", "within circle is not supported"),
        ("a = 5", 'a string or a variable expected at character 5; got "5"'),
        ("a = true", 'a string or a variable expected at character 5; got "true"'),
        ("a", "( or a comparison operator or in expected at character 2; got the end of the text"),
        ("", "( or a member expected at character 1; got the end of the text"),
        ('(a="1"', ") or and expected at character 7; got the end of the text"),
        ('a="1")', 'and expected at character 6; got ")"'),
        ("a in ()", 'a string or a variable expected at character 7; got ")"'),
        (r'a="\x"', "is not a valid string"),
        ("a = :none", "variable :none has no value; add the parameter var.none"),
        ("a = :several", "operator = must have one value; got 2"),
        ("(" * 21 + 'a="1"' + ")" * 21, "must have at most 20 nested parentheses; got 21"),
        (" " * 20_001, "must have at most 20000 characters; got 20001"),
        (" and ".join(['a="1"'] * 51), "must have at most 50 comparisons; got 51"),
        ("a in (" + ",".join(['"1"'] * 501) + ")", "in must have at most 500 values; got 501"),
    ],
)
def test_what_is_not_supported_is_named(text: str, message: str) -> None:
    with pytest.raises(PredicateError) as error:
        read(text)
    assert message in str(error.value)


NAMES = st.from_regex(r"[a-z]{1,3}", fullmatch=True).filter(
    lambda name: name not in {"and", "or", "in", "not", "is", "has"}
)
COMPARISONS = st.builds(
    Comparison,
    NAMES,
    st.sampled_from(["=", ">", ">=", "<", "<=", "in"]),
    st.tuples(st.text(st.characters(codec="utf-8"), max_size=5)),
)


@given(st.lists(COMPARISONS, min_size=1, max_size=MAX_COMPARISONS), st.data())
def test_each_written_predicate_is_read_back(
    comparisons: list[Comparison], data: st.DataObject
) -> None:
    space = st.sampled_from(["", " ", "\t\n"])

    def spaced(*parts: str) -> str:
        return "".join(data.draw(space) + part for part in parts) + " "

    def written(each: Comparison) -> str:
        value = json.dumps(each.values[0], ensure_ascii=data.draw(st.booleans()))
        parts = ("in ", "(", value, ")") if each.operator == "in" else (each.operator, value)
        text = spaced(each.member + " ", *parts)
        return spaced("(", text, ")") if data.draw(st.booleans()) else text

    text = "and ".join(written(each) for each in comparisons)
    assert read_predicate(text, {}) == tuple(comparisons)


@given(st.text(st.sampled_from(list('ab=<>!:,"\\() inordat'))))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(PredicateError):
        read_predicate(text, VARIABLES)
