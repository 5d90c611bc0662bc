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
    NOT_STORABLE = "not_storable"
    STALE = "stale"
    DUPLICATE = "duplicate"
    OTHER_PROTOCOL = "other_protocol"
    CONFLICT = "conflict"
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


def pointer(*steps: str | int) -> str:
    """Return the JSON pointer (RFC 6901) made of member names and positions."""
    return "".join(f"/{_pointer_part(step)}" for step in steps)


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
        return _cut(str(value))
    return _escaped(json.dumps(_cut(str(value)), ensure_ascii=False))


def spelled(value: object) -> str:
    """Return a sent value as `shown` does, but a text without quotes, for vendors' own messages."""
    return _escaped(_cut(value)) if isinstance(value, str) else shown(value)


def listed(allowed: Sequence[str], limit: int = 20) -> str:
    """Return the allowed values for a message: at most `limit` of them, each of them shortened."""
    rest = len(allowed) - limit
    text = ", ".join(map(_cut, allowed[:limit])) + (f" and {rest} more" if rest > 0 else "")
    return text or "none is configured"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def _escaped(text: str) -> str:
    """Escape unprintable characters that JSON allows unescaped, such as a lone surrogate."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


def _pointer_part(step: str | int) -> str:
    return step.replace("~", "~0").replace("/", "~1") if isinstance(step, str) else str(step)
