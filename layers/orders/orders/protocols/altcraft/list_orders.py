"""`POST /api/v1.1/market/orders/list` (Altcraft v74)."""

from collections.abc import Sequence
from dataclasses import dataclass

from orders.application.follow_orders import FollowOrders, FollowQuery
from orders.application.ports import Deadline
from orders.domain.changes import StoredOrder
from orders.domain.clients import Role
from orders.domain.order_summary import Summarise
from orders.domain.settings import ListAmounts
from orders.protocols.altcraft.answers import (
    AnswerOptions,
    answer_list,
    answer_unfinished_list,
    written_order,
)
from orders.protocols.altcraft.calls import Call, Calls
from orders.protocols.altcraft.from_ids import read_from_id, write_from_id
from orders.protocols.altcraft.parameters import DEFAULT_LIMIT, LIST, ListBody
from orders.protocols.altcraft.representation import listed_order
from orders.protocols.http import (
    MAX_ANSWER_BYTES,
    EndpointResult,
    HttpRequest,
    only_reads,
    sent_size,
)

# Room for what is around the orders of a page.
_PAGE_BYTES = 100_000
# The lines of a short document can take long to be shown.
MAX_SHOWN_CHARACTERS = 512 * 1024


@only_reads
@dataclass(frozen=True, slots=True)
class ListOrdersEndpoint:
    """All orders of an account or of an endpoint, oldest first, in pages."""

    calls: Calls
    follow_orders: FollowOrders
    summarise: Summarise

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return one page. It ends early if one answer cannot hold more, but not before one order.

        Only an empty page is the end of the list. Its `next_from_id` finds what is created later.
        """
        with self.calls.open(request, Role.ORDERS_READ, LIST, deadline) as call:
            query = _query_of(call)
            list_name = _name_of(query)
            listed = self.follow_orders(query, deadline)
            if listed.is_cut_short:
                next_from_id = write_from_id(list_name, listed.passed_with(0))
                return EndpointResult(answer_unfinished_list(next_from_id, call.options))
            policies = self.calls.settings.load(query.account, deadline).settings.policies
            orders = self._fitting(listed.orders, policies.list_amounts, call.options)
            next_from_id = write_from_id(list_name, listed.passed_with(len(orders)))
            answer = answer_list(orders, next_from_id, call.options, call.warnings)
        return EndpointResult(answer)

    def _fitting(
        self, orders: Sequence[StoredOrder], amounts: ListAmounts, options: AnswerOptions
    ) -> list[bytes]:
        """Return the first orders, written, that are not too much for an answer."""
        written: list[bytes] = []
        size = _PAGE_BYTES
        read = 0
        for stored in orders:
            if written and read > MAX_SHOWN_CHARACTERS:
                break
            read += len(stored.order.document)
            tree = listed_order(stored.order, self.summarise, amounts)
            part = written_order(tree, options.format)
            size += sent_size(part)
            if written and size > MAX_ANSWER_BYTES:
                break
            written.append(part)
        return written


def _query_of(call: Call[ListBody]) -> FollowQuery:
    body = call.body
    query = FollowQuery(call.client.account, body.limit or DEFAULT_LIMIT, body.endpoint)
    if body.from_id is None:
        return query
    after = read_from_id(body.from_id, _name_of(query))
    return FollowQuery(query.account, query.limit, query.endpoint, after)


def _name_of(query: FollowQuery) -> str:
    """Return what tells apart the lists of the protocol."""
    return f"altcraft orders\n{query.account}\n{query.endpoint or ''}"
