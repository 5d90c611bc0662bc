"""API clients of an account, and the roles that let them do things."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a client may do; `admin` includes the others."""

    ORDERS_WRITE = "orders:write"
    ORDERS_READ = "orders:read"
    ADMIN = "admin"


MAX_TOKENS = 20

_WRITING = frozenset({Role.ORDERS_WRITE, Role.ORDERS_READ})
_READING = frozenset({Role.ORDERS_READ})
# What the protocols call the roles: a client may be created with these names too.
ROLES_OF_SCOPE: Mapping[str, frozenset[Role]] = MappingProxyType(
    {
        # Yandex Market Partner API
        "all-methods": _WRITING,
        "all-methods:read-only": _READING,
        "inventory-and-order-processing": _WRITING,
        "inventory-and-order-processing:read-only": _READING,
        # commercetools, without the project key that follows them
        "manage_orders": _WRITING,
        "view_orders": _READING,
        "view_messages": _READING,
        "manage_project": frozenset({Role.ADMIN}),
    }
)


# These open what is theirs by their names alone, and nothing by a role.
_NARROW = frozenset({"view_messages"})


def roles_granted_by(scope: str) -> frozenset[Role]:
    """Return the roles that an access token gets with a scope of ROLES_OF_SCOPE."""
    return frozenset() if scope in _NARROW else ROLES_OF_SCOPE[scope]


@dataclass(frozen=True, slots=True)
class Client:
    """An API client of an account.

    `scopes` are those that its access token was granted, None where it sends its own secret, which
    may do all that its roles allow.
    """

    account: str
    client_id: str
    roles: frozenset[Role]
    scopes: frozenset[str] | None = None

    def may(self, role: Role) -> bool:
        """Tell whether this client has `role`."""
        return role in self.roles or Role.ADMIN in self.roles

    def may_be_granted(self, scope: str) -> bool:
        """Tell whether its roles cover a scope of ROLES_OF_SCOPE; any other one they do not."""
        roles = ROLES_OF_SCOPE.get(scope)
        return roles is not None and all(self.may(role) for role in roles)

    def may_use(self, *scopes: str) -> bool:
        """Tell whether one of the scopes was granted, or is covered where none was asked for."""
        if self.scopes is None:
            return any(self.may_be_granted(scope) for scope in scopes)
        return not self.scopes.isdisjoint(scopes)


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
