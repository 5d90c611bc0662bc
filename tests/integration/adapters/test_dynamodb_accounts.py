"""Accounts, clients and tokens keep their rules under parallel writes."""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_accounts import MAX_ATTEMPTS, DynamoAccounts
from orders.adapters.dynamodb_settings import DynamoSettings
from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.adapters.table_keys import listed_token_key, token_key
from orders.application.errors import StorageUnavailableError
from orders.application.ports import Pause
from orders.domain.clients import MAX_TOKENS, Client, Role
from orders.domain.settings import Settings
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.dynamodb_local import local_client

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
SHOP = Client("demo", "shop", frozenset({Role.ORDERS_WRITE, Role.ORDERS_READ}))


@pytest.fixture
def accounts(dynamodb: DynamoDBClient, table: str) -> DynamoAccounts:
    store = DynamoAccounts(dynamodb, table)
    assert store.create_account("demo", Settings(currencies=("USD",)), NOW)
    assert store.create_client(SHOP, NOW)
    return store


def _client_of(accounts: DynamoAccounts, token: str) -> Client | None:
    """Return the client of a token, without a cache."""
    return DynamoTokens(accounts.client, accounts.table).client_of(token, DEADLINE)


def _interfering(
    accounts: DynamoAccounts, interfere: Callable[[], object], pause: Pause | None = None
) -> DynamoAccounts:
    """Return the same store. It calls `interfere` before each of its transactions."""
    client = local_client(accounts.client.meta.endpoint_url)

    def call(**_event: object) -> None:
        interfere()

    client.meta.events.register("before-parameter-build.dynamodb.TransactWriteItems", call)
    return DynamoAccounts(client, accounts.table, pause or CountingPause())


def _once(act: Callable[[], object]) -> Callable[[], object]:
    acts = [act]
    return lambda: acts.pop()() if acts else None


def test_an_account_is_created_once_with_its_settings(accounts: DynamoAccounts) -> None:
    assert not accounts.create_account("demo", Settings(currencies=("EUR",)), LATER)
    stored = DynamoSettings(accounts.client, accounts.table).load("demo", DEADLINE)
    assert (stored.settings, stored.version) == (Settings(currencies=("USD",)), 1)


def test_accounts_are_listed_by_name(accounts: DynamoAccounts) -> None:
    for name in ("zebra", "acme"):
        accounts.create_account(name, Settings(), NOW)
    assert accounts.accounts() == ["acme", "demo", "zebra"]


def test_a_client_is_created_once(accounts: DynamoAccounts) -> None:
    weaker = Client("demo", "shop", frozenset({Role.ORDERS_READ}))
    assert not accounts.create_client(weaker, LATER)
    [record] = accounts.clients("demo")
    assert (record.client, record.created_at) == (SHOP, NOW)


def test_an_unknown_account_has_no_clients(accounts: DynamoAccounts) -> None:
    with pytest.raises(LookupError, match='Account "nobody" does not exist'):
        accounts.clients("nobody")
    with pytest.raises(LookupError, match='Account "nobody" does not exist'):
        accounts.create_client(Client("nobody", "shop", SHOP.roles), NOW)


def test_a_token_identifies_its_client_and_only_its_hash_is_stored(
    accounts: DynamoAccounts,
) -> None:
    added = accounts.add_token(SHOP, "a-secret-token", NOW)
    assert _client_of(accounts, "a-secret-token") == SHOP
    items = accounts.client.scan(TableName=accounts.table)["Items"]
    stored = json.dumps(items, default=sorted)
    assert hashlib.sha256(b"a-secret-token").hexdigest() in stored
    assert "a-secret-token" not in stored
    [record] = accounts.clients("demo")
    assert record.tokens == (added,)


def test_a_token_has_the_roles_that_are_stored(accounts: DynamoAccounts) -> None:
    accounts.add_token(Client("demo", "shop", frozenset({Role.ADMIN})), "token", NOW)
    assert _client_of(accounts, "token") == SHOP


def test_a_token_needs_a_client(accounts: DynamoAccounts) -> None:
    with pytest.raises(LookupError, match='Client "ghost" does not exist in "demo"'):
        accounts.add_token(Client("demo", "ghost", SHOP.roles), "token", NOW)
    assert _client_of(accounts, "token") is None


def test_a_revoked_token_is_rejected_and_remains_listed(accounts: DynamoAccounts) -> None:
    first = accounts.add_token(SHOP, "first", NOW)
    accounts.add_token(SHOP, "second", NOW)
    assert accounts.revoke_token(SHOP, first.token_id, LATER)
    assert _client_of(accounts, "first") is None
    assert _client_of(accounts, "second") == SHOP
    [record] = accounts.clients("demo")
    assert {token.revoked_at for token in record.tokens} == {None, LATER}


