"""Definitions are added once, even if other requests change the settings."""

from dataclasses import dataclass, replace

import pytest

from orders.application.apply_settings import ApplySettings
from orders.application.define_settings import MAX_ATTEMPTS, DefineSettings
from orders.application.errors import DefinitionsRefusedError, StorageUnavailableError
from orders.application.ports import Deadline
from orders.domain.custom_fields import ValueType
from orders.domain.settings import Declaration, Definitions, Settings, StoredSettings
from tests.support.deadlines import DEADLINE, CountingPause, FixedDeadline
from tests.support.fakes import FakeSettings
from tests.support.samples import order_field, settings

FIELD = Definitions((order_field("a"),))


def _repository() -> FakeSettings:
    return FakeSettings({"demo": StoredSettings(settings(), 1)})


@dataclass
class BusySettings(FakeSettings):
    """Settings that another request changes before each of the first `others` writes."""

    others: int = 1

    def save(self, account: str, settings: Settings, base_version: int, deadline: Deadline) -> bool:
        if self.others:
            self.others -= 1
            stored = self.stored[account]
            theirs = replace(stored.settings, currencies=(*stored.settings.currencies, "GBP"))
            self.stored[account] = StoredSettings(theirs, stored.version + 1)
        return super().save(account, settings, base_version, deadline)


def test_after_a_conflict_the_settings_are_decided_again() -> None:
    repository = BusySettings({"demo": StoredSettings(settings(), 1)}, others=3)
    defined, written = DefineSettings(repository, CountingPause())("demo", FIELD, DEADLINE)
    assert written
    assert repository.stored["demo"] == StoredSettings(defined, 5)
    assert defined.currencies.count("GBP") == 3
    assert repository.fresh_loads == 4, "cached settings would cause another conflict"


def test_settings_that_keep_changing_raise_an_error() -> None:
    repository = BusySettings({"demo": StoredSettings(settings(), 1)}, others=1000)
    with pytest.raises(StorageUnavailableError):
        DefineSettings(repository, CountingPause())("demo", FIELD, DEADLINE)
    with pytest.raises(StorageUnavailableError):
        ApplySettings(repository, CountingPause())("demo", Declaration(definitions=FIELD), DEADLINE)


def test_writers_of_settings_pause_between_their_attempts() -> None:
    repository = BusySettings({"demo": StoredSettings(settings(), 1)}, others=3)
    pause = CountingPause()
    DefineSettings(repository, pause)("demo", FIELD, DEADLINE)
    assert pause.attempts == [1, 2, 3]
    repository.others = 2
    pause = CountingPause()
    ApplySettings(repository, pause)("demo", Declaration(currencies=("RUB",)), DEADLINE)
    assert pause.attempts == [1, 2]


def test_writers_of_settings_do_not_pause_without_a_conflict() -> None:
    pause = CountingPause()
    for _ in range(2):
        DefineSettings(_repository(), pause)("demo", FIELD, DEADLINE)
        ApplySettings(_repository(), pause)("demo", Declaration(currencies=()), DEADLINE)
    assert pause.attempts == []


@pytest.mark.parametrize(("limit", "attempts"), [(3, 3), (1000, MAX_ATTEMPTS)])
def test_writers_of_settings_stop_when_time_is_up(limit: int, attempts: int) -> None:
    for write in (
        lambda store, pause: DefineSettings(store, pause)("demo", FIELD, DEADLINE),
        lambda store, pause: ApplySettings(store, pause)(
            "demo", Declaration(currencies=("RUB",)), DEADLINE
        ),
    ):
        repository = BusySettings({"demo": StoredSettings(settings(), 1)}, others=1000)
        with pytest.raises(StorageUnavailableError, match="kept changing"):
            write(repository, CountingPause(limit))
        assert repository.fresh_loads == attempts


def test_equal_definitions_need_no_call_after_the_deadline() -> None:
    repository = _repository()
    DefineSettings(repository, CountingPause())("demo", FIELD, DEADLINE)
    late = FixedDeadline(0)
    assert DefineSettings(repository, CountingPause())("demo", FIELD, late)[1] is False


def test_cached_settings_neither_reject_nor_overwrite_definitions() -> None:
    repository = _repository()
    old = settings()
    repository.cached["demo"] = StoredSettings(
        DefineSettings(FakeSettings({"demo": StoredSettings(old, 1)}), CountingPause())(
            "demo",
            Definitions((order_field("a", ValueType.INT),)),
            DEADLINE,
        )[0],
        0,
    )
    defined, written = DefineSettings(repository, CountingPause())("demo", FIELD, DEADLINE)
    assert written
    assert defined.custom_fields == {("order", "a"): order_field("a")}


def test_applied_settings_are_returned_and_stored_once() -> None:
    repository = _repository()
    declaration = Declaration(currencies=("RUB",))
    change = ApplySettings(repository, CountingPause())("demo", declaration, DEADLINE)
    assert (change.before.currencies, change.after.currencies) == (("USD", "EUR"), ("RUB",))
    assert repository.stored["demo"] == StoredSettings(change.after, 2)
    again = ApplySettings(repository, CountingPause())("demo", declaration, DEADLINE)
    assert again.before == again.after
    assert repository.stored["demo"].version == 2


def test_a_dry_run_stores_nothing() -> None:
    repository = _repository()
    change = ApplySettings(repository, CountingPause())(
        "demo", Declaration(currencies=()), DEADLINE, dry_run=True
    )
    assert change.after.currencies == ()
    assert repository.stored["demo"] == StoredSettings(settings(), 1)


def test_a_declaration_that_contradicts_stored_values_is_rejected() -> None:
    repository = _repository()
    DefineSettings(repository, CountingPause())("demo", FIELD, DEADLINE)
    broken = Declaration(definitions=Definitions((order_field("a", ValueType.INT),)))
    with pytest.raises(DefinitionsRefusedError):
        ApplySettings(repository, CountingPause())("demo", broken, DEADLINE)
