"""Errors of the protocol: a status, and one or more codes with their own members."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from math import ceil
from typing import Any

from orders.domain.problems import listed, shown
from orders.protocols.json_text import write_json

MAX_VALUE_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class ApiError:
    """One entry of `errors`: the vendor's code and the additional members of that code.

    `details` are the faults that the entry is about, one text each.
    """

    code: str
    message: str
    members: Mapping[str, Any] = field(default_factory=dict)
    details: tuple[str, ...] = ()


# The body of a 405 has no `errors`, as the vendor's has none.
METHOD_NOT_ALLOWED = {
    "statusCode": HTTPStatus.METHOD_NOT_ALLOWED,
    "message": "Method Not Allowed",
}


class RequestRefusedError(Exception):
    """The request is rejected with these errors. `oauth` is the OAuth code of an auth error.

    `retry_after` is the number of seconds after which the client may send the request again.
    """

    def __init__(
        self,
        status: int,
        *errors: ApiError,
        oauth: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(errors[0].message)
        self.retry_after = retry_after
        self.status = status
        self.errors = errors
        self.oauth = oauth


def error_body(status: int, errors: Sequence[ApiError], oauth: str | None = None) -> dict[str, Any]:
    """Return the body of an error answer. `errors` must have at least one entry."""
    body: dict[str, Any] = {
        "statusCode": status,
        "message": errors[0].message,
        "errors": [{"code": each.code, "message": each.message, **each.members} for each in errors],
    }
    if oauth:
        body |= {"error": oauth, "error_description": errors[0].message}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        # API Gateway answers in this form to a client that it throttles: a 429 has one form.
        text = errors[0].message
        body |= {"error": status, "error_text": text, "result": [], "status": "ERROR"}
    return body


def bad_request(*errors: ApiError) -> RequestRefusedError:
    """Return the 400 error of an invalid request."""
    return RequestRefusedError(HTTPStatus.BAD_REQUEST, *errors)


def invalid_json_input(*details: str) -> ApiError:
    """Return the error of a body that is not valid JSON or has the wrong shape."""
    return ApiError(
        "InvalidJsonInput",
        "Request body does not contain valid JSON.",
        {"detailedErrorMessage": ", ".join(details)},
        details,
    )


def duplicate_field(name: str, value: str) -> ApiError:
    """Return the error of a duplicate value in a unique field."""
    return ApiError(
        "DuplicateField",
        f"A duplicate value '{_quoted(value)}' exists for field '{name}'.",
        {"field": name, "duplicateValue": value},
    )


def reference_not_found(type_id: str, *, by: str = "identifier", value: str) -> ApiError:
    """Return the error of a reference to a resource that does not exist.

    `by` is the kind of `value`: "identifier", "key" or "sku". The protocol has no error member for
    a SKU.
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
    """Return the error of an invalid value. `why` is a sentence that names the rule."""
    return ApiError(
        "InvalidField",
        f"The value '{_quoted(value)}' is not valid for field '{name}'."
        + (f" Allowed values: {listed(allowed)}." if allowed else "")
        + (f" {why}" if why else ""),
        {"field": name, "invalidValue": _bounded(value), "allowedValues": list(allowed)},
    )


def invalid_operation(message: str) -> ApiError:
    """Return the error of members that do not fit together."""
    return ApiError("InvalidOperation", message)


def invalid_input(message: str) -> ApiError:
    """Return the error of a request that breaks a rule without a code of its own."""
    return ApiError("InvalidInput", message)


def invalid_shipping_details(subject: str, item: str, message: str) -> ApiError:
    """Return the error of shipping details that do not match their line."""
    return ApiError("InvalidItemShippingDetails", message, {"subject": subject, "itemId": item})


def money_overflow() -> ApiError:
    """Return the error of an amount outside the range of a 64-bit integer."""
    return ApiError("MoneyOverflow", "The amount exceeds the range of a 64-bit number.")


def duplicate_price_scope(price: Mapping[str, Any]) -> ApiError:
    """Return the error of two prices of a variant that have the same scope."""
    return ApiError(
        "DuplicatePriceScope",
        "Two prices have the same scope: currency, country, customer group, channel and validity.",
        {"conflictingPrice": _with_short_texts(price)},
    )


def duplicate_price_key(key: str, price: Mapping[str, Any]) -> ApiError:
    """Return the error of two prices of a variant that have the same key."""
    return ApiError(
        "DuplicatePriceKey",
        f"Duplicate price key: {_short(key)}. The price key must be unique per variant.",
        {"conflictingPrice": price},
    )


def size_limit_exceeded(message: str) -> ApiError:
    """Return the error of an order that is too large to store."""
    return ApiError("ResourceSizeLimitExceeded", message)


def content_too_large(message: str) -> RequestRefusedError:
    """Return the 413 error of a request or an answer that is too large."""
    return RequestRefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, ApiError("ContentTooLarge", message)
    )


