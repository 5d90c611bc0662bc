"""Reads and writes JSON. Numbers keep all their digits, because they may be amounts of money."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, NoReturn, Self

import orjson

from orders.domain.money import format_amount
from orders.domain.problems import MAX_PROBLEMS, MAX_STEPS, Code, Problem, Steps, shown
from orders.protocols.encodings import likely_format

_ORJSON_BITS = 63
_PLAIN_DIGITS = 60
_UTF_8 = frozenset({None, "utf-8", "utf8", "us-ascii", "ascii"})


class NotJsonError(ValueError):
    """The bytes are not valid JSON. The message names the reason and the place, if known."""


@dataclass(frozen=True, slots=True)
class JsonText:
    """A decoded JSON value. Numbers are int or Decimal.

    `may_be_faulty` is false if no part of the value has a fault.
    """

    tree: object
    may_be_faulty: bool = False

    def faults(
        self, at_most: int = MAX_PROBLEMS, but_for: str | None = None
    ) -> tuple[Problem, ...]:
        """Return the first duplicate members and illegal characters, in the order of the text.

        The value of the root's member `but_for` is left out.
        """
        return self.faults_of(self.tree, (), at_most, but_for)

    def faults_of(
        self, part: object, path: Steps, at_most: int, but_for: str | None = None
    ) -> tuple[Problem, ...]:
        """Return the first faults of a part of the value, to which `path` leads."""
        if not self.may_be_faulty:
            return ()
        return tuple(islice(_faults(part, path, but_for), at_most))


def is_utf_8(charset: str | None) -> bool:
    """Return whether a charset is UTF-8, or ASCII, which UTF-8 includes. None counts as UTF-8."""
    return charset in _UTF_8


class _ConstantError(ValueError):
    """NaN or an infinity, which Python's parser accepts and RFC 8259 does not."""


class _Repeating(dict[str, Any]):
    """An object with duplicate members. `names` holds their names."""

    __slots__ = ("names",)

    names: tuple[str, ...]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, Any]]) -> Self:
        """Return the object of these members, of which the last of a name counts."""
        marked, names = cls(), []
        for name, value in pairs:
            if name in marked:
                names.append(name)
            marked[name] = value
        marked.names = tuple(dict.fromkeys(names))
        return marked


def read_json(body: bytes) -> JsonText:
    """Decode JSON in UTF-8, with or without a byte order mark. Raises NotJsonError."""
    has_repeated = False

    def to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal has_repeated
        members = dict(pairs)
        if len(members) == len(pairs):
            return members
        has_repeated = True
        return _Repeating.of(pairs)

    tree, is_exact = _read(body, to_object)
    may_be_faulty = has_repeated or not is_exact or _ILLEGAL_BYTES.search(body) is not None
    return JsonText(tree, may_be_faulty)


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


def write_json(tree: object, *, indented: bool = False) -> bytes:
    """Encode a value as JSON in UTF-8. A Decimal and an int of any size keep all their digits.

    A lone surrogate, which UTF-8 cannot encode, becomes "?". With `indented`, each member has a
    line of its own.
    """
    option = orjson.OPT_INDENT_2 if indented else None
    try:
        return orjson.dumps(tree, default=_number, option=option)
    except TypeError:
        return orjson.dumps(_writable(tree), default=_number, option=option)


def written_json(part: bytes) -> object:
    """Return a value that `write_json` writes as this JSON, which it does not check."""
    return orjson.Fragment(part)


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


# XML 1.0 cannot hold these characters, so an order with one could not be returned in XML. JSON
# requires escapes for most of them, but not for U+FFFE and U+FFFF.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ILLEGAL_BYTES = re.compile(
    rb"\\(?:u00[01]|ud[89a-f]|ufff[ef]|b|f)|\xef\xbf[\xbe\xbf]", re.IGNORECASE
)


def _faults(root: object, path: Steps, but_for: str | None) -> Iterator[Problem]:
    """Yield the faults of a value as they are found, so that a reader can stop."""
    yield from _own_faults(root, path)
    steps = list(path)
    levels = [_members(root, but_for)]
    while levels:
        for step, value in levels[-1]:
            # Every value of a large body passes here, so the usual ones are handled first.
            if isinstance(value, str):
                if _ILLEGAL.search(value):
                    yield _illegal((*steps[:MAX_STEPS], step))
            elif value and isinstance(value, _CONTAINERS):
                steps.append(step)
                yield from _own_faults(value, steps)
                levels.append(_members(value))
                break
            elif value is _TOO_LONG:
                yield _too_long((*steps[:MAX_STEPS], step))
        else:
            levels.pop()
            if levels:
                steps.pop()


_CONTAINERS = (dict, list)


def _own_faults(value: object, steps: Sequence[str | int]) -> Iterable[Problem]:
    """Return the faults of a value itself, without those of its parts."""
    if isinstance(value, dict):
        return _faults_of_names(value, steps)
    if isinstance(value, str) and _ILLEGAL.search(value):
        return (_illegal(tuple(steps)),)
    return (_too_long(tuple(steps)),) if value is _TOO_LONG else ()


def _faults_of_names(members: dict[str, Any], steps: Sequence[str | int]) -> Iterable[Problem]:
    is_illegal = _ILLEGAL.search("".join(members)) is not None
    if is_illegal or isinstance(members, _Repeating):
        return _faulty_names(members, tuple(steps[:MAX_STEPS]), is_illegal=is_illegal)
    return ()


def _faulty_names(members: dict[str, Any], path: Steps, *, is_illegal: bool) -> Iterator[Problem]:
    if isinstance(members, _Repeating):
        for name in members.names:
            yield Problem(
                Code.DUPLICATE_MEMBER,
                (*path, name),
                f"Duplicate member {shown(name)}; send it once",
            )
    if is_illegal:
        yield _illegal(path)


def _illegal(path: Steps) -> Problem:
    return Problem(
        Code.ILLEGAL_CHARACTER,
        path,
        "Text must not contain control characters or unpaired surrogates",
    )


def _too_long(path: Steps) -> Problem:
    return Problem(
        Code.INVALID_VALUE,
        path,
        f"Numbers must have at most {sys.get_int_max_str_digits()} digits, and an exponent of at "
        "most 18 digits",
    )


def _members(value: object, but_for: str | None = None) -> Iterator[tuple[str | int, object]]:
    if isinstance(value, dict):
        members = iter(value.items())
        return members if but_for is None else (each for each in members if each[0] != but_for)
    return enumerate(value) if isinstance(value, list) else iter(())
