"""Authenticate the client of a request and check its role."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from orders.application.errors import (
    ForbiddenError,
    OrdersError,
    StorageUnavailableError,
    UnauthenticatedError,
)
from orders.application.ports import Deadline, SettingsRepository, Together, TokenRepository
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


@dataclass(slots=True)
class Caller:
    """The client of a request. `authenticate` reads its token again if the client is presumed.

    A presumed client was that of the token when it was last read. Until it is confirmed, the
    request may read, but must neither write orders nor answer.
    """

    client: Client
    authenticate: Callable[[], Client] | None = None
    _refusal: Exception | None = None

    @property
    def is_presumed(self) -> bool:
        """Return whether the client must still be confirmed."""
        return self.authenticate is not None

    def confirm(self) -> None:
        """Read the token of a presumed client. Raises the same error again at another call.

        Raises what `authenticate` raises, and StorageUnavailableError if the token has become that
        of another client: the request can be sent again.
        """
        if self._refusal:
            raise self._refusal
        if self.authenticate is None:
            return
        try:
            self._expect_same(self.authenticate())
        except Exception as error:
            self._refusal = error
            raise
        self.authenticate = None

    def _expect_same(self, confirmed: Client) -> None:
        if (confirmed.account, confirmed.client_id) != (self.client.account, self.client.client_id):
            raise StorageUnavailableError("the token has another client now")

    @contextmanager
    def confirmed(self) -> Iterator[None]:
        """Confirm the client at the end, also before an error is answered."""
        try:
            yield
        except Exception:
            self.confirm()
            raise
        self.confirm()


def presume(token: str | None, role: Role, tokens: TokenRepository, deadline: Deadline) -> Caller:
    """Return the client that owns the token, as `authenticate` does, or owned it a moment ago."""

    def read() -> Client:
        return authenticate(token, role, tokens, deadline)

    presumed = tokens.presumed(token) if token else None
    return Caller(presumed, read) if presumed and presumed.may(role) else Caller(read())


@dataclass(frozen=True, slots=True)
class ReadTogether:
    """Reads an expired token and the settings of its account again, both at the same time."""

    tokens: TokenRepository
    settings: SettingsRepository
    together: Together

    def __call__(self, token: str, deadline: Deadline) -> None:
        """Let the repositories have both without a call, if that is possible. Raises nothing."""
        presumed = self.tokens.presumed(token)
        if presumed is None or self.settings.knows(presumed.account):
            return
        # Who asks for the token or the settings next gets the same error.
        with suppress(OrdersError):
            self.together(
                [
                    lambda: self.tokens.client_of(token, deadline),
                    lambda: self.settings.load(presumed.account, deadline),
                ]
            )
