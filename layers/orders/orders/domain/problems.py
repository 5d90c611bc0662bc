"""Problems of an order or a request: a code for programs, a path and a message for people."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum


class Code(StrEnum):
    """Machine-readable reasons. They are published: the meaning of a code never changes."""

    REQUIRED = "required"
    WRONG_TYPE = "wrong_type"
    INVALID_VALUE = "invalid_value"
    ILLEGAL_CHARACTER = "illegal_character"
    DUPLICATE_MEMBER = "duplicate_member"
    DUPLICATE_LINE = "duplicate_line"
    MALFORMED = "malformed"
    UNKNOWN_MEMBER = "unknown_member"
    UNKNOWN_CURRENCY = "unknown_currency"
    UNKNOWN_ENDPOINT = "unknown_endpoint"
    UNKNOWN_REGION = "unknown_region"
    UNKNOWN_STATUS = "unknown_status"
    UNKNOWN_LINE_STATUS = "unknown_line_status"
    UNKNOWN_CUSTOM_FIELD = "unknown_custom_field"
    UNKNOWN_PRODUCT = "unknown_product"
    DEFINITION_CONFLICT = "definition_conflict"
    TOTAL_MISMATCH = "total_mismatch"
    ORDER_TOO_LARGE = "order_too_large"
    ENTRY_TOO_LARGE = "entry_too_large"
    NOT_STORABLE = "not_storable"
    STALE = "stale"
    DUPLICATE = "duplicate"
    OTHER_PROTOCOL = "other_protocol"
    CONFLICT = "conflict"
    OTHERS_FAILED = "others_failed"
    TRANSACTION_TOO_LARGE = "transaction_too_large"
    STORAGE_UNAVAILABLE = "storage_unavailable"


# The member names and array positions on the way from the root of a document to a value.
type Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. `path` leads to the value in the request that causes it."""

    code: Code
    path: Steps
    message: str

    @property
    def pointer(self) -> str:
        """Return the path as a JSON pointer (RFC 6901)."""
        return pointer(*self.path)


MAX_SHOWN = 60
# Bounds the answer's size and the work for an order, or the rest of a request, with many problems.
MAX_PROBLEMS = 20
# When a request has so many, each further order reports only its first.
MAX_REQUEST_PROBLEMS = 2000
# No member that the hub reads has a longer way or name: the longest name is that of a custom field.
MAX_STEPS = 12
MAX_STEP = 255
_MAX_POINTER = 400


def pointer_part(step: str | int) -> str:
    """Return a step as a part of a JSON pointer (RFC 6901)."""
    return str(step).replace("~", "~0").replace("/", "~1")


def pointer(*steps: str | int) -> str:
    """Return the JSON pointer (RFC 6901) made of member names and positions.

    Names beyond MAX_STEP characters and ways beyond MAX_STEPS steps are cut and end with "…".
    """
    parts: list[str] = []
    length = 0
    for step in steps:
        short = _short_step(step)
        length += len(short)
        if len(parts) == MAX_STEPS or length > _MAX_POINTER:
            parts.append("…")
            break
        parts.append(pointer_part(short))
    return "".join(f"/{part}" for part in parts)


def problems_left(found: int) -> int:
    """Return how many problems the next order may report after `found` ones of the request."""
    return max(1, min(MAX_PROBLEMS, MAX_REQUEST_PROBLEMS - found))


@dataclass(frozen=True, slots=True)
class Reported:
    """How many problems and warnings the orders of a request have that come before another one."""

    problems: int = 0
    warnings: int = 0

    @property
    def problems_left(self) -> int:
        """Return how many problems the next order may report."""
        return problems_left(self.problems)

    @property
    def warnings_left(self) -> int:
        """Return how many warnings the next order may report: they are worth less than outcomes."""
        return max(0, min(MAX_PROBLEMS, MAX_REQUEST_PROBLEMS - self.problems - self.warnings))


NOTHING_REPORTED = Reported()


def below(prefix: Steps, problem: Problem) -> Problem:
    """Return the problem with `prefix` added before its path."""
    return replace(problem, path=(*prefix, *problem.path))


def shown(value: object) -> str:
    """Return a sent value for a message, as JSON writes it: "text", null, true, 12.50.

    The result is always one short line. Long values are cut and unprintable characters escaped.
    An array or an object becomes "an array" or "an object".
    """
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return "an array"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float | Decimal):
        return cut(str(value))
    return _escaped(json.dumps(cut(str(value)), ensure_ascii=False))


def spelled(value: object) -> str:
    """Return a sent value as `shown` does, but a text without quotes, for vendors' own messages."""
    return _escaped(cut(value)) if isinstance(value, str) else shown(value)


def listed(allowed: Sequence[str], limit: int = 20) -> str:
    """Return the allowed values for a message: at most `limit` of them, each of them shortened."""
    rest = len(allowed) - limit
    text = ", ".join(map(cut, allowed[:limit])) + (f" and {rest} more" if rest > 0 else "")
    return text or "none is configured"


def cut(text: str) -> str:
    """Return the text, or its first MAX_SHOWN characters and "…"."""
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def encodable(text: str) -> str:
    """Return the text with its lone surrogates escaped, which UTF-8 cannot encode.

    Names and values of files may have them, and messages that repeat these.
    """
    return text.encode(errors="backslashreplace").decode()


def _escaped(text: str) -> str:
    """Escape unprintable characters that JSON allows unescaped, such as a lone surrogate."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


def _short_step(step: str | int) -> str:
    text = str(step)
    return text if len(text) <= MAX_STEP else text[:MAX_STEP] + "…"
