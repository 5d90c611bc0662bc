"""Accounts, clients and tokens, against their port."""

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
    """Notes what is asked of it."""

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
def test_an_account_begins_with_empty_settings(*, is_new: bool) -> None:
    accounts = Accounts(is_new=is_new)
    assert create_account(accounts.port, "shop", lambda: NOW) is is_new
    assert accounts.asked == [("shop", Settings(), NOW)]


@pytest.mark.parametrize("name", ["", "x", "Shop", "a b", "docs", "openapi.json", "a" * 37])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    accounts = Accounts()
    with pytest.raises(ValueError, match=r"^An account's name takes 2 to 36 lower-case"):
        create_account(accounts.port, name, lambda: NOW)
    assert accounts.asked == []


@pytest.mark.parametrize("is_new", [True, False])
def test_a_client_has_the_roles_that_it_is_created_with(*, is_new: bool) -> None:
    accounts = Accounts(is_new=is_new)
    roles = [Role.ORDERS_READ, Role.ORDERS_READ]
    assert create_client(accounts.port, "shop", "crm", roles, lambda: NOW) is is_new
    assert accounts.asked == [(Client("shop", "crm", frozenset({Role.ORDERS_READ})), NOW)]


@pytest.mark.parametrize(
    ("client_id", "roles", "told"),
    [
        ("C R M", [Role.ADMIN], "^A client's name takes"),
        ("crm", [], "^A client needs at least one role of orders:write, orders:read, admin$"),
    ],
)
def test_a_client_without_name_or_role_is_refused(
    client_id: str, roles: Collection[Role], told: str
) -> None:
    accounts = Accounts()
    with pytest.raises(ValueError, match=told):
        create_client(accounts.port, "shop", client_id, roles, lambda: NOW)
    assert accounts.asked == []


def test_a_client_may_be_called_like_a_path_of_the_api() -> None:
    assert create_client(Accounts().port, "shop", "docs", [Role.ADMIN], lambda: NOW)


def test_tokens_are_long_random_and_given_to_the_store() -> None:
    accounts, client = Accounts(), Client("shop", "crm", frozenset({Role.ADMIN}))
    made = [create_token(accounts.port, client, lambda: NOW) for _ in range(50)]
    tokens = [token for token, _ in made]
    assert [asked[1] for asked in accounts.asked] == tokens
    assert {asked[0] for asked in accounts.asked} == {client}
    assert len(set(tokens)) == 50
    # Base64 has 6 bits a character.
    assert min(map(len, tokens)) * 6 >= TOKEN_BYTES * 8 == 256
    assert made[0][1] == Token("id", NOW)