def not_found(message: str) -> RequestRefusedError:
    """Return the 404 error of a resource that does not exist."""
    return RequestRefusedError(HTTPStatus.NOT_FOUND, ApiError("ResourceNotFound", message))


def concurrent_modification(identifier: str, expected: int, current: int) -> RequestRefusedError:
    """Return the 409 error of a change that names another version than the current one."""
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
    """Return the 503 error: the store did not answer in time, and nothing was changed."""
    message = "The order store is not available; nothing was changed. Send the request again."
    return RequestRefusedError(HTTPStatus.SERVICE_UNAVAILABLE, ApiError("OverCapacity", message))


def outcome_unknown() -> RequestRefusedError:
    """Return the 500 error of a write that may or may not have taken effect."""
    message = (
        "The write could not be confirmed. Check whether it took effect before you send it again."
    )
    return RequestRefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, ApiError("General", message))


def general() -> RequestRefusedError:
    """Return the 500 error of an unexpected fault. The message does not describe the fault."""
    message = "An unexpected error occurred and was logged. Check whether a write took effect."
    return RequestRefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, ApiError("General", message))


def access_denied() -> RequestRefusedError:
    """Return the 401 error of a request without credentials."""
    return _unauthorized("access_denied", "access_denied")


def invalid_token(reason: str | None = None) -> RequestRefusedError:
    """Return the 401 error of a token that is unknown, expired or revoked.

    `reason` is a message for a header that holds no token.
    """
    return _unauthorized("invalid_token", reason or "invalid_token")


def invalid_client() -> RequestRefusedError:
    """Return the 401 error of missing or invalid client credentials."""
    return _unauthorized(
        "invalid_client",
        "Please provide valid client credentials using HTTP Basic Authentication.",
    )


def insufficient_scope(*scopes: str) -> RequestRefusedError:
    """Return the 403 error of a token that has none of the scopes."""
    message = (
        "Insufficient scope. One of the following scopes is missing: " + ", ".join(scopes) + "."
    )
    error = ApiError("insufficient_scope", message)
    return RequestRefusedError(HTTPStatus.FORBIDDEN, error, oauth="insufficient_scope")


def invalid_scope() -> RequestRefusedError:
    """Return the 400 error of a scope that is malformed or not granted to the client."""
    return _bad_grant("invalid_scope", "Malformed parameter: scope: Invalid scope.")


def too_many_tokens(limit: int, wait: timedelta) -> RequestRefusedError:
    """Return the 429 error of a client that has received all access tokens of this hour."""
    message = (
        f"The client has received {limit} access tokens in this hour. "
        "Use each token until it expires."
    )
    return RequestRefusedError(
        HTTPStatus.TOO_MANY_REQUESTS,
        ApiError("LIMIT_EXCEEDED", message),
        retry_after=ceil(wait.total_seconds()),
    )


def missing_grant_type() -> RequestRefusedError:
    """Return the 400 error of a token request without a grant type."""
    return _bad_grant("invalid_request", "Missing required parameter: grant_type.")


def invalid_form(message: str) -> RequestRefusedError:
    """Return the 400 error of a token request whose form cannot be read."""
    return _bad_grant("invalid_request", message)


def repeated_parameter(name: str) -> RequestRefusedError:
    """Return the 400 error of a parameter that is sent more than once (RFC 6749, 3.2)."""
    return _bad_grant("invalid_request", f"Duplicate parameter {shown(name)}; send it once.")


def too_many_parameters(most: int) -> RequestRefusedError:
    """Return the 400 error of a token request with more parameters than any client sends."""
    message = f"The request must have at most {most} parameters, such as grant_type and scope."
    return _bad_grant("invalid_request", message)


def unsupported_grant_type() -> RequestRefusedError:
    """Return the 400 error of an unsupported grant type."""
    return _bad_grant(
        "unsupported_grant_type",
        "Invalid parameter: grant_type: Only client_credentials is supported.",
    )


def _unauthorized(code: str, message: str) -> RequestRefusedError:
    return RequestRefusedError(HTTPStatus.UNAUTHORIZED, ApiError(code, message), oauth=code)


def _bad_grant(code: str, message: str) -> RequestRefusedError:
    return RequestRefusedError(HTTPStatus.BAD_REQUEST, ApiError(code, message), oauth=code)


def _quoted(value: object) -> str:
    # One more than is shown, so that a cut is seen.
    short = value[: MAX_VALUE_CHARACTERS + 1] if isinstance(value, str) else value
    text = write_json(short).decode()
    return text if len(text) <= MAX_VALUE_CHARACTERS else _short(text) + '…"'


def _with_short_texts(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _with_short_texts(each) for name, each in value.items()}
    return _bounded(value)


def _bounded(value: object) -> object:
    """Shorten a text, so that the size of an answer does not depend on its request."""
    return _short(value) if isinstance(value, str) else value


def _short(text: str) -> str:
    return text[:MAX_VALUE_CHARACTERS]
