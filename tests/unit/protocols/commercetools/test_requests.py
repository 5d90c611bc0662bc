"""Drafts are read as commercetools reads them. Every fault of the shape has its path."""

import copy
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.submissions import Submission
from orders.protocols.commercetools.errors import RequestRefusedError, error_body
from orders.protocols.commercetools.money import Money
from orders.protocols.commercetools.references import derived_id
from orders.protocols.commercetools.representation import represent
from orders.protocols.commercetools.requests import LINE, read_draft
from orders.protocols.commercetools.shapes import (
    MAX_FAULTS,
    Array,
    EnoughFaultsError,
    Findings,
    Location,
)
from orders.protocols.commercetools.times import read_time, wire_time
from orders.protocols.json_text import write_json
from tests.support.commercetools import PROJECT, draft, full_draft, line, money
from tests.support.drafts import (
    answer_of,
    details_of,
    document,
    errors_of,
    places,
    read,
    stored,
    submitted,
)
from tests.support.functions import Tree

LONG = "JSON Number in the range of a Long expected."
INT = "JSON Number in the range of a Int expected."
DOUBLE = "JSON Number in the range of a Double expected."
STRING = "JSON String expected."
OBJECT = "JSON object expected."
ARRAY = "JSON Array expected."
MISSING = "Missing required value"
# No value appears in it more than once, so that a change affects one place.
FULL: Tree = json.loads(json.dumps(full_draft()))


def changed(steps: tuple[str | int, ...], value: object, tree: Tree = FULL) -> Tree:
    """Return the full draft with one replaced value."""
    new = copy.deepcopy(tree)
    part: Any = new
    for step in steps[:-1]:
        part = part[step]
    part[steps[-1]] = value
    return new


def without(steps: tuple[str | int, ...]) -> Tree:
    """Return the full draft without one member."""
    new = copy.deepcopy(FULL)
    part: Any = new
    for step in steps[:-1]:
        part = part[step]
    del part[steps[-1]]
    return new


def at(dotted: str) -> tuple[str | int, ...]:
    return tuple(int(step) if step.isdigit() else step for step in dotted.split("."))


def trail(dotted: str) -> str:
    """Return the path as errors show it: without array positions."""
    return " -> ".join(step for step in dotted.split(".") if not step.isdigit())


def test_a_minimal_draft_gets_the_defaults() -> None:
    tree = document(draft())
    assert {name: value for name, value in tree.items() if isinstance(value, str | list)} == {
        "orderState": "Open",
        "inventoryMode": "None",
        "priceRoundingMode": "HalfEven",
        "taxRoundingMode": "HalfEven",
        "taxCalculationMode": "LineItemLevel",
        "origin": "Customer",
        "itemShippingAddresses": [],
        "customLineItems": [],
        "syncInfo": [],
        "returnInfo": [],
        "lineItems": tree["lineItems"],
        "client_id": "client",
        "first_number": "CT-1",
    }


def test_the_parts_of_a_draft_get_their_defaults() -> None:
    custom = {"name": {"en": "x"}, "slug": "sl", "quantity": 1, "money": money(1)}
    rate = {"name": "t", "amount": 0, "includedInPrice": False, "country": "DE"}
    tree = document(
        draft(
            customLineItems=[custom | {"taxRate": rate, "custom": {"type": {"id": "t"}}}],
            shippingInfo={
                "shippingMethodName": "m",
                "price": money(1),
                "shippingRate": {"price": money(1)},
                "deliveries": [{"parcels": [{"trackingData": {"trackingId": "1"}}]}],
            },
        )
    )
    shipping, [custom_line] = tree["shippingInfo"], tree["customLineItems"]
    assert shipping["shippingMethodState"] == "MatchesCart"
    assert shipping["shippingRate"]["tiers"] == []
    assert shipping["deliveries"] == [
        {"items": [], "parcels": [{"trackingData": _tracking("1"), "items": []}]}
    ]
    assert custom_line["priceMode"] == "Standard"
    assert custom_line["taxRate"]["subRates"] == []
    assert custom_line["custom"] == {"type": {"typeId": "type", "id": "t"}, "fields": {}}


def _tracking(name: str) -> Tree:
    return {"trackingId": name, "isReturn": False}


