"""`POST /oauth/token` (commercetools, client credentials flow)."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl

from orders.application.errors import ScopeRefusedError, UnauthenticatedError
from orders.application.issue_token import LIFETIME, Credentials, IssueToken
from orders.application.ports import Deadline
from orders.domain.clients import Client, Scope
from orders.protocols.commercetools.answers import answer
from orders.protocols.commercetools.errors import (
    invalid_client,
    invalid_scope,
    missing_grant_type,
    too_many_parameters,
    unsupported_grant_type,
)
from orders.protocols.commercetools.scopes import (
    MANAGE_ORDERS,
    MANAGE_PROJECT,
    SCOPES,
    VIEW_MESSAGES,
    VIEW_ORDERS,
)
from orders.protocols.http import EndpointResult, HttpRequest

GRANT_TYPE = "client_credentials"
# Granted if a request has no `scope`, as far as the roles of the client cover them, in this order.
DEFAULT_SCOPES = (MANAGE_PROJECT, MANAGE_ORDERS, VIEW_ORDERS, VIEW_MESSAGES)
MAX_PARAMETERS = 100
_NO_STORE = {"Cache-Control": "no-store"}


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
        body = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(LIFETIME.total_seconds()),
            "scope": " ".join(f"{scope.name}:{client.account}" for scope in scopes),
        }
        return EndpointResult(answer(HTTPStatus.OK, body, _NO_STORE))


def read_credentials(request: HttpRequest) -> Credentials:
    """Read HTTP Basic credentials. Raises RequestRefusedError (401 invalid_client)."""
    scheme, _, encoded = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        raise invalid_client()
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
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
    """Return the parameters of the form and of the query. The form takes precedence."""
    text = request.body.decode(errors="replace")
    try:
        form = dict(parse_qsl(text, max_num_fields=MAX_PARAMETERS))
    except ValueError:
        raise too_many_parameters(MAX_PARAMETERS) from None
    return {**request.query, **form}
