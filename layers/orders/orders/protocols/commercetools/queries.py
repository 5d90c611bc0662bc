"""Query parameters of the lists: pages, sorting and predicates."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orders.application.list_orders import MAX_EXAMINED, OrdersQuery, PageWanted
from orders.domain.problems import shown
from orders.protocols.commercetools import expansion
from orders.protocols.commercetools.errors import RequestRefusedError, bad_request, invalid_input
from orders.protocols.http import HttpRequest

DEFAULT_LIMIT, MAX_LIMIT = 20, 500
MAX_OFFSET = 10_000
_SUPPORTED = frozenset({"limit", "offset", "sort", "withTotal", "where", "expand"})
_VARIABLE = "var."
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Sorting:
    """One criterion of a sort."""

    member: str
    is_descending: bool


def read_page(request: HttpRequest) -> PageWanted:
    """Read the page that is wanted, and reject parameters that the lists do not have.

    Raises RequestRefusedError (400 InvalidInput).
    """
    asked = request.query
    for name in sorted(asked.keys() - _SUPPORTED):
        if not name.startswith(_VARIABLE):
            raise invalid(f"Unsupported query parameter {shown(name)}; remove it.")
    return PageWanted(
        limit=_number(asked, "limit", DEFAULT_LIMIT, MAX_LIMIT),
        offset=_number(asked, "offset", 0, MAX_OFFSET),
        with_total=_flag(asked, "withTotal"),
    )


def read_expand(request: HttpRequest) -> tuple[expansion.Path, ...]:
    """Return the paths of the references to expand."""
    return expansion.read_paths(_values(request, "expand"))


def read_sorting(request: HttpRequest, supported: Sequence[str]) -> Sorting | None:
    """Read `sort`, None without one. Raises RequestRefusedError (400 InvalidInput).

    A second criterion may only repeat the direction: the hub's order of equal times is that of ids.
    """
    sent = [part for value in _values(request, "sort") for part in value.split(",")]
    if not sent:
        return None
    criteria = [_sorting(each, supported) for each in sent]
    if len({each.is_descending for each in criteria}) > 1 or any(
        each.member != "id" for each in criteria[1:]
    ):
        raise malformed(
            "sort", "may have id in the same direction as its second criterion", ", ".join(sent)
        )
    return criteria[0]


def _sorting(sent: str, supported: Sequence[str]) -> Sorting:
    member, *rest = sent.split() or [""]
    direction = rest[0].lower() if rest else "asc"
    if member not in supported or direction not in {"asc", "desc"} or len(rest) > 1:
        raise malformed("sort", f"must be {' or '.join(supported)}, with asc or desc", sent)
    return Sorting(member, direction == "desc")


def read_predicates(request: HttpRequest) -> tuple[str, ...]:
    """Return the predicates, of which all must be true."""
    return _values(request, "where")


def read_variables(request: HttpRequest) -> Mapping[str, Sequence[str]]:
    """Return the input variables of the predicates: each with all its values."""
    names = [name for name in request.query if name.startswith(_VARIABLE)]
    return {name.removeprefix(_VARIABLE): _values(request, name) for name in names}


def read_version(request: HttpRequest) -> int:
    """Return the `version` of a deletion. Raises RequestRefusedError (400 InvalidInput)."""
    sent = request.query.get("version")
    if sent is None:
        raise invalid("Missing required parameter: version.")
    if _NUMBER.fullmatch(sent) is None:
        raise malformed("version", "must be a whole number", sent)
    return int(sent)


def too_many_examined(query: OrdersQuery) -> RequestRefusedError:
    """Return the 400 error of a list that needs a range to be found in."""
    member = "lastModifiedAt" if query.by_change else "createdAt"
    return invalid(
        f"The query examined {MAX_EXAMINED} orders, or all that the time and the memory allow, "
        "without filling the page. Add a range to where that has fewer orders, such as "
        f'{member} >= "…" and '
        f'{member} < "…".'
    )


def malformed(name: str, rule: str, sent: str) -> RequestRefusedError:
    """Return the 400 error of a query parameter that breaks a rule."""
    return invalid(f"Malformed parameter: {name}: {rule}; got {shown(sent)}.")


def invalid(message: str) -> RequestRefusedError:
    """Return the 400 error of an invalid query."""
    return bad_request(invalid_input(message))


def _number(asked: Mapping[str, str], name: str, default: int, most: int) -> int:
    sent = asked.get(name, str(default))
    if _NUMBER.fullmatch(sent) is None or int(sent) > most:
        raise malformed(name, f"must be a whole number from 0 to {most}", sent)
    return int(sent)


def _flag(asked: Mapping[str, str], name: str) -> bool:
    sent = asked.get(name, "true")
    if sent not in _FLAGS:
        raise malformed(name, "must be true or false", sent)
    return _FLAGS[sent]


def _values(request: HttpRequest, name: str) -> tuple[str, ...]:
    return request.queries.get(name) or ((request.query[name],) if name in request.query else ())
