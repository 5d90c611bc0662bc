"""Create a token for an API client."""

import secrets

from orders.application.ports import AccountRepository, Clock
from orders.domain.clients import Client, Token

# 256 random bits cannot be guessed, so a plain SHA-256 hash of the token is safe to store.
TOKEN_BYTES = 32


def create_token(repository: AccountRepository, client: Client, clock: Clock) -> tuple[str, Token]:
    """Create a token. Return it with its stored data. The token cannot be read again later.

    Raises NotFoundError if the client does not exist or is revoked, InvalidRequestError if it has
    too many tokens, and StorageUnavailableError.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return token, repository.add_token(client, token, clock())