REQUIRED = (
    "totalPrice",
    "totalPrice.centAmount",
    "totalPrice.currencyCode",
    "taxedPrice.totalNet",
    "taxedPrice.totalGross",
    "taxedPrice.taxPortions",
    "taxedPrice.taxPortions.0.rate",
    "taxedPrice.taxPortions.0.amount",
    "billingAddress.country",
    "shippingAddress.country",
    "itemShippingAddresses.1.country",
    "paymentInfo.payments",
    "custom.type",
    "shippingInfo.shippingMethodName",
    "shippingInfo.price",
    "shippingInfo.shippingRate",
    "shippingInfo.shippingRate.price",
    "shippingInfo.shippingRate.tiers.0.type",
    "shippingInfo.shippingRate.tiers.0.minimumCentAmount",
    "shippingInfo.shippingRate.tiers.0.price",
    "shippingInfo.shippingRate.tiers.1.score",
    "shippingInfo.shippingRate.tiers.1.priceFunction.function",
    "shippingInfo.shippingRate.tiers.1.priceFunction.currencyCode",
    "shippingInfo.shippingRate.tiers.2.value",
    "shippingInfo.shippingRate.tiers.2.price",
    "shippingInfo.discountedPrice.value",
    "shippingInfo.discountedPrice.includedDiscounts",
    "shippingInfo.discountedPrice.includedDiscounts.0.discount",
    "shippingInfo.discountedPrice.includedDiscounts.0.discountedAmount",
    "shippingInfo.deliveries.0.items.0.id",
    "shippingInfo.deliveries.0.items.0.quantity",
    "shippingInfo.deliveries.0.parcels.0.items.0.quantity",
    "shippingInfo.deliveries.0.address.country",
    "lineItems.0.name",
    "lineItems.0.variant",
    "lineItems.0.price",
    "lineItems.0.price.value",
    "lineItems.0.price.discounted.value",
    "lineItems.0.price.discounted.discount",
    "lineItems.0.price.tiers.0.minimumQuantity",
    "lineItems.0.price.tiers.0.value",
    "lineItems.0.quantity",
    "lineItems.0.taxRate.name",
    "lineItems.0.taxRate.amount",
    "lineItems.0.taxRate.includedInPrice",
    "lineItems.0.taxRate.country",
    "lineItems.0.taxRate.subRates.0.name",
    "lineItems.0.taxRate.subRates.0.amount",
    "lineItems.0.state.0.quantity",
    "lineItems.0.state.0.state",
    "lineItems.0.shippingDetails.targets",
    "lineItems.0.shippingDetails.targets.0.addressKey",
    "lineItems.0.shippingDetails.targets.0.quantity",
    "lineItems.0.variant.prices.0.value",
    "lineItems.0.variant.prices.1.value",
    "lineItems.0.variant.attributes.0.name",
    "lineItems.0.variant.attributes.0.value",
    "lineItems.0.variant.images.0.url",
    "lineItems.0.variant.images.0.dimensions",
    "lineItems.0.variant.images.0.dimensions.w",
    "lineItems.0.variant.images.0.dimensions.h",
    "customLineItems.0.name",
    "customLineItems.0.money",
    "customLineItems.0.money.currencyCode",
    "customLineItems.0.money.preciseAmount",
    "customLineItems.0.money.fractionDigits",
    "customLineItems.0.slug",
    "customLineItems.0.quantity",
)
# The shape allows these to be absent, but a rule about several members does not.
JOINED = {
    *("lineItems.0.variant.id", "lineItems.0.productId", "customLineItems.0.money.type"),
    *("lineItems.0.taxRate", "customLineItems.0.taxRate", "itemShippingAddresses"),
    *("itemShippingAddresses.0.key", "itemShippingAddresses.1.key"),
}


@pytest.mark.parametrize("dotted", REQUIRED)
def test_a_missing_required_member_is_reported_with_its_path(dotted: str) -> None:
    expected = f"{trail(dotted)}: {MISSING}"
    assert details_of(changed(at(dotted), None)) == expected
    # Without its only member an optional object is empty, which counts as absent.
    if dotted not in {"paymentInfo.payments", "lineItems.0.shippingDetails.targets"}:
        assert details_of(without(at(dotted))) == expected


def _ending(dotted: str) -> tuple[str, ...]:
    return tuple(trail(dotted).split(" -> ")[-2:])


_NEEDED = {_ending(dotted) for dotted in REQUIRED}
OPTIONAL = [
    dotted
    for steps in places(FULL)
    for dotted in [".".join(map(str, steps))]
    if isinstance(steps[-1], str)
    and _ending(dotted) not in _NEEDED
    and dotted not in JOINED
    # The content of these, references and amounts have their own tests below.
    and not {"fields", "name", "attributes"} & set(steps[:-1])
    and steps[-1] not in {"typeId", "centAmount", "currencyCode"}
    and (steps[-1] != "id" or steps[-2] in {"taxRate", "billingAddress", "address"})
    and not (steps[-1] == "key" and steps[-2] in {"store", "businessUnit"})
]


