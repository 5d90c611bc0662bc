"""Errors with Yandex Market's codes and messages (Partner API, error page)."""

from http import HTTPStatus

BAD_REQUEST = "BAD_REQUEST"
UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
# A status of the Partner API that HTTP does not define.
LIMIT_EXCEEDED = 420


class RequestRefusedError(Exception):
    """The request is rejected with this HTTP status, error code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def bad_request(message: str, code: str = BAD_REQUEST) -> RequestRefusedError:
    """Return the 400 error of an invalid request."""
    return RequestRefusedError(HTTPStatus.BAD_REQUEST, code, message)


def unauthorized(message: str) -> RequestRefusedError:
    """Return the 401 error of a request without valid credentials."""
    return RequestRefusedError(HTTPStatus.UNAUTHORIZED, "UNAUTHORIZED", message)


def forbidden(message: str) -> RequestRefusedError:
    """Return the 403 error of a client without the permission."""
    return RequestRefusedError(HTTPStatus.FORBIDDEN, "FORBIDDEN", message)


def order_not_found(order_id: int) -> RequestRefusedError:
    """Return the 404 error of an order that does not exist in this campaign."""
    return RequestRefusedError(HTTPStatus.NOT_FOUND, "NOT_FOUND", f"Order not found: {order_id}")


def unsupported_media_type(media_type: str) -> RequestRefusedError:
    """Return the 415 error of a body that is not JSON in UTF-8."""
    return RequestRefusedError(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        UNSUPPORTED_MEDIA_TYPE,
        f"Content type {media_type} not supported",
    )


def method_not_supported(method: str) -> RequestRefusedError:
    """Return the 405 error of a path that does not have this method."""
    return RequestRefusedError(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        f"Request method {method} not supported",
    )


def limit_exceeded(limit: int, resource: str) -> RequestRefusedError:
    """Return the 420 error of a request beyond the hourly limit."""
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
