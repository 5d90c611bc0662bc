"""Create a token for an API client."""

import secrets

from orders.application.ports import AccountRepository, Clock
from orders.domain.clients import Client, Token

# 256 bits: nobody guesses it, so its plain hash is enough to store.
TOKEN_BYTES = 32


def create_token(repository: AccountRepository, client: Client, clock: Clock) -> tuple[str, Token]:
    """Return a new token, which nothing can show again, and what is stored of it.

    Raises NotFoundError if the client does not exist or is revoked, InvalidRequestError if it has
    too many tokens.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return token, repository.add_token(client, token, clock())
