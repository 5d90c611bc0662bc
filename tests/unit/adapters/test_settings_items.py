"""Settings are read from their item exactly as they were written, in a pinned form."""

import json
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from pydantic import ValidationError

from orders.adapters.settings_items import read_settings, write_settings
from orders.domain.catalogue import Product, Variant
from orders.domain.custom_fields import CustomField, EntityType, ValueType
from orders.domain.settings import (
    Endpoint,
    LineStatus,
    LineStatusType,
    Policies,
    Region,
    Settings,
    TotalCheck,
)
from tests.support.settings_strategies import all_settings

SIZE = CustomField(
    "size", "Size", EntityType.SKU, ValueType.ENUM, default_value="L", enum_values={"L": 1}
)
WHOLE = Settings(
    currencies=("USD",),
    endpoints={"website": Endpoint("website", "Website", 1001)},
    regions={"north": Region("north")},
    custom_fields={(SIZE.entity_type, SIZE.external_id): SIZE},
    line_statuses={"0001": LineStatus("0001", "At the counter", LineStatusType.IN_PROCESS)},
    policies=Policies(default_endpoint="website"),
    products={"mug": Product("mug", (Variant(1, "sku"),), slug={"en": "mug"})},
    business_id=77,
)
# Stored items have this form: a member that is renamed in the code must keep its name here.
FORM = {
    "currencies": ["USD"],
    "endpoints": [
        {"external_id": "website", "name": "Website", "campaign_id": 1001, "sales_model": "FBS"}
    ],
    "regions": [{"external_id": "north", "name": ""}],
    "custom_fields": [
        {
            "external_id": "size",
            "name": "Size",
            "entity_type": "sku",
            "value_type": "enum",
            "required": False,
            "default_value": "L",
            "enum_values": {"L": 1},
        }
    ],
    "custom_line_statuses": [
        {"external_id": "0001", "name": "At the counter", "type": "in_process"}
    ],
    "policies": {
        "total_check": "warn",
        "external_id_policy": "change",
        "external_id_requests_per_hour": 10_000,
        "default_endpoint": "website",
        "definitions_by_import": "add",
        "unknown_members": "warn_near_miss",
        "history_days": 400,
        "partner_order_members": "neutral",
        "order_status_from_lines": "off",
        "list_amounts": "major",
        "trigger_payload": "full",
        "unknown_products": "accept",
        "products_from_catalogue": "off",
    },
    "products": [
        {
            "id": "mug",
            "variants": [{"id": 1, "sku": "sku"}],
            "key": None,
            "product_type": None,
            "slug": {"en": "mug"},
        }
    ],
    "business_id": 77,
}


@given(all_settings())
def test_the_written_form_is_read_back(settings: Settings) -> None:
    assert read_settings(write_settings(settings)) == settings


def test_the_stored_form_keeps_its_names() -> None:
    assert json.loads(write_settings(WHOLE)) == FORM
    assert read_settings(json.dumps(FORM)) == WHOLE


KEPT = {"group_by": "Номер", "order": {"tags": {"column": ["A", "B"], "split": ","}}, "line": {}}


def test_kept_mappings_are_stored_and_read_back() -> None:
    settings = replace(WHOLE, mappings={"outlet": MappingProxyType(KEPT)})
    text = write_settings(settings)
    assert json.loads(text) == {**FORM, "mappings": {"outlet": KEPT}}
    assert read_settings(text) == replace(WHOLE, mappings={"outlet": KEPT})


def test_settings_without_mappings_are_stored_in_the_form_of_older_versions() -> None:
    assert "mappings" not in json.loads(write_settings(replace(WHOLE, mappings={})))


def test_any_mapping_can_be_stored() -> None:
    field = replace(SIZE, enum_values=MappingProxyType(SIZE.enum_values))
    product = replace(WHOLE.products["mug"], slug=MappingProxyType({"en": "mug"}))
    settings = replace(
        WHOLE,
        custom_fields={(field.entity_type, field.external_id): field},
        products={product.id: product},
    )
    assert write_settings(settings) == write_settings(WHOLE)


def test_a_stored_form_without_a_new_section_can_be_read() -> None:
    assert read_settings('{"currencies":["USD"],"policies":{"total_check":"off"}}') == Settings(
        currencies=("USD",), policies=Policies(TotalCheck.OFF)
    )


def test_the_stored_text_may_contain_its_form() -> None:
    assert read_settings(json.dumps({**FORM, "form": 1})) == WHOLE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"form":2}',
        '{"webhooks":[]}',
        '{"mappings":{"outlet":["A"]}}',
        '{"policies":{"webhook":""}}',
        '{"endpoints":[{"external_id":"a","colour":"red"}]}',
        '{"products":[{"id":"p","variants":[{"id":1,"colour":"red"}]}]}',
        '{"regions":[{"name":"without an id"}]}',
    ],
)
def test_a_text_of_an_unknown_form_is_rejected(text: str) -> None:
    with pytest.raises(ValidationError):
        read_settings(text)
