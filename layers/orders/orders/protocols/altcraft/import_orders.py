"""`POST /api/v1.1/market/orders/import` (Altcraft v74): decode, import, encode."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from pydantic import ValidationError

from orders.application.authenticate import (
    ForbiddenError,
    UnauthenticatedError,
    authenticate,
)
from orders.application.define_settings import DefinitionsRefusedError
from orders.application.import_orders import ImportCommand, ImportOrders, ImportReport
from orders.application.ports import (
    Deadline,
    SettingsTooLargeError,
    StorageUnavailableError,
    TokenRepository,
)
from orders.domain.clients import Client, Role
from orders.domain.problems import Code, Problem
from orders.protocols.altcraft import json_codec
from orders.protocols.altcraft.answers import Style, answer_refusal, answer_report
from orders.protocols.altcraft.decoded import Decoded
from orders.protocols.altcraft.errors import (
    BAD_REQUEST,
    FORBIDDEN,
    INTERNAL,
    TOO_LARGE,
    UNAUTHENTICATED,
    UNAVAILABLE,
    RequestRefusedError,
)
from orders.protocols.altcraft.formats import (
    Format,
    accepted_format,
    answer_format,
    request_format,
)
from orders.protocols.altcraft.requests import IMPORT, IMPORT_SHAPE, ImportBody, problems_of
from orders.protocols.altcraft.submissions import (
    read_definitions,
    read_orders,
    unknown_root_members,
)
from orders.protocols.http import HttpAnswer, HttpRequest


@dataclass(frozen=True, slots=True)
class ImportEndpoint:
    """The route, put together with what it calls. `new_request_id` must never repeat itself."""

    tokens: TokenRepository
    import_orders: ImportOrders
    new_request_id: Callable[[], str]

    def __call__(
        self, request: HttpRequest, deadline: Deadline
    ) -> tuple[HttpAnswer, ImportReport | None]:
        """Answer a request; the report is None if it was refused whole."""
        style = Style(accepted_format(request))
        try:
            client = self._client_of_header(request, deadline)
            decoded = _decode(request)
            style = replace(
                style,
                format=answer_format(request, decoded.tree.get("format")),
                line_of=decoded.line_of,
            )
            client = client or self._client_of(decoded.tree.get("token"), deadline)
            body = _read_body(decoded)
            style = replace(style, details=bool(body.result_details))
            report = self._import(client, body, decoded, deadline)
        except RequestRefusedError as refusal:
            return answer_refusal(refusal, style), None
        return answer_report(report, style, unknown_root_members(decoded.tree)), report

    def _client_of_header(self, request: HttpRequest, deadline: Deadline) -> Client | None:
        """Authenticate before any of the body is read, where the header allows it."""
        token = request.bearer_token
        return self._client_of(token, deadline) if token else None

    def _client_of(self, token: object, deadline: Deadline) -> Client:
        if token is not None and not isinstance(token, str):
            raise RequestRefusedError(UNAUTHENTICATED, "The token must be a string")
        try:
            return authenticate(token, Role.ORDERS_WRITE, self.tokens, deadline)
        except UnauthenticatedError as error:
            raise RequestRefusedError(UNAUTHENTICATED, str(error)) from None
        except ForbiddenError as error:
            raise RequestRefusedError(FORBIDDEN, str(error)) from None
        except StorageUnavailableError as error:
            raise _unavailable() from error

    def _import(
        self, client: Client, body: ImportBody, decoded: Decoded, deadline: Deadline
    ) -> ImportReport:
        command = ImportCommand(
            account=client.account,
            request_id=self.new_request_id(),
            orders=read_orders(body, (each for each in decoded.faults if _is_of_order(each))),
            definitions=read_definitions(body),
        )
        try:
            return self.import_orders(command, deadline)
        except DefinitionsRefusedError as error:
            text = error.problems[0].message
            raise RequestRefusedError(BAD_REQUEST, text, error.problems) from None
        except SettingsTooLargeError as error:
            raise RequestRefusedError(TOO_LARGE, str(error)) from None
        except StorageUnavailableError as error:
            raise _unavailable() from error


def refuse(status: int, text: str, request: HttpRequest) -> HttpAnswer:
    """Answer a request that could not even be handed to the endpoint."""
    return answer_refusal(RequestRefusedError(status, text), Style(accepted_format(request)))


def internal_error(request: HttpRequest) -> HttpAnswer:
    """Answer a request that met a fault of ours; nothing of the fault is told."""
    return refuse(INTERNAL, "Internal error; it is logged. The orders can be sent again", request)


def _decode(request: HttpRequest) -> Decoded:
    charset = request.charset
    if request_format(request) is Format.JSON:
        return json_codec.decode(request.body, charset)
    # Imports cost start-up, and most clients never speak XML.
    from orders.protocols.altcraft import xml_codec  # noqa: PLC0415

    return xml_codec.decode(request.body, IMPORT_SHAPE, charset)


def _read_body(decoded: Decoded) -> ImportBody:
    root_faults = tuple(fault for fault in decoded.faults if not _is_of_order(fault))
    if root_faults:
        raise RequestRefusedError(BAD_REQUEST, root_faults[0].message, root_faults)
    try:
        return IMPORT.validate_python(decoded.tree)
    except ValidationError as error:
        problems = problems_of(error)
        text = f"{problems[0].message} ({problems[0].pointer or '/'})"
        raise RequestRefusedError(BAD_REQUEST, text, problems) from None


def _is_of_order(fault: Problem) -> bool:
    return fault.path[:1] == ("data",) and len(fault.path) > 1


def _unavailable() -> RequestRefusedError:
    return RequestRefusedError(
        UNAVAILABLE,
        "The order store is not available; nothing was imported. Send the request again",
        (Problem(Code.STORAGE_UNAVAILABLE, (), "Nothing was imported"),),
    )