def test_the_draft_has_more_than_150_optional_members() -> None:
    assert len(OPTIONAL) > 150


@pytest.mark.parametrize("dotted", OPTIONAL)
def test_an_optional_member_may_be_absent_or_null(dotted: str) -> None:
    absent = submitted(without(at(dotted))).document
    assert submitted(changed(at(dotted), None)).document == absent


def test_an_undeclared_member_is_ignored() -> None:
    sent = draft(unknown={"deep": [1]}, lineItems=[line(surprise=1, variant={"sku": "m", "x": 2})])
    assert "unknown" not in submitted(sent).document
    assert "surprise" not in submitted(sent).document
    expected = draft(lineItems=[line(variant={"sku": "m"})])
    assert submitted(sent).document == submitted(expected).document


@pytest.mark.parametrize("name", ["billingAddress", "custom", "shippingInfo", "store", "state"])
def test_an_empty_object_counts_as_absent(name: str) -> None:
    if name in {"store", "state"}:
        assert "id or key" in details_of(draft(**{name: {}}))
    else:
        assert submitted(draft(**{name: {}})).document == submitted(draft()).document


@pytest.mark.parametrize(
    ("dotted", "value", "reason"),
    [
        ("orderNumber", 1, STRING),
        ("customerEmail", True, STRING),
        ("lineItems", {}, ARRAY),
        ("lineItems.0", "x", OBJECT),
        ("lineItems.0", None, OBJECT),
        ("lineItems.0.name", "Mug", OBJECT),
        ("lineItems.0.name.en", 1, STRING),
        ("lineItems.0.quantity", "2", LONG),
        ("lineItems.0.quantity", 2.5, LONG),
        ("lineItems.0.quantity", 1e30, LONG),
        ("lineItems.0.quantity", True, LONG),
        ("lineItems.0.quantity", 2**63, LONG),
        ("lineItems.0.quantity", -(2**63) - 1, LONG),
        ("lineItems.0.variant.id", "3", LONG),
        ("lineItems.0.variant.images.0.dimensions.w", 2**31, INT),
        ("lineItems.0.variant.images.0.dimensions.h", -(2**31) - 1, INT),
        ("lineItems.0.taxRate.amount", "0.19", DOUBLE),
        ("lineItems.0.taxRate.amount", True, DOUBLE),
        ("lineItems.0.taxRate.includedInPrice", "true", "JSON Boolean expected"),
        ("lineItems.0.shippingDetails.targets", {}, ARRAY),
        ("totalPrice", 1990, OBJECT),
        ("totalPrice.centAmount", "1990", LONG),
        ("totalPrice.centAmount", 2**63, LONG),
        ("totalPrice.fractionDigits", "2", INT),
        ("totalPrice.currencyCode", 840, "ISO 4217 code JSON String expected."),
        ("shippingInfo.shippingRate.tiers.1.score", 2**31, INT),
        ("shippingInfo.shippingRate.tiers.0", 7, OBJECT),
        ("shippingInfo.deliveries.0.parcels.0.measurements.weightInGram", 0.5, INT),
        ("paymentInfo.payments.0", "id", OBJECT),
        ("custom.fields", [], OBJECT),
        ("custom", [], OBJECT),
    ],
)
def test_a_value_of_the_wrong_type_is_rejected(dotted: str, value: object, reason: str) -> None:
    assert details_of(changed(at(dotted), value)) == f"{trail(dotted)}: {reason}"


@pytest.mark.parametrize(
    ("dotted", "value", "reason"),
    [
        (
            "totalPrice.currencyCode",
            "usd",
            "Currency 'usd' not valid as ISO 4217 or custom currency code.",
        ),
        (
            "shippingInfo.shippingRate.tiers.1.priceFunction.currencyCode",
            "XXX",
            "Currency 'XXX' not valid as ISO 4217 or custom currency code.",
        ),
        ("completedAt", 7, STRING),
        ("completedAt", "soon", "Failed to parse date/time: soon"),
        ("lineItems.0.price.validFrom", "2026-13-01", "Failed to parse date/time: 2026-13-01"),
        ("lineItems.0.name", {"not a tag": "x"}, "Invalid language tag: 'not a tag'"),
        (
            "customerGroup.typeId",
            "channel",
            "Invalid enum value: 'channel'. Expected one of: 'customer-group'",
        ),
        (
            "shippingInfo.shippingRate.tiers.0.type",
            "Other",
            (
                "Invalid enum value: 'Other'. Expected one of: "
                "'CartValue','CartScore','CartClassification'"
            ),
        ),
        (
            "totalPrice.type",
            "other",
            "Invalid enum value: 'other'. Expected one of: 'centPrecision','highPrecision'",
        ),
    ],
)
def test_a_malformed_text_is_rejected(dotted: str, value: object, reason: str) -> None:
    assert details_of(changed(at(dotted), value)) == f"{trail(dotted)}: {reason}"


