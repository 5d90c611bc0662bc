"""Create an API client of an account."""

from collections.abc import Collection

from orders.application.errors import InvalidRequestError
from orders.application.ports import AccountRepository, Clock
from orders.domain.clients import Client, Role, Scope, roles_given_by
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
    _expect_name(client_id)
    if not roles:
        raise InvalidRequestError(f"A client must have at least one role of {', '.join(Role)}")
    return repository.create_client(Client(account, client_id, frozenset(roles)), clock())


def create_scoped_client(
    repository: AccountRepository,
    account: str,
    client_id: str,
    scopes: Collection[Scope],
    clock: Clock,
) -> bool:
    """Create a client that may do what these scopes open and no more.

    Return False if the client already exists or existed.

    Raises InvalidRequestError for a name that breaks the rules or for no scopes, NotFoundError for
    an unknown account.
    """
    _expect_name(client_id)
    if not scopes:
        raise InvalidRequestError("A client must have at least one scope")
    names = frozenset(scope.name for scope in scopes)
    client = Client(account, client_id, roles_given_by(scopes), names)
    return repository.create_client(client, clock())


def _expect_name(client_id: str) -> None:
    if not is_client_id(client_id):
        raise InvalidRequestError(f"A client id must be {CLIENT_RULE}")
