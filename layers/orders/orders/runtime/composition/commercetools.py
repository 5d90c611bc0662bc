"""Composes the commercetools endpoints of each function.

Each function below imports its modules when it is called. This shortens cold starts: the token
function does not import order code, and an environment that only receives requests of another
protocol does not import this one.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import cache, partial
from typing import TYPE_CHECKING

from orders.adapters.dynamodb_tokens import DynamoAccessTokens, DynamoTokens
from orders.application.ports import Deadline
from orders.protocols.http import Endpoint, HttpRequest
from orders.runtime.composition import Aws, new_request_id, utc_now
from orders.runtime.serve import Route, Service

if TYPE_CHECKING:
    from orders.protocols.commercetools.access import ProjectAccess
    from orders.protocols.idempotency import Identify

_PROJECT = ("/{projectKey}",)
_BASIC_CHALLENGE = 'Basic realm="market-orders", charset="UTF-8"'


def issue_token() -> Service:
    """Return the token endpoint."""
    from orders.application.create_token import TOKEN_BYTES
    from orders.application.issue_token import IssueToken
    from orders.protocols.commercetools.answers import answer_error, correlation
    from orders.protocols.commercetools.issue_token import IssueTokenEndpoint

    def endpoints(aws: Aws) -> Mapping[Route, Endpoint]:
        table = aws.environment.table
        use_case = IssueToken(
            tokens=DynamoTokens(aws.dynamodb, table),
            access_tokens=DynamoAccessTokens(aws.dynamodb, table),
            clock=utc_now,
            new_token=lambda: secrets.token_urlsafe(TOKEN_BYTES),
        )
        return {("POST", "/oauth/token"): IssueTokenEndpoint(use_case)}

    return Service(("/oauth/",), endpoints, answer_error, correlation, _BASIC_CHALLENGE)


def import_orders() -> Service:
    """Return the import of one order."""
    from orders.protocols.commercetools.answers import answer_error, correlation
    from orders.protocols.commercetools.import_orders import ImportOrdersEndpoint
    from orders.runtime.composition.importing import import_orders as import_orders_use_case

    def endpoints(aws: Aws) -> Mapping[Route, Endpoint]:
        return {
            ("POST", "/{projectKey}/orders/import"): ImportOrdersEndpoint(
                access=_access(aws),
                import_orders=import_orders_use_case(aws),
                new_request_id=new_request_id,
            )
        }

    return Service(_PROJECT, endpoints, answer_error, correlation, identify=_identify)


def manage_orders() -> Service:
    """Return the order reads, the messages, the project, the update and the deletion."""
    from orders.adapters.dynamodb_orders import DynamoOrders
    from orders.application.delete_order import DeleteOrder
    from orders.application.find_order_by_external_id import FindOrderByExternalId
    from orders.application.update_order import UpdateOrder
    from orders.protocols.commercetools.answers import answer_error, correlation
    from orders.protocols.commercetools.delete_order import DeleteOrderEndpoint
    from orders.protocols.commercetools.messages import messages_of
    from orders.protocols.commercetools.read_messages import GetMessageEndpoint, MessagesEndpoint
    from orders.protocols.commercetools.read_orders import (
        GetOrderEndpoint,
        OrderFinder,
        PageOrdersEndpoint,
    )
    from orders.protocols.commercetools.read_project import GetProjectEndpoint
    from orders.protocols.commercetools.update_order import UpdateOrderEndpoint
    from orders.runtime.composition.changing import change_order
    from orders.runtime.composition.listing import list_events, list_orders
    from orders.runtime.composition.order_protocols import contents, summarise
    from orders.runtime.composition.stored_settings import settings_of

    def endpoints(aws: Aws) -> Mapping[Route, Endpoint]:
        table = aws.environment.table
        settings = settings_of(aws)
        access = _access(aws)
        change = change_order(aws)
        find = OrderFinder(
            change.get_order_by_id, FindOrderByExternalId(DynamoOrders(aws.dynamodb, table))
        )
        delete_order = DeleteOrder(change, utc_now)
        messages = list_events(aws, partial(messages_of, summarise=summarise))
        update_order = UpdateOrder(change, settings, contents, utc_now)
        return {
            ("GET", "/{projectKey}/orders/{ref+}"): GetOrderEndpoint(access, find, summarise),
            ("POST", "/{projectKey}/orders/{ref+}"): UpdateOrderEndpoint(
                access, find, update_order, summarise, new_request_id
            ),
            ("DELETE", "/{projectKey}/orders/{ref+}"): DeleteOrderEndpoint(
                access, find, delete_order, summarise, new_request_id
            ),
            ("GET", "/{projectKey}/orders"): PageOrdersEndpoint(
                access, list_orders(aws), summarise
            ),
            ("GET", "/{projectKey}/messages"): MessagesEndpoint(access, messages),
            ("GET", "/{projectKey}/messages/{id}"): GetMessageEndpoint(
                access, change.get_order_by_id, messages
            ),
            ("GET", "/{projectKey}"): GetProjectEndpoint(access, settings),
        }

    return Service(_PROJECT, endpoints, answer_error, correlation, identify=_identify)


def _identify(aws: Aws) -> Identify:
    from orders.protocols.commercetools.access import MANAGE
    from orders.protocols.idempotency import Caller

    def identify(request: HttpRequest, deadline: Deadline) -> Caller:
        client = _access(aws)(request, MANAGE, deadline)
        return Caller(client.account, client.client_id)

    return identify


@cache
def _access(aws: Aws) -> ProjectAccess:
    from orders.protocols.commercetools.access import ProjectAccess

    return ProjectAccess(DynamoTokens(aws.dynamodb, aws.environment.table))
