"""Authenticate the client of a request and check its role."""

from orders.application.errors import ForbiddenError, UnauthenticatedError
from orders.application.ports import Deadline, TokenRepository
from orders.domain.clients import Client, Role


def authenticate(
    token: str | None, role: Role, tokens: TokenRepository, deadline: Deadline
) -> Client:
    """Return the client that owns the token, if the client has `role`.

    Raises UnauthenticatedError, ForbiddenError and StorageUnavailableError.
    """
    if not token:
        raise UnauthenticatedError(
            "A token is required; send it in the body or in the header `Authorization: Bearer`"
        )
    client = tokens.client_of(token, deadline)
    if client is None:
        raise UnauthenticatedError("The token is unknown or has been revoked")
    if not client.may(role):
        raise ForbiddenError(f"The client of this token must have the role {role}")
    return client
