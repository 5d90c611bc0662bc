"""What an import's definitions may change under each policy, and how large they may be."""

from dataclasses import replace

import pytest

from orders.domain.custom_fields import (
    CustomField,
    EntityType,
    FieldSet,
    FieldValue,
    ValueType,
    defaults_for,
    read_values,
)
from orders.domain.definition_bounds import (
    MAX_DEFAULTS_BYTES,
    MAX_DEFINITIONS_BYTES,
    MAX_ENUM_VALUES,
)
from orders.domain.definitions_by_import import define_by_import, leaves_no_room
from orders.domain.problems import Code
from orders.domain.settings import (
    Definitions,
    DefinitionsByImport,
    LineStatus,
    LineStatusType,
    Policies,
    Settings,
    define,
)

OFF, ADD, CHANGE = DefinitionsByImport.OFF, DefinitionsByImport.ADD, DefinitionsByImport.CHANGE
NOTE = CustomField("note", "Note", EntityType.ORDER, ValueType.UNICODE, default_value="-")
SIZE = CustomField(
    "size", "Size", EntityType.LINE_ORDER, ValueType.ENUM, required=True, enum_values={"L": 1}
)
PACKED = LineStatus("packed", "Packed", LineStatusType.IN_PROCESS)


def _settings(policy: DefinitionsByImport) -> Settings:
    return Settings(
        custom_fields={(each.entity_type, each.external_id): each for each in (NOTE, SIZE)},
        line_statuses={"packed": PACKED},
        policies=Policies(definitions_by_import=policy),
    )


def _paths(settings: Settings, *definitions: CustomField | LineStatus) -> list[str]:
    """Return where the definitions are refused, nothing if they are applied."""
    sent = Definitions(
        tuple(each for each in definitions if isinstance(each, CustomField)),
        tuple(each for each in definitions if isinstance(each, LineStatus)),
    )
    answer = define_by_import(settings, sent)
    return [each.pointer for each in answer] if isinstance(answer, tuple) else []


def test_add_is_the_default() -> None:
    assert Policies().definitions_by_import is ADD


NEW = CustomField("new", "New", EntityType.ORDER, ValueType.INT, required=True)
NEW_STATUS = LineStatus("new-status", "New", LineStatusType.CANCELED)
HARMLESS = [
    NEW,
    NEW_STATUS,
    replace(NOTE, entity_type=EntityType.LINE_ORDER),
    replace(NOTE, name="Another name"),
    replace(SIZE, enum_values={"L": 1, "XL": 2}),
    replace(PACKED, name="Another name"),
]
HARMFUL = [
    (replace(NOTE, required=True), "/custom_fields/0/required"),
    # Off is no better: whoever goes on to send `true` would be refused from then on.
    (replace(SIZE, required=False), "/custom_fields/0/required"),
    (replace(PACKED, type=LineStatusType.CANCELED), "/custom_line_statuses/0/type"),
]


@pytest.mark.parametrize("sent", HARMLESS)
def test_add_takes_what_is_new_and_what_is_harmless(sent: CustomField | LineStatus) -> None:
    assert _paths(_settings(ADD), sent) == []


@pytest.mark.parametrize(("sent", "path"), HARMFUL)
def test_add_never_changes_what_other_orders_depend_on(
    sent: CustomField | LineStatus, path: str
) -> None:
    assert _paths(_settings(ADD), sent) == [path]
    assert _paths(_settings(CHANGE), sent) == []


@pytest.mark.parametrize(
    "sent",
    [
        replace(NOTE, default_value="x" * 255),
        replace(NOTE, default_value=None),
        replace(SIZE, default_value="L"),
    ],
)
def test_under_add_a_stored_default_stays(sent: CustomField) -> None:
    settings = _settings(ADD)
    assert define_by_import(settings, Definitions((sent,))) == settings
    changed = define_by_import(_settings(CHANGE), Definitions((sent,)))
    assert isinstance(changed, Settings)
    assert changed.custom_fields[sent.entity_type, sent.external_id] == sent


@pytest.mark.parametrize("sent", [*HARMLESS, *(sent for sent, _ in HARMFUL)])
def test_off_rejects_whatever_would_change_something(sent: CustomField | LineStatus) -> None:
    member = "custom_fields" if isinstance(sent, CustomField) else "custom_line_statuses"
    assert _paths(_settings(OFF), sent) == [f"/{member}/0/external_id"]


@pytest.mark.parametrize("policy", DefinitionsByImport)
def test_equal_definitions_pass_under_every_policy(policy: DefinitionsByImport) -> None:
    settings = _settings(policy)
    assert define_by_import(settings, Definitions((NOTE, SIZE), (PACKED,))) == settings


