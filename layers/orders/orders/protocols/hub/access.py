"""Authentication: the Bearer token of a request, and its role."""

from dataclasses import dataclass

from orders.application.authenticate import authenticate
from orders.application.errors import UnauthenticatedError
from orders.application.ports import Deadline, TokenRepository
from orders.domain.clients import Client, Role
from orders.protocols.http import HttpRequest
from orders.protocols.hub.errors import unauthenticated

_REQUIRED = "A token is required; send it in the header `Authorization: Bearer <token>`"


@dataclass(frozen=True, slots=True)
class ReadAccess:
    """Checks that a request's token may read orders."""

    tokens: TokenRepository

    def __call__(self, request: HttpRequest, deadline: Deadline) -> Client:
        """Return the client, whose account the request is about.

        Raises RequestRefusedError (401), ForbiddenError and StorageUnavailableError.
        """
        return _client_with(Role.ORDERS_READ, self.tokens, request, deadline)


@dataclass(frozen=True, slots=True)
class WriteAccess:
    """Checks that a request's token may change orders."""

    tokens: TokenRepository

    def __call__(self, request: HttpRequest, deadline: Deadline) -> Client:
        """Return the client, whose account the request is about. Raises as ReadAccess does."""
        return _client_with(Role.ORDERS_WRITE, self.tokens, request, deadline)


def _client_with(
    role: Role, tokens: TokenRepository, request: HttpRequest, deadline: Deadline
) -> Client:
    token = request.bearer_token
    if token is None:
        raise unauthenticated(request.bearer_fault or _REQUIRED)
    try:
        return authenticate(token, role, tokens, deadline)
    except UnauthenticatedError as error:
        raise unauthenticated(str(error)) from None
