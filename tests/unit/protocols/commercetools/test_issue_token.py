"""The token endpoint: credentials, grant types, scopes and OAuth errors."""

import base64
import gzip
from dataclasses import replace
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.application.issue_token import IssueToken
from orders.domain.clients import Client, Role
from orders.protocols.commercetools.answers import answer_error, correlation
from orders.protocols.commercetools.issue_token import (
    IssueTokenEndpoint,
    read_credentials,
    read_scopes,
)
from orders.protocols.http import EndpointResult
from orders.protocols.json_text import read_json
from tests.support.commercetools import basic
from tests.support.fakes import FakeAccessTokens, FakeTokens, TickingClock
from tests.support.http import answered, request

SHOP = Client("demo", "shop", frozenset({Role.ORDERS_WRITE, Role.ORDERS_READ}))
GRANT = {"grant_type": "client_credentials"}


def _ask(
    body: str | bytes = "",
    query: dict[str, str] | None = None,
    authorization: str = basic("shop", "right"),
    queries: dict[str, tuple[str, ...]] | None = None,
) -> EndpointResult:
    tokens, stored = FakeTokens({"right": SHOP}), FakeAccessTokens()
    endpoint = IssueTokenEndpoint(IssueToken(tokens, stored, TickingClock(), lambda: "new token"))
    raw = body if isinstance(body, bytes) else body.encode()
    asked = request(raw, {"authorization": authorization}, query or {})
    asked = replace(asked, queries=queries or {})
    return answered(endpoint, asked, answer_error, correlation)


def _tree(answered: EndpointResult) -> dict[str, object]:
    tree = read_json(answered.answer.body).tree
    assert isinstance(tree, dict)
    return tree


@pytest.mark.parametrize(
    ("body", "query"),
    [
        (urlencode(GRANT | {"scope": "view_orders:demo manage_orders:demo"}), {}),
        # The TypeScript SDK encodes neither the colon nor the space.
        ("grant_type=client_credentials&scope=view_orders:demo manage_orders:demo", {}),
        ("", GRANT | {"scope": "view_orders:demo manage_orders:demo"}),
    ],
)
def test_the_documented_answer_of_a_token(body: str, query: dict[str, str]) -> None:
    answered = _ask(body, query)
    assert answered.answer.status == 200
    assert _tree(answered) == {
        "access_token": "new token",
        "token_type": "Bearer",
        "expires_in": 172_800,
        "scope": "view_orders:demo manage_orders:demo",
    }
    assert answered.answer.headers["Cache-Control"] == "no-store"
    assert answered.answer.headers["X-Correlation-ID"]


def test_without_a_scope_all_scopes_of_the_client_are_granted() -> None:
    scope = _tree(_ask(urlencode(GRANT)))["scope"]
    assert scope == "manage_orders:demo view_orders:demo view_messages:demo"


def _error(code: str, message: str, status: int) -> dict[str, object]:
    return {
        "statusCode": status,
        "message": message,
        "errors": [{"code": code, "message": message}],
        "error": code,
        "error_description": message,
    }


INVALID_CLIENT = _error(
    "invalid_client",
    "Please provide valid client credentials using HTTP Basic Authentication.",
    401,
)
INVALID_SCOPE = _error("invalid_scope", "Malformed parameter: scope: Invalid scope.", 400)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer right",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        basic("shop", "wrong"),
        basic("other", "right"),
        basic("", "right"),
    ],
)
def test_invalid_credentials_are_rejected(authorization: str) -> None:
    answered = _ask(urlencode(GRANT), authorization=authorization)
    assert (answered.answer.status, _tree(answered)) == (401, INVALID_CLIENT)


@pytest.mark.parametrize(
    "scope",
    [
        "manage_orders",
        "manage_orders:other",
        "manage_orders:demo:store",
        "manage_orders:demo view_orders:other",
        "manage_project:demo",
        "all-methods:demo",
        "nonsense:demo",
        ":demo",
    ],
)
def test_other_scopes_are_rejected(scope: str) -> None:
    answered = _ask(urlencode(GRANT | {"scope": scope}))
    assert (answered.answer.status, _tree(answered)) == (400, INVALID_SCOPE)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        (urlencode(GRANT) + "&a=1" * 100, "invalid_request"),
    ],
)
def test_other_grant_types_are_rejected(body: str, code: str) -> None:
    answered = _ask(body)
    tree = _tree(answered)
    assert (answered.answer.status, tree["error"], tree["statusCode"]) == (400, code, 400)


