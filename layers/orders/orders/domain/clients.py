"""API clients of an account, their roles and their tokens."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """A permission of a client. `admin` includes the others."""

    ORDERS_WRITE = "orders:write"
    ORDERS_READ = "orders:read"
    ADMIN = "admin"


MAX_TOKENS = 20

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
        """Return the roles that an access token with this scope has."""
        return frozenset() if self.is_narrow else self.needs


@dataclass(frozen=True, slots=True)
class Client:
    """An API client of an account.

    `scopes` are the names of the scopes of its access token. They are None if the client sends its
    secret instead: the secret permits everything that the roles permit.
    """

    account: str
    client_id: str
    roles: frozenset[Role]
    scopes: frozenset[str] | None = None

    def may(self, role: Role) -> bool:
        """Return whether this client has `role`."""
        return role in self.roles or Role.ADMIN in self.roles

    def may_be_granted(self, scope: Scope) -> bool:
        """Return whether the client has all roles that the scope needs."""
        return all(self.may(role) for role in scope.needs)

    def may_use(self, *scopes: Scope) -> bool:
        """Return whether the access token has one of the scopes, or the secret could get one."""
        if self.scopes is None:
            return any(self.may_be_granted(scope) for scope in scopes)
        return not self.scopes.isdisjoint(scope.name for scope in scopes)


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
