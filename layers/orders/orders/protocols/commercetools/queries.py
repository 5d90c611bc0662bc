"""Query parameters of the reads: pages, sorting and the supported predicates."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from orders.application.ports import OrderSlice
from orders.domain.problems import shown
from orders.protocols.commercetools import expansion
from orders.protocols.commercetools.errors import RequestRefusedError, bad_request, invalid_input
from orders.protocols.http import HttpRequest

DEFAULT_LIMIT, MAX_LIMIT = 20, 500
MAX_OFFSET = 10_000
_SUPPORTED = frozenset({"limit", "offset", "sort", "withTotal", "where", "expand"})
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_FLAGS = {"true": True, "false": False}
# A term is `member="text"` or `reference(member="text")`. Terms are joined by `and`.
_STRING = r'"(?:[^"\\]|\\.)*"'
_TERM = re.compile(
    rf"\s*(?:(?P<name>\w+)\s*=\s*(?P<value>{_STRING})"
    rf"|(?P<outer>\w+)\s*\(\s*(?P<inner>\w+)\s*=\s*(?P<nested>{_STRING})\s*\))\s*",
    re.ASCII,
)
_AND = re.compile("and ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PageQuery:
    """The requested page. `where` maps members to the values that they must equal.

    `expand` are the paths of the references to expand in each result.
    """

    wanted: OrderSlice
    with_total: bool
    where: Mapping[str, str]
    expand: tuple[expansion.Path, ...] = ()


def read_page_query(request: HttpRequest, supported: frozenset[str]) -> PageQuery:
    """Read the query parameters of a list. Predicates may name the members in `supported`.

    Raises RequestRefusedError (400 InvalidInput) for an invalid value, an unsupported parameter or
    an unsupported predicate.
    """
    asked = request.query
    for name in sorted(asked.keys() - _SUPPORTED):
        raise _invalid(f"Unsupported query parameter {shown(name)}; remove it.")
    return PageQuery(
        OrderSlice(
            offset=_number(asked, "offset", 0, MAX_OFFSET),
            limit=_number(asked, "limit", DEFAULT_LIMIT, MAX_LIMIT),
            newest_first=_is_descending(request),
        ),
        with_total=_flag(asked, "withTotal"),
        where=_predicates(request, supported),
        expand=read_expand(request),
    )


def read_expand(request: HttpRequest) -> tuple[expansion.Path, ...]:
    """Return the paths of the references to expand."""
    return expansion.read_paths(_values(request, "expand"))


def read_version(request: HttpRequest) -> int:
    """Return the `version` of a deletion. Raises RequestRefusedError (400 InvalidInput)."""
    sent = request.query.get("version")
    if sent is None:
        raise _invalid("Missing required parameter: version.")
    if _NUMBER.fullmatch(sent) is None:
        raise _malformed("version", "must be a whole number", sent)
    return int(sent)


def _number(asked: Mapping[str, str], name: str, default: int, most: int) -> int:
    sent = asked.get(name, str(default))
    if _NUMBER.fullmatch(sent) is None or int(sent) > most:
        raise _malformed(name, f"must be a whole number from 0 to {most}", sent)
    return int(sent)


def _flag(asked: Mapping[str, str], name: str) -> bool:
    sent = asked.get(name, "true")
    if sent not in _FLAGS:
        raise _malformed(name, "must be true or false", sent)
    return _FLAGS[sent]


def _is_descending(request: HttpRequest) -> bool:
    sent = _values(request, "sort")
    if not sent:
        return False
    words = sent[0].split()
    direction = words[1].lower() if len(words) > 1 else "asc"
    if len(sent) > 1 or words[:1] != ["createdAt"] or direction not in {"asc", "desc"}:
        raise _malformed("sort", "must be createdAt asc or createdAt desc", ", ".join(sent))
    return direction == "desc"


def _predicates(request: HttpRequest, supported: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for sent in _values(request, "where"):
        for name, value in _terms(sent, supported):
            if name not in supported or found.get(name, value) != value:
                raise _unsupported(sent, supported)
            found[name] = value
    return found


def _terms(sent: str, supported: frozenset[str]) -> list[tuple[str, str]]:
    terms, at = [], 0
    while True:
        match = _TERM.match(sent, at)
        if match is None:
            raise _unsupported(sent, supported)
        name = match["name"] or f"{match['outer']}({match['inner']})"
        try:
            terms.append((name, str(json.loads(match["value"] or match["nested"]))))
        except ValueError:
            raise _unsupported(sent, supported) from None
        at = match.end()
        if at == len(sent):
            return terms
        joint = _AND.match(sent, at)
        if joint is None:
            raise _unsupported(sent, supported)
        at = joint.end()


def _values(request: HttpRequest, name: str) -> tuple[str, ...]:
    return request.queries.get(name) or ((request.query[name],) if name in request.query else ())


def _unsupported(sent: str, supported: frozenset[str]) -> RequestRefusedError:
    known = ", ".join(
        name.replace(")", '="…")') if ")" in name else f'{name}="…"' for name in sorted(supported)
    )
    return _malformed("where", f"must be {known}, or several of these joined by and", sent)


def _malformed(name: str, rule: str, sent: str) -> RequestRefusedError:
    return _invalid(f"Malformed parameter: {name}: {rule}; got {shown(sent)}.")


def _invalid(message: str) -> RequestRefusedError:
    return bad_request(invalid_input(message))