def test_a_token_is_revoked_once(accounts: DynamoAccounts) -> None:
    token = accounts.add_token(SHOP, "token", NOW)
    assert accounts.revoke_token(SHOP, token.token_id, LATER)
    assert not accounts.revoke_token(SHOP, token.token_id, NOW)
    assert not accounts.revoke_token(SHOP, "unknown", NOW)
    assert not accounts.revoke_token(Client("demo", "ghost", SHOP.roles), token.token_id, NOW)
    [record] = accounts.clients("demo")
    assert [each.revoked_at for each in record.tokens] == [LATER]


def test_revoking_a_client_revokes_all_of_its_tokens(accounts: DynamoAccounts) -> None:
    names = [f"token-{number}" for number in range(MAX_TOKENS)]
    for name in names:
        accounts.add_token(SHOP, name, NOW)
    assert accounts.revoke_client(SHOP, LATER)
    assert [_client_of(accounts, name) for name in names] == [None] * MAX_TOKENS
    [record] = accounts.clients("demo")
    assert record.revoked_at == LATER
    assert {token.revoked_at for token in record.tokens} == {LATER}


def test_a_client_is_revoked_once_and_permanently(accounts: DynamoAccounts) -> None:
    assert accounts.revoke_client(SHOP, NOW)
    assert not accounts.revoke_client(SHOP, LATER)
    assert not accounts.revoke_client(Client("demo", "ghost", SHOP.roles), LATER)
    assert not accounts.create_client(SHOP, LATER)
    with pytest.raises(LookupError, match='"shop" is revoked'):
        accounts.add_token(SHOP, "token", LATER)
    assert _client_of(accounts, "token") is None


def test_the_number_of_tokens_of_a_client_is_limited(accounts: DynamoAccounts) -> None:
    added = [accounts.add_token(SHOP, f"token-{number}", NOW) for number in range(MAX_TOKENS)]
    with pytest.raises(ValueError, match=f"at most {MAX_TOKENS} tokens"):
        accounts.add_token(SHOP, "one-more", NOW)
    accounts.revoke_token(SHOP, added[0].token_id, LATER)
    accounts.add_token(SHOP, "one-more", LATER)
    assert _client_of(accounts, "one-more") == SHOP


def test_accounts_may_have_clients_with_the_same_id(accounts: DynamoAccounts) -> None:
    other = Client("acme", "shop", frozenset({Role.ORDERS_READ}))
    accounts.create_account("acme", Settings(), NOW)
    assert accounts.create_client(other, NOW)
    accounts.add_token(SHOP, "of-demo", NOW)
    token = accounts.add_token(other, "of-acme", NOW)
    assert not accounts.revoke_token(SHOP, token.token_id, LATER)
    accounts.revoke_client(SHOP, LATER)
    assert _client_of(accounts, "of-demo") is None
    assert _client_of(accounts, "of-acme") == other


def test_clients_with_a_common_id_prefix_share_no_tokens(accounts: DynamoAccounts) -> None:
    longer = Client("demo", "shop-2", SHOP.roles)
    accounts.create_client(longer, NOW)
    accounts.add_token(longer, "token", NOW)
    assert [len(record.tokens) for record in accounts.clients("demo")] == [0, 1]
    accounts.revoke_client(SHOP, LATER)
    assert _client_of(accounts, "token") == longer


def test_a_token_that_is_added_during_a_revocation_is_revoked_too(
    accounts: DynamoAccounts,
) -> None:
    late = _once(lambda: accounts.add_token(SHOP, "late", NOW))
    assert _interfering(accounts, late).revoke_client(SHOP, LATER)
    assert _client_of(accounts, "late") is None


def test_a_client_that_is_revoked_meanwhile_gets_no_token(accounts: DynamoAccounts) -> None:
    revoke = _once(lambda: accounts.revoke_client(SHOP, LATER))
    with pytest.raises(LookupError, match='"shop" is revoked'):
        _interfering(accounts, revoke).add_token(SHOP, "token", NOW)
    assert _client_of(accounts, "token") is None


def test_a_token_that_others_revoke_meanwhile_is_not_revoked_again(
    accounts: DynamoAccounts,
) -> None:
    token = accounts.add_token(SHOP, "token", NOW)
    revoke = _once(lambda: accounts.revoke_client(SHOP, NOW))
    assert not _interfering(accounts, revoke).revoke_token(SHOP, token.token_id, LATER)
    [record] = accounts.clients("demo")
    assert [each.revoked_at for each in record.tokens] == [NOW]


