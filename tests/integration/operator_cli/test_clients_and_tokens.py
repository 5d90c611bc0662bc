"""The commands `orders client` and `orders token`."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from operator_cli.composition import Connection, connected
from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.domain.clients import MAX_TOKENS, Client, Role
from orders.runtime.composition import utc_now
from orders.runtime.scopes import SCOPES
from tests.integration.operator_cli.conftest import Run
from tests.support.deadlines import DEADLINE

SHOP = Client("demo", "shop", frozenset({Role.ORDERS_WRITE, Role.ORDERS_READ}))


@pytest.fixture
def whose(connection: Connection) -> Callable[[str], Client | None]:
    """Return a function that looks up a token as an API request does, without a cache."""

    def look_up(token: str) -> Client | None:
        with connected(connection) as operator:
            return DynamoTokens(operator.accounts.client, connection.table).client_of(
                token, DEADLINE
            )

    return look_up


@pytest.fixture
def shop(run: Run, demo_account: str) -> str:
    ended = run("client", "create", "shop", "--role", "orders:write", "--role", "orders:read")
    assert (ended.code, ended.out) == (0, f"Created client shop in account {demo_account}.\n")
    return "shop"


def _token(run: Run, client_id: str = "shop") -> dict[str, Any]:
    token: dict[str, Any] = json.loads(run("token", "create", client_id, "--json").out)
    return token


def test_clients_are_listed_with_their_roles(run: Run, shop: str) -> None:
    _token(run, shop)
    [row] = json.loads(run("client", "list", "--json").out)
    assert row | {"created_at": ""} == {
        "client_id": "shop",
        "roles": ["orders:read", "orders:write"],
        "scopes": [],
        "tokens": 1,
        "created_at": "",
        "revoked_at": None,
    }
    table = run("client", "list").out
    assert "client id" in table
    assert "orders:read, orders:write" in table


@pytest.mark.usefixtures("shop")
def test_an_existing_client_cannot_be_created(run: Run) -> None:
    ended = run("client", "create", "shop", "--role", "admin")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        'Client "shop" already exists in account "demo", or was revoked: choose another id.\n'
    )


def test_a_scope_of_a_protocol_gives_a_client_its_roles(run: Run, connection: Connection) -> None:
    run("account", "create", "demo")
    scope = "inventory-and-order-processing"
    assert run("client", "create", "market", "--scope", scope).code == 0
    assert run("client", "create", "viewer", "--scope", f"{scope}:read-only").code == 0
    with connected(connection) as operator:
        roles = {
            each.client.client_id: each.client.roles for each in operator.accounts.clients("demo")
        }
    assert roles == {
        "market": {Role.ORDERS_WRITE, Role.ORDERS_READ},
        "viewer": {Role.ORDERS_READ},
    }
    refused = run("client", "create", "other", "--scope", "pricing")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith('Scope "pricing" does not exist; the scopes are: ')
    assert "all-methods" in refused.err


@pytest.mark.parametrize(
    ("scopes", "roles"),
    [
        (["manage_orders"], {Role.ORDERS_WRITE, Role.ORDERS_READ}),
        (["view_orders"], {Role.ORDERS_READ}),
        (["view_messages"], set()),
        (["manage_project"], {Role.ADMIN}),
        (["view_orders", "manage_project"], {Role.ORDERS_READ, Role.ADMIN}),
    ],
)
@pytest.mark.usefixtures("demo_account")
def test_commercetools_scopes_give_a_client_its_roles(
    run: Run, connection: Connection, scopes: list[str], roles: set[Role]
) -> None:
    options = [word for scope in scopes for word in ("--scope", scope)]
    assert run("client", "create", "sdk", *options).code == 0
    with connected(connection) as operator:
        [record] = operator.accounts.clients("demo")
    assert record.client.roles == roles
    assert record.client.scopes == frozenset(scopes)
    assert all(record.client.may_be_granted(SCOPES[scope]) for scope in scopes)


@pytest.mark.usefixtures("demo_account")
def test_a_client_with_scopes_and_its_tokens_have_no_other_rights(
    run: Run, whose: Callable[[str], Client | None]
) -> None:
    run("client", "create", "feed", "--scope", "view_messages")
    token = whose(run("token", "create", "feed").out.removesuffix("\n"))
    assert token == Client("demo", "feed", frozenset(), frozenset({"view_messages"}))
    assert not token.may_be_granted(SCOPES["view_orders"])
    [row] = json.loads(run("client", "list", "--json").out)
    assert (row["roles"], row["scopes"]) == ([], ["view_messages"])
    assert "view_messages" in run("client", "list").out


@pytest.mark.usefixtures("demo_account")
def test_a_client_cannot_have_both_roles_and_scopes(run: Run) -> None:
    words = ("--role", "orders:read", "--scope", "view_messages")
    ended = run("client", "create", "feed", *words)
    assert (ended.code, ended.err) == (2, "--role and --scope cannot be combined.\n")
    assert json.loads(run("client", "list", "--json").out) == []


@pytest.mark.parametrize("roles", [[], ["--role", "boss"]])
@pytest.mark.usefixtures("demo_account")
def test_a_client_requires_an_existing_role(run: Run, roles: list[str]) -> None:
    ended = run("client", "create", "shop", *roles)
    assert ended.code == 2
    assert "--role" in ended.err


@pytest.mark.usefixtures("demo_account")
def test_an_invalid_client_id_is_rejected(run: Run) -> None:
    ended = run("client", "create", "a#b", "--role", "admin")
    assert (ended.code, ended.err.startswith("A client id must be")) == (1, True)


def test_a_token_works_and_is_printed_only_once(
    run: Run,
    shop: str,
    whose: Callable[[str], Client | None],
    items: Callable[[], list[dict[str, Any]]],
) -> None:
    ended = run("token", "create", shop)
    token = ended.out.removesuffix("\n")
    assert len(token) == 43
    assert whose(token) == SHOP
    [row] = json.loads(run("token", "list", "--json").out)
    assert ended.err == (
        f"Created token {row['token_id']} of client shop. It is shown only once:\n"
    )
    for later in (
        run("token", "list").out,
        run("token", "list", "shop", "--json").out,
        run("client", "list", "--json").out,
        json.dumps(items(), default=sorted),
    ):
        assert token not in later


def test_a_token_is_printed_as_json(
    run: Run, shop: str, whose: Callable[[str], Client | None]
) -> None:
    token = _token(run, shop)
    assert whose(token["token"]) == SHOP
    assert (token["account"], token["client_id"], token["revoked_at"]) == ("demo", "shop", None)


def test_tokens_are_listed_by_client(run: Run, shop: str) -> None:
    run("client", "create", "other", "--role", "admin")
    mine, other = _token(run, shop), _token(run, "other")
    listed = json.loads(run("token", "list", "--json").out)
    assert {row["token_id"] for row in listed} == {mine["token_id"], other["token_id"]}
    [row] = json.loads(run("token", "list", "other", "--json").out)
    assert row["token_id"] == other["token_id"]
    assert mine["token_id"] in run("token", "list").out


def test_a_revoked_token_does_not_work(
    run: Run, shop: str, whose: Callable[[str], Client | None]
) -> None:
    token, other = _token(run), _token(run)
    ended = run("token", "revoke", shop, token["token_id"])
    assert (ended.code, "Revoked token" in ended.out) == (0, True)
    assert whose(token["token"]) is None
    assert whose(other["token"]) == SHOP
    again = run("token", "revoke", shop, token["token_id"])
    assert (again.code, "was already revoked" in again.out) == (0, True)
    rows = json.loads(run("token", "list", "--json").out)
    assert {row["token_id"] for row in rows if row["revoked_at"]} == {token["token_id"]}


def test_the_tokens_of_a_revoked_client_do_not_work(
    run: Run, shop: str, whose: Callable[[str], Client | None]
) -> None:
    tokens = [_token(run), _token(run)]
    assert "Revoked client shop" in run("client", "revoke", shop).out
    assert [whose(token["token"]) for token in tokens] == [None, None]
    again = run("client", "revoke", shop)
    assert (again.code, "was already revoked" in again.out) == (0, True)
    ended = run("token", "create", shop)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == 'Client "shop" is revoked.\n'


def test_the_number_of_tokens_of_a_client_is_limited(
    run: Run, shop: str, connection: Connection
) -> None:
    with connected(connection) as operator:
        for number in range(MAX_TOKENS):
            operator.accounts.add_token(SHOP, f"token-{number}", utc_now())
    ended = run("token", "create", shop)
    assert ended.code == 1
    assert ended.err == f"A client can have at most {MAX_TOKENS} tokens; revoke one first.\n"


@pytest.mark.parametrize(
    "words",
    [
        ["client", "revoke", "ghost"],
        ["token", "create", "ghost"],
        ["token", "list", "ghost"],
        ["token", "revoke", "ghost", "x"],
    ],
)
@pytest.mark.usefixtures("shop")
def test_an_unknown_client_is_rejected(run: Run, words: list[str]) -> None:
    ended = run(*words)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        'Client "ghost" does not exist in account "demo"; the clients are: shop.\n'
    )


def test_an_unknown_token_is_rejected(run: Run, shop: str) -> None:
    ended = run("token", "revoke", shop, "x")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == 'Client "shop" has no token "x": see `orders token list`.\n'