ENUMS = {
    "orderState": "Open Confirmed Complete Cancelled",
    "shipmentState": "Shipped Delivered Ready Pending Delayed Partial Backorder Canceled",
    "paymentState": "BalanceDue Failed Pending CreditOwed Paid",
    "inventoryMode": "None TrackOnly ReserveOnOrder ReserveOnCart",
    "priceRoundingMode": "HalfEven HalfUp HalfDown",
    "taxRoundingMode": "HalfEven HalfUp HalfDown",
    "taxCalculationMode": "LineItemLevel UnitPriceLevel",
    "origin": "Customer Merchant Quote RecurringOrder",
    "lineItems.0.inventoryMode": "None TrackOnly ReserveOnOrder ReserveOnCart",
    "customLineItems.0.priceMode": "Standard External",
    "shippingInfo.shippingMethodState": "MatchesCart DoesNotMatchCart",
}


@pytest.mark.parametrize(("dotted", "names"), ENUMS.items())
def test_an_enum_accepts_only_its_values(dotted: str, names: str) -> None:
    allowed = names.split()
    for name in allowed:
        assert read(changed(at(dotted), name))
    expected = ",".join(f"'{name}'" for name in allowed)
    for wrong in ("Closed", allowed[0].upper(), ""):
        assert details_of(changed(at(dotted), wrong)) == (
            f"{trail(dotted)}: Invalid enum value: '{wrong}'. Expected one of: {expected}"
        )


def test_all_faults_are_reported_at_once_up_to_a_limit() -> None:
    two = draft(totalPrice=money(1, "usd") | {"centAmount": "x"})
    assert details_of(two) == (
        "totalPrice -> currencyCode: Currency 'usd' not valid as ISO 4217 or custom currency "
        f"code., totalPrice -> centAmount: {LONG}"
    )
    many = details_of(draft(lineItems=[{}] * 100))
    assert many.count(MISSING) == 20


def test_a_long_path_is_shortened() -> None:
    names = {"x" * 10_000: 1}
    assert details_of(draft(lineItems=[line(name=names)])).startswith(
        f"lineItems -> name -> {'x' * 60}: {STRING}"
    )


@pytest.mark.parametrize(
    ("raw", "is_taken"),
    [
        *(("0.12345678901234567890", True), ("0", True), ("1", True), ("1.0", True)),
        *(("0.123456789012345678901", False), ("1E-21", False), ("1E-99999999", False)),
        *(("0E-99999999", False), ("1E+99999999", False), ("-0.0", True)),
    ],
)
def test_the_digits_of_a_rate_are_limited(raw: str, is_taken: bool) -> None:  # noqa: FBT001 - a column of the table
    rate = {"name": "t", "amount": "@", "includedInPrice": True, "country": "DE"}
    body = json.dumps(draft(lineItems=[line(taxRate=rate)])).replace('"@"', raw).encode()
    if is_taken:
        [item] = document(body)["lineItems"]
        assert item["taxRate"]["amount"] == float(raw)
        assert "-0" not in submitted(body).document
    else:
        [error] = errors_of(body)
        assert (error.code, error.members["field"]) == ("InvalidField", "lineItems.taxRate.amount")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "it is empty"),
        (b"{", "line 1, column 2"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
        (b"[]", OBJECT),
        (b"null", OBJECT),
        (b"1", OBJECT),
        (b'{"custom": {"a/b": 1, "a/b": 2}}', 'custom -> a/b: Duplicate member "a/b"'),
        (b'{"lineItems": [{"key": "\\u0000"}]}', "lineItems -> key: Text must not contain control"),
    ],
)
def test_invalid_json_is_rejected_with_the_reason(body: bytes, detail: str) -> None:
    with pytest.raises(RequestRefusedError) as refused:
        read_draft(body, None, PROJECT)
    [error] = refused.value.errors
    assert (refused.value.status, error.code) == (400, "InvalidJsonInput")
    assert detail in error.members["detailedErrorMessage"]


def test_a_body_in_another_charset_is_rejected() -> None:
    body = json.dumps(draft()).encode()
    assert read_draft(body, "utf-8", PROJECT) == read_draft(body, None, PROJECT)
    with pytest.raises(RequestRefusedError, match="valid JSON"):
        read_draft(body, "utf-16", PROJECT)


