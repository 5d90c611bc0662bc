"""Uses a hub with AWS credentials: the endpoints of its API, called on its table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING

from operator_cli.composition import (
    CommandDeadline,
    Connection,
    Operator,
    aws_client,
    explained,
)
from operator_cli.errors import OperatorError, UnavailableError
from operator_cli.hub import (
    IMPORT,
    LINE_STATUS,
    MARKET,
    ORDER,
    RESTORATION,
    REVIVAL,
    UNDO,
    HubAnswer,
    HubRequest,
)
from orders.application.errors import (
    ChangesExpiredError,
    StorageError,
    StorageUnavailableError,
)
from orders.application.list_orders import ListOrders
from orders.application.ports import Deadline, IndexEntry, OrderIndex
from orders.domain.clients import Client, Role
from orders.domain.creation_times import ids_created_in, ids_surely_created_in
from orders.domain.ranges import Range
from orders.protocols.http import (
    BodyRefusedError,
    Endpoint,
    EndpointResult,
    HttpAnswer,
    HttpRequest,
    WrappedError,
)
from orders.protocols.hub.access import ReadAccess
from orders.protocols.hub.answers import answer_error
from orders.protocols.hub.errors import RequestRefusedError
from orders.protocols.hub.queries import read_times
from orders.protocols.idempotency import KEY_HEADER, has_key
from orders.runtime.request_ids import one_request, request_id

if TYPE_CHECKING:
    from orders.protocols.altcraft.access import AccountAccess
    from orders.runtime.composition import Aws

CHANGES_OF_ORDERS = frozenset(
    {
        ("DELETE", ORDER),
        ("POST", REVIVAL),
        ("PUT", LINE_STATUS),
        ("POST", RESTORATION),
        ("POST", UNDO),
    }
)
_IMPORT = ("POST", IMPORT)
# What publishes triggers.
_WRITES = CHANGES_OF_ORDERS | {_IMPORT}
# So many index entries are read in one go.
_ENTRIES = 2000
# The endpoints require a token; AWS has checked the operator's credentials.
_ROLES = frozenset({Role.ORDERS_READ, Role.ORDERS_WRITE})
# A change must end before the relay takes it for one that was interrupted. The client repeats a
# call for up to 30 seconds, so that the last one begins early.
_WRITING_SECONDS = 15.0
_HEADERS = {"authorization": "Bearer operator", "content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class _OperatorTokens:
    """Accepts the one token of the operator, who may read and change what the account has."""

    account: str

    def client_of(self, token: str, deadline: Deadline) -> Client:
        del token, deadline
        return Client(self.account, "operator", _ROLES)

    def presumed(self, token: str) -> None:
        del token


@dataclass(frozen=True)
class HubOnTable:
    """An account in the table of a stack."""

    operator: Operator
    connection: Connection
    account: str

    @property
    def name(self) -> str:
        """Return the stack, where it is, and the account."""
        place = self.connection.endpoint_url or self.operator.client.meta.region_name
        return f"{place} {self.connection.stack} {self.account}"

    def ask(self, request: HubRequest) -> HubAnswer:
        """Return the answer of the endpoint. Raises UnavailableError."""
        route = request.method, request.resource
        endpoint = (self._changes if route in _WRITES else self._reads)[route]
        key = {} if request.key is None else {KEY_HEADER.lower(): request.key}
        sent = HttpRequest(
            headers={**_HEADERS, **key},
            query={name: values[-1] for name, values in request.query.items() if values},
            queries={name: values for name, values in request.query.items() if values},
            path=request.path,
            method=request.method,
            resource=request.resource,
            read_body=lambda: request.body,
        )
        with self._explained(), one_request():
            is_call = request.resource.startswith(MARKET)
            answers = _called if is_call else _answered
            answer = answers(endpoint, sent, _deadline_of(request))
            # A repetition has the id of the request that it repeats.
            return HubAnswer(answer.status, answer.body, request_id())

    def ids_of_orders(
        self, created: Mapping[str, tuple[str, ...]]
    ) -> Iterator[tuple[int, str]] | None:
        """Read them from the index by creation, without the orders."""
        query = {name: values[-1] for name, values in created.items()}
        try:
            times = read_times(HttpRequest(_HEADERS, query=query), "created_from", "created_to")
        except RequestRefusedError:
            # A list of whole orders explains what is wrong.
            return None
        return self._ids_created_in(times)

    def _ids_created_in(self, times: Range[datetime]) -> Iterator[tuple[int, str]]:
        ids = ids_created_in(times)
        while True:
            with self._explained():
                part = self._part_of(ids)
                found = self._created_in(times, part)
            yield from ((each.order_id, each.external_id) for each in found)
            if len(part) < _ENTRIES:
                return
            ids = ids & Range(part[-1].order_id + 1, None)

    def _part_of(self, ids: Range[int]) -> Sequence[IndexEntry]:
        deadline = CommandDeadline.from_now()
        entries = self._index.entries(self.account, ids, deadline, newest_first=False)
        return list(islice(entries, _ENTRIES))

    def _created_in(
        self, times: Range[datetime], entries: Sequence[IndexEntry]
    ) -> Sequence[IndexEntry]:
        """Leave out the entries of other orders. At both ends of the times, orders are read."""
        surely = ids_surely_created_in(times)
        near = [each for each in entries if each.order_id not in surely]
        read = self._index.read(self.account, near, CommandDeadline.from_now()) if near else ()
        created = {each.order.order_id for each in read if each.order.created_at in times}
        return [each for each in entries if each.order_id in surely or each.order_id in created]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with explained(self.connection):
                yield
        except OperatorError as error:
            may_pass = isinstance(error.__cause__, StorageUnavailableError)
            raise UnavailableError(str(error), may_pass=may_pass) from error

    @cached_property
    def _index(self) -> OrderIndex:
        from orders.adapters.dynamodb_order_index import DynamoOrderIndex

        return DynamoOrderIndex(self.operator.client, self.operator.table)

    @cached_property
    def _reads(self) -> Mapping[tuple[str, str], Endpoint]:
        from orders.adapters.dynamodb_change_index import DynamoChangeIndex
        from orders.runtime.composition.hub_endpoints import hub_endpoints

        client, table = self.operator.client, self.operator.table
        changes = DynamoChangeIndex(client, table)
        listing = ListOrders(self._index, changes, self.operator.orders)
        access = ReadAccess(_OperatorTokens(self.account))
        hub = hub_endpoints(client, table, listing, access, self.operator.clock)
        return {**hub, **self._calls}

    @cached_property
    def _calls(self) -> Mapping[tuple[str, str], Endpoint]:
        """The calls of Altcraft that commands make."""
        from orders.protocols.altcraft.access import AccountAccess
        from orders.runtime.composition.catalogue_endpoints import catalogue_endpoints

        access = AccountAccess(_OperatorTokens(self.account))
        return catalogue_endpoints(self.operator.client, self.operator.table, access)

    @cached_property
    def _changes(self) -> Mapping[tuple[str, str], Endpoint]:
        """The changes. Their triggers are published, or else left to the relay."""
        from orders.protocols.altcraft.access import AccountAccess
        from orders.runtime.composition import Aws
        from orders.runtime.composition.altcraft import import_endpoint
        from orders.runtime.composition.changing import change_order
        from orders.runtime.composition.hub_order_changes import order_changes
        from orders.runtime.composition.undoing import undo_endpoints
        from orders.runtime.environment import Environment

        names = Environment(self.operator.table, self.connection.triggers, int(_WRITING_SECONDS))
        aws = Aws(names, self.operator.client, aws_client("events", self.connection))
        tokens, change = _OperatorTokens(self.account), change_order(aws)
        access = AccountAccess(tokens)
        return {
            **order_changes(aws, tokens, change),
            **undo_endpoints(aws, tokens, change),
            _IMPORT: _once(aws, import_endpoint(aws, access), access),
        }


def _once(aws: "Aws", endpoint: Endpoint, access: "AccountAccess") -> Endpoint:
    """Return the endpoint of a call, which carries a request with a key out once."""
    from orders.protocols.altcraft.callers import caller_of
    from orders.runtime.composition.repeating import repeat_requests
    from orders.runtime.repeatable import RepeatableEndpoint

    once = RepeatableEndpoint(
        endpoint, partial(caller_of, access), repeat_requests(aws), _call_answered
    )
    return lambda sent, deadline: (once if has_key(sent) else endpoint)(sent, deadline)


def _called(endpoint: Endpoint, sent: HttpRequest, deadline: Deadline) -> HttpAnswer:
    """Return the answer of a call of Altcraft; errors of the table are left to the caller."""
    result = _call_answered(sent, lambda: endpoint(sent, deadline))
    if isinstance(result.error, StorageError):
        raise result.error
    return result.answer


def _call_answered(sent: HttpRequest, call: Callable[[], EndpointResult]) -> EndpointResult:
    """Return the result of a call of Altcraft, with the answer to any error."""
    from orders.protocols.altcraft.answers import answer_error as answer_call_error

    try:
        return call()
    except Exception as error:  # noqa: BLE001 - the protocol has an answer to every error
        cause = error.error if isinstance(error, WrappedError) else error
        return EndpointResult(answer_call_error(error, sent), error=cause)


def _deadline_of(request: HubRequest) -> CommandDeadline:
    if (request.method, request.resource) in _WRITES:
        return CommandDeadline(monotonic() + _WRITING_SECONDS)
    return CommandDeadline.from_now()


def _answered(endpoint: Endpoint, sent: HttpRequest, deadline: Deadline) -> HttpAnswer:
    """Return the answer; errors of the table are left to the caller."""
    try:
        return endpoint(sent, deadline).answer
    except (RequestRefusedError, BodyRefusedError, ChangesExpiredError) as error:
        return answer_error(error, sent)
