"""API clients of an account, their roles and their tokens."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """A permission of a client. `admin` includes the others."""

    ORDERS_WRITE = "orders:write"
    ORDERS_READ = "orders:read"
    ADMIN = "admin"


MAX_TOKENS = 20
# In a window of the rate limit, an hour. A client needs one for each of its processes in two days.
MAX_ISSUED_TOKENS = 600

WRITING = frozenset({Role.ORDERS_WRITE, Role.ORDERS_READ})
READING = frozenset({Role.ORDERS_READ})


@dataclass(frozen=True, slots=True)
class Scope:
    """A protocol's name for a permission. A client needs all roles in `needs` to be granted it.

    A narrow scope grants no roles. It only permits the operations that require it by name.
    """

    name: str
    needs: frozenset[Role]
    is_narrow: bool = False

    @property
    def gives(self) -> frozenset[Role]:
        """Return the roles that a client or an access token gets with it."""
        return frozenset() if self.is_narrow else self.needs


def roles_given_by(scopes: Iterable[Scope]) -> frozenset[Role]:
    """Return the roles that these scopes give together."""
    return frozenset().union(*(scope.gives for scope in scopes))


@dataclass(frozen=True, slots=True)
class Client:
    """An API client of an account.

    `scopes` are the names of the scopes that it was granted, and `roles` are those that the scopes
    give. A client that was created with roles has no `scopes` (None): its secret opens all that
    the roles cover. `by_access_token` says that it sent an access token instead of its secret.
    """

    account: str
    client_id: str
    roles: frozenset[Role]
    scopes: frozenset[str] | None = None
    by_access_token: bool = False

    def may(self, role: Role) -> bool:
        """Return whether this client has `role`."""
        return role in self.roles or Role.ADMIN in self.roles

    def may_be_granted(self, scope: Scope) -> bool:
        """Return whether what it was granted covers a scope.

        Where scopes were granted, a narrow one is covered by its own name or by `admin` only.
        """
        if self.scopes is None or not scope.is_narrow:
            return all(self.may(role) for role in scope.needs)
        return scope.name in self.scopes or Role.ADMIN in self.roles

    def may_use(self, *scopes: Scope) -> bool:
        """Return whether what it was granted covers one of the scopes."""
        return any(self.may_be_granted(scope) for scope in scopes)


@dataclass(frozen=True, slots=True)
class Token:
    """The data kept about a token. The token itself is never stored."""

    token_id: str
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """A client with its tokens, as the operator sees it."""

    client: Client
    created_at: datetime
    revoked_at: datetime | None
    tokens: tuple[Token, ...]
