"""Known tokens are cached for 30 seconds. Unknown tokens are never cached."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_accounts import DynamoAccounts
from orders.adapters.dynamodb_tokens import (
    CACHE_ENTRIES,
    PRESUMED_SECONDS,
    DynamoAccessTokens,
    DynamoTokens,
    hash_of,
)
from orders.adapters.table_keys import issued_tokens_key
from orders.application.errors import StorageUnavailableError
from orders.application.ports import AccessGrant
from orders.domain.clients import Client, Role, Token
from orders.domain.settings import Settings
from tests.support.deadlines import DEADLINE
from tests.support.dynamodb_local import local_client

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SHOP = Client("demo", "shop", frozenset({Role.ORDERS_WRITE}))


@dataclass
class Seconds:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def accounts(dynamodb: DynamoDBClient, table: str) -> DynamoAccounts:
    store = DynamoAccounts(dynamodb, table)
    store.create_account("demo", Settings(), NOW)
    store.create_client(SHOP, NOW)
    return store


@pytest.fixture
def known(accounts: DynamoAccounts) -> Token:
    return accounts.add_token(SHOP, "known", NOW)


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def tokens(accounts: DynamoAccounts, seconds: Seconds) -> DynamoTokens:
    return DynamoTokens(accounts.client, accounts.table, seconds)


def test_a_revoked_token_is_rejected_after_at_most_30_seconds(
    tokens: DynamoTokens, accounts: DynamoAccounts, known: Token, seconds: Seconds
) -> None:
    assert tokens.client_of("known", DEADLINE) == SHOP
    accounts.revoke_token(SHOP, known.token_id, NOW)
    seconds.now += 29.9
    assert tokens.client_of("known", DEADLINE) == SHOP
    seconds.now += 0.1
    assert tokens.client_of("known", DEADLINE) is None


def test_an_expired_token_is_presumed_but_not_accepted(
    tokens: DynamoTokens, accounts: DynamoAccounts, known: Token, seconds: Seconds
) -> None:
    assert tokens.presumed("known") is None
    tokens.client_of("known", DEADLINE)
    assert tokens.presumed("known") is None
    accounts.revoke_token(SHOP, known.token_id, NOW)
    seconds.now += 30
    assert tokens.presumed("known") == SHOP
    assert tokens.client_of("known", DEADLINE) is None
    assert tokens.presumed("known") is None


@pytest.mark.usefixtures("known")
def test_a_token_is_not_presumed_for_long(tokens: DynamoTokens, seconds: Seconds) -> None:
    tokens.client_of("known", DEADLINE)
    seconds.now += PRESUMED_SECONDS - 0.1
    assert tokens.presumed("known") == SHOP
    seconds.now += 0.1
    assert tokens.presumed("known") is None


def test_use_does_not_prolong_the_cache_time(
    tokens: DynamoTokens, accounts: DynamoAccounts, known: Token, seconds: Seconds
) -> None:
    tokens.client_of("known", DEADLINE)
    accounts.revoke_token(SHOP, known.token_id, NOW)
    for _ in range(3):
        seconds.now += 9
        tokens.client_of("known", DEADLINE)
    seconds.now += 3
    assert tokens.client_of("known", DEADLINE) is None


def test_a_new_token_is_accepted_at_once(tokens: DynamoTokens, accounts: DynamoAccounts) -> None:
    assert tokens.client_of("new", DEADLINE) is None
    accounts.add_token(SHOP, "new", NOW)
    assert tokens.client_of("new", DEADLINE) == SHOP


@pytest.mark.usefixtures("known")
def test_the_number_of_cached_tokens_is_limited(
    tokens: DynamoTokens, accounts: DynamoAccounts
) -> None:
    tokens.client_of("known", DEADLINE)
    [known] = tokens._cache.values()  # noqa: SLF001
    tokens._cache.update({str(number): known for number in range(CACHE_ENTRIES)})  # noqa: SLF001
    accounts.add_token(SHOP, "another", NOW)
    assert tokens.client_of("another", DEADLINE) == SHOP
    assert len(tokens._cache) == 1  # noqa: SLF001


@pytest.mark.parametrize("sent", ["", "KNOWN", "known ", "known\n", "\ud800", "ключ"])
@pytest.mark.usefixtures("known")
def test_any_other_text_is_an_unknown_token(tokens: DynamoTokens, sent: str) -> None:
    assert tokens.client_of(sent, DEADLINE) is None


@pytest.mark.usefixtures("known")
def test_a_known_token_is_read_once_in_30_seconds(accounts: DynamoAccounts) -> None:
    client = local_client(accounts.client.meta.endpoint_url)
    reads: list[object] = []

    def count(**event: object) -> None:
        reads.append(event)

    client.meta.events.register("before-call.dynamodb.GetItem", count)
    tokens = DynamoTokens(client, accounts.table, Seconds())
    for _ in range(3):
        tokens.client_of("known", DEADLINE)
    assert len(reads) == 1


@dataclass
class Access:
    """Access tokens, with the clock that determines their expiry."""

    tokens: DynamoTokens
    accounts: DynamoAccounts
    secret: Token
    seconds: Seconds
    time: Seconds

    def issue(self, token: str, lifetime: int = 100) -> Client:
        granted = replace(SHOP, scopes=frozenset({"manage_orders"}), by_access_token=True)
        expires_at = datetime.fromtimestamp(self.time.now + lifetime, UTC)
        access_tokens = DynamoAccessTokens(self.accounts.client, self.accounts.table)
        access_tokens.add(token, AccessGrant(granted, "known", expires_at), DEADLINE)
        return granted

    def client_of(self, token: str) -> Client | None:
        return self.tokens.client_of(token, DEADLINE)


@pytest.fixture
def access(accounts: DynamoAccounts, known: Token, seconds: Seconds) -> Access:
    time = Seconds(1_800_000_000)
    tokens = DynamoTokens(accounts.client, accounts.table, seconds, now=time)
    return Access(tokens, accounts, known, seconds, time)


def test_an_access_token_has_a_client_and_scopes(access: Access) -> None:
    assert access.issue("access") == access.client_of("access")
    assert access.client_of("other") is None


def test_an_expired_access_token_is_rejected_before_ttl_removes_it(access: Access) -> None:
    granted = access.issue("access", lifetime=100)
    access.time.now += 99
    access.seconds.now += 99
    assert access.client_of("access") == granted
    # The token was read one second before its expiry. The cache must not prolong it.
    access.time.now += 1
    access.seconds.now += 1
    assert access.client_of("access") is None


def test_slow_reads_do_not_prolong_an_access_token(access: Access) -> None:
    client = local_client(access.accounts.client.meta.endpoint_url)

    def take_four_seconds(**_event: object) -> None:
        access.time.now += 4
        access.seconds.now += 4

    client.meta.events.register("after-call.dynamodb.GetItem", take_four_seconds)
    tokens = DynamoTokens(client, access.accounts.table, access.seconds, now=access.time)
    granted = access.issue("access", lifetime=10)
    assert tokens.client_of("access", DEADLINE) == granted
    access.time.now += 2
    access.seconds.now += 2
    assert tokens.client_of("access", DEADLINE) is None


@pytest.mark.parametrize("what", ["secret", "client"])
def test_an_access_token_is_revoked_with_its_secret(access: Access, what: str) -> None:
    access.issue("access", lifetime=10_000)
    assert access.client_of("access")
    if what == "secret":
        access.accounts.revoke_token(SHOP, access.secret.token_id, NOW)
    else:
        access.accounts.revoke_client(SHOP, NOW)
    access.seconds.now += 30
    assert access.client_of("access") is None


def test_only_hashes_of_an_access_token_are_stored(access: Access) -> None:
    access.issue("access token in the clear")
    items = access.accounts.client.scan(TableName=access.accounts.table)["Items"]
    [item] = [item for item in items if item.get("type") == {"S": "access_token"}]
    assert item["expires_at"] == {"N": "1800000100"}
    assert item["pk"] == {"S": f"T#{hash_of('access token in the clear')}"}
    assert item["secret"] == {"S": hash_of("known")}
    assert "in the clear" not in str(items)


def test_racing_requests_get_no_more_tokens_than_the_limit(
    dynamodb: DynamoDBClient, table: str
) -> None:
    store = DynamoAccessTokens(dynamodb, table)
    window = NOW.replace(minute=0)

    def reserve(_: int) -> bool:
        return store.reserve(SHOP, window, 5, DEADLINE)

    with ThreadPoolExecutor(16) as threads:
        assert sorted(threads.map(reserve, range(40))) == [False] * 35 + [True] * 5
    other = replace(SHOP, client_id="other")
    assert store.reserve(other, window, 5, DEADLINE)
    assert store.reserve(SHOP, window + timedelta(hours=1), 5, DEADLINE)


def test_the_counter_of_issued_tokens_expires(dynamodb: DynamoDBClient, table: str) -> None:
    DynamoAccessTokens(dynamodb, table).reserve(SHOP, NOW, 1, DEADLINE)
    key = issued_tokens_key("demo", "shop", NOW)
    item = dynamodb.get_item(TableName=table, Key=key)["Item"]
    assert int(item["expires_at"]["N"]) == int((NOW + timedelta(days=1)).timestamp())


def test_another_error_than_the_limit_is_not_taken_for_it(table: str) -> None:
    nowhere = local_client("http://127.0.0.1:1")
    store = DynamoAccessTokens(nowhere, table, lambda _attempt, _deadline: False)
    with pytest.raises(StorageUnavailableError):
        store.reserve(SHOP, NOW, 1, DEADLINE)
