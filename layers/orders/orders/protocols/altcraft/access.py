"""Who may send a request: the token is in the header or, where none is there, in the body."""

from dataclasses import dataclass

from orders.application.authenticate import authenticate
from orders.application.errors import UnauthenticatedError
from orders.application.ports import Deadline, TokenRepository
from orders.domain.clients import Client, Role
from orders.protocols.http import HttpRequest


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """Returns the client that a token belongs to.

    Raises UnauthenticatedError, ForbiddenError and StorageUnavailableError.
    """

    tokens: TokenRepository

    def by_header(self, request: HttpRequest, role: Role, deadline: Deadline) -> Client | None:
        """Return the client of the Bearer token, None without one: the body is not read."""
        token = request.bearer_token
        return authenticate(token, role, self.tokens, deadline) if token else None

    def by_member(self, token: object, role: Role, deadline: Deadline) -> Client:
        """Return the client of the `token` that the body holds."""
        if token is not None and not isinstance(token, str):
            raise UnauthenticatedError("The token must be a string")
        return authenticate(token, role, self.tokens, deadline)
