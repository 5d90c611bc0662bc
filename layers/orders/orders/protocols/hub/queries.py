"""Query and path parameters. An unknown or a repeated one is rejected, and so is a wrong value."""

import re
from collections.abc import Collection
from datetime import datetime
from urllib.parse import urlencode

from orders.domain.identifiers import EXTERNAL_ID_RULE, is_external_id
from orders.domain.order_numbers import MAX_ORDER_ID
from orders.domain.problems import shown
from orders.domain.ranges import Range
from orders.domain.times import parse_time
from orders.protocols.http import HttpRequest
from orders.protocols.hub.errors import invalid_parameter, malformed

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
# More values of one parameter make no sense, and each of them is compared with each order.
MAX_VALUES = 50
_NUMBER = re.compile(r"\d{1,16}", re.ASCII)
_OFFSET = re.compile(r" (\d{2}:?\d{2})$", re.ASCII)


def expect_only(
    request: HttpRequest, single: Collection[str], repeatable: Collection[str] = ()
) -> None:
    """Raise RequestRefusedError (400) for a parameter that is unknown or that is sent twice."""
    known = ", ".join(sorted({*single, *repeatable}))
    for name in sorted(request.query.keys() | request.queries.keys()):
        if name in repeatable:
            if len(read_values(request, name)) > MAX_VALUES:
                raise invalid_parameter(name, f"{name} must be sent at most {MAX_VALUES} times")
        elif name not in single:
            text = f"Query parameter {shown(name)} is unsupported; use {known or 'none'}"
            raise invalid_parameter(name, text)
        elif len(read_values(request, name)) > 1:
            raise invalid_parameter(name, f"{name} must be sent once")


def read_values(request: HttpRequest, name: str) -> tuple[str, ...]:
    """Return all values of a parameter, none if it is not sent."""
    return request.queries.get(name) or ((request.query[name],) if name in request.query else ())


def read_limit(request: HttpRequest, default: int = DEFAULT_LIMIT, largest: int = MAX_LIMIT) -> int:
    """Return the largest number of entries of a page."""
    sent = request.query.get("limit", str(default))
    if _NUMBER.fullmatch(sent) is None or not 1 <= int(sent) <= largest:
        raise malformed("limit", f"be a whole number from 1 to {largest}", sent)
    return int(sent)


def read_choice(request: HttpRequest, name: str, choices: Collection[str]) -> str | None:
    """Return one of these values, None if the parameter is not sent."""
    sent = request.query.get(name)
    if sent is not None and sent not in choices:
        raise malformed(name, f"be {' or '.join(choices)}", sent)
    return sent


def read_choices(request: HttpRequest, name: str, choices: Collection[str]) -> frozenset[str]:
    """Return some of these values."""
    sent = read_values(request, name)
    for each in sent:
        if each not in choices:
            raise malformed(name, f"be {' or '.join(choices)}", each)
    return frozenset(sent)


def read_external_id(request: HttpRequest) -> str | None:
    """Return the external id, None if it is not sent."""
    sent = request.query.get("external_id")
    if sent is not None and not is_external_id(sent):
        raise malformed("external_id", f"have {EXTERNAL_ID_RULE}", sent)
    return sent


def read_order_id(request: HttpRequest) -> int:
    """Return the order id of the path."""
    sent = request.path.get("order_id", "")
    if _NUMBER.fullmatch(sent) is None or not 1 <= int(sent) <= MAX_ORDER_ID:
        raise malformed("order_id", f"be a whole number from 1 to {MAX_ORDER_ID}", sent)
    return int(sent)


def read_line_id(request: HttpRequest) -> str:
    """Return the id of the line in the path."""
    sent = request.path.get("line_id", "")
    if not is_external_id(sent):
        raise malformed("line_id", f"have {EXTERNAL_ID_RULE}", sent)
    return sent


def read_version(request: HttpRequest) -> int | None:
    """Return the version that the order must have, None if it is not sent."""
    sent = request.query.get("version")
    if sent is None:
        return None
    if _NUMBER.fullmatch(sent) is None or not 1 <= int(sent) <= MAX_ORDER_ID:
        raise malformed("version", f"be a whole number from 1 to {MAX_ORDER_ID}", sent)
    return int(sent)


def read_times(request: HttpRequest, start: str, end: str) -> Range[datetime]:
    """Return the times from one parameter up to, but not including, another one."""
    first, last = _read_time(request, start), _read_time(request, end)
    if first is not None and last is not None and first > last:
        raise invalid_parameter(start, f"{start} must not be later than {end}")
    return Range(first, last)


def selection_of(request: HttpRequest, selecting: Collection[str]) -> str:
    """Return what tells apart the lists that these parameters select."""
    chosen = ((name, value) for name in sorted(selecting) for value in read_values(request, name))
    return urlencode(sorted(chosen), errors="backslashreplace")


def _read_time(request: HttpRequest, name: str) -> datetime | None:
    sent = request.query.get(name)
    if sent is None:
        return None
    try:
        # A plus sign that is not percent-encoded is a space in a query.
        return parse_time(_OFFSET.sub(r"+\1", sent))
    except ValueError as error:
        raise malformed(name, f"be {error}", sent) from None
