"""Errors have the codes, members and messages of the commercetools API."""

from typing import Any

import pytest

from orders.protocols.commercetools import errors
from orders.protocols.commercetools.errors import ApiError, RequestRefusedError, error_body


@pytest.mark.parametrize(
    ("error", "code", "message", "members"),
    [
        (
            errors.invalid_json_input("a: Missing required value", "b: JSON String expected."),
            "InvalidJsonInput",
            "Request body does not contain valid JSON.",
            {"detailedErrorMessage": "a: Missing required value, b: JSON String expected."},
        ),
        (
            errors.duplicate_field("orderNumber", 'A"1'),
            "DuplicateField",
            "A duplicate value '\"A\\\"1\"' exists for field 'orderNumber'.",
            {"field": "orderNumber", "duplicateValue": 'A"1'},
        ),
        (
            errors.reference_not_found("store", by="key", value="shop"),
            "ReferencedResourceNotFound",
            (
                "The referenced object of type 'store' with key 'shop' was not found. "
                "It either doesn't exist, or it can't be accessed from this endpoint."
            ),
            {"typeId": "store", "key": "shop"},
        ),
        (
            errors.reference_not_found("product", value="p"),
            "ReferencedResourceNotFound",
            (
                "The referenced object of type 'product' with identifier 'p' was not found. "
                "It either doesn't exist, or it can't be accessed from this endpoint."
            ),
            {"typeId": "product", "id": "p"},
        ),
        (
            errors.reference_not_found("product", by="sku", value="mug"),
            "ReferencedResourceNotFound",
            (
                "The referenced object of type 'product' with sku 'mug' was not found. "
                "It either doesn't exist, or it can't be accessed from this endpoint."
            ),
            {"typeId": "product"},
        ),
        (
            errors.invalid_field("country", "de", ["DE"]),
            "InvalidField",
            "The value '\"de\"' is not valid for field 'country'. Allowed values: DE.",
            {"field": "country", "invalidValue": "de", "allowedValues": ["DE"]},
        ),
        (
            errors.invalid_field("amount", 2),
            "InvalidField",
            "The value '2' is not valid for field 'amount'.",
            {"field": "amount", "invalidValue": 2, "allowedValues": []},
        ),
        (
            errors.invalid_shipping_details("LineItem", "0", "why"),
            "InvalidItemShippingDetails",
            "why",
            {"subject": "LineItem", "itemId": "0"},
        ),
        (errors.invalid_operation("why"), "InvalidOperation", "why", {}),
        (errors.invalid_input("why"), "InvalidInput", "why", {}),
        (errors.size_limit_exceeded("why"), "ResourceSizeLimitExceeded", "why", {}),
    ],
)
def test_an_error_of_a_draft_has_its_code_message_and_members(
    error: ApiError, code: str, message: str, members: dict[str, object]
) -> None:
    assert (error.code, error.message, error.members) == (code, message, members)
    assert error_body(400, [error]) == {
        "statusCode": 400,
        "message": message,
        "errors": [{"code": code, "message": message, **members}],
    }


def test_codes_without_a_fixed_message_have_the_given_one() -> None:
    assert errors.money_overflow().code == "MoneyOverflow"
    scope = errors.duplicate_price_scope({"country": "DE"})
    assert (scope.code, scope.members) == (
        "DuplicatePriceScope",
        {"conflictingPrice": {"country": "DE"}},
    )


@pytest.mark.parametrize(
    ("refusal", "status", "code", "message"),
    [
        (errors.access_denied(), 401, "access_denied", "access_denied"),
        (errors.invalid_token(), 401, "invalid_token", "invalid_token"),
        (
            errors.invalid_client(),
            401,
            "invalid_client",
            "Please provide valid client credentials using HTTP Basic Authentication.",
        ),
        (
            errors.insufficient_scope("manage_orders"),
            403,
            "insufficient_scope",
            "Insufficient scope. One of the following scopes is missing: manage_orders.",
        ),
        (
            errors.invalid_scope(),
            400,
            "invalid_scope",
            "Malformed parameter: scope: Invalid scope.",
        ),
    ],
)
def test_auth_errors_have_the_members_of_oauth(
    refusal: RequestRefusedError, status: int, code: str, message: str
) -> None:
    assert refusal.status == status
    assert error_body(refusal.status, refusal.errors, refusal.oauth) == {
        "statusCode": status,
        "message": message,
        "errors": [{"code": code, "message": message}],
        "error": code,
        "error_description": message,
    }


@pytest.mark.parametrize(
    ("refusal", "status", "code", "oauth"),
    [
        (errors.missing_grant_type(), 400, "invalid_request", "invalid_request"),
        (errors.unsupported_grant_type(), 400, "unsupported_grant_type", "unsupported_grant_type"),
        (errors.not_found("gone"), 404, "ResourceNotFound", None),
        (errors.over_capacity(), 503, "OverCapacity", None),
        (errors.outcome_unknown(), 500, "General", None),
        (errors.general(), 500, "General", None),
    ],
)
def test_other_errors_have_their_status_code_and_message(
    refusal: RequestRefusedError, status: int, code: str, oauth: str | None
) -> None:
    [error] = refusal.errors
    assert (refusal.status, error.code, refusal.oauth) == (status, code, oauth)
    assert error.message
    assert str(refusal) == error.message


def test_a_version_conflict_returns_the_current_version() -> None:
    [error] = errors.concurrent_modification("id", 1, 3).errors
    assert (error.code, error.members) == ("ConcurrentModification", {"currentVersion": 3})
    assert "Expected: 1 - Actual: 3." in error.message


def test_several_errors_have_the_message_of_the_first() -> None:
    body = error_body(400, [errors.invalid_input("one"), errors.invalid_input("two")])
    assert body["message"] == "one"
    assert [each["message"] for each in body["errors"]] == ["one", "two"]


@pytest.mark.parametrize(
    "error",
    [
        errors.invalid_field("f", "x" * 10_000),
        errors.reference_not_found("t", value="x" * 10_000),
        errors.duplicate_field("f", "x" * 255),
    ],
)
def test_sent_values_are_shortened(error: ApiError) -> None:
    assert len(error.message) < 400
    members: dict[str, Any] = dict(error.members)
    assert all(len(str(value)) <= 255 for value in members.values())
