"""OAuth scopes (commercetools), without the project key that requests append."""

from collections.abc import Mapping
from types import MappingProxyType

from orders.domain.clients import READING, WRITING, Role, Scope

MANAGE_PROJECT = Scope("manage_project", frozenset({Role.ADMIN}))
MANAGE_ORDERS = Scope("manage_orders", WRITING)
VIEW_ORDERS = Scope("view_orders", READING)
VIEW_MESSAGES = Scope("view_messages", READING, is_narrow=True)

SCOPES: Mapping[str, Scope] = MappingProxyType(
    {scope.name: scope for scope in (MANAGE_ORDERS, VIEW_ORDERS, VIEW_MESSAGES, MANAGE_PROJECT)}
)