@pytest.mark.parametrize("name", ["grant_type", "scope", "other"])
@pytest.mark.parametrize("where", ["form", "query", "both"])
def test_a_repeated_parameter_is_rejected(name: str, where: str) -> None:
    sent = GRANT | {name: (GRANT | {"scope": "view_orders:demo"}).get(name, "x")}
    form, repeated = urlencode(sent), urlencode({name: sent[name]})
    if where == "form":
        answered = _ask(f"{form}&{repeated}")
    elif where == "query":
        answered = _ask(queries={each: (text,) for each, text in sent.items()} | {name: ("1", "2")})
    else:
        answered = _ask(form, {name: sent[name]})
    expected = _error("invalid_request", f'Duplicate parameter "{name}"; send it once.', 400)
    assert (answered.answer.status, _tree(answered)) == (400, expected)


def test_a_parameter_without_a_value_counts_as_absent() -> None:
    assert (
        _ask("grant_type=&scope=&grant_type=client_credentials", {"scope": ""}).answer.status == 200
    )


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (gzip.compress(urlencode(GRANT).encode()), "gzip data"),
        (urlencode(GRANT).encode("utf-16"), "UTF-16"),
        (urlencode(GRANT).encode("utf-32-be"), "UTF-32"),
    ],
)
def test_the_likely_format_of_an_unreadable_form_is_named(body: bytes, found: str) -> None:
    answered = _ask(body)
    tree = _tree(answered)
    assert (answered.answer.status, tree["error"]) == (400, "invalid_request")
    assert f"it looks like {found}: " in str(tree["message"])


@pytest.mark.parametrize("spelling", ["basic", "BASIC", "  Basic  ", "Basic\t"])
def test_the_scheme_of_the_credentials_may_be_spelled_in_any_way(spelling: str) -> None:
    authorization = basic("shop", "right").replace("Basic ", f"{spelling} ")
    assert _ask(urlencode(GRANT), authorization=authorization).answer.status == 200


NAMES = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)


@given(st.lists(NAMES, min_size=1, unique=True))
def test_scopes_are_read_in_the_order_sent(names: list[str]) -> None:
    text = "  ".join(f"{name}:demo" for name in [*names, names[0]])
    assert read_scopes(text, "demo") == names
    assert read_scopes(f"{text} {names[0]}:other", "demo") is None


@given(st.text())
def test_any_scope_is_read_or_rejected(text: str) -> None:
    names = read_scopes(text, "demo")
    assert names is None or all(names)


@given(st.text(min_size=1).filter(lambda text: ":" not in text), st.text(min_size=1))
def test_basic_credentials_are_decoded(client_id: str, secret: str) -> None:
    read = read_credentials(request(headers={"authorization": basic(client_id, secret)}))
    assert (read.client_id, read.secret) == (client_id, secret)


@given(st.binary())
def test_any_authorization_header_is_read_or_rejected(raw: bytes) -> None:
    assert _ask(urlencode(GRANT), authorization="Basic " + quote(raw)).answer.status == 401


@given(st.binary(), st.dictionaries(st.sampled_from(["grant_type", "scope"]), st.text()))
def test_any_token_request_is_answered(body: bytes, query: dict[str, str]) -> None:
    answered = _ask(body, query)
    assert answered.answer.status in {200, 400}


COVERED = ["manage_orders:demo", "view_orders:demo", "view_messages:demo"]
OTHERS = ["manage_project:demo", "view_orders:other", "view_orders", "all-methods:demo"]


@given(st.lists(st.sampled_from(COVERED), min_size=1), st.lists(st.sampled_from(OTHERS)))
def test_either_all_requested_scopes_are_granted_or_none(
    covered: list[str], others: list[str]
) -> None:
    answered = _ask(urlencode(GRANT | {"scope": " ".join(covered + others)}))
    granted = _tree(answered).get("scope")
    assert granted == (None if others else " ".join(dict.fromkeys(covered)))
