"""Authentication: the token of a request, its scopes and its project."""

from dataclasses import dataclass

from orders.application.authenticate import Caller
from orders.application.ports import Deadline, TokenRepository
from orders.domain.clients import Client, Scope
from orders.domain.problems import shown
from orders.protocols.commercetools import scopes
from orders.protocols.commercetools.errors import (
    RequestRefusedError,
    access_denied,
    bad_request,
    insufficient_scope,
    invalid_input,
    invalid_token,
)
from orders.protocols.commercetools.scopes import MANAGE_ORDERS, MANAGE_PROJECT, VIEW_ORDERS
from orders.protocols.http import HttpRequest

# Any one of these scopes is sufficient. The error names the first.
MANAGE = (MANAGE_ORDERS, MANAGE_PROJECT)
VIEW = (VIEW_ORDERS, MANAGE_ORDERS, MANAGE_PROJECT)
VIEW_MESSAGES = (scopes.VIEW_MESSAGES, MANAGE_PROJECT)
# The project shows nothing that a client with any scope does not know.
VIEW_PROJECT = (*VIEW, scopes.VIEW_MESSAGES)

EXTERNAL_USER_HEADER = "X-External-User-ID"
MAX_EXTERNAL_USER_CHARACTERS = 128
SKIP_TRIGGERS_HEADER = "X-Skip-Triggers"
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class ProjectAccess:
    """Checks that a request's token grants access to the project of its path."""

    tokens: TokenRepository

    def __call__(
        self, request: HttpRequest, allowed: tuple[Scope, ...], deadline: Deadline
    ) -> Client:
        """Return the client if it has one of the scopes in the project of the path.

        The error is the same for another client's project and for one that does not exist. Raises
        RequestRefusedError (401, 403) and StorageUnavailableError.
        """
        if not request.headers.get("authorization", "").strip():
            raise access_denied()
        token = request.bearer_token
        if token is None:
            raise invalid_token(request.bearer_fault)
        return self._checked(self.tokens.client_of(token, deadline), request, allowed)

    def caller(
        self, request: HttpRequest, allowed: tuple[Scope, ...], deadline: Deadline
    ) -> Caller:
        """Return the client as a call does, or the one that the token had a moment ago."""
        token = request.bearer_token
        presumed = self.tokens.presumed(token) if token else None
        if presumed is None:
            return Caller(self(request, allowed, deadline))
        try:
            client = self._checked(presumed, request, allowed)
        except RequestRefusedError:
            return Caller(self(request, allowed, deadline))
        return Caller(client, lambda: self(request, allowed, deadline))

    def _checked(
        self, client: Client | None, request: HttpRequest, allowed: tuple[Scope, ...]
    ) -> Client:
        if client is None:
            raise invalid_token()
        if client.account != request.path["projectKey"] or not client.may_use(*allowed):
            raise insufficient_scope(allowed[0].name)
        return client


def external_user_id(request: HttpRequest) -> str | None:
    """Return the id of the client's user on whose behalf it sends the request, None without one.

    Raises RequestRefusedError (400) for an id that breaks the rule.
    """
    sent = request.headers.get(EXTERNAL_USER_HEADER.lower(), "").strip()
    if len(sent) > MAX_EXTERNAL_USER_CHARACTERS or not sent.isprintable():
        raise bad_request(
            invalid_input(
                f"{EXTERNAL_USER_HEADER} must have at most {MAX_EXTERNAL_USER_CHARACTERS} "
                f"printable characters; got {shown(sent)}."
            )
        )
    return sent or None


def skips_triggers(request: HttpRequest) -> bool:
    """Return whether the request asks for a change without a trigger.

    Raises RequestRefusedError (400) for a header that is neither true nor false.
    """
    sent = request.headers.get(SKIP_TRIGGERS_HEADER.lower(), "false").strip()
    if sent not in _FLAGS:
        raise bad_request(
            invalid_input(f"{SKIP_TRIGGERS_HEADER} must be true or false; got {shown(sent)}.")
        )
    return _FLAGS[sent]
