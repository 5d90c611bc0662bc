"""Scopes of Api-Key tokens (Partner API) that concern orders."""

from collections.abc import Mapping
from types import MappingProxyType

from orders.domain.clients import READING, WRITING, Scope

SCOPES: Mapping[str, Scope] = MappingProxyType(
    {
        scope.name: scope
        for scope in (
            Scope("all-methods", WRITING),
            Scope("all-methods:read-only", READING),
            Scope("inventory-and-order-processing", WRITING),
            Scope("inventory-and-order-processing:read-only", READING),
        )
    }
)
