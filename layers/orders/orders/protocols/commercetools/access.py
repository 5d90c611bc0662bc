"""Who sends a request, with which scope, for which project."""

from dataclasses import dataclass

from orders.application.ports import Deadline, TokenRepository
from orders.domain.clients import Client, Scope
from orders.protocols.commercetools import scopes
from orders.protocols.commercetools.errors import access_denied, insufficient_scope, invalid_token
from orders.protocols.commercetools.scopes import MANAGE_ORDERS, MANAGE_PROJECT, VIEW_ORDERS
from orders.protocols.http import HttpRequest

# Each lets its holder do the first; the first names what is missing.
MANAGE = (MANAGE_ORDERS, MANAGE_PROJECT)
VIEW = (VIEW_ORDERS, MANAGE_ORDERS, MANAGE_PROJECT)
VIEW_MESSAGES = (scopes.VIEW_MESSAGES, MANAGE_PROJECT)


@dataclass(frozen=True, slots=True)
class ProjectAccess:
    """Lets a request in, or raises RequestRefusedError."""

    tokens: TokenRepository

    def __call__(
        self, request: HttpRequest, allowed: tuple[Scope, ...], deadline: Deadline
    ) -> Client:
        """Return the client, if it may use one of the scopes in the project of the path.

        A project of others and one that nobody has are refused alike. Raises RequestRefusedError
        (401, 403) and StorageUnavailableError.
        """
        if not request.headers.get("authorization", "").strip():
            raise access_denied()
        token = request.bearer_token
        client = self.tokens.client_of(token, deadline) if token else None
        if client is None:
            raise invalid_token()
        if client.account != request.path["projectKey"] or not client.may_use(*allowed):
            raise insufficient_scope(allowed[0].name)
        return client
