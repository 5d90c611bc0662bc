"""Who sends a request, and whether they may."""

from orders.application.errors import ForbiddenError, UnauthenticatedError
from orders.application.ports import Deadline, TokenRepository
from orders.domain.clients import Client, Role


def authenticate(
    token: str | None, role: Role, tokens: TokenRepository, deadline: Deadline
) -> Client:
    """Return the client that the token belongs to, if it has `role`.

    Raises UnauthenticatedError, ForbiddenError and StorageUnavailableError.
    """
    if not token:
        raise UnauthenticatedError("A token is needed: send it in the body or as a Bearer header")
    client = tokens.client_of(token, deadline)
    if client is None:
        raise UnauthenticatedError("The token is unknown or has been revoked")
    if not client.may(role):
        raise ForbiddenError(f"No access: the token's client lacks the role {role}")
    return client
