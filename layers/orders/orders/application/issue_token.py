"""Issue an access token to an API client that sends its secret."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from orders.application.errors import (
    ScopeRefusedError,
    TooManyTokensError,
    UnauthenticatedError,
)
from orders.application.ports import (
    AccessGrant,
    AccessTokenRepository,
    Clock,
    Deadline,
    TokenRepository,
)
from orders.domain.clients import MAX_ISSUED_TOKENS, Client, Scope, roles_given_by
from orders.domain.rate_limit import WINDOW, window_of

LIFETIME = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials of a client: its id, and one of its tokens as the secret."""

    client_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class IssueToken:
    """Issues access tokens. `new_token` must return a random text that cannot be guessed."""

    tokens: TokenRepository
    access_tokens: AccessTokenRepository
    clock: Clock
    new_token: Callable[[], str]

    def authenticate(self, credentials: Credentials, deadline: Deadline) -> Client:
        """Return the client with these credentials. An access token is not accepted as secret.

        Raises UnauthenticatedError and StorageUnavailableError.
        """
        client = self.tokens.client_of(credentials.secret, deadline)
        same = client is not None and hmac.compare_digest(
            client.client_id.encode(), credentials.client_id.encode()
        )
        if client is None or not same or client.by_access_token:
            raise UnauthenticatedError("The client or its secret is unknown")
        return client

    def __call__(
        self, client: Client, secret: str, scopes: Sequence[Scope], deadline: Deadline
    ) -> str:
        """Return a new access token with these scopes. It expires after LIFETIME.

        `client` must be the client that `authenticate` returned for this secret. Raises
        ScopeRefusedError, TooManyTokensError, StorageUnavailableError and StorageRefusedError.
        """
        if not scopes or not all(map(client.may_be_granted, scopes)):
            raise ScopeRefusedError
        granted = replace(
            client,
            roles=roles_given_by(scopes),
            scopes=frozenset(scope.name for scope in scopes),
            by_access_token=True,
        )
        now = self.clock()
        window = window_of(now)
        if not self.access_tokens.reserve(client, window, MAX_ISSUED_TOKENS, deadline):
            raise TooManyTokensError(window + WINDOW - now)
        token = self.new_token()
        grant = AccessGrant(granted, secret, now + LIFETIME)
        self.access_tokens.add(token, grant, deadline)
        return token
