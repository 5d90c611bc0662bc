"""The use cases for accounts, clients and tokens, with a fake repository."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from orders.application.create_account import create_account
from orders.application.create_client import create_client
from orders.application.create_token import TOKEN_BYTES, create_token
from orders.application.ports import AccountRepository
from orders.domain.clients import Client, Role, Token
from orders.domain.settings import Settings

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass
class Accounts:
    """Records its calls."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)
    is_new: bool = True

    def create_account(self, account: str, settings: Settings, now: datetime) -> bool:
        self.asked.append((account, settings, now))
        return self.is_new

    def create_client(self, client: Client, now: datetime) -> bool:
        self.asked.append((client, now))
        return self.is_new

    def add_token(self, client: Client, token: str, now: datetime) -> Token:
        self.asked.append((client, token, now))
        return Token("id", now)

    @property
    def port(self) -> AccountRepository:
        return cast("AccountRepository", self)


@pytest.mark.parametrize("is_new", [True, False])
def test_a_new_account_has_empty_settings(*, is_new: bool) -> None:
    accounts = Accounts(is_new=is_new)
    assert create_account(accounts.port, "shop", lambda: NOW) is is_new
    assert accounts.asked == [("shop", Settings(), NOW)]


@pytest.mark.parametrize("name", ["", "x", "Shop", "a b", "docs", "openapi.json", "a" * 37])
def test_an_invalid_account_name_is_rejected(name: str) -> None:
    accounts = Accounts()
    with pytest.raises(ValueError, match=r"^An account name must be 2 to 36 lower-case"):
        create_account(accounts.port, name, lambda: NOW)
    assert accounts.asked == []


@pytest.mark.parametrize("is_new", [True, False])
def test_a_client_has_the_roles_that_it_is_created_with(*, is_new: bool) -> None:
    accounts = Accounts(is_new=is_new)
    roles = [Role.ORDERS_READ, Role.ORDERS_READ]
    assert create_client(accounts.port, "shop", "crm", roles, lambda: NOW) is is_new
    assert accounts.asked == [(Client("shop", "crm", frozenset({Role.ORDERS_READ})), NOW)]


@pytest.mark.parametrize(
    ("client_id", "roles", "message"),
    [
        ("C R M", [Role.ADMIN], "^A client id must be"),
        ("crm", [], "^A client must have at least one role of orders:write, orders:read, admin$"),
    ],
)
def test_a_client_with_an_invalid_name_or_no_role_is_rejected(
    client_id: str, roles: Collection[Role], message: str
) -> None:
    accounts = Accounts()
    with pytest.raises(ValueError, match=message):
        create_client(accounts.port, "shop", client_id, roles, lambda: NOW)
    assert accounts.asked == []


def test_a_client_may_have_a_reserved_account_name() -> None:
    assert create_client(Accounts().port, "shop", "docs", [Role.ADMIN], lambda: NOW)


def test_tokens_are_long_random_and_stored() -> None:
    accounts, client = Accounts(), Client("shop", "crm", frozenset({Role.ADMIN}))
    made = [create_token(accounts.port, client, lambda: NOW) for _ in range(50)]
    tokens = [token for token, _ in made]
    assert [asked[1] for asked in accounts.asked] == tokens
    assert {asked[0] for asked in accounts.asked} == {client}
    assert len(set(tokens)) == 50
    # A Base64 character has 6 bits.
    assert min(map(len, tokens)) * 6 >= TOKEN_BYTES * 8 == 256
    assert made[0][1] == Token("id", NOW)