@pytest.mark.parametrize(
    ("dotted", "value", "field"),
    [
        ("orderNumber", "", "orderNumber"),
        ("orderNumber", "a\nb", "orderNumber"),
        ("orderNumber", "x" * 256, "orderNumber"),
        ("country", "de", "country"),
        ("country", "DEU", "country"),
        ("billingAddress.country", "d1", "billingAddress.country"),
        ("billingAddress.key", "a b", "billingAddress.key"),
        ("lineItems.0.key", "a", "lineItems.key"),
        ("lineItems.0.key", "x" * 257, "lineItems.key"),
        ("lineItems.0.price.key", "a.b", "lineItems.price.key"),
        ("customLineItems.0.key", "ä1", "customLineItems.key"),
        ("customLineItems.0.slug", "gift wrap", "customLineItems.slug"),
        ("customLineItems.0.slug", "g", "customLineItems.slug"),
        ("shippingInfo.deliveries.0.key", "!", "shippingInfo.deliveries.key"),
        ("lineItems.0.taxRate.amount", 1.01, "lineItems.taxRate.amount"),
        ("lineItems.0.taxRate.amount", -0.01, "lineItems.taxRate.amount"),
        ("taxedPrice.taxPortions.0.rate", 2, "taxedPrice.taxPortions.rate"),
        ("totalPrice.fractionDigits", 3, "totalPrice.fractionDigits"),
        ("totalPrice.type", "highPrecision", "totalPrice"),
        ("shippingInfo.price.type", "highPrecision", "shippingInfo.price"),
        ("custom.fields", {"a b": 1}, "custom.fields"),
        ("custom.fields", {"a": 1}, "custom.fields"),
    ],
)
def test_an_invalid_value_is_rejected_with_its_field(
    dotted: str, value: object, field: str
) -> None:
    [error] = errors_of(changed(at(dotted), value))
    assert (error.code, error.members["field"]) == ("InvalidField", field)


