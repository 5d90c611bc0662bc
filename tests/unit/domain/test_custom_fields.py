"""Custom field values are checked against their definitions."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.custom_fields import (
    CustomField,
    EntityType,
    FieldSet,
    FieldValue,
    ValueType,
    defaults_for,
    read_values,
)
from orders.domain.problems import Code
from tests.support.samples import order_field


def field_set(*fields: CustomField) -> FieldSet:
    return FieldSet.of(EntityType.ORDER, fields)


COLOURS = order_field("colour", ValueType.ENUM, enum_values={"red": 1, "blue": 2, "3": 7})


@pytest.mark.parametrize(
    ("value_type", "sent", "stored"),
    [
        (ValueType.UNICODE, "data", "data"),
        (ValueType.UNICODE, "", ""),
        (ValueType.UNICODE, 123, "123"),
        (ValueType.UNICODE, True, "true"),
        (ValueType.UNICODE, Decimal("1.50"), "1.50"),
        (ValueType.UNICODE, Decimal("0.0000001"), "0.0000001"),
        (ValueType.INT, 123, 123),
        (ValueType.INT, "123", 123),
        (ValueType.INT, "-5", -5),
        (ValueType.INT, Decimal("2.0"), 2),
        (ValueType.INT, Decimal("2E+3"), 2000),
        (ValueType.INT, Decimal("-0.0"), 0),
        (ValueType.INT, " 20e-1 ", 2),
        (ValueType.INT, 2**63 - 1, 2**63 - 1),
        (ValueType.FLOAT, "1.5", 1.5),
        (ValueType.FLOAT, Decimal("-0.0"), 0.0),
        (ValueType.FLOAT, Decimal("1.5"), 1.5),
        (ValueType.FLOAT, 5, 5.0),
        (ValueType.FLOAT, "1e3", 1000.0),
        (ValueType.BOOL, True, True),
        (ValueType.BOOL, "true", True),
        (ValueType.BOOL, "False", False),
        (ValueType.BOOL, 0, False),
        (ValueType.BOOL, "1", True),
        (ValueType.BOOL, Decimal("1.0"), True),
        (ValueType.DATE, "2006-01-25", "2006-01-25"),
        (ValueType.DATE, "2006-01-25 15:04:05", "2006-01-25T15:04:05Z"),
        (ValueType.DATE, "2006-01-25T18:04:05+03:00", "2006-01-25T15:04:05Z"),
    ],
)
def test_sent_values_are_converted_to_their_stored_form(
    value_type: ValueType, sent: object, stored: FieldValue
) -> None:
    read = order_field(value_type=value_type).read(sent)
    assert (read, type(read)) == (stored, type(stored))


@pytest.mark.parametrize(
    ("value_type", "sent"),
    [
        (ValueType.UNICODE, Decimal("1E+99")),
        (ValueType.UNICODE, ["a"]),
        (ValueType.UNICODE, {}),
        (ValueType.INT, "1.5"),
        (ValueType.INT, Decimal("1.5")),
        (ValueType.INT, Decimal("1E+19")),
        (ValueType.INT, Decimal("1E+999999999")),
        (ValueType.INT, Decimal("NaN")),
        (ValueType.INT, True),
        (ValueType.INT, 2**63),
        (ValueType.INT, "x"),
        (ValueType.INT, "1" * 30),
        (ValueType.FLOAT, "x"),
        (ValueType.FLOAT, True),
        (ValueType.FLOAT, "1e999"),
        (ValueType.FLOAT, Decimal("1E+999999999")),
        (ValueType.FLOAT, "0.12345678901234567890123"),
        (ValueType.FLOAT, 2**53 + 1),
        (ValueType.BOOL, "yes"),
        (ValueType.BOOL, 2),
        (ValueType.BOOL, None),
        (ValueType.DATE, "soon"),
        (ValueType.DATE, 20060125),
    ],
)
def test_a_value_of_the_wrong_type_is_rejected_with_field_and_rule(
    value_type: ValueType, sent: object
) -> None:
    definition = order_field("note", value_type)
    _, problems = read_values(
        field_set(definition), {"note": sent} if sent is not None else {"note": []}
    )
    [problem] = problems
    assert (problem.code, problem.pointer) == (Code.WRONG_TYPE, "/note")
    assert f"of type {value_type} must be" in problem.message


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        *(("red", "red"), (" red\n", "red"), (2, "blue"), ("2", "blue")),
        *((Decimal("2.0"), "blue"), ("2e0", "blue"), ("3", "3"), (7, "3"), ("7", "3")),
    ],
)
def test_an_enum_accepts_a_name_or_its_number(sent: object, stored: str) -> None:
    assert COLOURS.read(sent) == stored


@pytest.mark.parametrize("sent", ["green", 9, True, [], None])
def test_an_enum_rejects_any_other_value(sent: object) -> None:
    with pytest.raises(ValueError, match=r"red \(1\), blue \(2\)"):
        COLOURS.read(sent)


def test_absent_optional_fields_get_their_default() -> None:
    definitions = field_set(
        order_field("a", default_value="x"),
        order_field("b", ValueType.INT, default_value=5),
        order_field("c"),
    )
    values, problems = read_values(definitions, {"b": 7})
    assert (values, problems) == ({"b": 7}, [])
    assert defaults_for(definitions, values) == {"a": "x"}


@pytest.mark.parametrize("sent", [{}, {"n": None}, {"n": ""}])
def test_a_required_field_with_a_default_must_be_sent(sent: dict[str, object]) -> None:
    definition = order_field("n", ValueType.INT, required=True, default_value=5)
    definitions = field_set(definition)
    values, [problem] = read_values(definitions, sent)
    assert values == defaults_for(definitions, values) == {}
    assert (problem.code, problem.pointer) == (Code.REQUIRED, "/n")


@pytest.mark.parametrize("blank", ["", " \n"])
def test_a_blank_text_is_a_value_only_in_a_text_field(blank: str) -> None:
    definitions = field_set(
        order_field("text", default_value="x"),
        order_field("number", ValueType.INT, default_value=5),
    )
    values, problems = read_values(definitions, {"text": blank, "number": blank})
    assert (values, problems) == ({"text": blank}, [])
    assert defaults_for(definitions, values) == {"number": 5}


def test_an_invalid_value_is_reported_once() -> None:
    definition = order_field("n", ValueType.INT, required=True)
    values, problems = read_values(field_set(definition), {"n": "x"})
    assert values == {}
    assert [problem.code for problem in problems] == [Code.WRONG_TYPE]


def test_an_undefined_field_is_rejected_with_a_list_of_defined_fields() -> None:
    values, [problem] = read_values(field_set(order_field("b"), order_field("a")), {"x/y": 1})
    assert values == {}
    assert (problem.code, problem.pointer) == (Code.UNKNOWN_CUSTOM_FIELD, "/x~1y")
    assert "use one of: a, b" in problem.message


def test_a_field_of_another_entity_is_named_with_its_entity() -> None:
    shelf = CustomField("shelf", "", EntityType.LINE_ORDER, ValueType.INT)
    _, [problem] = read_values(field_set(shelf, order_field("a")), {"shelf": 1})
    assert problem.message.startswith('Custom field "shelf" is a field of lines, not of orders; ')


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_round_trip_as_text_and_as_number(value: float) -> None:
    field = order_field(value_type=ValueType.FLOAT)
    read = field.read(Decimal(repr(value)))
    assert read == value
    assert field.read(repr(read)) == value


@given(
    st.sampled_from(ValueType), st.one_of(st.text(), st.integers(), st.decimals(), st.booleans())
)
def test_a_value_sent_as_text_is_stored_like_the_value(value_type: ValueType, sent: object) -> None:
    """XML has only text, so a value sent as text must be stored like the value sent as JSON."""
    field = COLOURS if value_type is ValueType.ENUM else order_field(value_type=value_type)
    try:
        stored = field.read(sent)
    except ValueError:
        return
    text = str(sent).lower() if isinstance(sent, bool) else str(sent)
    assert field.read(text) == stored


@pytest.mark.parametrize(
    ("stored", "new", "fits"),
    [
        (order_field(), order_field(required=True, default_value="x"), True),
        (order_field(), order_field(value_type=ValueType.INT), False),
        (
            COLOURS,
            order_field("colour", ValueType.ENUM, enum_values={**COLOURS.enum_values, "x": 9}),
            True,
        ),
        (COLOURS, order_field("colour", ValueType.ENUM, enum_values={"red": 1, "3": 7}), False),
        (
            COLOURS,
            order_field("colour", ValueType.ENUM, enum_values={"red": 5, "blue": 2, "3": 7}),
            False,
        ),
    ],
)
def test_a_new_definition_must_fit_stored_values(
    stored: CustomField, new: CustomField, *, fits: bool
) -> None:
    assert (new.conflict_with(stored) == "") is fits


def test_a_default_value_is_checked_like_a_value() -> None:
    assert order_field(value_type=ValueType.INT).with_default("5").default_value == 5
    assert order_field(value_type=ValueType.INT).with_default(None).default_value is None
    with pytest.raises(ValueError, match="default_value must be a whole number"):
        order_field(value_type=ValueType.INT).with_default("x")


@pytest.mark.parametrize(
    ("value_type", "sent", "quoted", "allowed"),
    [
        (ValueType.UNICODE, [1], "an array", "a string"),
        (ValueType.INT, "1.5", '"1.5"', "a whole number of at most 64 bits"),
        (ValueType.BOOL, "maybe", '"maybe"', "true or false"),
        (
            ValueType.FLOAT,
            "x",
            '"x"',
            "a number that a 64-bit float stores exactly (at most 15 digits always fit)",
        ),
    ],
)
def test_a_rejected_value_is_reported_with_the_accepted_values(
    value_type: ValueType, sent: object, quoted: str, allowed: str
) -> None:
    _, problems = read_values(field_set(order_field("f", value_type)), {"f": sent})
    [problem] = problems
    assert (problem.code, problem.pointer) == (Code.WRONG_TYPE, "/f")
    assert problem.message == (
        f'Custom field "f" of type {value_type} must be {allowed}; got {quoted}'
    )


def test_the_search_for_misfits_stops_at_the_limit() -> None:
    required = [order_field(f"r{n}", required=True) for n in range(9)]
    definitions = field_set(*required, order_field("n", ValueType.INT))
    unknown = {f"x{n}": 1 for n in range(9)}
    for sent, most in (({}, 3), (unknown, 3), ({"n": "x", **unknown}, 1), ({"n": "x"}, 4)):
        _, problems = read_values(definitions, sent, most)
        assert len(problems) == most


def test_an_enum_is_read_by_name_before_number() -> None:
    values = {"2": 1, "one": 2, "uno": 1}
    definitions = field_set(order_field("e", ValueType.ENUM, enum_values=values))
    for sent, name in (("2", "2"), (2, "2"), ("one", "one"), (1, "2"), ("1", "2")):
        assert read_values(definitions, {"e": sent}) == ({"e": name}, [])
