"""Create an API client of an account."""

from collections.abc import Collection

from orders.application.errors import InvalidRequestError
from orders.application.ports import AccountRepository, Clock
from orders.domain.clients import Client, Role
from orders.domain.identifiers import CLIENT_RULE, is_client_id


def create_client(
    repository: AccountRepository,
    account: str,
    client_id: str,
    roles: Collection[Role],
    clock: Clock,
) -> bool:
    """Create a client with its roles. Return False if the client already exists or existed.

    Raises InvalidRequestError for an invalid name or no roles, NotFoundError for an unknown
    account, and StorageUnavailableError.
    """
    if not is_client_id(client_id):
        raise InvalidRequestError(f"A client id must be {CLIENT_RULE}")
    if not roles:
        raise InvalidRequestError(f"A client must have at least one role of {', '.join(Role)}")
    return repository.create_client(Client(account, client_id, frozenset(roles)), clock())
