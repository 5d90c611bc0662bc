"""Errors as the protocol tells them: a status, and one or more codes with their own members."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from orders.domain.problems import listed
from orders.protocols.json_text import write_json

MAX_VALUE_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class ApiError:
    """One entry of `errors`: the vendor's code, and the members that come with it."""

    code: str
    message: str
    members: Mapping[str, Any] = field(default_factory=dict)


class RequestRefusedError(Exception):
    """The request is answered with these errors; `oauth` is the OAuth code of an auth error."""

    def __init__(self, status: int, *errors: ApiError, oauth: str | None = None) -> None:
        super().__init__(errors[0].message)
        self.status = status
        self.errors = errors
        self.oauth = oauth


def error_body(status: int, errors: Sequence[ApiError], oauth: str | None = None) -> dict[str, Any]:
    """Return the body of an error answer. There is at least one error."""
    body: dict[str, Any] = {
        "statusCode": status,
        "message": errors[0].message,
        "errors": [{"code": each.code, "message": each.message, **each.members} for each in errors],
    }
    if oauth:
        body |= {"error": oauth, "error_description": errors[0].message}
    return body


def bad_request(*errors: ApiError) -> RequestRefusedError:
    """Return the refusal of a request that cannot be taken as it is."""
    return RequestRefusedError(HTTPStatus.BAD_REQUEST, *errors)


def invalid_json_input(*details: str) -> ApiError:
    """Return the error of a body that is no JSON, or not of the expected shape."""
    return ApiError(
        "InvalidJsonInput",
        "Request body does not contain valid JSON.",
        {"detailedErrorMessage": ", ".join(details)},
    )


def duplicate_field(name: str, value: str) -> ApiError:
    """Return the error of a value that must be unique and is not."""
    return ApiError(
        "DuplicateField",
        f"A duplicate value '{_quoted(value)}' exists for field '{name}'.",
        {"field": name, "duplicateValue": value},
    )


def reference_not_found(type_id: str, *, by: str = "identifier", value: str) -> ApiError:
    """Return the error of a reference to something that is not there.

    `by` says what `value` is: "identifier", "key" or "sku". Clients know no member for the last.
    """
    name = {"identifier": "id", "key": "key"}.get(by)
    members = {"typeId": type_id} | ({name: _short(value)} if name else {})
    return ApiError(
        "ReferencedResourceNotFound",
        f"The referenced object of type '{type_id}' with {by} '{_short(value)}' was not found. "
        "It either doesn't exist, or it can't be accessed from this endpoint.",
        members,
    )


def invalid_field(name: str, value: object, allowed: Sequence[str] = (), why: str = "") -> ApiError:
    """Return the error of a value that its field cannot have; `why` says more."""
    return ApiError(
        "InvalidField",
        f"The value '{_quoted(value)}' is not valid for field '{name}'."
        + (f" Allowed are: {listed(allowed)}." if allowed else "")
        + (f" {why}" if why else ""),
        {"field": name, "invalidValue": _bounded(value), "allowedValues": list(allowed)},
    )


def invalid_operation(message: str) -> ApiError:
    """Return the error of something that the order does not allow."""
    return ApiError("InvalidOperation", message)


def invalid_input(message: str) -> ApiError:
    """Return the error of a request that breaks another rule."""
    return ApiError("InvalidInput", message)


def invalid_shipping_details(subject: str, item: str, message: str) -> ApiError:
    """Return the error of shipping details that do not fit their line."""
    return ApiError("InvalidItemShippingDetails", message, {"subject": subject, "itemId": item})


def money_overflow() -> ApiError:
    """Return the error of an amount that no 64-bit number holds."""
    return ApiError("MoneyOverflow", "The amount exceeds the range of a 64-bit number.")


def duplicate_price_scope(price: Mapping[str, Any]) -> ApiError:
    """Return the error of two prices of a variant with one scope."""
    return ApiError(
        "DuplicatePriceScope",
        "Two prices have the same scope: currency, country, customer group, channel and validity.",
        {"conflictingPrice": price},
    )


