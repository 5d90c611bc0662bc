"""Definitions and declarations change settings only if the stored orders still fit."""

import pytest

from orders.domain.catalogue import Product, Variant
from orders.domain.custom_fields import EntityType, ValueType
from orders.domain.problems import Code, Problem
from orders.domain.settings import (
    LINE_STATUS_TYPES,
    Declaration,
    Definitions,
    Endpoint,
    LineStatus,
    LineStatusType,
    Policies,
    Region,
    Settings,
    TotalCheck,
    declare,
    define,
)
from tests.support.samples import order_field, settings


def _defined(answer: Settings | tuple[Problem, ...]) -> Settings:
    assert isinstance(answer, Settings)
    return answer


def test_definitions_are_created_and_updated() -> None:
    old = settings(TotalCheck.WARN, order_field("a"), order_field("b"))
    status = LineStatus("0001", "Renamed", LineStatusType.DELIVERED)
    new = _defined(
        define(old, Definitions((order_field("b", required=True), order_field("c")), (status,)))
    )
    assert [field.required for field in new.fields_of(EntityType.ORDER).values()] == [
        False,
        True,
        False,
    ]
    assert new.line_statuses == {"0001": status}
    assert new.endpoints == old.endpoints


def test_equal_definitions_change_nothing() -> None:
    old = settings(TotalCheck.WARN, order_field("a"))
    assert define(old, Definitions((order_field("a"),), tuple(old.line_statuses.values()))) == old


def test_another_value_type_is_rejected() -> None:
    old = settings(TotalCheck.WARN, order_field("a"))
    answer = define(old, Definitions((order_field("x"), order_field("a", ValueType.INT))))
    assert isinstance(answer, tuple)
    [problem] = answer
    assert (problem.code, problem.pointer) == (
        Code.DEFINITION_CONFLICT,
        "/custom_fields/1/value_type",
    )
    assert problem.message == (
        'Custom field "a" of order must keep value_type unicode, '
        "because stored orders may use it; got int"
    )


def test_one_request_cannot_contradict_itself() -> None:
    answer = define(settings(), Definitions((order_field("a"), order_field("a", ValueType.INT))))
    assert isinstance(answer, tuple)


def test_ids_are_unique_within_an_entity_type_only() -> None:
    line_field = order_field("a", ValueType.INT)
    line_field = type(line_field)("a", "a", EntityType.LINE_ORDER, ValueType.INT)
    new = _defined(define(settings(TotalCheck.WARN, order_field("a")), Definitions((line_field,))))
    assert new.fields_of(EntityType.ORDER)["a"].value_type is ValueType.UNICODE
    assert new.fields_of(EntityType.LINE_ORDER)["a"].value_type is ValueType.INT


def test_a_built_in_line_status_cannot_be_redefined() -> None:
    for name in LINE_STATUS_TYPES:
        status = LineStatus(name, "x", LineStatusType.DELIVERED)
        answer = define(settings(), Definitions((), (status,)))
        assert isinstance(answer, tuple)
        assert answer[0].pointer == "/custom_line_statuses/0/external_id"


def test_definitions_are_falsy_only_if_they_are_empty() -> None:
    assert not Definitions()
    assert Definitions((order_field(),))
    assert Definitions((), (LineStatus("x", "x", LineStatusType.DELIVERED),))


def test_a_declared_part_replaces_the_stored_one() -> None:
    declaration = Declaration(
        currencies=("RUB",),
        endpoints={"shop": Endpoint("shop")},
        regions={"north": Region("north")},
        policies={"total_check": TotalCheck.REJECT},
    )
    new = _defined(declare(settings(), declaration))
    assert (new.currencies, list(new.endpoints), list(new.regions), new.policies) == (
        ("RUB",),
        ["shop"],
        ["north"],
        Policies(TotalCheck.REJECT),
    )


def test_a_policy_that_is_not_declared_stays() -> None:
    old = settings(TotalCheck.OFF)
    new = _defined(declare(old, Declaration(policies={"external_id_requests_per_hour": 5})))
    assert new.policies == Policies(TotalCheck.OFF, external_id_requests_per_hour=5)


def test_an_enum_needs_a_number_for_each_name_unless_it_is_stored_already() -> None:
    twice = order_field("e", ValueType.ENUM, enum_values={"red": 1, "blue": 2, "scarlet": 1})
    refused = define(settings(), Definitions((order_field(), twice)))
    assert isinstance(refused, tuple)
    assert [(each.code, each.pointer) for each in refused] == [
        (Code.INVALID_VALUE, "/custom_fields/1/enum_values")
    ]
    stored = settings(TotalCheck.WARN, twice)
    assert define(stored, Definitions((twice,))) == stored


def test_undeclared_settings_do_not_change() -> None:
    old = settings(TotalCheck.OFF, order_field("a"))
    assert declare(old, Declaration()) == old
    emptied = _defined(declare(old, Declaration(currencies=(), regions={})))
    assert (emptied.currencies, emptied.regions, emptied.endpoints) == ((), {}, old.endpoints)


def test_definitions_made_by_imports_survive_a_declaration() -> None:
    old = settings(TotalCheck.WARN, order_field("made_by_import"))
    new = _defined(declare(old, Declaration(definitions=Definitions((order_field("mine"),)))))
    assert set(new.fields_of(EntityType.ORDER)) == {"made_by_import", "mine"}
    assert set(new.line_statuses) == {"0001"}


def test_the_default_endpoint_must_exist() -> None:
    endpoints = {"website": Endpoint("website")}
    policies = {"default_endpoint": "website"}
    declared = _defined(declare(settings(), Declaration(endpoints=endpoints, policies=policies)))
    assert declared.endpoint_of_none() == "website"
    refused = declare(declared, Declaration(endpoints={"shop": Endpoint("shop")}))
    assert isinstance(refused, tuple)
    assert [(each.code, each.pointer) for each in refused] == [
        (Code.UNKNOWN_ENDPOINT, "/policies/default_endpoint")
    ]


@pytest.mark.parametrize(
    ("endpoints", "default", "expected"),
    [
        ([], None, None),
        (["a"], None, "a"),
        (["a", "b"], None, None),
        (["a", "b"], "b", "b"),
    ],
)
def test_an_order_without_an_endpoint_gets_the_default_or_the_only_one(
    endpoints: list[str], default: str | None, expected: str | None
) -> None:
    configured = Settings(
        endpoints={name: Endpoint(name) for name in endpoints},
        policies=Policies(default_endpoint=default),
    )
    assert configured.endpoint_of_none() == expected


def test_declared_products_replace_the_stored_ones() -> None:
    products = {"p": Product("p", (Variant(1, "sku"),))}
    declared = _defined(declare(settings(), Declaration(products=products)))
    assert declared.products == products
    assert _defined(declare(declared, Declaration())).products == products
    assert _defined(declare(declared, Declaration(products={}))).products == {}
