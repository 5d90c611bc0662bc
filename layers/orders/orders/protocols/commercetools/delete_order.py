"""`DELETE /{projectKey}/orders/{id}?version=` (commercetools, Delete Order)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from orders.application.delete_order import DeleteOrder, DeleteOrderCommand
from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Deadline
from orders.application.preview_change import preview_change
from orders.application.repeat_requests import target_of
from orders.domain.identifiers import uuid_of
from orders.domain.order_summary import Summarise
from orders.protocols.commercetools import PROTOCOL
from orders.protocols.commercetools.access import MANAGE, ProjectAccess, skips_triggers
from orders.protocols.commercetools.answers import answer, refuse
from orders.protocols.commercetools.errors import concurrent_modification, outcome_unknown
from orders.protocols.commercetools.expansion import expanded
from orders.protocols.commercetools.foreign_orders import represent_any
from orders.protocols.commercetools.previews import of_change, read_dry_run
from orders.protocols.commercetools.queries import read_expand, read_version
from orders.protocols.commercetools.read_orders import OrderFinder, unknown_id
from orders.protocols.dry_run import marked, run_of
from orders.protocols.http import EndpointResult, HttpRequest, fits_answer
from orders.protocols.json_text import write_json


@dataclass(frozen=True, slots=True)
class DeleteOrderEndpoint:
    """The deletion endpoint. `new_request_id` must return a new id at every call."""

    access: ProjectAccess
    find: OrderFinder
    delete_order: DeleteOrder
    summarise: Summarise
    new_request_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Delete the order of the path permanently and return its last version."""
        client = self.access(request, MANAGE, deadline)
        version, is_quiet = read_version(request), skips_triggers(request)
        notes = read_dry_run(request)
        ref, run = request.path["ref"], run_of(request, notes)
        order_id = target_of(
            run, lambda: self.find(client.account, ref, deadline).order.order_id, deadline
        )
        address = OrderAddress(client.account, None, order_id)
        command = DeleteOrderCommand(
            address,
            version,
            self.new_request_id(),
            client.client_id,
            PROTOCOL,
            skip_trigger=is_quiet,
            run=run,
        )
        report = preview_change(self.delete_order, notes)(command, deadline)
        identity = uuid_of(client.account, order_id)
        if report.unavailable:
            return marked(EndpointResult(refuse(outcome_unknown()), report), notes)
        if report.found is None:
            return marked(EndpointResult(refuse(unknown_id(identity)), report), notes)
        if report.refusal:
            current = report.found.order.version
            return marked(
                EndpointResult(refuse(concurrent_modification(identity, version, current)), report),
                notes,
            )
        order = report.found.order
        show = partial(represent_any, summarise=self.summarise)
        deleted = show(order) | of_change(notes, show)
        shown = expanded(deleted, read_expand(request))
        # The order is deleted, so the answer must not fail.
        last = shown if fits_answer(write_json(shown)) else deleted
        return marked(EndpointResult(answer(HTTPStatus.OK, last), report), notes)
