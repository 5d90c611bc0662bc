"""Reads a hub with AWS credentials: the endpoints of its API, called on its table."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from operator_cli.composition import CommandDeadline, Connection, Operator, explained
from operator_cli.errors import OperatorError, UnavailableError
from operator_cli.hub import HubAnswer, HubRequest
from orders.application.errors import ChangesExpiredError, StorageUnavailableError
from orders.application.list_orders import ListOrders
from orders.application.ports import Deadline
from orders.domain.clients import Client, Role
from orders.protocols.http import BodyRefusedError, Endpoint, HttpAnswer, HttpRequest
from orders.protocols.hub.access import ReadAccess
from orders.protocols.hub.answers import answer_error
from orders.protocols.hub.errors import RequestRefusedError

# The endpoints require a token; AWS has checked the operator's credentials.
_HEADERS = {"authorization": "Bearer operator", "content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class _OperatorTokens:
    """Accepts the one token of the operator, who may read the account."""

    account: str

    def client_of(self, token: str, deadline: Deadline) -> Client:
        del token, deadline
        return Client(self.account, "operator", frozenset({Role.ORDERS_READ}))


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
        endpoint = self._endpoints[request.method, request.resource]
        sent = HttpRequest(
            headers=_HEADERS,
            query={name: values[-1] for name, values in request.query.items() if values},
            queries={name: values for name, values in request.query.items() if values},
            path=request.path,
            method=request.method,
            resource=request.resource,
            read_body=lambda: request.body,
        )
        try:
            with explained(self.connection):
                answer = _answered(endpoint, sent)
        except OperatorError as error:
            may_pass = isinstance(error.__cause__, StorageUnavailableError)
            raise UnavailableError(str(error), may_pass=may_pass) from error
        return HubAnswer(answer.status, answer.body)

    @cached_property
    def _endpoints(self) -> Mapping[tuple[str, str], Endpoint]:
        from orders.adapters.dynamodb_change_index import DynamoChangeIndex
        from orders.adapters.dynamodb_order_index import DynamoOrderIndex
        from orders.runtime.composition.hub_endpoints import hub_endpoints

        client, table = self.operator.client, self.operator.table
        listing = ListOrders(
            DynamoOrderIndex(client, table), DynamoChangeIndex(client, table), self.operator.orders
        )
        access = ReadAccess(_OperatorTokens(self.account))
        return hub_endpoints(client, table, listing, access, self.operator.clock)


def _answered(endpoint: Endpoint, sent: HttpRequest) -> HttpAnswer:
    """Return the answer; errors of the table are left to the caller."""
    try:
        return endpoint(sent, CommandDeadline.from_now()).answer
    except (RequestRefusedError, BodyRefusedError, ChangesExpiredError) as error:
        return answer_error(error, sent)
