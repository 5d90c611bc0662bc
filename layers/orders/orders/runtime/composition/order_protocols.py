"""Dispatches stored orders to the protocol that wrote them.

A protocol's modules are imported when its first order is read. Most environments only read orders
of the protocol that their endpoint has already imported.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from orders.domain.definition_names import DefinitionNames
from orders.domain.line_statuses import DerivedStatus
from orders.domain.order import LineMembers, Order, Tree
from orders.domain.order_summary import OrderSummary, Summarise
from orders.domain.personal_data import Contacts, PersonalData
from orders.domain.settings import LineStatusType
from orders.domain.triggers import (
    Contents,
    Trigger,
    TriggerForm,
    TriggerPayload,
    documents_of,
    reduced,
)
from orders.protocols.altcraft import PROTOCOL as ALTCRAFT
from orders.protocols.commercetools import PROTOCOL as COMMERCETOOLS


class UnknownProtocolError(ValueError):
    """An order was written by a protocol that this version does not know."""


@dataclass(frozen=True, slots=True)
class OrderProtocol:
    """Functions of a protocol for the orders that it stored.

    `present` returns an order as JSON in the protocol's shape. `summarise` returns its summary for
    other protocols. `lines` names the members of the document that hold lines, None if triggers do
    not report changes of lines. `used_by` returns the settings' definitions that an order uses.
    `status_of_lines` returns the status of an order that follows from its lines. `personal` is the
    personal data in the documents. `contents` shows two versions of an order as triggers do.
    """

    present: Callable[[Order], bytes]
    summarise: Summarise
    lines: LineMembers | None
    used_by: Callable[[Order], DefinitionNames]
    status_of_lines: Callable[[Sequence[LineStatusType]], DerivedStatus | None]
    personal: PersonalData
    contents: Contents = documents_of


def present(order: Order) -> bytes:
    """Return an order as JSON, in the shape of the protocol that wrote it."""
    return _protocol_of(order.protocol).present(order)


def summarise(order: Order) -> OrderSummary:
    """Return the summary of an order for other protocols."""
    return _protocol_of(order.protocol).summarise(order)


def lines_of(order: Order) -> LineMembers | None:
    """Return the names of the document members that hold an order's lines, if any."""
    return _protocol_of(order.protocol).lines


def definitions_used_by(order: Order) -> DefinitionNames:
    """Return the custom fields and line statuses that an order uses."""
    return _protocol_of(order.protocol).used_by(order)


def status_of_lines(order: Order, types: Sequence[LineStatusType]) -> DerivedStatus | None:
    """Return the status of an order whose lines have statuses of these types, None if none is."""
    return _protocol_of(order.protocol).status_of_lines(types)


def reduce_trigger(trigger: Trigger, payload: TriggerPayload) -> Trigger:
    """Return the trigger with what the payload permits."""
    return reduced(trigger, payload, _protocol_of(trigger.order.protocol).personal)


def contacts_of(order: Order) -> Contacts:
    """Return what an order says about who its person is."""
    return _protocol_of(order.protocol).personal.contacts_of(order)


def contents(before: Order, after: Order) -> tuple[Tree, Tree]:
    """Return the contents of two versions of an order in the form in which triggers show them."""
    return _protocol_of(after.protocol).contents(before, after)


def form_of(order: Order) -> TriggerForm:
    """Return how the triggers of an order show its changes."""
    return TriggerForm(lines_of(order), contents)


def _no_status(_types: Sequence[LineStatusType]) -> None:
    return None


def _none_of_them(_order: Order) -> DefinitionNames:
    return DefinitionNames()


@cache
def _protocol_of(name: str) -> OrderProtocol:
    load = _LOADERS.get(name)
    if load is None:
        raise UnknownProtocolError(f'Unknown protocol "{name}"')
    return load()


def _altcraft() -> OrderProtocol:
    from orders.protocols.altcraft import (
        documents,
        personal_data,
        representation,
        states,
        summaries,
        used_definitions,
    )

    return OrderProtocol(
        representation.present,
        summaries.summarise,
        documents.LINES,
        used_definitions.used_by,
        states.status_of_lines,
        personal_data.PERSONAL,
    )


def _commercetools() -> OrderProtocol:
    from orders.protocols.commercetools import personal_data, representation, summaries

    return OrderProtocol(
        representation.present,
        summaries.summarise,
        None,
        _none_of_them,
        _no_status,
        personal_data.PERSONAL,
        representation.contents,
    )


_LOADERS: Mapping[str, Callable[[], OrderProtocol]] = {
    ALTCRAFT: _altcraft,
    COMMERCETOOLS: _commercetools,
}
# The names of the protocols that store orders.
PROTOCOLS = tuple(sorted(_LOADERS))