def size_limit_exceeded(message: str) -> ApiError:
    """Return the error of an order that is too large to be stored."""
    return ApiError("ResourceSizeLimitExceeded", message)


def content_too_large(message: str) -> RequestRefusedError:
    """Return the refusal of a request, or of an answer, that is larger than can be carried."""
    return RequestRefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, ApiError("ContentTooLarge", message)
    )


def not_found(message: str) -> RequestRefusedError:
    """Return the refusal of a request for something that is not there."""
    return RequestRefusedError(HTTPStatus.NOT_FOUND, ApiError("ResourceNotFound", message))


def concurrent_modification(identifier: str, expected: int, current: int) -> RequestRefusedError:
    """Return the refusal of a change of another version than the current one."""
    return RequestRefusedError(
        HTTPStatus.CONFLICT,
        ApiError(
            "ConcurrentModification",
            f"Object '{identifier}' has a different version than expected. "
            f"Expected: {expected} - Actual: {current}.",
            {"currentVersion": current},
        ),
    )


def over_capacity() -> RequestRefusedError:
    """Return the refusal of a request that the store could not serve in time."""
    message = "The order store is not available; nothing was changed. Send the request again."
    return RequestRefusedError(HTTPStatus.SERVICE_UNAVAILABLE, ApiError("OverCapacity", message))


def outcome_unknown() -> RequestRefusedError:
    """Return the answer to a write of which nobody knows whether it took effect."""
    message = "The write could not be confirmed: look whether it took effect before repeating it."
    return RequestRefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, ApiError("General", message))


def general() -> RequestRefusedError:
    """Return the answer to a request that met a fault of ours; nothing of the fault is told."""
    message = "An unexpected error occurred; it is logged. Look whether a write took effect."
    return RequestRefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, ApiError("General", message))


def access_denied() -> RequestRefusedError:
    """Return the refusal of a request without credentials."""
    return _unauthorized("access_denied", "access_denied")


def invalid_token() -> RequestRefusedError:
    """Return the refusal of a token that is unknown, expired or revoked."""
    return _unauthorized("invalid_token", "invalid_token")


def invalid_client() -> RequestRefusedError:
    """Return the refusal of wrong client credentials."""
    return _unauthorized(
        "invalid_client",
        "Please provide valid client credentials using HTTP Basic Authentication.",
    )


def insufficient_scope(*scopes: str) -> RequestRefusedError:
    """Return the refusal of a token that was not granted any of the scopes."""
    message = (
        "Insufficient scope. One of the following scopes is missing: " + ", ".join(scopes) + "."
    )
    error = ApiError("insufficient_scope", message)
    return RequestRefusedError(HTTPStatus.FORBIDDEN, error, oauth="insufficient_scope")


def invalid_scope() -> RequestRefusedError:
    """Return the refusal of a scope that is malformed, or that the client may not have."""
    return _bad_grant("invalid_scope", "Malformed parameter: scope: Invalid scope.")


def missing_grant_type() -> RequestRefusedError:
    """Return the refusal of a token request without its grant type."""
    return _bad_grant("invalid_request", "Missing required parameter: grant_type.")


def unsupported_grant_type() -> RequestRefusedError:
    """Return the refusal of a grant type that is not served."""
    return _bad_grant(
        "unsupported_grant_type",
        "Invalid parameter: grant_type: Only client_credentials is supported.",
    )


def _unauthorized(code: str, message: str) -> RequestRefusedError:
    return RequestRefusedError(HTTPStatus.UNAUTHORIZED, ApiError(code, message), oauth=code)


def _bad_grant(code: str, message: str) -> RequestRefusedError:
    return RequestRefusedError(HTTPStatus.BAD_REQUEST, ApiError(code, message), oauth=code)


def _quoted(value: object) -> str:
    text = write_json(value).decode()
    return text if len(text) <= MAX_VALUE_CHARACTERS else _short(text) + '…"'


def _bounded(value: object) -> object:
    """Shorten a text, so that no answer grows with its request."""
    return _short(value) if isinstance(value, str) else value


def _short(text: str) -> str:
    return text[:MAX_VALUE_CHARACTERS]
