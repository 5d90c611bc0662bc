"""Settings are converted to a document and back without loss."""

import pytest
from hypothesis import given
from pydantic import ValidationError

from orders.domain.custom_fields import EntityType, ValueType
from orders.domain.settings import Policies, Settings, TotalCheck, declare
from orders.protocols.settings_document import SettingsDocument, document_of
from tests.support.samples import settings
from tests.support.settings_strategies import all_settings


@given(all_settings())
def test_a_settings_document_is_read_back(settings: Settings) -> None:
    text = document_of(settings).model_dump_json(exclude_unset=True)
    assert SettingsDocument.model_validate_json(text).settings() == settings


@given(all_settings())
def test_a_document_declares_all_its_sections(settings: Settings) -> None:
    assert declare(Settings(), document_of(settings).declaration()) == settings


def test_a_document_changes_only_the_policies_that_it_names() -> None:
    stored = settings(TotalCheck.REJECT)
    document = SettingsDocument.model_validate({"policies": {"external_id_policy": "once"}})
    declared = declare(stored, document.declaration())
    assert isinstance(declared, Settings)
    assert declared.policies.total_check is TotalCheck.REJECT
    assert declared.policies.external_id_policy == "once"
    back = SettingsDocument.model_validate({"policies": {"external_id_policy": "change"}})
    assert declare(declared, back.declaration()) == stored


def test_an_empty_section_resets_all_policies() -> None:
    document = SettingsDocument.model_validate({"policies": {}})
    declared = declare(settings(TotalCheck.REJECT), document.declaration())
    assert isinstance(declared, Settings)
    assert declared.policies == Policies()


def test_a_policy_without_a_value_is_reset() -> None:
    stored = Settings(policies=Policies(default_endpoint=None))
    document = SettingsDocument.model_validate(
        {"endpoints": [{"external_id": "a"}], "policies": {"default_endpoint": "a"}}
    )
    declared = declare(stored, document.declaration())
    assert isinstance(declared, Settings)
    assert declared.policies.default_endpoint == "a"
    document = SettingsDocument.model_validate({"policies": {"default_endpoint": None}})
    declared = declare(declared, document.declaration())
    assert isinstance(declared, Settings)
    assert declared.policies.default_endpoint is None


def test_ids_in_settings_have_no_white_space_around_them() -> None:
    document = SettingsDocument.model_validate(
        {
            "currencies": [" USD"],
            "endpoints": [{"external_id": " website "}],
            "regions": [{"external_id": "north\n"}],
            "custom_line_statuses": [{"external_id": " packed", "type": "in_process"}],
        }
    )
    read = document.settings()
    assert read.currencies == ("USD",)
    assert [*read.endpoints, *read.regions, *read.line_statuses] == ["website", "north", "packed"]
    with pytest.raises(ValidationError, match="is a duplicate"):
        SettingsDocument.model_validate({"regions": [{"external_id": "a"}, {"external_id": "a "}]})


def test_a_number_without_a_fraction_is_whole_in_settings() -> None:
    document = SettingsDocument.model_validate(
        {
            "endpoints": [{"external_id": "a", "campaign_id": 5.0}],
            "policies": {"external_id_requests_per_hour": 10.0},
            "products": [{"id": "p", "variants": [{"id": 1.0}]}],
            "custom_fields": [
                {
                    "external_id": "colour",
                    "entity_type": "order",
                    "value_type": "enum",
                    "enum_values": {"red": 1.0},
                    "default_value": 1.0,
                }
            ],
        }
    )
    read = document.settings()
    assert read.endpoints["a"].campaign_id == 5
    assert read.policies.external_id_requests_per_hour == 10
    assert read.products["p"].variants[0].id == 1
    field = read.custom_fields[EntityType.ORDER, "colour"]
    assert (field.value_type, field.default_value) == (ValueType.ENUM, "red")
    assert field.enum_values == {"red": 1}
    with pytest.raises(ValidationError, match="campaign_id"):
        SettingsDocument.model_validate({"endpoints": [{"external_id": "a", "campaign_id": 5.5}]})
