"""Query parameters of the reads: pages, sorting, and the predicates that are served."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from orders.application.ports import OrderSlice
from orders.domain.problems import shown
from orders.protocols.commercetools.errors import RequestRefusedError, bad_request, invalid_input
from orders.protocols.http import HttpRequest

DEFAULT_LIMIT, MAX_LIMIT = 20, 500
MAX_OFFSET = 10_000
# Nothing that references lead to is kept, so `expand` has nothing to add.
_READ = frozenset({"limit", "offset", "sort", "withTotal", "where", "expand"})
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_FLAGS = {"true": True, "false": False}
# A member, or a member of a reference, that equals a string; such terms joined by "and".
_STRING = r'"(?:[^"\\]|\\.)*"'
_TERM = re.compile(
    rf"\s*(?:(?P<name>\w+)\s*=\s*(?P<value>{_STRING})"
    rf"|(?P<outer>\w+)\s*\(\s*(?P<inner>\w+)\s*=\s*(?P<nested>{_STRING})\s*\))\s*",
    re.ASCII,
)
_AND = re.compile("and ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PageQuery:
    """What part of a list is asked for; `where` maps the members to the values they must have."""

    wanted: OrderSlice
    with_total: bool
    where: Mapping[str, str]


def read_page_query(request: HttpRequest, served: frozenset[str]) -> PageQuery:
    """Read the parameters of a list whose predicates may name the members `served`.

    Raises RequestRefusedError (400 InvalidInput) for whatever would not be followed.
    """
    asked = request.query
    for name in sorted(asked.keys() - _READ):
        raise _invalid(f"The query parameter {shown(name)} is not served: leave it out.")
    return PageQuery(
        OrderSlice(
            offset=_number(asked, "offset", 0, MAX_OFFSET),
            limit=_number(asked, "limit", DEFAULT_LIMIT, MAX_LIMIT),
            newest_first=_is_descending(request),
        ),
        with_total=_flag(asked, "withTotal"),
        where=_predicates(request, served),
    )


def read_version(request: HttpRequest) -> int:
    """Read the version that a deletion needs. Raises RequestRefusedError."""
    sent = request.query.get("version")
    if sent is None:
        raise _invalid("The query parameter version is missing.")
    if _NUMBER.fullmatch(sent) is None:
        raise _invalid(f"Malformed parameter: version: {shown(sent)} is no number.")
    return int(sent)


def _number(asked: Mapping[str, str], name: str, default: int, most: int) -> int:
    sent = asked.get(name, str(default))
    if _NUMBER.fullmatch(sent) is None or int(sent) > most:
        raise _invalid(f"Malformed parameter: {name}: {shown(sent)} is not from 0 to {most}.")
    return int(sent)


def _flag(asked: Mapping[str, str], name: str) -> bool:
    sent = asked.get(name, "true")
    if sent not in _FLAGS:
        raise _invalid(f"Malformed parameter: {name}: {shown(sent)} is neither true nor false.")
    return _FLAGS[sent]


def _is_descending(request: HttpRequest) -> bool:
    sent = _values(request, "sort")
    if not sent:
        return False
    words = sent[0].split()
    direction = words[1].lower() if len(words) > 1 else "asc"
    if len(sent) > 1 or words[:1] != ["createdAt"] or direction not in {"asc", "desc"}:
        raise _invalid("Malformed parameter: sort: served are createdAt asc and createdAt desc.")
    return direction == "desc"


def _predicates(request: HttpRequest, served: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for sent in _values(request, "where"):
        for name, value in _terms(sent, served):
            if name not in served or found.get(name, value) != value:
                raise _unserved(sent, served)
            found[name] = value
    return found


def _terms(sent: str, served: frozenset[str]) -> list[tuple[str, str]]:
    terms, at = [], 0
    while True:
        match = _TERM.match(sent, at)
        if match is None:
            raise _unserved(sent, served)
        name = match["name"] or f"{match['outer']}({match['inner']})"
        try:
            terms.append((name, str(json.loads(match["value"] or match["nested"]))))
        except ValueError:
            raise _unserved(sent, served) from None
        at = match.end()
        if at == len(sent):
            return terms
        joint = _AND.match(sent, at)
        if joint is None:
            raise _unserved(sent, served)
        at = joint.end()


def _values(request: HttpRequest, name: str) -> tuple[str, ...]:
    return request.queries.get(name) or ((request.query[name],) if name in request.query else ())


def _unserved(sent: str, served: frozenset[str]) -> RequestRefusedError:
    known = ", ".join(
        name.replace(")", '="…")') if ")" in name else f'{name}="…"' for name in sorted(served)
    )
    return _invalid(
        f"Malformed parameter: where: {shown(sent)} is not served. Served are: {known}; "
        "terms may be joined by and."
    )


def _invalid(message: str) -> RequestRefusedError:
    return bad_request(invalid_input(message))
