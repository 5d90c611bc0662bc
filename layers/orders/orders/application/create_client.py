"""Create an API client of an account."""

from collections.abc import Collection

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

    Raises ValueError for a name that is none or without roles, LookupError for an unknown account.
    """
    if not is_client_id(client_id):
        raise ValueError(f"A client's name takes {CLIENT_RULE}")
    if not roles:
        raise ValueError(f"A client needs at least one role of {', '.join(Role)}")
    return repository.create_client(Client(account, client_id, frozenset(roles)), clock())
