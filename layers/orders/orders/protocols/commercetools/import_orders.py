"""`POST /{projectKey}/orders/import` (commercetools, Create Order by Import)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from orders.application.authenticate import Caller
from orders.application.import_orders import ImportCommand, ImportOrders, ImportReport
from orders.application.import_progress import NewNumber
from orders.application.ports import Deadline
from orders.application.preview_import import preview_import
from orders.application.repeat_requests import Run
from orders.domain.importing import OrderResult
from orders.domain.problems import Code
from orders.protocols.commercetools.access import (
    MANAGE,
    ProjectAccess,
    external_user_id,
    skips_triggers,
)
from orders.protocols.commercetools.answers import answer, refuse
from orders.protocols.commercetools.checks import check_draft
from orders.protocols.commercetools.documents import Provenance
from orders.protocols.commercetools.errors import (
    ApiError,
    RequestRefusedError,
    bad_request,
    duplicate_field,
    general,
    outcome_unknown,
    over_capacity,
    size_limit_exceeded,
)
from orders.protocols.commercetools.ignored_members import ignored_members
from orders.protocols.commercetools.previews import of_import, read_dry_run, unnumbered
from orders.protocols.commercetools.representation import represent
from orders.protocols.commercetools.requests import OrderImportDraft, read_draft
from orders.protocols.commercetools.submissions import ApiProblem, SentDraft
from orders.protocols.dry_run import marked, run_of
from orders.protocols.http import EndpointResult, HttpRequest

UNKNOWN_PRODUCTS_HEADER = "X-Unknown-Products"


@dataclass(frozen=True, slots=True)
class ImportOrdersEndpoint:
    """The import endpoint. `new_request_id` must return a new id at every call."""

    access: ProjectAccess
    import_orders: ImportOrders
    new_request_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Import the draft and return the order."""
        caller = self.access.caller(request, MANAGE, deadline)
        with caller.confirmed():
            return self._import(request, caller, deadline)

    def _import(self, request: HttpRequest, caller: Caller, deadline: Deadline) -> EndpointResult:
        client = caller.client
        sender = Provenance(client.account, client.client_id, external_user_id(request))
        is_quiet, notes = skips_triggers(request), read_dry_run(request)
        draft = read_draft(request.body, request.charset, client.account)
        errors = check_draft(draft.tree)
        if errors:
            raise bad_request(*errors)
        ignored = ignored_members(draft.sent)
        use_case = preview_import(self.import_orders, notes)
        run = run_of(request, notes)
        external_id, reserved = _named(draft, sender.account, use_case, run, deadline)
        order = SentDraft(
            draft,
            external_id,
            sender.account,
            sender.client_id,
            sender.external_user_id,
            skip_trigger=is_quiet,
        )
        command = ImportCommand(
            account=sender.account,
            client=sender.client_id,
            request_id=self.new_request_id(),
            orders=(order,),
            order_ids=reserved,
            run=run,
            caller=caller,
        )
        report = use_case(command, deadline)
        if report.stored:
            headers = {**ignored, **_unknown_products(report)}
            if notes is not None:
                shown = {**represent(unnumbered(report.stored[0])), **of_import(notes)}
                return marked(EndpointResult(answer(HTTPStatus.OK, shown, headers), report), notes)
            created = represent(report.stored[0])
            return EndpointResult(answer(HTTPStatus.CREATED, created, headers), report)
        return marked(EndpointResult(refuse(_refusal(report, draft)), report), notes)


def _named(
    draft: OrderImportDraft,
    account: str,
    import_orders: ImportOrders,
    run: Run | None,
    deadline: Deadline,
) -> tuple[str, Mapping[str, NewNumber]]:
    """Return the external id of a draft. One without a number gets a generated id."""
    if draft.order_number is not None:
        return draft.order_number, {}
    external_id, number = import_orders.reserve_id(account, deadline, run)
    return external_id, {external_id: number}


def _refusal(report: ImportReport, draft: OrderImportDraft) -> RequestRefusedError:
    [result] = report.results
    if result.retryable:
        return over_capacity() if report.unavailable else outcome_unknown()
    if report.written and Code.DUPLICATE in _codes(result):
        # The existing order may be this one, if another request has changed it since.
        return outcome_unknown()
    errors = [each for each in (_error(result, draft, code) for code in _codes(result)) if each]
    own = [each.error for each in result.problems if isinstance(each, ApiProblem)]
    return bad_request(*own, *errors) if own or errors else general()


def _unknown_products(report: ImportReport) -> Mapping[str, str]:
    """Return the header that lists the lines whose products are not in the catalogue."""
    warnings = report.results[0].warnings
    pointers = [each.pointer for each in warnings if each.code is Code.UNKNOWN_PRODUCT]
    return {UNKNOWN_PRODUCTS_HEADER: ", ".join(pointers)} if pointers else {}


def _codes(result: OrderResult) -> list[Code]:
    return [problem.code for problem in result.problems]


def _error(result: OrderResult, draft: OrderImportDraft, code: Code) -> ApiError | None:
    if code is Code.DUPLICATE and draft.order_number is not None:
        return duplicate_field("orderNumber", draft.order_number)
    if code is Code.ORDER_TOO_LARGE:
        return size_limit_exceeded(result.problems[0].message)
    return None
