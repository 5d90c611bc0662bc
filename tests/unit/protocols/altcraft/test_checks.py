"""Checks of a sent order against its account's settings."""

from dataclasses import replace
from decimal import Decimal

import pytest

from orders.domain.custom_fields import CustomField, EntityType, ValueType
from orders.domain.problems import Code, Problem
from orders.domain.settings import LINE_STATUS_TYPES, Rulebook, TotalCheck, blames_settings
from orders.protocols.altcraft.checks import Checked, check_order
from orders.protocols.altcraft.drafts import LineDraft, OrderDraft
from orders.protocols.altcraft.states import ORDER_STATUSES
from tests.support.samples import order_field, settings

LINE = LineDraft("line_01", 1, Decimal(900), product="iphone")
DRAFT = OrderDraft(
    external_id="1234000",
    matching={"matching": "email", "email": "a@b.c"},
    endpoint="website",
    status="new",
    total_price=Decimal(1000),
    currency="USD",
    delivery_cost=Decimal(100),
    lines=(LINE,),
)


def _check(
    draft: OrderDraft, policy: TotalCheck = TotalCheck.WARN, *fields: CustomField
) -> Checked:
    return check_order(draft, Rulebook.of(settings(policy, *fields)))


def test_a_valid_order_has_no_problems() -> None:
    assert _check(replace(DRAFT, region="region_YnCrJj8Y1")) == Checked(
        order_fields={},
        line_fields=({},),
        order_defaults={},
        line_defaults=({},),
        problems=(),
        warnings=(),
    )


@pytest.mark.parametrize(
    ("draft", "code", "path", "allowed"),
    [
        (replace(DRAFT, currency="XXX"), Code.UNKNOWN_CURRENCY, "/currency", "USD, EUR"),
        (replace(DRAFT, endpoint="x"), Code.UNKNOWN_ENDPOINT, "/endpoint", "website"),
        (replace(DRAFT, region="x"), Code.UNKNOWN_REGION, "/region", "region_YnCrJj8Y1"),
        (replace(DRAFT, status="x"), Code.UNKNOWN_STATUS, "/status", ", ".join(ORDER_STATUSES)),
        (
            replace(DRAFT, lines=(LINE, replace(LINE, external_id="2", status="x"))),
            Code.UNKNOWN_LINE_STATUS,
            "/lines/1/status",
            "new, processing, delivering, delivered, canceled, refunded, 0001",
        ),
    ],
)
def test_an_unknown_value_is_reported_with_the_allowed_values(
    draft: OrderDraft, code: Code, path: str, allowed: str
) -> None:
    [problem] = _check(draft, TotalCheck.OFF).problems
    assert (problem.code, problem.pointer) == (code, path)
    assert problem.message.endswith(f"allowed values: {allowed}")
    assert blames_settings(problem) is (code is not Code.UNKNOWN_STATUS)


@pytest.mark.parametrize("status", ORDER_STATUSES)
def test_the_documented_order_statuses_are_accepted(status: str) -> None:
    assert _check(replace(DRAFT, status=status)).problems == ()


@pytest.mark.parametrize("status", [*LINE_STATUS_TYPES, "0001"])
def test_built_in_and_custom_line_statuses_are_accepted(status: str) -> None:
    assert _check(replace(DRAFT, lines=(replace(LINE, status=status),))).problems == ()


def test_a_duplicate_line_id_is_rejected() -> None:
    draft = replace(DRAFT, lines=(LINE, replace(LINE, external_id="2"), LINE, LINE))
    problems = _check(draft, TotalCheck.OFF).problems
    assert [(problem.code, problem.pointer) for problem in problems] == [
        (Code.DUPLICATE_LINE, "/lines/2/external_id"),
        (Code.DUPLICATE_LINE, "/lines/3/external_id"),
    ]
    assert 'lines[0] has "line_01" too' in problems[0].message


@pytest.mark.parametrize(
    ("policy", "problems", "warnings"),
    [
        (TotalCheck.OFF, [], []),
        (TotalCheck.WARN, [], [Code.TOTAL_MISMATCH]),
        (TotalCheck.REJECT, [Code.TOTAL_MISMATCH], []),
    ],
)
def test_the_total_check_policy_decides_about_a_wrong_total(
    policy: TotalCheck, problems: list[Code], warnings: list[Code]
) -> None:
    checked = _check(replace(DRAFT, total_price=Decimal("1000.01")), policy)
    assert [problem.code for problem in checked.problems] == problems
    assert [warning.code for warning in checked.warnings] == warnings
    for mismatch in (*checked.problems, *checked.warnings):
        assert mismatch.pointer == "/total_price"
        assert mismatch.message == (
            "total_price must be the sum of the lines and the delivery, 1000; got 1000.01"
        )


@pytest.mark.parametrize(
    ("total", "lines", "delivery"),
    [
        ("1000", (LINE,), "100"),
        ("900", (LINE,), None),
        ("2700.3", (replace(LINE, count=3, final_price_per_item=Decimal("900.1")),), None),
        (
            "999999999999998999999999.99999999",
            (
                replace(
                    LINE, count=10**9, final_price_per_item=Decimal("999999999999998.99999999")
                ),
                replace(LINE, external_id="2", count=1, final_price_per_item=Decimal("9.99999999")),
            ),
            None,
        ),
    ],
)
def test_the_total_is_compared_exactly(
    total: str, lines: tuple[LineDraft, ...], delivery: str | None
) -> None:
    draft = replace(
        DRAFT,
        total_price=Decimal(total),
        lines=lines,
        delivery_cost=Decimal(delivery) if delivery else None,
    )
    assert _check(draft, TotalCheck.REJECT).problems == ()


def test_defaults_of_custom_fields_are_kept_beside_the_values() -> None:
    line_field = CustomField("size", "size", EntityType.LINE_ORDER, ValueType.INT, default_value=1)
    draft = replace(
        DRAFT,
        custom_fields={"note": 5},
        lines=(LINE, replace(LINE, external_id="2", custom_fields={"size": "7"})),
    )
    checked = _check(draft, TotalCheck.OFF, order_field("note"), line_field)
    assert checked.problems == ()
    assert checked.order_fields == {"note": "5"}
    assert checked.line_fields == ({}, {"size": 7})
    assert checked.line_defaults == ({"size": 1}, {})
    assert checked.order_defaults == {}


def test_problems_with_definitions_may_be_due_to_stale_settings() -> None:
    colour = order_field("colour", ValueType.ENUM, enum_values={"red": 1})
    for sent in ({"colour": "blue"}, {}):
        field = replace(colour, required=not sent)
        [problem] = _check(replace(DRAFT, custom_fields=sent), TotalCheck.OFF, field).problems
        assert blames_settings(problem)
    assert not blames_settings(Problem(Code.TOTAL_MISMATCH, ("total_price",), ""))


def test_problems_with_custom_fields_have_a_path() -> None:
    draft = replace(
        DRAFT,
        custom_fields={"a": 1},
        lines=(LINE, replace(LINE, external_id="2", custom_fields={"b": 1})),
    )
    problems = _check(draft, TotalCheck.OFF).problems
    assert [(problem.code, problem.pointer) for problem in problems] == [
        (Code.UNKNOWN_CUSTOM_FIELD, "/custom_fields/a"),
        (Code.UNKNOWN_CUSTOM_FIELD, "/lines/1/custom_fields/b"),
    ]
