"""The history of one order."""

from dataclasses import dataclass

from orders.application.ports import Deadline
from orders.application.read_history import ReadHistory, RecordedVersion
from orders.domain.history import OrderKey
from orders.protocols.cursors import write_cursor
from orders.protocols.http import EndpointResult, HttpRequest
from orders.protocols.hub.access import ReadAccess
from orders.protocols.hub.answers import answer_ok, fitting
from orders.protocols.hub.cursors import read_cursor
from orders.protocols.hub.errors import not_found
from orders.protocols.hub.queries import expect_only, read_limit, read_order_id
from orders.protocols.hub.representation import OrderProtocols, deletion_of, version_of


@dataclass(frozen=True, slots=True)
class ReadHistoryEndpoint:
    """`GET /hub/v1/orders/{order_id}/history`."""

    access: ReadAccess
    read_history: ReadHistory
    protocols: OrderProtocols

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return one page of versions, the newest first."""
        client = self.access(request, deadline)
        expect_only(request, ("limit", "after"))
        order_id, limit = read_order_id(request), read_limit(request)
        list_name = f"history\n{client.account}\n{order_id}"
        after = request.query.get("after")
        before = None if after is None else read_cursor(after, list_name, 1)[0]
        key = OrderKey(client.account, order_id)
        listed = self.read_history(key, before, limit, deadline)
        if listed is None:
            raise not_found(f"Order {order_id} does not exist")
        versions = fitting(listed.versions, lambda each: version_of(each, self.protocols), _size_of)
        following = listed.next_before
        if len(versions) < len(listed.versions):
            following = listed.versions[len(versions) - 1].order.version
        deletion = [] if listed.deletion is None else [deletion_of(listed.deletion)]
        tree = {
            "order_id": order_id,
            "versions": [*deletion, *versions],
            "next": None if following is None else write_cursor(list_name, [following]),
        }
        return EndpointResult(answer_ok(tree))


def _size_of(recorded: RecordedVersion) -> int:
    before = recorded.before
    return len(recorded.order.document) + (0 if before is None else len(before.document))
