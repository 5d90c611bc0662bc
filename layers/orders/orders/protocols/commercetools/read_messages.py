"""The messages of a project: of the import of each order, and of what its versions changed.

Messages are not stored. They are built from the orders and their histories, so the messages of a
deleted order are gone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from uuid import UUID

from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.list_events import EventsQuery, ListEvents
from orders.application.list_orders import OrdersQuery
from orders.application.ports import ALL_IDS, Deadline
from orders.domain.ranges import Range
from orders.protocols.commercetools.access import VIEW_MESSAGES, ProjectAccess
from orders.protocols.commercetools.answers import answer
from orders.protocols.commercetools.filters import (
    EQUALITY,
    Member,
    created,
    equals_constant,
    ids_of,
    narrowed,
    only_ids,
    range_of_uuids,
)
from orders.protocols.commercetools.message_ids import (
    imports_come_first,
    order_of_message,
    orders_of_changes,
    orders_of_imports,
)
from orders.protocols.commercetools.messages import IMPORTED, Message
from orders.protocols.commercetools.predicates import RANGES, Comparison
from orders.protocols.commercetools.queries import (
    Sorting,
    read_page,
    read_predicates,
    read_sorting,
    read_variables,
    too_many_examined,
)
from orders.protocols.commercetools.read_orders import (
    Found,
    answer_results,
    expanded_within_answer,
    unknown_id,
)
from orders.protocols.http import EndpointResult, HttpRequest

_NEWEST_FIRST = Sorting("createdAt", is_descending=True)
_SORTABLE = ("id", "createdAt", "lastModifiedAt")


@dataclass(frozen=True, slots=True)
class MessagesQuery(OrdersQuery):
    """Which messages to list. `ids`, `only_ids` and `created` are those of OrdersQuery.

    The messages have ids in `uuids`, as numbers, and are those of `only_uuids` and of `types`,
    unless these are None.
    """

    uuids: Range[int] = ALL_IDS
    only_uuids: frozenset[str] | None = None
    types: frozenset[str] | None = None

    def accepts_message(self, message: Message) -> bool:
        """Return whether a message is one of those to list."""
        return (
            (self.types is None or message.type in self.types)
            and (self.only_uuids is None or message.id in self.only_uuids)
            and (not self.uuids.is_bounded or UUID(message.id).int in self.uuids)
        )


def _narrow_type(query: MessagesQuery, comparison: Comparison) -> MessagesQuery:
    wanted = frozenset(comparison.values)
    return replace(query, types=wanted if query.types is None else query.types & wanted)


def _narrow_id(query: MessagesQuery, comparison: Comparison) -> MessagesQuery:
    if comparison.operator not in EQUALITY:
        return replace(query, uuids=query.uuids & range_of_uuids(comparison))
    wanted = frozenset(each.lower() for each in comparison.values)
    orders = {order_of_message(query.account, each) for each in wanted}
    narrow = only_ids(query, {each for each in orders if each is not None})
    known = wanted if query.only_uuids is None else query.only_uuids & wanted
    return replace(narrow, only_uuids=known)


# A message is created with its version and never changes.
MEMBERS: Mapping[str, Member[MessagesQuery]] = {
    "id": Member((*EQUALITY, *RANGES), _narrow_id),
    "type": Member(EQUALITY, _narrow_type),
    "createdAt": created(),
    "lastModifiedAt": created(),
    "resource(typeId)": equals_constant("order"),
    "resource(id)": ids_of(lambda account: account),
}


@dataclass(frozen=True, slots=True)
class MessagesEndpoint:
    """`GET /{projectKey}/messages`."""

    access: ProjectAccess
    list_messages: ListEvents[Message]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return one page of the project's messages, by default the newest first."""
        client = self.access(request, VIEW_MESSAGES, deadline)
        page = read_page(request)
        sorting = read_sorting(request, _SORTABLE) or _NEWEST_FIRST
        query = narrowed(
            MessagesQuery(client.account, newest_first=sorting.is_descending),
            read_predicates(request),
            read_variables(request),
            MEMBERS,
        )
        listed = self.list_messages(_events(query, sorting), page, deadline)
        if listed.is_cut_short:
            raise too_many_examined(query)
        results = answer_results(
            request,
            page,
            Found(listed.events, listed.total, is_too_large=listed.is_too_large),
            lambda message: message.tree(),
        )
        return EndpointResult(results)


def _events(query: MessagesQuery, sorting: Sorting) -> Sequence[EventsQuery[Message]]:
    """Return the events to list, one after the other.

    By id, the messages of imports and those of changes follow each other.
    """
    account = query.account
    events: EventsQuery[Message] = EventsQuery(
        account,
        query.accepts_message,
        query.ids,
        query.only_ids,
        query.created,
        newest_first=query.newest_first,
    )
    imports = replace(
        events,
        ids=query.ids & orders_of_imports(account, query.uuids),
        by_time=False,
        of_changes=False,
        accepts=lambda message: message.type == IMPORTED and query.accepts_message(message),
    )
    if query.types is not None and query.types <= {IMPORTED}:
        return (imports,)
    if sorting.member != "id":
        return (events,)
    changes = replace(
        events,
        ids=query.ids & orders_of_changes(account, query.uuids),
        by_time=False,
        accepts=lambda message: message.type != IMPORTED and query.accepts_message(message),
    )
    is_ascending = imports_come_first(account) != query.newest_first
    return (imports, changes) if is_ascending else (changes, imports)


@dataclass(frozen=True, slots=True)
class GetMessageEndpoint:
    """`GET /{projectKey}/messages/{id}`."""

    access: ProjectAccess
    get_order_by_id: GetOrderById
    list_messages: ListEvents[Message]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return the message of the path."""
        client = self.access(request, VIEW_MESSAGES, deadline)
        ref = request.path["id"]
        order_id = order_of_message(client.account, ref)
        address = None if order_id is None else OrderAddress(client.account, None, order_id)
        found = self.get_order_by_id(address, deadline) if address else None
        messages = self.list_messages.of_order(found, deadline) if found else ()
        wanted = next((each for each in messages if each.id == ref.lower()), None)
        if wanted is None:
            raise unknown_id(ref)
        message = expanded_within_answer(request, wanted.tree())
        return EndpointResult(answer(HTTPStatus.OK, message))
