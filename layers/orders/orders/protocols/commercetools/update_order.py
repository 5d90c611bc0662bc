"""`POST /{projectKey}/orders/{id}` (commercetools, Update Order)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Deadline
from orders.application.preview_change import preview_change
from orders.application.update_order import UpdateOrder, UpdateOrderCommand
from orders.domain.external_ids import MAX_ALIASES, ExternalIdRefusal
from orders.domain.identifiers import uuid_of
from orders.domain.order import Order
from orders.domain.order_summary import Summarise
from orders.domain.order_updates import UpdateRefusal
from orders.protocols.commercetools import PROTOCOL
from orders.protocols.commercetools.access import (
    MANAGE,
    ProjectAccess,
    external_user_id,
    skips_triggers,
)
from orders.protocols.commercetools.answers import answer, refuse
from orders.protocols.commercetools.errors import (
    ApiError,
    RequestRefusedError,
    bad_request,
    concurrent_modification,
    duplicate_field,
    invalid_field,
    invalid_operation,
    outcome_unknown,
    size_limit_exceeded,
)
from orders.protocols.commercetools.expansion import expanded
from orders.protocols.commercetools.foreign_orders import represent_any
from orders.protocols.commercetools.ignored_members import ignored_members
from orders.protocols.commercetools.previews import of_change, read_dry_run
from orders.protocols.commercetools.queries import read_expand
from orders.protocols.commercetools.read_orders import OrderFinder, unknown_id
from orders.protocols.commercetools.requests import TOO_LARGE
from orders.protocols.commercetools.updates import (
    ORDER_UPDATE,
    Editor,
    OrderUpdate,
    read_update,
    rename_refused,
)
from orders.protocols.dry_run import marked
from orders.protocols.http import EndpointResult, HttpRequest, fits_answer
from orders.protocols.json_text import write_json


@dataclass(frozen=True, slots=True)
class UpdateOrderEndpoint:
    """`POST /{projectKey}/orders/{id}` and `…/order-number={number}`.

    `new_request_id` must return a new id at every call.
    """

    access: ProjectAccess
    find: OrderFinder
    update_order: UpdateOrder
    summarise: Summarise
    new_request_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Apply all actions to the order of the path, or none, and return the order."""
        client = self.access(request, MANAGE, deadline)
        user, is_quiet = external_user_id(request), skips_triggers(request)
        notes = read_dry_run(request)
        update = read_update(request.body, request.charset, client.account)
        order = self.find(client.account, request.path["ref"], deadline).order
        command = UpdateOrderCommand(
            address=OrderAddress(client.account, None, order.order_id),
            version=update.version,
            revise=Editor(update, user).revise,
            request_id=self.new_request_id(),
            client=client.client_id,
            protocol=PROTOCOL,
            endpoints=tuple(store["key"] for _, store in update.stores),
            skip_trigger=is_quiet,
        )
        report = preview_change(self.update_order, notes)(command, deadline)
        if report.unavailable:
            return marked(EndpointResult(refuse(outcome_unknown()), report), notes)
        if report.found is None:
            unknown = unknown_id(uuid_of(client.account, order.order_id))
            return marked(EndpointResult(refuse(unknown), report), notes)
        found = report.found.order
        if report.refusal:
            return marked(
                EndpointResult(refuse(_refusal(report.refusal, found, update)), report), notes
            )
        show = partial(represent_any, summarise=self.summarise)
        updated = show(found) | of_change(notes, show)
        shown = expanded(updated, read_expand(request))
        # The order is updated, so the answer must not fail.
        tree = shown if fits_answer(write_json(shown)) else updated
        ignored = ignored_members(update.sent, ORDER_UPDATE)
        return marked(EndpointResult(answer(HTTPStatus.OK, tree, ignored), report), notes)


def _refusal(
    reason: UpdateRefusal | ExternalIdRefusal, order: Order, update: OrderUpdate
) -> RequestRefusedError:
    if reason is UpdateRefusal.OTHER_VERSION:
        identity = uuid_of(order.account, order.order_id)
        return concurrent_modification(identity, update.version, order.version)
    if isinstance(reason, UpdateRefusal):
        return bad_request(size_limit_exceeded(TOO_LARGE))
    return rename_refused(update, _number_error(reason, order, update))


def _number_error(reason: ExternalIdRefusal, order: Order, update: OrderUpdate) -> ApiError:
    number = update.order_number or ""
    state = f"{order.fulfilment.status} / {order.fulfilment.substatus}"
    errors = {
        ExternalIdRefusal.TAKEN: duplicate_field("orderNumber", number),
        ExternalIdRefusal.RESERVED: invalid_field(
            "orderNumber", number, why="It has the form of an order id, which is reserved."
        ),
        ExternalIdRefusal.TOO_LATE: invalid_operation(
            "The number of an order can change only until it is ready to ship; the order is "
            f"{state}."
        ),
        ExternalIdRefusal.ALREADY_SET: invalid_operation(
            "The number of an order can change only once in this project."
        ),
        ExternalIdRefusal.TOO_MANY_ALIASES: invalid_operation(
            f"The order already has {MAX_ALIASES} former numbers, which is the maximum."
        ),
    }
    return errors[reason]
