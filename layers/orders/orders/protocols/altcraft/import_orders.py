"""`POST /api/v1.1/market/orders/import` (Altcraft v74)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from orders.application.authenticate import Caller
from orders.application.errors import TransactionTooLargeError
from orders.application.import_orders import ImportCommand, ImportOrders, ImportReport
from orders.application.import_together import ImportTogether
from orders.application.ports import Deadline
from orders.application.preview_import import preview_import, preview_together
from orders.application.preview_ports import Notes
from orders.domain.clients import Role
from orders.domain.importing import ErrorPolicy
from orders.protocols.altcraft.access import AccountAccess
from orders.protocols.altcraft.answers import AnswerOptions, answer_report, errors_answered_with
from orders.protocols.altcraft.errors import too_large_together
from orders.protocols.altcraft.media_types import answer_format
from orders.protocols.altcraft.previews import Preview
from orders.protocols.altcraft.requests import ImportBody, decode, is_of_order, read_import
from orders.protocols.altcraft.submissions import read_definitions, read_orders
from orders.protocols.altcraft.unknown_members import unknown_of_request
from orders.protocols.dry_run import marked, run_of
from orders.protocols.http import EndpointResult, HttpRequest, answer_room


@dataclass(frozen=True, slots=True)
class ImportOrdersEndpoint:
    """The import endpoint. `new_request_id` must return a new id at every call."""

    access: AccountAccess
    import_orders: ImportOrders
    import_together: ImportTogether
    new_request_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Import the orders of a request and return the outcome of each.

        A token in the header is checked before the body is read. Once the body is decoded, errors
        are answered in the format that it asks for.
        """
        caller = self.access.caller_by_header(request, Role.ORDERS_WRITE, deadline)
        if caller is None:
            return self._import(request, None, deadline)
        with caller.confirmed():
            return self._import(request, caller, deadline)

    def _import(
        self, request: HttpRequest, caller: Caller | None, deadline: Deadline
    ) -> EndpointResult:
        decoded = decode(request)
        options = AnswerOptions(
            answer_format(request, decoded.tree.get("format")), line_of=decoded.line_of
        )
        with errors_answered_with(options):
            if caller is None:
                caller = self.access.caller_by_member(
                    request, decoded.tree.get("token"), Role.ORDERS_WRITE, deadline
                )
            with caller.confirmed():
                body = read_import(decoded)
                preview = Preview.of(request, caller.client, dry_run=body.dry_run)
                notes = preview.notes if preview else None
                options = replace(
                    options,
                    details=bool(body.result_details) or preview is not None,
                    room=answer_room(request.body, len(body.data)),
                    failed_of=request if body.failed_only else None,
                )
                unknown = unknown_of_request(decoded.tree)
                command = ImportCommand(
                    account=caller.client.account,
                    client=caller.client.client_id,
                    request_id=self.new_request_id(),
                    orders=read_orders(body, filter(is_of_order, decoded.faults)),
                    definitions=read_definitions(body),
                    unknown=unknown.problems(),
                    run=run_of(request, notes),
                    caller=caller,
                )
                report = self._imported(command, body, notes, deadline)
        warnings = unknown.warnings(report.policies.unknown_members)
        answer = answer_report(report, options, warnings, preview=preview)
        return marked(EndpointResult(answer, report), notes)

    def _imported(
        self, command: ImportCommand, body: ImportBody, notes: Notes | None, deadline: Deadline
    ) -> ImportReport:
        if body.error_policy is not ErrorPolicy.REJECT_ALL:
            return preview_import(self.import_orders, notes)(command, deadline)
        try:
            return preview_together(self.import_together, notes)(command, deadline)
        except TransactionTooLargeError as error:
            raise too_large_together(error) from error
