"""Refusals in Yandex Market's words (error page of the Partner API)."""

from http import HTTPStatus

BAD_REQUEST = "BAD_REQUEST"
UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
# The protocol's own status, which HTTP does not have.
LIMIT_EXCEEDED = 420


class RequestRefusedError(Exception):
    """The request is refused: HTTP status, machine-readable code and message of the answer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def bad_request(message: str, code: str = BAD_REQUEST) -> RequestRefusedError:
    """Return the refusal of a request that cannot be carried out as it is."""
    return RequestRefusedError(HTTPStatus.BAD_REQUEST, code, message)


def unauthorized(message: str) -> RequestRefusedError:
    """Return the refusal of a request whose sender is not known."""
    return RequestRefusedError(HTTPStatus.UNAUTHORIZED, "UNAUTHORIZED", message)


def forbidden(message: str) -> RequestRefusedError:
    """Return the refusal of a sender who may not do this."""
    return RequestRefusedError(HTTPStatus.FORBIDDEN, "FORBIDDEN", message)


def order_not_found(order_id: int) -> RequestRefusedError:
    """Return the refusal for an order that this campaign does not have."""
    return RequestRefusedError(HTTPStatus.NOT_FOUND, "NOT_FOUND", f"Order not found: {order_id}")


def unsupported_media_type(media_type: str) -> RequestRefusedError:
    """Return the refusal of a body in a format that is not JSON in UTF-8."""
    return RequestRefusedError(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        UNSUPPORTED_MEDIA_TYPE,
        f"Content type {media_type} not supported",
    )


def limit_exceeded(limit: int, resource: str) -> RequestRefusedError:
    """Return the refusal of a request beyond the hour's limit."""
    amount = f"{limit:,}".replace(",", " ")
    return RequestRefusedError(
        LIMIT_EXCEEDED,
        "LIMIT_EXCEEDED",
        f"Hit rate limit of {amount} requests per 1 hour for resource {resource}",
    )


INTERNAL = RequestRefusedError(
    HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Internal server error"
)
UNAVAILABLE = RequestRefusedError(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "SERVICE_UNAVAILABLE",
    "Service temporarily unavailable. Please, try again later",
)