@pytest.mark.parametrize("policy", DefinitionsByImport)
def test_stored_values_fit_under_every_policy(policy: DefinitionsByImport) -> None:
    settings = _settings(policy)
    assert _paths(settings, replace(NOTE, value_type=ValueType.INT, default_value=None)) != []
    assert _paths(settings, replace(SIZE, enum_values={"L": 2})) != []


def test_under_add_a_name_that_another_client_added_stops_nobody() -> None:
    settings = _settings(ADD)
    grown = define_by_import(settings, Definitions((replace(SIZE, enum_values={"L": 1, "XL": 2}),)))
    assert isinstance(grown, Settings)
    assert define_by_import(grown, Definitions((SIZE,))) == grown
    assert _paths(replace(grown, policies=Policies(definitions_by_import=CHANGE)), SIZE) != []


def test_a_writer_cannot_make_the_orders_of_another_fail_by_a_field_that_exists() -> None:
    settings = _settings(ADD)
    for change in (
        {"required": True},
        {"default_value": "x" * 396_500},
        {"default_value": None, "required": True},
    ):
        defined = define_by_import(settings, Definitions((replace(NOTE, **change),)))
        after = defined if isinstance(defined, Settings) else settings
        fields = FieldSet.of(EntityType.ORDER, after.custom_fields.values())
        assert read_values(fields, {}) == ({}, [])
        assert defaults_for(fields, {}) == {"note": "-"}
        assert after == settings


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        (replace(NEW, name="x" * 256), "/custom_fields/0/name"),
        (
            CustomField("a", "A", EntityType.SKU, ValueType.UNICODE, default_value="x" * 256),
            "/custom_fields/0/default_value",
        ),
        (
            CustomField("a", "A", EntityType.SKU, ValueType.ENUM, enum_values={"x" * 256: 1}),
            "/custom_fields/0/enum_values",
        ),
        (
            replace(
                SIZE,
                external_id="a",
                enum_values={f"n{n}": n for n in range(MAX_ENUM_VALUES + 1)},
            ),
            "/custom_fields/0/enum_values",
        ),
        (replace(NEW_STATUS, name="x" * 256), "/custom_line_statuses/0/name"),
    ],
)
@pytest.mark.parametrize("policy", [ADD, CHANGE])
def test_a_definition_has_bounds(
    sent: CustomField | LineStatus, path: str, policy: DefinitionsByImport
) -> None:
    assert _paths(_settings(policy), sent) == [path]


def test_a_definition_at_its_bounds_is_taken() -> None:
    largest = CustomField(
        "a", "x" * 255, EntityType.ORDER, ValueType.UNICODE, default_value="я" * 255
    )
    assert _paths(_settings(ADD), largest, replace(PACKED, name="x" * 255)) == []


def test_what_is_stored_beyond_the_bounds_may_stay_and_hinders_nothing() -> None:
    old = replace(NOTE, name="x" * 300, default_value="y" * 40_000)
    settings = replace(_settings(ADD), custom_fields={(old.entity_type, "note"): old})
    assert _paths(settings, old, NEW) == []


def _fields(entity: EntityType, count: int, value: FieldValue) -> tuple[CustomField, ...]:
    return tuple(
        CustomField(f"f{n:04}", "F", entity, ValueType.UNICODE, default_value=value)
        for n in range(count)
    )


@pytest.mark.parametrize("entity", MAX_DEFAULTS_BYTES)
def test_the_defaults_of_an_order_and_of_a_line_are_bounded_together(entity: EntityType) -> None:
    # {"f0000": "…"} is 100 bytes.
    fits = MAX_DEFAULTS_BYTES[entity] // 100
    fields = _fields(entity, fits + 1, "я" * 43 + "x")
    assert _paths(Settings(), *fields[:fits]) == []
    answer = define(Settings(), Definitions(fields))
    assert isinstance(answer, tuple)
    assert [(each.code, each.pointer) for each in answer] == [
        (Code.INVALID_VALUE, "/custom_fields")
    ]
    # Those of required fields are never filled in.
    assert _paths(Settings(), *(replace(each, required=True) for each in fields)) == []


def test_imports_leave_room_for_the_operator() -> None:
    small = _settings(ADD)
    definitions = Definitions(
        tuple(CustomField(f"f{n}", "x" * 255, EntityType.ORDER, ValueType.INT) for n in range(1000))
    )
    large = define(small, definitions)
    assert isinstance(large, Settings)
    assert leaves_no_room(small, large)
    assert MAX_DEFINITIONS_BYTES < 390 * 1024 * 3 / 4
    assert not leaves_no_room(large, large)
    assert not leaves_no_room(large, small)
