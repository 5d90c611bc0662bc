"""Definitions are removed unless recent orders use them."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from orders.application.errors import (
    DefinitionsInUseError,
    NotFoundError,
    StorageUnavailableError,
)
from orders.application.remove_definitions import RECENT_ORDERS, RemoveDefinitions
from orders.domain.custom_fields import EntityType
from orders.domain.definition_names import DefinitionNames
from orders.domain.order import Order
from orders.domain.settings import FieldKey, Settings, StoredSettings, TotalCheck
from orders.runtime.composition.order_protocols import definitions_used_by
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.fakes import FakeOrderIndex, FakeOrders, FakeSettings
from tests.support.samples import order_field, settings

NOW = datetime(2026, 1, 2, tzinfo=UTC)
GIFT: FieldKey = (EntityType.ORDER, "gift")
SHELF: FieldKey = (EntityType.LINE_ORDER, "shelf")
STORED = settings(
    TotalCheck.WARN,
    order_field("gift"),
    replace(order_field("shelf"), entity_type=EntityType.LINE_ORDER),
)


def _names(*fields: FieldKey, statuses: tuple[str, ...] = ()) -> DefinitionNames:
    return DefinitionNames(frozenset(fields), frozenset(statuses))


@dataclass
class Hub:
    """The use case with fakes around it."""

    orders: FakeOrders = field(default_factory=FakeOrders)
    settings: FakeSettings = field(
        default_factory=lambda: FakeSettings({"demo": StoredSettings(STORED, 1)})
    )
    last: int = 0

    def put(self, document: object, protocol: str = "altcraft") -> None:
        self.last += 1
        name, text = f"N{self.last}", json.dumps(document)
        self.orders.orders["demo", name] = Order(
            "demo", name, self.last, 1, "new", protocol, text, NOW, NOW, "request"
        )

    def remove(self, names: DefinitionNames, *, force: bool = False) -> int:
        remove = RemoveDefinitions(
            self.settings, FakeOrderIndex(self.orders), definitions_used_by, CountingPause()
        )
        return remove("demo", names, DEADLINE, force=force).searched

    @property
    def stored(self) -> Settings:
        return self.settings.stored["demo"].settings


def test_unused_definitions_are_removed_and_nothing_else_is() -> None:
    hub = Hub()
    hub.put({"lines": [{"status": "new"}], "custom_fields": {"other": 1}})
    assert hub.remove(_names(GIFT, statuses=("0001",))) == 1
    assert hub.stored == replace(
        STORED, custom_fields={SHELF: STORED.custom_fields[SHELF]}, line_statuses={}
    )


@pytest.mark.parametrize(
    ("document", "uses"),
    [
        ({"custom_fields": {"gift": True}}, {"custom field order:gift": 1}),
        (
            {"lines": [{"custom_fields": {"shelf": 1}}, {"custom_fields": {"shelf": 2}}]},
            {"custom field line_order:shelf": 1},
        ),
        ({"lines": [{"status": "0001"}, {"status": "new"}]}, {"line status 0001": 1}),
    ],
)
def test_what_a_recent_order_uses_is_kept_unless_forced(
    document: object, uses: dict[str, int]
) -> None:
    hub = Hub()
    hub.put(document)
    # Fields of the same ids, of the other entity each.
    hub.put({"custom_fields": {"shelf": 1}, "lines": [{"custom_fields": {"gift": 1}}]})
    names = _names(GIFT, SHELF, statuses=("0001",))
    with pytest.raises(DefinitionsInUseError) as caught:
        hub.remove(names)
    assert (caught.value.uses, caught.value.searched) == (uses, 2)
    assert hub.settings.stored["demo"] == StoredSettings(STORED, 1)
    assert hub.remove(names, force=True) == 0
    assert (hub.stored.custom_fields, hub.stored.line_statuses) == ({}, {})


def test_orders_of_a_protocol_without_definitions_use_none() -> None:
    hub = Hub()
    hub.put({"custom_fields": {"gift": 1}, "lineItems": []}, "commercetools")
    assert hub.remove(_names(GIFT)) == 1


def test_only_the_newest_orders_are_read() -> None:
    hub = Hub()
    hub.put({"custom_fields": {"gift": 1}})
    for _ in range(RECENT_ORDERS - 1):
        hub.put({})
    with pytest.raises(DefinitionsInUseError) as caught:
        hub.remove(_names(GIFT))
    assert caught.value.searched == RECENT_ORDERS == 1000
    hub.put({})
    assert hub.remove(_names(GIFT)) == RECENT_ORDERS


def test_a_name_that_is_not_defined_is_refused() -> None:
    hub = Hub()
    wrong = _names((EntityType.LINE_ORDER, "gift"), GIFT, statuses=("0002",))
    with pytest.raises(NotFoundError, match=r"custom field line_order:gift, line status 0002$"):
        hub.remove(wrong, force=True)
    assert hub.stored == STORED


def test_a_lost_race_is_decided_again_and_many_are_a_fault() -> None:
    hub = Hub()

    @dataclass
    class Busy(FakeSettings):
        others: int = 1

        def save(self, account: str, settings: Settings, *rest: object) -> bool:
            if self.others:
                self.others -= 1
                stored = self.stored[account]
                theirs = replace(stored.settings, currencies=("GBP",))
                self.stored[account] = StoredSettings(theirs, stored.version + 1)
            return FakeSettings.save(self, account, settings, *rest)  # type: ignore[arg-type]

    hub.settings = Busy({"demo": StoredSettings(STORED, 1)}, others=2)
    hub.remove(_names(GIFT))
    assert (hub.stored.currencies, GIFT in hub.stored.custom_fields) == (("GBP",), False)
    hub.settings = Busy({"demo": StoredSettings(STORED, 1)}, others=1000)
    with pytest.raises(StorageUnavailableError, match="keep changing"):
        hub.remove(_names(GIFT))
