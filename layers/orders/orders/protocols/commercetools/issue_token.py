"""`POST /oauth/token` (commercetools, client credentials flow)."""

import base64
import binascii
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl

from orders.application.errors import ScopeRefusedError, TooManyTokensError, UnauthenticatedError
from orders.application.issue_token import LIFETIME, Credentials, IssueToken
from orders.application.ports import Deadline
from orders.domain.clients import MAX_ISSUED_TOKENS, Client, Scope
from orders.protocols.commercetools.answers import answer
from orders.protocols.commercetools.errors import (
    invalid_client,
    invalid_form,
    invalid_scope,
    missing_grant_type,
    repeated_parameter,
    too_many_parameters,
    too_many_tokens,
    unsupported_grant_type,
)
from orders.protocols.commercetools.scopes import (
    MANAGE_ORDERS,
    MANAGE_PROJECT,
    SCOPES,
    VIEW_MESSAGES,
    VIEW_ORDERS,
)
from orders.protocols.encodings import likely_format
from orders.protocols.http import (
    EndpointResult,
    HttpRequest,
    only_reads,
)

GRANT_TYPE = "client_credentials"
# Granted if a request has no `scope`, as far as the roles of the client cover them, in this order.
DEFAULT_SCOPES = (MANAGE_PROJECT, MANAGE_ORDERS, VIEW_ORDERS, VIEW_MESSAGES)
MAX_PARAMETERS = 100
_NO_STORE = {"Cache-Control": "no-store"}


@only_reads
@dataclass(frozen=True, slots=True)
class IssueTokenEndpoint:
    """The token endpoint."""

    issue_token: IssueToken

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return an access token. The credentials are checked before the body is read."""
        credentials = read_credentials(request)
        try:
            client = self.issue_token.authenticate(credentials, deadline)
        except UnauthenticatedError:
            raise invalid_client() from None
        scopes = _read_scopes(_parameters(request), client)
        try:
            token = self.issue_token(client, credentials.secret, scopes, deadline)
        except ScopeRefusedError:
            raise invalid_scope() from None
        except TooManyTokensError as refusal:
            raise too_many_tokens(MAX_ISSUED_TOKENS, refusal.wait) from None
        body = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(LIFETIME.total_seconds()),
            "scope": " ".join(f"{scope.name}:{client.account}" for scope in scopes),
        }
        return EndpointResult(answer(HTTPStatus.OK, body, _NO_STORE))


def read_credentials(request: HttpRequest) -> Credentials:
    """Read HTTP Basic credentials. Raises RequestRefusedError (401 invalid_client)."""
    scheme, encoded = request.authorization
    if scheme != "basic":
        raise invalid_client()
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        raise invalid_client() from None
    client_id, colon, secret = text.partition(":")
    if not (client_id and colon and secret):
        raise invalid_client()
    return Credentials(client_id, secret)


def read_scopes(text: str, account: str) -> list[str] | None:
    """Return the distinct names of scopes such as `manage_orders:shop`, in the order sent.

    Return None if there is none, if one is malformed, or if one is for another project than
    `account`.
    """
    names = []
    for scope in text.split():
        name, _, project = scope.partition(":")
        if project != account:
            return None
        names.append(name)
    return list(dict.fromkeys(names)) or None


def _read_scopes(parameters: Mapping[str, str], client: Client) -> list[Scope]:
    grant_type = parameters.get("grant_type", "")
    if not grant_type:
        raise missing_grant_type()
    if grant_type != GRANT_TYPE:
        raise unsupported_grant_type()
    asked = parameters.get("scope", "").strip()
    if not asked:
        return [scope for scope in DEFAULT_SCOPES if client.may_be_granted(scope)]
    names = read_scopes(asked, client.account)
    if names is None or not set(names) <= SCOPES.keys():
        raise invalid_scope()
    return [SCOPES[name] for name in names]


def _parameters(request: HttpRequest) -> dict[str, str]:
    """Return the parameters of the form and of the query, each of which must be sent once.

    A parameter without a value counts as absent (RFC 6749, 3.2).
    """
    found = likely_format(request.body)
    if found:
        raise invalid_form(f"The body must be a form in UTF-8; it looks like {found}.")
    queries = request.queries or {name: (text,) for name, text in request.query.items()}
    text = request.body.decode(errors="replace")
    try:
        sent = parse_qsl(text, max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise too_many_parameters(MAX_PARAMETERS) from None
    sent += [(name, text) for name, texts in queries.items() for text in texts if text]
    parameters = dict(sent)
    if len(parameters) < len(sent):
        counts = Counter(name for name, _text in sent)
        raise repeated_parameter(max(counts, key=counts.__getitem__))
    return parameters