@pytest.mark.parametrize(
    ("sent", "returned"),
    [
        ("2026-02-03T04:05:06.789Z", "2026-02-03T04:05:06.789Z"),
        ("2026-02-03T04:05:06Z", "2026-02-03T04:05:06.000Z"),
        ("2026-02-03T04:05:06.7Z", "2026-02-03T04:05:06.700Z"),
        ("2026-02-03T04:05:06,789999999Z", "2026-02-03T04:05:06.789Z"),
        ("2026-02-03T04:05:06+05:30", "2026-02-02T22:35:06.000Z"),
        ("2026-02-03T04:05:06-0100", "2026-02-03T05:05:06.000Z"),
        ("2026-02-03T04:05:06+01", "2026-02-03T03:05:06.000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ("2016-12-31T15:59:60.5-0800", "2017-01-01T00:00:00.500Z"),
        ("2026-02-03T04:05:06.12345678901234Z", "2026-02-03T04:05:06.123Z"),
        ("2026-02-03T04:05:06", "2026-02-03T04:05:06.000Z"),
        ("2026-02-03 04:05:06", "2026-02-03T04:05:06.000Z"),
        ("2026-02-03T04:05Z", "2026-02-03T04:05:00.000Z"),
        ("2026-02-03T04", "2026-02-03T04:00:00.000Z"),
        ("2026-02-03", "2026-02-03T00:00:00.000Z"),
        ("2026-02", "2026-02-01T00:00:00.000Z"),
        ("2026", "2026-01-01T00:00:00.000Z"),
        ("0001-01-01", "0001-01-01T00:00:00.000Z"),
    ],
)
def test_times_are_returned_in_utc_with_three_digits(sent: str, returned: str) -> None:
    assert document(draft(completedAt=sent))["completedAt"] == returned
    assert read_time(sent) == datetime.fromisoformat(returned)


@pytest.mark.parametrize("number", ["2.0", "2e0", "20e-1", "2"])
@pytest.mark.parametrize(
    "path",
    ["lineItems.0.quantity", "totalPrice.centAmount", "lineItems.0.variant.images.0.dimensions.w"],
)
def test_a_number_without_a_fraction_is_an_integer(path: str, number: str) -> None:
    body = json.dumps(changed(at(path), "@")).replace('"@"', number).encode()
    read_whole = read_draft(body, None, PROJECT).tree
    assert read_whole == read(changed(at(path), 2)).tree
    assert write_json(_amounts(read_whole)) == write_json(_amounts(read(changed(at(path), 2)).tree))


def _amounts(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a value as JSON can hold it. 2 and 2.0 are equal, but their texts are not."""
    if isinstance(value, dict):
        return {name: _amounts(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_amounts(each) for each in value]
    return value.tree() if isinstance(value, Money) else value


def test_a_number_that_is_too_long_is_an_error_with_its_path() -> None:
    body = json.dumps(changed(("lineItems", 0, "quantity"), "@")).replace('"@"', "1" * 5000)
    with pytest.raises(RequestRefusedError) as refusal:
        read_draft(body.encode(), None, PROJECT)
    [error] = refusal.value.errors
    assert "lineItems -> quantity: Numbers must have at most 4300 digits" in str(error.members)


@pytest.mark.parametrize(
    "sent",
    [
        *("", "now", "20260203", "2026-2-3", "2026-02-30", "2026-02-03T", "2026-02-03T24:00"),
        *("2026-02-03T04:05:06.Z", "2026-02-03T04:05:06+24:00", "0001-01-01T00:00+01:00"),
        *("9999-12-31T23:59-01:00", "٢٠٢٦", "2026-02-03T04:05:06Zulu"),
        *("2016-12-31T22:59:60Z", "2016-12-31T23:59:61Z", "9999-12-31T23:59:60Z"),
        *("2026-02-03T04:05:06+01:60", "2026-02-03T04:05:06-0199"),
    ],
)
def test_an_invalid_time_is_rejected(sent: str) -> None:
    assert details_of(draft(completedAt=sent)) == f"completedAt: Failed to parse date/time: {sent}"


@given(
    st.datetimes(
        timezones=st.builds(timezone, st.integers(-1439, 1439).map(lambda n: timedelta(minutes=n))),
        min_value=datetime(1, 1, 2),  # noqa: DTZ001 - the strategy adds the zone
        max_value=datetime(9999, 12, 30),  # noqa: DTZ001 - same
    )
)
def test_any_time_is_returned_to_the_millisecond(moment: datetime) -> None:
    returned = wire_time(moment)
    assert wire_time(read_time(returned)) == returned
    assert wire_time(read_time(moment.isoformat())) == returned


def _amount(**members: object) -> Tree:
    return {"lineItems": [line(price={"value": {"currencyCode": "EUR"} | members})]} | {
        "totalPrice": money(1, "EUR")
    }


@pytest.mark.parametrize(
    ("sent", "returned"),
    [
        ({"centAmount": -5}, ("centPrecision", -5, None, 2)),
        ({"centAmount": 5, "type": None}, ("centPrecision", 5, None, 2)),
        ({"centAmount": 5, "type": "centPrecision"}, ("centPrecision", 5, None, 2)),
        ({"centAmount": 5, "fractionDigits": 2}, ("centPrecision", 5, None, 2)),
        ({"centAmount": 5, "preciseAmount": 1, "x": []}, ("centPrecision", 5, None, 2)),
        ({"preciseAmount": 12345, "fractionDigits": 4}, ("highPrecision", 123, 12345, 4)),
        ({"preciseAmount": 12350, "fractionDigits": 4}, ("highPrecision", 124, 12350, 4)),
        ({"preciseAmount": 12250, "fractionDigits": 4}, ("highPrecision", 122, 12250, 4)),
        (
            {"preciseAmount": 12345, "fractionDigits": 4, "centAmount": 124},
            ("highPrecision", 124, 12345, 4),
        ),
        ({"preciseAmount": -1, "fractionDigits": 20}, ("highPrecision", 0, -1, 20)),
    ],
)
def test_money_is_returned_with_its_type_and_digits(
    sent: Tree, returned: tuple[object, ...]
) -> None:
    kind = {"type": "highPrecision"} if "preciseAmount" in sent and returned[2] is not None else {}
    [item] = document(draft(**_amount(**kind, **sent)))["lineItems"]
    value = item["price"]["value"]
    names = ("type", "centAmount", "preciseAmount", "fractionDigits")
    assert tuple(value.get(name) for name in names) == returned
    assert set(value) <= {*names, "currencyCode"}


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"preciseAmount": 1, "fractionDigits": 2}, "fractionDigits must be > 2"),
        ({"preciseAmount": 1, "fractionDigits": 21}, "fractionDigits must be <= 20."),
        (
            {"preciseAmount": 12345, "fractionDigits": 4, "centAmount": 122},
            "centAmount must be correctly rounded preciseAmount (a number between 123 and 124).",
        ),
        (
            {"preciseAmount": 12345, "fractionDigits": 4, "centAmount": 125},
            "centAmount must be correctly rounded preciseAmount (a number between 123 and 124).",
        ),
    ],
)
def test_invalid_high_precision_money_is_rejected(sent: Tree, reason: str) -> None:
    detail = details_of(draft(**_amount(type="highPrecision", **sent)))
    assert detail.startswith(f"lineItems -> price -> value: {reason}")


def test_the_total_tax_is_rounded_to_cents() -> None:
    tax = {
        "type": "highPrecision",
        "currencyCode": "USD",
        "preciseAmount": 12345,
        "fractionDigits": 4,
    }
    taxed = {"totalNet": money(1), "totalGross": money(2), "taxPortions": [], "totalTax": tax}
    returned = document(draft(taxedPrice=taxed))["taxedPrice"]["totalTax"]
    assert (returned["type"], returned["centAmount"]) == ("centPrecision", 123)


@pytest.mark.parametrize("currency", ["JPY", "HUF0", "KWD", "CLF"])
def test_every_currency_has_its_own_digits(currency: str) -> None:
    lines = [line(price={"value": money(5, currency)})]
    tree = document(draft(totalPrice=money(5, currency), lineItems=lines))
    digits = {"JPY": 0, "HUF0": 0, "KWD": 3, "CLF": 4}[currency]
    assert tree["totalPrice"]["fractionDigits"] == digits


def test_negative_prices_and_quantities_are_allowed() -> None:
    lines = [line(quantity=-2, price={"value": money(-5)}), line(quantity=-3)]
    tree = document(draft(totalPrice=money(-1), lineItems=lines))
    assert [each["totalPrice"]["centAmount"] for each in tree["lineItems"]] == [10, -2985]
    assert tree["totalPrice"]["centAmount"] == -1


class TestReferences:
    def test_an_id_is_kept(self) -> None:
        tree = document(draft(customerGroup={"id": "g"}))
        assert tree["customerGroup"] == {"typeId": "customer-group", "id": "g"}

    def test_a_key_always_gets_the_same_id(self) -> None:
        def group(key: str, account: str = PROJECT) -> str:
            tree = document(draft(customerGroup={"key": key}), account=account)
            identity: str = tree["customerGroup"]["id"]
            return identity

        assert group("vip") == group("vip")
        assert len({group("vip"), group("new"), group("vip", "other")}) == 3

    def test_the_id_of_a_key_depends_on_the_type(self) -> None:
        sent = changed(("lineItems", 0, "supplyChannel"), {"key": "same"})
        sent = changed(("customerGroup",), {"key": "same"}, sent)
        tree = document(sent)
        assert tree["lineItems"][0]["supplyChannel"]["id"] != tree["customerGroup"]["id"]

    @pytest.mark.parametrize("sent", [{"key": "website"}, {"id": "website"}])
    def test_stores_are_returned_by_key(self, sent: Tree) -> None:
        tree = document(draft(store=sent))
        assert tree["store"] == {"typeId": "store", "key": "website", **sent}

    def test_the_key_of_a_store_takes_precedence_over_its_id(self) -> None:
        tree = document(draft(store={"id": "a uuid", "key": "website"}))
        assert tree["store"] == {"typeId": "store", "key": "website", "id": "a uuid"}

    def test_business_units_are_returned_by_key(self) -> None:
        tree = document(draft(businessUnit={"key": "unit"}))
        assert tree["businessUnit"] == {"typeId": "business-unit", "key": "unit"}

    @pytest.mark.parametrize("named", [{"id": "d"}, {"key": "d-key"}, {"id": "d", "key": "d-key"}])
    @pytest.mark.parametrize("type_id", ["direct-discount", "cart-discount"])
    def test_a_direct_discount_is_accepted(self, type_id: str, named: Tree) -> None:
        steps = at("shippingInfo.discountedPrice.includedDiscounts.0.discount")
        sent = changed(steps, {"typeId": type_id, **named})
        returned = document(sent)["shippingInfo"]["discountedPrice"]["includedDiscounts"][0]
        identity = {"id": derived_id(PROJECT, type_id, "d-key")} | named
        assert returned["discount"] == {"typeId": type_id, **identity}

    def test_the_faulty_type_of_a_discount_is_reported_with_both_types(self) -> None:
        steps = at("shippingInfo.discountedPrice.includedDiscounts.0.discount")
        detail = details_of(changed(steps, {"typeId": "discount", "id": "d"}))
        assert detail.endswith("Expected one of: 'cart-discount','direct-discount'")

    @pytest.mark.parametrize("sent", [{"id": "g", "key": 5}, {"id": 5, "key": "vip"}])
    def test_the_id_and_the_key_are_both_read(self, sent: Tree) -> None:
        assert details_of(draft(customerGroup=sent)).endswith("JSON String expected.")

    @pytest.mark.parametrize("sent", [{"typeId": "channel"}, {"id": None, "key": None}])
    def test_an_id_or_a_key_is_required(self, sent: Tree) -> None:
        detail = details_of(changed(("lineItems", 0, "supplyChannel"), sent))
        assert detail == "lineItems -> supplyChannel: Missing required value: id or key"


def _attribute(raw: str) -> bytes:
    attribute = {"name": "n", "value": "@"}
    sent = draft(lineItems=[line(variant={"sku": "m", "attributes": [attribute]})])
    return json.dumps(sent).replace('"@"', raw).encode()


@pytest.mark.parametrize(
    "raw", ["[" * 101 + "]" * 101, "[" * 5000 + "]" * 5000, "1E309", "-1E309", "1E-99999999"]
)
def test_values_that_json_cannot_return_are_rejected(raw: str) -> None:
    with pytest.raises(RequestRefusedError) as refused:
        read_draft(_attribute(raw), None, PROJECT)
    assert refused.value.errors[0].code == "InvalidJsonInput"


@pytest.mark.parametrize(
    "raw",
    [
        *("[" * 100 + "]" * 100, "1E308", "12345678901234567890123", "0.1234567890123456789"),
        *("false", "0", '""', "[null]", '{"a":null}', "1e2", "-0.0"),
    ],
)
def test_any_other_value_is_kept(raw: str) -> None:
    sent = json.loads(_attribute(raw))
    [returned] = represent(stored(sent))["lineItems"][0]["variant"]["attributes"]
    assert json.loads(write_json(returned["value"])) == json.loads(raw)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from([2**63, -(2**63), "EUR", "highPrecision", "2026-01-01", "id", "key"]),
    lambda values: (
        st.lists(values, max_size=2)
        | st.dictionaries(
            st.sampled_from(["id", "key", "type", "centAmount", "en"]), values, max_size=2
        )
    ),
    max_leaves=4,
)
PLACES = list(places(FULL))


@given(st.sampled_from(PLACES), JSON_VALUES)
def test_any_draft_is_returned_as_sent_or_rejected(
    steps: tuple[str | int, ...], value: object
) -> None:
    sent = changed(steps, value)
    try:
        read(sent)
    except RequestRefusedError as refusal:
        assert refusal.status == 400  # noqa: PT017 - no other error is allowed
        body = json.loads(write_json(error_body(400, refusal.errors)))
        assert body["errors"]
        return
    if isinstance(answer_of(sent), Submission):
        returned = json.loads(write_json(represent(stored(sent))))
        assert returned["type"] == "Order"


def test_reading_stops_at_the_limit_of_faults() -> None:
    looked_at: list[object] = []

    class Counting(dict[str, object]):
        def get(self, name: str, default: object = None) -> object:
            looked_at.append(name)
            return super().get(name, default)

    findings = Findings()
    with pytest.raises(EnoughFaultsError):
        Array(LINE)([Counting()] * 1000, Location(PROJECT, findings))
    assert len(findings.faults) == MAX_FAULTS
    assert len(looked_at) < 100


def test_the_places_of_faults_are_cut() -> None:
    name = "k" * 60_000
    body = b'{"%s":[%s]}' % (name.encode(), b",".join([rb'"\u0001"'] * 100))
    assert len(details_of(body)) < 20 * 200
    deep = b'{"kkkkkk":' * 500 + rb'"\u0001"' + b"}" * 500
    assert len(details_of(deep)) < 500
    names = {name + str(n): 1 for n in range(30)}
    assert len(details_of(draft(lineItems=[line(name=names)]))) < 20 * 200


def test_a_draft_has_a_limited_number_of_parts() -> None:
    addresses = [{"country": "DE", "key": f"a{n}"} for n in range(40_000)]
    values = {"type": {"id": "x"}, "fields": {"note": [[]] * 200_000}}
    for sent in (draft(itemShippingAddresses=addresses), draft(custom=values)):
        [error] = errors_of(sent)
        assert error.code == "ResourceSizeLimitExceeded"


def test_an_error_does_not_repeat_long_members() -> None:
    price = {"value": money(1), "customerGroup": {"id": "g" * 16_000}}
    variant = {"sku": "mug", "prices": [price] * 20}
    errors = errors_of(draft(lineItems=[line(variant=variant)]))
    assert {error.code for error in errors} == {"DuplicatePriceScope"}
    assert len(write_json(error_body(400, errors))) < 20_000
