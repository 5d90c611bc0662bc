"""How every call other than the import begins: who calls, with which parameters."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from orders.application.ports import Deadline, SettingsRepository
from orders.domain.clients import Client, Role
from orders.domain.problems import Problem
from orders.domain.settings import UnknownMembers
from orders.protocols.altcraft.access import AccountAccess
from orders.protocols.altcraft.answers import AnswerOptions, errors_answered_with
from orders.protocols.altcraft.decoded import Decoded
from orders.protocols.altcraft.errors import bad_request
from orders.protocols.altcraft.media_types import answer_format
from orders.protocols.altcraft.parameters import BodyForm
from orders.protocols.altcraft.requests import Body, decode, read_root
from orders.protocols.altcraft.unknown_members import Unknown, unknown_of_call
from orders.protocols.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Call[B: Body]:
    """A call of a client. `warnings` are about members that it does not have."""

    client: Client
    body: B
    options: AnswerOptions
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Calls:
    """Opens the calls of all accounts."""

    access: AccountAccess
    settings: SettingsRepository

    @contextmanager
    def open[B: Body](
        self, request: HttpRequest, role: Role, form: BodyForm[B], deadline: Deadline
    ) -> Iterator[Call[B]]:
        """Return the call of a request. Errors inside are answered in the format that it asks for.

        A token in the header is checked before the body is read. Raises what the access raises,
        RequestRefusedError (400, 415) and BodyRefusedError.
        """
        client = self.access.by_header(request, role, deadline)
        decoded = decode(request, form.shape) if request.body.strip() else Decoded({})
        sent = decoded.tree
        options = AnswerOptions(answer_format(request, sent.get("format")), line_of=decoded.line_of)
        with errors_answered_with(options):
            if client is None:
                client = self.access.by_member(request, sent.get("token"), role, deadline)
            body = read_root(form.model, decoded, decoded.faults)
            unknown = unknown_of_call(sent, form.known)
            warnings = self._checked(unknown, client, deadline) if unknown.members else ()
            yield Call(client, body, options, warnings)

    def _checked(self, unknown: Unknown, client: Client, deadline: Deadline) -> tuple[Problem, ...]:
        """Return the warnings of unknown members, unless the account rejects them."""
        policy = self.settings.load(client.account, deadline).settings.policies.unknown_members
        if policy is UnknownMembers.REJECT:
            problems = unknown.problems()
            raise bad_request(problems[0].message, *problems)
        return unknown.warnings(policy)
