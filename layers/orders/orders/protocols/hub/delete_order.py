"""`DELETE /hub/v1/orders/{order_id}`: the soft and the permanent deletion."""

from collections.abc import Callable
from dataclasses import dataclass

from orders.application.delete_order import DeleteOrder, DeleteOrderCommand
from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Deadline
from orders.application.preview_change import preview_change
from orders.domain.deletions import DeletionMode, DeletionRefusal
from orders.domain.order import Order
from orders.protocols.dry_run import marked, run_of
from orders.protocols.http import EndpointResult, HttpRequest
from orders.protocols.hub import PROTOCOL
from orders.protocols.hub.access import WriteAccess
from orders.protocols.hub.answers import answer_ok, refuse
from orders.protocols.hub.errors import (
    OUTCOME_UNKNOWN,
    RequestRefusedError,
    conflict,
    not_found,
)
from orders.protocols.hub.previews import of_change, read_dry_run
from orders.protocols.hub.queries import expect_only, read_choice, read_order_id, read_version


@dataclass(frozen=True, slots=True)
class DeleteOrderEndpoint:
    """The deletion endpoint. `new_request_id` must return a new id at every call."""

    access: WriteAccess
    delete_order: DeleteOrder
    new_request_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Delete the order of the path, and return which version the deletion is."""
        client = self.access(request, deadline)
        expect_only(request, ("mode", "version"))
        notes = read_dry_run(request)
        order_id, version = read_order_id(request), read_version(request)
        mode = DeletionMode(read_choice(request, "mode", list(DeletionMode)) or DeletionMode.SOFT)
        report = preview_change(self.delete_order, notes)(
            DeleteOrderCommand(
                OrderAddress(client.account, None, order_id),
                version,
                self.new_request_id(),
                client.client_id,
                PROTOCOL,
                mode,
                of_hidden=True,
                run=run_of(request, notes),
            ),
            deadline,
        )
        if report.unavailable:
            return marked(EndpointResult(refuse(OUTCOME_UNKNOWN), report), notes)
        if report.found is None:
            return marked(
                EndpointResult(refuse(not_found(f"Order {order_id} does not exist")), report), notes
            )
        order = report.found.order
        if report.refusal:
            return marked(
                EndpointResult(refuse(_refusal(report.refusal, order, version)), report), notes
            )
        is_soft = mode is DeletionMode.SOFT
        tree = {
            "order_id": order.order_id,
            "external_id": order.external_id,
            # A permanent deletion counts as the version after the last one.
            "version": order.version if is_soft else order.version + 1,
            "mode": str(mode),
        }
        return marked(EndpointResult(answer_ok({**tree, **of_change(notes)}), report), notes)


def _refusal(reason: DeletionRefusal, order: Order, version: int | None) -> RequestRefusedError:
    if reason is DeletionRefusal.HIDDEN:
        return not_found(
            f"Order {order.order_id} is softly deleted already; send mode=permanent to delete it "
            "for good"
        )
    return conflict(
        f"version must be {order.version}, the present version of order {order.order_id}; "
        f"got {version}"
    )