def test_two_writers_do_not_pass_the_limit_together(accounts: DynamoAccounts) -> None:
    for number in range(MAX_TOKENS - 1):
        accounts.add_token(SHOP, f"token-{number}", NOW)
    last = _once(lambda: accounts.add_token(SHOP, "last", NOW))
    with pytest.raises(ValueError, match="at most"):
        _interfering(accounts, last).add_token(SHOP, "one-more", NOW)
    assert _client_of(accounts, "last") == SHOP
    assert _client_of(accounts, "one-more") is None


def test_writers_give_up_after_several_conflicts(accounts: DynamoAccounts) -> None:
    numbers = iter(range(MAX_ATTEMPTS + 1))

    def add() -> None:
        accounts.add_token(SHOP, f"token-{next(numbers)}", NOW)

    pause = CountingPause()
    with pytest.raises(StorageUnavailableError, match='changing client "shop"'):
        _interfering(accounts, add, pause).revoke_client(SHOP, LATER)
    assert _client_of(accounts, "token-0") == SHOP
    assert pause.attempts == list(range(1, MAX_ATTEMPTS)), "a pause follows a conflict"


def test_a_writer_pauses_once_after_one_conflict(accounts: DynamoAccounts) -> None:
    pause = CountingPause()
    other = _once(lambda: accounts.add_token(SHOP, "theirs", NOW))
    _interfering(accounts, other, pause).add_token(SHOP, "mine", NOW)
    assert pause.attempts == [1]
    assert _client_of(accounts, "theirs") == _client_of(accounts, "mine") == SHOP


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("ThrottlingException", {}),
        (
            "TransactionCanceledException",
            {"CancellationReasons": [{"Code": "TransactionConflict"}]},
        ),
    ],
)
def test_a_transient_error_is_reported_as_unavailable(
    accounts: DynamoAccounts, code: str, fields: dict[str, Any]
) -> None:
    with Stubber(accounts.client) as stub:
        stub.add_client_error("transact_write_items", code, modeled_fields=fields)
        with pytest.raises(StorageUnavailableError, match=code):
            accounts.create_account("acme", Settings(), NOW)


def _revoked_dates(accounts: DynamoAccounts) -> list[datetime | None]:
    [record] = accounts.clients("demo")
    return [token.revoked_at for token in record.tokens]


def test_a_token_keeps_the_date_of_its_first_revocation(accounts: DynamoAccounts) -> None:
    token = accounts.add_token(SHOP, "secret of the shop", NOW)
    assert accounts.revoke_token(SHOP, token.token_id, NOW)
    assert not accounts.revoke_token(SHOP, token.token_id, LATER)
    assert _revoked_dates(accounts) == [NOW]
    assert accounts.revoke_client(SHOP, LATER)
    assert _revoked_dates(accounts) == [NOW]


def test_of_two_revocations_at_the_same_time_the_first_counts(accounts: DynamoAccounts) -> None:
    token = accounts.add_token(SHOP, "secret of the shop", NOW)
    overtaken = _interfering(
        accounts, _once(lambda: accounts.revoke_token(SHOP, token.token_id, NOW))
    )
    assert not overtaken.revoke_token(SHOP, token.token_id, LATER)
    assert _revoked_dates(accounts) == [NOW]


@pytest.mark.parametrize("which", ["listed", "secret"])
def test_a_date_of_revocation_is_never_overwritten(accounts: DynamoAccounts, which: str) -> None:
    """Each of a token's two items guards its own, also against a writer that skips the client."""
    token = accounts.add_token(SHOP, "secret of the shop", NOW)
    key = {
        "listed": listed_token_key("demo", "shop", token.token_id),
        "secret": token_key(hashlib.sha256(b"secret of the shop").hexdigest()),
    }[which]

    def date() -> object:
        return accounts.client.get_item(TableName=accounts.table, Key=key)["Item"]["revoked_at"]

    def revoke_by_hand() -> None:
        accounts.client.update_item(
            TableName=accounts.table,
            Key=key,
            UpdateExpression="SET revoked_at = :now",
            ExpressionAttributeValues={":now": {"S": NOW.isoformat()}},
        )

    overtaken = _interfering(accounts, _once(revoke_by_hand))
    with suppress(StorageUnavailableError):
        overtaken.revoke_token(SHOP, token.token_id, LATER)
    assert date() == {"S": NOW.isoformat()}
