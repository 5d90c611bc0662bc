"""Authentication: a Bearer token in the header or, without one, the `token` of the body."""

from dataclasses import dataclass

from orders.application.authenticate import Caller, authenticate, presume
from orders.application.errors import UnauthenticatedError
from orders.application.ports import Deadline, TokenRepository
from orders.domain.clients import Client, Role
from orders.protocols.http import HttpRequest


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """Finds the client of a request by its token.

    All methods raise UnauthenticatedError, ForbiddenError and StorageUnavailableError.
    """

    tokens: TokenRepository

    def by_header(self, request: HttpRequest, role: Role, deadline: Deadline) -> Client | None:
        """Return the client of the Bearer token, None without one. The body is not read."""
        token = request.bearer_token
        return authenticate(token, role, self.tokens, deadline) if token else None

    def caller_by_header(
        self, request: HttpRequest, role: Role, deadline: Deadline
    ) -> Caller | None:
        """Return the client of the Bearer token, which may be presumed, None without one."""
        token = request.bearer_token
        return presume(token, role, self.tokens, deadline) if token else None

    def caller_by_member(
        self, request: HttpRequest, token: object, role: Role, deadline: Deadline
    ) -> Caller:
        """Return the client of the body's `token`, which may be presumed."""
        return presume(_of_member(request, token), role, self.tokens, deadline)

    def by_member(
        self, request: HttpRequest, token: object, role: Role, deadline: Deadline
    ) -> Client:
        """Return the client of the body's `token`.

        Without one, the error says how the request's Authorization header must read, if it has one.
        """
        return authenticate(_of_member(request, token), role, self.tokens, deadline)


def _of_member(request: HttpRequest, token: object) -> str | None:
    """Return the token of a body. Raises UnauthenticatedError if it cannot be one."""
    if token is not None and not isinstance(token, str):
        raise UnauthenticatedError("token must be a string")
    if not token and request.bearer_fault:
        raise UnauthenticatedError(f"{request.bearer_fault}; or send the token in the body")
    return token
