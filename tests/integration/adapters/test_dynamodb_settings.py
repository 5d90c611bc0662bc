"""Settings are stored in one item with a version, and cached for 30 seconds."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_accounts import DynamoAccounts
from orders.adapters.dynamodb_settings import DynamoSettings
from orders.adapters.table_keys import account_key
from orders.application.apply_settings import ApplySettings, SettingsChange
from orders.application.define_settings import MAX_ATTEMPTS, DefineSettings
from orders.application.errors import (
    DefinitionsRefusedError,
    SettingsTooLargeError,
    StorageUnavailableError,
)
from orders.domain.custom_fields import CustomField, EntityType, ValueType
from orders.domain.settings import (
    Declaration,
    Definitions,
    Policies,
    Region,
    Settings,
    StoredSettings,
    TotalCheck,
)
from orders.runtime.composition import utc_now
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.dynamodb_local import local_client
from tests.support.samples import order_field
from tests.support.settings_strategies import all_settings

USD, EUR = Settings(currencies=("USD",)), Settings(currencies=("EUR",))
DECLARED = Declaration(currencies=("USD",))


@dataclass
class Seconds:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def store(dynamodb: DynamoDBClient, table: str, seconds: Seconds) -> DynamoSettings:
    for name in ("demo", "acme"):
        DynamoAccounts(dynamodb, table).create_account(name, Settings(), datetime.now(UTC))
    return DynamoSettings(dynamodb, table, seconds)


def _other(store: DynamoSettings) -> DynamoSettings:
    """Return the store with an empty cache, as another process has it."""
    return DynamoSettings(store.client, store.table)


def _interfering(store: DynamoSettings, interfere: Callable[[], object]) -> DynamoSettings:
    """Return the store. It calls `interfere` before each of its writes."""
    client = local_client(store.client.meta.endpoint_url)

    def call(**_event: object) -> None:
        interfere()

    client.meta.events.register("before-parameter-build.dynamodb.PutItem", call)
    return DynamoSettings(client, store.table)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(all_settings())
def test_all_settings_are_read_as_they_were_stored(store: DynamoSettings, wanted: Settings) -> None:
    assert store.save("demo", wanted, store.load("demo", DEADLINE, fresh=True).version, DEADLINE)
    assert _other(store).load("demo", DEADLINE).settings == wanted


def test_settings_stored_before_a_section_existed_are_read_without_it(
    store: DynamoSettings,
) -> None:
    store.client.update_item(
        TableName=store.table,
        Key=account_key("demo", "SETTINGS"),
        UpdateExpression="SET document = :old",
        ExpressionAttributeValues={
            ":old": {"S": '{"currencies":["USD"],"policies":{"total_check":"off"}}'}
        },
    )
    read = store.load("demo", DEADLINE, fresh=True).settings
    assert read == Settings(currencies=("USD",), policies=Policies(TotalCheck.OFF))
    assert (read.products, read.policies.default_endpoint) == ({}, None)


def test_one_of_two_parallel_writers_gets_a_conflict(store: DynamoSettings) -> None:
    version = store.load("demo", DEADLINE).version
    assert _other(store).save("demo", USD, version, DEADLINE)
    assert not store.save("demo", EUR, version, DEADLINE)
    assert store.load("demo", DEADLINE, fresh=True).settings == USD


def test_a_failed_write_is_not_cached(store: DynamoSettings) -> None:
    before = store.load("demo", DEADLINE)
    _other(store).save("demo", USD, before.version, DEADLINE)
    store.save("demo", EUR, before.version, DEADLINE)
    assert store.load("demo", DEADLINE).settings == USD


def test_each_account_has_its_own_settings(store: DynamoSettings) -> None:
    assert store.save("demo", USD, 1, DEADLINE)
    assert store.save("acme", EUR, 1, DEADLINE)
    assert [store.load(name, DEADLINE, fresh=True).settings for name in ("demo", "acme")] == [
        USD,
        EUR,
    ]


def test_settings_are_cached_for_30_seconds(store: DynamoSettings, seconds: Seconds) -> None:
    store.load("demo", DEADLINE)
    _other(store).save("demo", USD, 1, DEADLINE)
    seconds.now += 29.9
    assert store.load("demo", DEADLINE).settings == Settings()
    seconds.now += 0.1
    assert store.load("demo", DEADLINE).settings == USD


def test_a_fresh_read_ignores_and_renews_the_cache(store: DynamoSettings) -> None:
    store.load("demo", DEADLINE)
    _other(store).save("demo", USD, 1, DEADLINE)
    assert store.load("demo", DEADLINE, fresh=True).settings == USD
    assert store.load("demo", DEADLINE).settings == USD


def test_a_write_updates_the_cache_at_once(store: DynamoSettings) -> None:
    store.load("demo", DEADLINE)
    store.save("demo", USD, 1, DEADLINE)
    assert (store.load("demo", DEADLINE).settings, store.load("demo", DEADLINE).version) == (USD, 2)


def test_an_unknown_account_is_looked_up_each_time(store: DynamoSettings) -> None:
    with pytest.raises(LookupError, match='Account "new" does not exist'):
        store.load("new", DEADLINE)
    DynamoAccounts(store.client, store.table).create_account("new", USD, datetime.now(UTC))
    assert store.load("new", DEADLINE).settings == USD


def test_settings_of_an_unknown_account_are_not_stored(store: DynamoSettings) -> None:
    assert not store.save("nobody", USD, 1, DEADLINE)
    with pytest.raises(LookupError):
        store.load("nobody", DEADLINE)


def test_applying_again_writes_nothing(store: DynamoSettings) -> None:
    assert ApplySettings(store, CountingPause())("demo", DECLARED, DEADLINE) == SettingsChange(
        Settings(), USD
    )
    assert ApplySettings(store, CountingPause())("demo", DECLARED, DEADLINE) == SettingsChange(
        USD, USD
    )
    assert store.load("demo", DEADLINE, fresh=True).version == 2


def test_a_dry_run_writes_nothing(store: DynamoSettings) -> None:
    assert (
        ApplySettings(store, CountingPause())("demo", DECLARED, DEADLINE, dry_run=True).after == USD
    )
    assert store.load("demo", DEADLINE, fresh=True) == store.load("demo", DEADLINE)
    assert store.load("demo", DEADLINE).version == 1


def test_definitions_that_an_import_adds_meanwhile_are_kept(store: DynamoSettings) -> None:
    imports = _other(store)
    made = [Definitions((order_field("made_by_import"),))]

    def import_once() -> None:
        if made:
            DefineSettings(imports, CountingPause())("demo", made.pop(), DEADLINE)

    mine = Definitions((order_field("mine"),))
    ApplySettings(_interfering(store, import_once), CountingPause())(
        "demo", Declaration(definitions=mine), DEADLINE
    )
    stored = store.load("demo", DEADLINE, fresh=True)
    assert set(stored.settings.fields_of(EntityType.ORDER)) == {"made_by_import", "mine"}
    assert stored.version == 3


def test_a_definition_that_an_import_adds_can_reject_a_declaration(store: DynamoSettings) -> None:
    imports = _other(store)
    made = [Definitions((order_field("x", ValueType.INT),))]

    def import_once() -> None:
        if made:
            DefineSettings(imports, CountingPause())("demo", made.pop(), DEADLINE)

    declaration = Declaration(definitions=Definitions((order_field("x"),)))
    with pytest.raises(DefinitionsRefusedError):
        ApplySettings(_interfering(store, import_once), CountingPause())(
            "demo", declaration, DEADLINE
        )


def test_writers_give_up_after_several_conflicts(store: DynamoSettings) -> None:
    def write() -> None:
        stored = store.load("demo", DEADLINE, fresh=True)
        assert store.save("demo", EUR, stored.version, DEADLINE)

    with pytest.raises(StorageUnavailableError, match="kept changing"):
        ApplySettings(_interfering(store, write), CountingPause())("demo", DECLARED, DEADLINE)
    assert store.load("demo", DEADLINE, fresh=True).version == 1 + MAX_ATTEMPTS


def test_another_value_type_is_rejected_and_nothing_is_written(store: DynamoSettings) -> None:
    field = order_field("x")
    DefineSettings(store, CountingPause())("demo", Definitions((field,)), DEADLINE)
    changed: CustomField = replace(field, value_type=ValueType.INT)
    declaration = Declaration(currencies=("USD",), definitions=Definitions((changed,)))
    with pytest.raises(DefinitionsRefusedError):
        ApplySettings(store, CountingPause())("demo", declaration, DEADLINE)
    assert store.load("demo", DEADLINE, fresh=True).settings.currencies == ()


def test_an_unknown_account_has_no_settings_to_apply(store: DynamoSettings) -> None:
    with pytest.raises(LookupError, match='Account "nobody" does not exist'):
        ApplySettings(store, CountingPause())("nobody", DECLARED, DEADLINE)


def test_the_cache_is_separate_for_each_account(dynamodb: DynamoDBClient, table: str) -> None:
    accounts = DynamoAccounts(dynamodb, table)
    for name, currency in (("first", "USD"), ("second", "EUR")):
        accounts.create_account(name, Settings(currencies=(currency,)), utc_now())
    repository = DynamoSettings(dynamodb, table)
    for _ in range(2):
        assert repository.load("first", DEADLINE).settings.currencies == ("USD",)
        assert repository.load("second", DEADLINE).settings.currencies == ("EUR",)


def test_settings_that_are_too_large_are_rejected_without_a_call(
    dynamodb: DynamoDBClient, table: str
) -> None:
    accounts = DynamoAccounts(dynamodb, table)
    accounts.create_account("large", Settings(), utc_now())
    repository = DynamoSettings(dynamodb, table)
    too_many = Settings(regions={f"r{n}": Region(f"r{n}", "x" * 200) for n in range(2000)})
    with pytest.raises(SettingsTooLargeError, match="390 KB"):
        repository.save("large", too_many, 1, DEADLINE)
    with pytest.raises(SettingsTooLargeError, match="390 KB"):
        repository.expect_room(too_many)
    repository.expect_room(Settings())
    assert repository.load("large", DEADLINE, fresh=True) == StoredSettings(Settings(), 1)
