"""The client of a request with an Idempotency-Key."""

from functools import partial

from orders.application.ports import Deadline
from orders.domain.clients import Role
from orders.protocols.altcraft.access import AccountAccess
from orders.protocols.altcraft.answers import AnswerOptions, FormattedError
from orders.protocols.altcraft.decoded import Decoded
from orders.protocols.altcraft.media_types import answer_format
from orders.protocols.altcraft.requests import decode
from orders.protocols.http import HttpRequest
from orders.protocols.idempotency import Caller


def caller_of(access: AccountAccess, request: HttpRequest, deadline: Deadline) -> Caller:
    """Return the client of a write. The body is decoded only if it contains the token.

    Raises what the access raises, RequestRefusedError (400, 415) and BodyRefusedError.
    """
    client = access.by_header(request, Role.ORDERS_WRITE, deadline)
    if client is not None:
        return Caller(client.account, client.client_id, "", partial(_in_sent_format, request))
    decoded = _decoded(request)
    options = AnswerOptions(answer_format(request, decoded.tree.get("format")))

    def error_for(error: Exception) -> Exception:
        return FormattedError(error, options)

    token = decoded.tree.get("token")
    try:
        client = access.by_member(request, token, Role.ORDERS_WRITE, deadline)
    except Exception as error:
        raise error_for(error) from error
    return Caller(client.account, client.client_id, str(token), error_for)


def _in_sent_format(request: HttpRequest, error: Exception) -> Exception:
    """Return an error in the format that the body asks for, if it can be decoded."""
    try:
        asked = _decoded(request).tree.get("format")
        return FormattedError(error, AnswerOptions(answer_format(request, asked)))
    except Exception:  # noqa: BLE001 - the error that is answered counts for more
        return error


def _decoded(request: HttpRequest) -> Decoded:
    return decode(request) if request.body.strip() else Decoded({})
