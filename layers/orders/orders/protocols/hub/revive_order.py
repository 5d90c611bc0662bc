"""`POST /hub/v1/orders/{order_id}/revive`: the end of a soft deletion."""

from collections.abc import Callable
from dataclasses import dataclass

from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Deadline
from orders.application.preview_change import preview_change
from orders.application.revive_order import ReviveOrder, ReviveOrderCommand
from orders.protocols.dry_run import marked
from orders.protocols.http import EndpointResult, HttpRequest
from orders.protocols.hub import PROTOCOL
from orders.protocols.hub.access import WriteAccess
from orders.protocols.hub.answers import answer_ok, refuse
from orders.protocols.hub.errors import OUTCOME_UNKNOWN, not_found
from orders.protocols.hub.previews import of_change, read_dry_run
from orders.protocols.hub.queries import expect_only, read_order_id
from orders.protocols.hub.representation import OrderProtocols, order_of


@dataclass(frozen=True, slots=True)
class ReviveOrderEndpoint:
    """The revival endpoint. `new_request_id` must return a new id at every call."""

    access: WriteAccess
    revive_order: ReviveOrder
    protocols: OrderProtocols
    new_request_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Revive the order of the path, and return it. A present order does not change.

        The body of the request is not read.
        """
        client = self.access(request, deadline)
        expect_only(request, ())
        notes = read_dry_run(request)
        order_id = read_order_id(request)
        address = OrderAddress(client.account, None, order_id)
        command = ReviveOrderCommand(address, self.new_request_id(), client.client_id, PROTOCOL)
        report = preview_change(self.revive_order, notes)(command, deadline)
        if report.unavailable:
            return marked(EndpointResult(refuse(OUTCOME_UNKNOWN), report), notes)
        if report.found is None:
            return marked(
                EndpointResult(refuse(not_found(f"Order {order_id} does not exist")), report), notes
            )
        return marked(
            EndpointResult(
                answer_ok(
                    order_of(report.found, self.protocols) | of_change(notes, self.protocols)
                ),
                report,
            ),
            notes,
        )
