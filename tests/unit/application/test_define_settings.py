"""Definitions reach the settings once, whoever else changes them."""

from dataclasses import dataclass, replace

import pytest

from orders.application.apply_settings import apply_settings
from orders.application.define_settings import DefinitionsRefusedError, define_settings
from orders.application.ports import Deadline, StorageUnavailableError
from orders.domain.custom_fields import ValueType
from orders.domain.settings import Declaration, Definitions, Settings, StoredSettings
from tests.support.deadlines import DEADLINE
from tests.support.fakes import FakeSettings
from tests.support.samples import order_field, settings

FIELD = Definitions((order_field("a"),))


def _repository() -> FakeSettings:
    return FakeSettings({"demo": StoredSettings(settings(), 1)})


@dataclass
class BusySettings(FakeSettings):
    """Settings that somebody else changes before each of our first `others` writes."""

    others: int = 1

    def save(self, account: str, settings: Settings, base_version: int, deadline: Deadline) -> bool:
        if self.others:
            self.others -= 1
            stored = self.stored[account]
            theirs = replace(stored.settings, currencies=(*stored.settings.currencies, "GBP"))
            self.stored[account] = StoredSettings(theirs, stored.version + 1)
        return super().save(account, settings, base_version, deadline)


def test_a_lost_race_for_the_settings_is_decided_again() -> None:
    repository = BusySettings({"demo": StoredSettings(settings(), 1)}, others=3)
    defined, written = define_settings(repository, "demo", FIELD, DEADLINE)
    assert written
    assert repository.stored["demo"] == StoredSettings(defined, 5)
    assert defined.currencies.count("GBP") == 3
    assert repository.fresh_loads == 4, "after a lost race an old copy would lose again"


def test_settings_that_keep_changing_are_a_fault() -> None:
    repository = BusySettings({"demo": StoredSettings(settings(), 1)}, others=1000)
    with pytest.raises(StorageUnavailableError):
        define_settings(repository, "demo", FIELD, DEADLINE)
    with pytest.raises(StorageUnavailableError):
        apply_settings(repository, "demo", Declaration(definitions=FIELD), DEADLINE)


def test_an_old_copy_neither_refuses_nor_overwrites() -> None:
    repository = _repository()
    old = settings()
    repository.cached["demo"] = StoredSettings(
        define_settings(
            FakeSettings({"demo": StoredSettings(old, 1)}),
            "demo",
            Definitions((order_field("a", ValueType.INT),)),
            DEADLINE,
        )[0],
        0,
    )
    defined, written = define_settings(repository, "demo", FIELD, DEADLINE)
    assert written
    assert defined.custom_fields == {("order", "a"): order_field("a")}


def test_applying_shows_the_change_and_stores_it_once() -> None:
    repository = _repository()
    declaration = Declaration(currencies=("RUB",))
    change = apply_settings(repository, "demo", declaration, DEADLINE)
    assert (change.before.currencies, change.after.currencies) == (("USD", "EUR"), ("RUB",))
    assert repository.stored["demo"] == StoredSettings(change.after, 2)
    again = apply_settings(repository, "demo", declaration, DEADLINE)
    assert again.before == again.after
    assert repository.stored["demo"].version == 2


def test_a_dry_run_stores_nothing() -> None:
    repository = _repository()
    change = apply_settings(repository, "demo", Declaration(currencies=()), DEADLINE, dry_run=True)
    assert change.after.currencies == ()
    assert repository.stored["demo"] == StoredSettings(settings(), 1)


def test_a_declaration_that_breaks_stored_values_is_refused() -> None:
    repository = _repository()
    define_settings(repository, "demo", FIELD, DEADLINE)
    broken = Declaration(definitions=Definitions((order_field("a", ValueType.INT),)))
    with pytest.raises(DefinitionsRefusedError):
        apply_settings(repository, "demo", broken, DEADLINE)
