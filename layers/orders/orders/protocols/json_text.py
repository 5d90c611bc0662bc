"""Reads and writes JSON. Numbers keep all their digits, because they may be amounts of money."""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

import orjson

from orders.domain.money import format_amount
from orders.domain.problems import Code, Problem, shown
from orders.protocols.encodings import likely_format

_ORJSON_BITS = 63
_PLAIN_DIGITS = 60
_UTF_8 = frozenset({None, "utf-8", "utf8", "us-ascii", "ascii"})


class NotJsonError(ValueError):
    """The bytes are not valid JSON. The message names the reason and the place, if known."""


@dataclass(frozen=True, slots=True)
class JsonText:
    """A decoded JSON value. Numbers are int or Decimal.

    `faults` holds duplicate members, illegal characters and numbers that are too long. Their paths
    begin at the root.
    """

    tree: object
    faults: tuple[Problem, ...] = ()


def is_utf_8(charset: str | None) -> bool:
    """Return whether a charset is UTF-8, or ASCII, which UTF-8 includes. None counts as UTF-8."""
    return charset in _UTF_8


class _ConstantError(ValueError):
    """NaN or an infinity, which Python's parser accepts and RFC 8259 does not."""


class _Repeating(dict[str, Any]):
    """An object with duplicate members. `names` holds their names."""

    names: tuple[str, ...] = ()


def read_json(body: bytes) -> JsonText:
    """Decode JSON in UTF-8, with or without a byte order mark. Raises NotJsonError."""
    repeating: list[_Repeating] = []

    def to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) == len(pairs):
            return members
        counts = Counter(name for name, _ in pairs)
        marked = _Repeating(members)
        marked.names = tuple(sorted(name for name, count in counts.items() if count > 1))
        repeating.append(marked)
        return marked

    tree, is_exact = _read(body, to_object)
    faults = tuple(_repeated_members(tree)) if repeating else ()
    illegal = tuple(_illegal_characters(tree)) if _ILLEGAL_BYTES.search(body) else ()
    too_long = () if is_exact else tuple(_too_long_numbers(tree))
    return JsonText(tree, faults + illegal + too_long)


def _read(
    body: bytes, to_object: Callable[[list[tuple[str, Any]]], dict[str, Any]]
) -> tuple[object, bool]:
    """Return the decoded value, and whether it has all numbers of the body.

    Otherwise _TOO_LONG has the place of each number that is too long.
    """
    if not body.strip():
        raise _not_json("it is empty")
    try:
        text = body.decode("utf-8-sig")
        try:
            return _parsed(text, to_object, int, Decimal), True
        except (json.JSONDecodeError, _ConstantError):
            raise
        except (ValueError, ArithmeticError):
            return _parsed(text, to_object, _int_if_short, _decimal_if_short), False
    except UnicodeDecodeError as error:
        raise _not_text(body, f"byte {error.start} is not UTF-8; send UTF-8") from None
    except _ConstantError as error:
        raise _not_json(str(error)) from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise _not_text(body, place) from None
    except RecursionError:
        raise _not_json("it is nested too deeply") from None


def _parsed(
    text: str,
    to_object: Callable[[list[tuple[str, Any]]], dict[str, Any]],
    parse_int: Callable[[str], int | Decimal],
    parse_float: Callable[[str], Decimal],
) -> object:
    return json.loads(
        text,
        object_pairs_hook=to_object,
        parse_int=parse_int,
        parse_float=parse_float,
        parse_constant=_refuse_constant,
    )


# Has the place of a number that is too long. It is recognised by its identity.
_TOO_LONG = Decimal(0)


def _int_if_short(text: str) -> int | Decimal:
    try:
        return int(text)
    except ValueError:
        return _TOO_LONG


def _decimal_if_short(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        return _TOO_LONG


def write_json(tree: object) -> bytes:
    """Encode a value as JSON in UTF-8. A Decimal and an int of any size keep all their digits.

    A lone surrogate, which UTF-8 cannot encode, becomes "?".
    """
    try:
        return orjson.dumps(tree, default=_number)
    except TypeError:
        return orjson.dumps(_writable(tree), default=_number)


def _writable(value: object) -> object:
    """Return the value in a form that orjson accepts."""
    if isinstance(value, dict):
        return {_writable(name): _writable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_writable(each) for each in value]
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, int) and value.bit_length() > _ORJSON_BITS:
        return Decimal(value)
    return value


def _number(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        # A number such as 1E999999 would have a million digits in plain notation.
        is_plain = abs(value.adjusted()) <= _PLAIN_DIGITS
        return orjson.Fragment((format_amount(value) if is_plain else str(value)).encode())
    raise TypeError(f"JSON cannot hold a value of type {type(value).__name__}")


def _refuse_constant(name: str) -> NoReturn:
    raise _ConstantError(f"{name} is not a JSON number")


def _not_text(body: bytes, reason: str) -> NotJsonError:
    """Return an error that names the body's likely format or, if it may be JSON, the reason."""
    found = likely_format(body)
    return _not_json(f"it looks like {found}" if found else reason)


def _not_json(reason: str) -> NotJsonError:
    return NotJsonError(f"The body is not valid JSON: {reason}")


def _repeated_members(tree: object) -> Iterator[Problem]:
    for steps, value in _walk(tree):
        if isinstance(value, _Repeating):
            for name in value.names:
                yield Problem(
                    Code.DUPLICATE_MEMBER,
                    (*steps, name),
                    f"Duplicate member {shown(name)}; send it once",
                )


# XML 1.0 cannot hold these characters, so an order with one could not be returned in XML. JSON
# requires escapes for most of them, but not for U+FFFE and U+FFFF.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ILLEGAL_BYTES = re.compile(
    rb"\\(?:u00[01]|ud[89a-f]|ufff[ef]|b|f)|\xef\xbf[\xbe\xbf]", re.IGNORECASE
)


def _illegal_characters(tree: object) -> Iterator[Problem]:
    for steps, value in _walk(tree):
        texts = value if isinstance(value, dict) else [value]
        if any(isinstance(text, str) and _ILLEGAL.search(text) for text in texts):
            yield Problem(
                Code.ILLEGAL_CHARACTER,
                tuple(steps),
                "Text must not contain control characters or unpaired surrogates",
            )


def _too_long_numbers(tree: object) -> Iterator[Problem]:
    for steps, value in _walk(tree):
        if value is _TOO_LONG:
            yield Problem(
                Code.INVALID_VALUE,
                tuple(steps),
                f"Numbers must have at most {sys.get_int_max_str_digits()} digits, and an "
                "exponent of at most 18 digits",
            )


def _walk(root: object) -> Iterator[tuple[list[str | int], object]]:
    """Yield every value with its path. All yields share one path list, which changes."""
    steps: list[str | int] = []
    levels = [_members(root)]
    yield steps, root
    while levels:
        step, value = next(levels[-1], (None, None))
        if step is None:
            levels.pop()
            if steps:
                steps.pop()
            continue
        steps.append(step)
        yield steps, value
        levels.append(_members(value))


def _members(value: object) -> Iterator[tuple[str | int, object]]:
    if isinstance(value, dict):
        return iter(value.items())
    return enumerate(value) if isinstance(value, list) else iter(())
