"""Mappings of columns are kept in the settings of an account."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from orders.application.errors import (
    InvalidRequestError,
    NotFoundError,
    StorageUnavailableError,
    UnknownMappingError,
)
from orders.application.keep_mapping import FindMapping, KeepMapping
from orders.application.ports import Deadline
from orders.domain.kept_mappings import MAX_MAPPING_BYTES, MAX_MAPPINGS
from orders.domain.settings import Declaration, Settings, StoredSettings, declare
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.fakes import FakeSettings
from tests.support.samples import settings

OUTLET = {"order": {"endpoint": {"constant": "outlet"}}}
OTHER = {"order": {"endpoint": {"constant": "other"}}}


def _repository(**mappings: Mapping[str, object]) -> FakeSettings:
    return FakeSettings({"demo": StoredSettings(replace(settings(), mappings=mappings), 1)})


def _keep(repository: FakeSettings) -> KeepMapping:
    return KeepMapping(repository, CountingPause())


def test_a_mapping_is_kept_and_found() -> None:
    repository = _repository()
    assert _keep(repository)("demo", "outlet", OUTLET, DEADLINE)
    assert FindMapping(repository)("demo", "outlet", DEADLINE) == OUTLET
    assert repository.stored["demo"].version == 2


def test_a_mapping_replaces_the_one_with_its_name() -> None:
    repository = _repository(outlet=OUTLET, other=OTHER)
    assert _keep(repository)("demo", "outlet", OTHER, DEADLINE)
    assert repository.stored["demo"].settings.mappings == {"outlet": OTHER, "other": OTHER}


def test_an_equal_mapping_is_not_written_again() -> None:
    repository = _repository(outlet=OUTLET)
    assert not _keep(repository)("demo", "outlet", dict(OUTLET), DEADLINE)
    assert repository.stored["demo"].version == 1


def test_the_newest_mapping_is_found() -> None:
    repository = _repository(outlet=OTHER)
    repository.cached["demo"] = StoredSettings(Settings(mappings={"outlet": OUTLET}), 0)
    assert FindMapping(repository)("demo", "outlet", DEADLINE) == OTHER


def test_a_removed_mapping_is_unknown() -> None:
    repository = _repository(outlet=OUTLET, other=OTHER)
    _keep(repository).remove("demo", "outlet", DEADLINE)
    with pytest.raises(UnknownMappingError, match=r'no mapping "outlet"; those of .* are: other'):
        FindMapping(repository)("demo", "outlet", DEADLINE)
    with pytest.raises(UnknownMappingError):
        _keep(repository).remove("demo", "outlet", DEADLINE)


def test_an_account_without_mappings_says_so() -> None:
    with pytest.raises(UnknownMappingError, match="it keeps none"):
        FindMapping(_repository())("demo", "outlet", DEADLINE)


def test_an_unknown_account_keeps_no_mapping() -> None:
    with pytest.raises(NotFoundError):
        _keep(_repository())("nobody", "outlet", OUTLET, DEADLINE)


@pytest.mark.parametrize("name", ["", " a", "a b", "../a", "-a", ".a", "a" * 65, "магазин", "a\n"])
def test_a_name_that_could_be_misread_is_rejected(name: str) -> None:
    with pytest.raises(InvalidRequestError, match="name of a mapping must have 1 to 64 letters"):
        _keep(_repository())("demo", name, OUTLET, DEADLINE)


def test_a_mapping_that_is_too_large_is_rejected() -> None:
    largest = {"a": "я" * ((MAX_MAPPING_BYTES - len('{"a": ""}')) // 2)}
    assert _keep(_repository())("demo", "large", largest, DEADLINE)
    with pytest.raises(InvalidRequestError, match="at most 50 KB"):
        _keep(_repository())("demo", "large", {"a": largest["a"] + "яя"}, DEADLINE)


def test_an_account_keeps_a_limited_number_of_mappings() -> None:
    repository = _repository(**{f"m{number}": OUTLET for number in range(MAX_MAPPINGS)})
    with pytest.raises(InvalidRequestError, match="at most 50 mappings"):
        _keep(repository)("demo", "one-more", OUTLET, DEADLINE)
    assert _keep(repository)("demo", "m1", OTHER, DEADLINE)


def test_a_declaration_keeps_the_mappings() -> None:
    before = replace(settings(), mappings={"outlet": OUTLET})
    after = declare(before, Declaration(currencies=("EUR",)))
    assert isinstance(after, Settings)
    assert (after.currencies, after.mappings) == (("EUR",), {"outlet": OUTLET})


@dataclass
class BusySettings(FakeSettings):
    """Settings to which another request adds a mapping before each of the first `others` writes."""

    others: int = 1

    def save(self, account: str, settings: Settings, base_version: int, deadline: Deadline) -> bool:
        if self.others:
            self.others -= 1
            stored = self.stored[account]
            theirs = {**stored.settings.mappings, f"theirs{self.others}": OTHER}
            self.stored[account] = StoredSettings(
                replace(stored.settings, mappings=theirs), stored.version + 1
            )
        return super().save(account, settings, base_version, deadline)


def test_mappings_that_others_keep_meanwhile_remain() -> None:
    repository = BusySettings(_repository().stored, others=2)
    pause = CountingPause()
    assert KeepMapping(repository, pause)("demo", "outlet", OUTLET, DEADLINE)
    kept = repository.stored["demo"].settings.mappings
    assert set(kept) == {"outlet", "theirs0", "theirs1"}
    assert pause.attempts == [1, 2]


def test_settings_that_keep_changing_raise_an_error() -> None:
    repository = BusySettings(_repository().stored, others=1000)
    with pytest.raises(StorageUnavailableError):
        _keep(repository)("demo", "outlet", OUTLET, DEADLINE)
