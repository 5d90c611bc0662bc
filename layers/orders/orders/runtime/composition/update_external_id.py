"""The parts of the external id's update, put together."""

from functools import cache

from orders.adapters.dynamodb_request_counter import DynamoRequestCounter
from orders.application.limit_requests import LimitRequests
from orders.application.update_external_id import UpdateExternalId
from orders.protocols.yandex_market.update_external_id import UpdateExternalIdEndpoint
from orders.runtime.composition import Aws, connect, new_request_id, utc_now
from orders.runtime.composition.campaigns import campaign_access, change_order


@cache
def update_external_id_endpoint() -> UpdateExternalIdEndpoint:
    """Return the route, built once an environment at its first request."""
    return build_update_external_id_endpoint(connect())


def build_update_external_id_endpoint(aws: Aws) -> UpdateExternalIdEndpoint:
    """Put the route together."""
    counter = DynamoRequestCounter(aws.dynamodb, aws.environment.table)
    return UpdateExternalIdEndpoint(
        access=campaign_access(aws),
        limit_requests=LimitRequests(counter, utc_now),
        update_external_id=UpdateExternalId(change_order(aws), utc_now),
        new_request_id=new_request_id,
    )
