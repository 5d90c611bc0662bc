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
    """Create a client with its roles; tell whether it was new.

    Raises InvalidRequestError for a name that breaks the rules or for no roles, NotFoundError for
    an unknown account.
    """
    if not is_client_id(client_id):
        raise InvalidRequestError(f"A client's name takes {CLIENT_RULE}")
    if not roles:
        raise InvalidRequestError(f"A client needs at least one role of {', '.join(Role)}")
    return repository.create_client(Client(account, client_id, frozenset(roles)), clock())
