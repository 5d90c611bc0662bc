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
        token = request.bearer_token
        if token is None:
            raise unauthenticated(request.bearer_fault or _REQUIRED)
        try:
            return authenticate(token, Role.ORDERS_READ, self.tokens, deadline)
        except UnauthenticatedError as error:
            raise unauthenticated(str(error)) from None
