"""API clients of an account, and the roles that let them do things."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a client may do; `admin` includes the others."""

    ORDERS_WRITE = "orders:write"
    ORDERS_READ = "orders:read"
    ADMIN = "admin"


MAX_TOKENS = 20

WRITING = frozenset({Role.ORDERS_WRITE, Role.ORDERS_READ})
READING = frozenset({Role.ORDERS_READ})


@dataclass(frozen=True, slots=True)
class Scope:
    """A protocol's name for what a client may do; `needs` are the roles that cover it.

    A narrow one gives no role: it opens what asks for it by its name, and nothing else.
    """

    name: str
    needs: frozenset[Role]
    is_narrow: bool = False

    @property
    def gives(self) -> frozenset[Role]:
        """Return the roles that an access token gets with it."""
        return frozenset() if self.is_narrow else self.needs


@dataclass(frozen=True, slots=True)
class Client:
    """An API client of an account.

    `scopes` are the names of those that its access token was granted, None where it sends its own
    secret, which may do all that its roles allow.
    """

    account: str
    client_id: str
    roles: frozenset[Role]
    scopes: frozenset[str] | None = None

    def may(self, role: Role) -> bool:
        """Tell whether this client has `role`."""
        return role in self.roles or Role.ADMIN in self.roles

    def may_be_granted(self, scope: Scope) -> bool:
        """Tell whether its roles cover a scope."""
        return all(self.may(role) for role in scope.needs)

    def may_use(self, *scopes: Scope) -> bool:
        """Tell whether one of the scopes was granted, or is covered where none was asked for."""
        if self.scopes is None:
            return any(self.may_be_granted(scope) for scope in scopes)
        return not self.scopes.isdisjoint(scope.name for scope in scopes)


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token: never the token itself."""

    token_id: str
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """A client as the operator sees it."""

    client: Client
    created_at: datetime
    revoked_at: datetime | None
    tokens: tuple[Token, ...]
