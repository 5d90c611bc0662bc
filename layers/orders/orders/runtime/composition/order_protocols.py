"""What each protocol knows of the orders that it wrote: one table for all that read them.

A protocol is loaded when an order of it turns up: that costs start-up, and most environments meet
orders of one protocol only, which their endpoint has loaded anyway.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from orders.domain.definition_names import DefinitionNames
from orders.domain.order import LineMembers, Order
from orders.domain.order_summary import OrderSummary, Summarise
from orders.protocols.altcraft import PROTOCOL as ALTCRAFT
from orders.protocols.commercetools import PROTOCOL as COMMERCETOOLS


class UnknownProtocolError(ValueError):
    """An order was written by a protocol that this version does not know."""


@dataclass(frozen=True, slots=True)
class OrderProtocol:
    """What a protocol makes of its stored orders.

    `present` returns one as JSON in the protocol's shape, `summarise` what every protocol can show
    of it. `lines` names the members that its documents hold lines in, None where they hold none
    that triggers single out. `used_by` returns the definitions of the settings that one uses.
    """

    present: Callable[[Order], bytes]
    summarise: Summarise
    lines: LineMembers | None
    used_by: Callable[[Order], DefinitionNames]


def present(order: Order) -> bytes:
    """Return an order as JSON, in the shape of the protocol that wrote it."""
    return _protocol_of(order.protocol).present(order)


def summarise(order: Order) -> OrderSummary:
    """Return what every protocol can show of an order."""
    return _protocol_of(order.protocol).summarise(order)


def lines_of(order: Order) -> LineMembers | None:
    """Return the names of the members that an order's document holds its lines in."""
    return _protocol_of(order.protocol).lines


def definitions_used_by(order: Order) -> DefinitionNames:
    """Return the custom fields and line statuses that an order uses."""
    return _protocol_of(order.protocol).used_by(order)


def _none_of_them(_order: Order) -> DefinitionNames:
    return DefinitionNames()


@cache
def _protocol_of(name: str) -> OrderProtocol:
    load = _LOADERS.get(name)
    if load is None:
        raise UnknownProtocolError(f"The protocol {name} is unknown")
    return load()


def _altcraft() -> OrderProtocol:
    from orders.protocols.altcraft import documents, representation, summaries, used_definitions

    return OrderProtocol(
        representation.present, summaries.summarise, documents.LINES, used_definitions.used_by
    )


def _commercetools() -> OrderProtocol:
    from orders.protocols.commercetools import representation, summaries

    return OrderProtocol(representation.present, summaries.summarise, None, _none_of_them)


_LOADERS: Mapping[str, Callable[[], OrderProtocol]] = {
    ALTCRAFT: _altcraft,
    COMMERCETOOLS: _commercetools,
}
