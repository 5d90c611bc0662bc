"""The predicate language of the `where` parameter (commercetools, Query Predicates).

A predicate is read to comparisons, all of which must be true. What the language has and the hub
does not support is named in the error.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import parsy

from orders.domain.problems import shown

MAX_CHARACTERS = 20_000
MAX_DEPTH = 20
MAX_COMPARISONS = 50
MAX_VALUES = 500
EQUAL, IN = "=", "in"
RANGES = (">", ">=", "<", "<=")
_WORDS = ("not", "contains", "has", "within", "matches", "is")


class PredicateError(ValueError):
    """The text is not a predicate that is supported. The message says why."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a member, such as `store(key)`. Only `in` may have several values."""

    member: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str


type _Value = str | _Variable
type _Term = Callable[[tuple[str, ...]], list[tuple[tuple[str, ...], str, list[_Value]]]]


def read_predicate(text: str, variables: Mapping[str, Sequence[str]]) -> tuple[Comparison, ...]:
    """Return the comparisons of a predicate. `variables` has the values of the input variables.

    Raises PredicateError.
    """
    _expect_bounds(text)
    try:
        terms: list[_Term] = _PREDICATE.parse(text)
    except parsy.ParseError as error:
        raise PredicateError(_fault_of(text, error)) from None
    found = [each for term in terms for each in term(())]
    if len(found) > MAX_COMPARISONS:
        raise PredicateError(f"must have at most {MAX_COMPARISONS} comparisons; got {len(found)}")
    return tuple(
        Comparison(_name_of(path), operator, _resolved(operator, values, variables))
        for path, operator, values in found
    )


def _name_of(path: tuple[str, ...]) -> str:
    return "(".join(path) + ")" * (len(path) - 1)


def _resolved(
    operator: str, values: list[_Value], variables: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    resolved: list[str] = []
    for value in values:
        if isinstance(value, str):
            resolved.append(value)
        elif value.name in variables:
            resolved += variables[value.name]
        else:
            raise PredicateError(
                f"variable :{value.name} has no value; add the parameter var.{value.name}"
            )
    if operator != IN and len(resolved) != 1:
        raise PredicateError(f"operator {operator} must have one value; got {len(resolved)}")
    if len(resolved) > MAX_VALUES:
        raise PredicateError(f"in must have at most {MAX_VALUES} values; got {len(resolved)}")
    return tuple(resolved)


def _expect_bounds(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise PredicateError(f"must have at most {MAX_CHARACTERS} characters; got {len(text)}")
    depth = deepest = 0
    for each in _PARENTHESES.findall(text):
        depth += {"(": 1, ")": -1}.get(each, 0)
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise PredicateError(f"must have at most {MAX_DEPTH} nested parentheses; got {deepest}")


# A string comes first, so that its parentheses do not count. One without an end reaches to the end.
_PARENTHESES = re.compile(r'"(?:[^"\\]|\\.)*+"?|[()]', re.DOTALL)


def _fault_of(text: str, error: parsy.ParseError) -> str:
    at = error.index
    rest = text[at:].strip()
    unsupported = _UNSUPPORTED.match(text, at)
    if unsupported:
        return f"{unsupported[0].strip().lower()} is not supported"
    expected = " or ".join(sorted(error.expected))
    got = shown(rest) if rest else "the end of the text"
    return f"{expected} expected at character {at + 1}; got {got}"


_UNSUPPORTED = re.compile(
    rf"(or\b|!=|<>|(?:{'|'.join(_WORDS)})\b(\s+(?:not\s+)?\w+)?)", re.IGNORECASE
)


def _symbol(text: str) -> Any:  # noqa: ANN401 - parsy is untyped
    return parsy.string(text) << _SPACE


def _word(text: str) -> Any:  # noqa: ANN401 - parsy is untyped
    return parsy.regex(rf"{text}\b", re.IGNORECASE).desc(text) << _SPACE


def _read_string(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        raise PredicateError(f"{shown(text)} is not a valid string") from None


_SPACE = parsy.regex(r"\s*")
_NAME = (
    parsy.regex(r"(?!(?:and|or|in|not|is)\b)[A-Za-z_][\w-]*", re.ASCII).desc("a member") << _SPACE
)
_STRING = parsy.regex(r'"(?:[^"\\]|\\.)*"', re.DOTALL).map(_read_string).desc("a string") << _SPACE
_VARIABLE = parsy.regex(r":([A-Za-z_]\w*)", re.ASCII, group=1).map(_Variable).desc("a variable")
_VALUE = _STRING | (_VARIABLE << _SPACE)
_OPERATOR = parsy.regex(r">=|<=|=|>(?!=)|<(?![=>])").desc("a comparison operator") << _SPACE


def _compared(name: str, operator: str, values: list[_Value]) -> _Term:
    return lambda path: [((*path, name), operator, values)]


def _nested(name: str, terms: list[_Term]) -> _Term:
    return lambda path: [each for term in terms for each in term((*path, name))]


def _grouped(terms: list[_Term]) -> _Term:
    return lambda path: [each for term in terms for each in term(path)]


_TERM = parsy.forward_declaration()
_TERMS = _TERM.sep_by(_word("and"), min=1)
_LIST = (_symbol("(") >> _VALUE.sep_by(_symbol(","), min=1) << _symbol(")")) | (
    _VARIABLE << _SPACE
).map(lambda variable: [variable])
_TERM.become(
    (_symbol("(") >> _TERMS << _symbol(")")).map(_grouped)
    | parsy.seq(_NAME, _OPERATOR, _VALUE.map(lambda value: [value])).combine(_compared)
    | parsy.seq(_NAME, _word(IN).result(IN), _LIST).combine(_compared)
    | parsy.seq(_NAME, _symbol("(") >> _TERMS << _symbol(")")).combine(_nested)
)
_PREDICATE = _SPACE >> _TERMS
