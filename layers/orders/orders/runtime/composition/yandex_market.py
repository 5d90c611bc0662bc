"""Composes the Yandex Market endpoints of each function.

Each function below imports its modules when it is called, so that the function of the external-id
update does not import the reads.
"""

from collections.abc import Mapping
from functools import cache

from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.adapters.parallel_calls import CallsTogether
from orders.application.authenticate import ReadTogether
from orders.application.ports import Deadline
from orders.domain.clients import Role
from orders.protocols.http import Endpoint, HttpRequest
from orders.protocols.idempotency import Caller, Identify
from orders.protocols.yandex_market.access import CampaignAccess
from orders.runtime.composition import Aws, new_request_id, utc_now
from orders.runtime.composition.stored_settings import settings_of
from orders.runtime.serve import Route, Service

_CAMPAIGNS = "/campaigns"
_CAMPAIGN = f"{_CAMPAIGNS}/{{campaignId}}"
_ORDERS = f"{_CAMPAIGN}/orders"
_BUSINESS_ORDERS = "/v1/businesses/{businessId}/orders"
_ROOTS = (_CAMPAIGNS, _BUSINESS_ORDERS)


def manage_orders() -> Service:
    """Return the reads of orders and campaigns, and the status updates."""
    from orders.application.update_order_status import UpdateOrderStatus
    from orders.protocols.yandex_market.answers import answer_error
    from orders.protocols.yandex_market.read_buyers import GetBuyerEndpoint
    from orders.protocols.yandex_market.read_campaigns import (
        GetCampaignEndpoint,
        ListCampaignsEndpoint,
    )
    from orders.protocols.yandex_market.read_orders import (
        GetOrderEndpoint,
        ListBusinessOrdersEndpoint,
        ListOrdersEndpoint,
    )
    from orders.protocols.yandex_market.update_order_status import UpdateOrderStatusEndpoint
    from orders.protocols.yandex_market.update_order_statuses import UpdateOrderStatusesEndpoint
    from orders.runtime.composition.changing import change_order, update_order_statuses
    from orders.runtime.composition.listing import list_orders
    from orders.runtime.composition.order_protocols import summarise

    def endpoints(aws: Aws) -> Mapping[Route, Endpoint]:
        access = _campaign_access(aws)
        change = change_order(aws)
        by_id, lists = change.get_order_by_id, list_orders(aws)
        return {
            ("GET", _CAMPAIGNS): ListCampaignsEndpoint(access),
            ("GET", _CAMPAIGN): GetCampaignEndpoint(access),
            ("GET", _ORDERS): ListOrdersEndpoint(access, lists, summarise),
            ("POST", _BUSINESS_ORDERS): ListBusinessOrdersEndpoint(access, lists, summarise),
            ("GET", f"{_ORDERS}/{{orderId}}"): GetOrderEndpoint(access, by_id, summarise),
            ("GET", f"{_ORDERS}/{{orderId}}/buyer"): GetBuyerEndpoint(access, by_id),
            ("POST", f"{_ORDERS}/status-update"): UpdateOrderStatusesEndpoint(
                access, update_order_statuses(aws), new_request_id
            ),
            ("PUT", f"{_ORDERS}/{{orderId}}/status"): UpdateOrderStatusEndpoint(
                access, UpdateOrderStatus(change, utc_now), summarise, new_request_id
            ),
        }

    return Service(_ROOTS, endpoints, answer_error, identify=_identify)


def update_external_id() -> Service:
    """Return the external-id update."""
    from orders.adapters.dynamodb_request_counter import DynamoRequestCounter
    from orders.application.limit_requests import LimitRequests
    from orders.application.update_external_id import UpdateExternalId
    from orders.protocols.yandex_market.answers import answer_error
    from orders.protocols.yandex_market.update_external_id import UpdateExternalIdEndpoint
    from orders.runtime.composition.changing import change_order

    def endpoints(aws: Aws) -> Mapping[Route, Endpoint]:
        counter = DynamoRequestCounter(aws.dynamodb, aws.environment.table)
        return {
            ("POST", f"{_ORDERS}/{{orderId}}/external-id"): UpdateExternalIdEndpoint(
                access=_campaign_access(aws),
                limit_requests=LimitRequests(counter, utc_now),
                update_external_id=UpdateExternalId(change_order(aws), utc_now),
                new_request_id=new_request_id,
            )
        }

    return Service(_ROOTS, endpoints, answer_error, identify=_identify)


def _identify(aws: Aws) -> Identify:
    def identify(request: HttpRequest, deadline: Deadline) -> Caller:
        access = _campaign_access(aws)(request, Role.ORDERS_WRITE, deadline)
        return Caller(access.account, access.client)

    return identify


@cache
def _campaign_access(aws: Aws) -> CampaignAccess:
    tokens, settings = DynamoTokens(aws.dynamodb, aws.environment.table), settings_of(aws)
    return CampaignAccess(tokens, settings, ReadTogether(tokens, settings, CallsTogether()))
