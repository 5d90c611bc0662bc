"""The campaigns of an account: `GET /campaigns` and `GET /campaigns/{campaignId}`."""

from dataclasses import dataclass

from orders.application.ports import Deadline
from orders.domain.clients import Role
from orders.domain.fulfilment import SalesModel
from orders.protocols.http import EndpointResult, HttpRequest
from orders.protocols.yandex_market.access import Access, Account, CampaignAccess
from orders.protocols.yandex_market.answers import answer_ok
from orders.protocols.yandex_market.errors import forbidden
from orders.protocols.yandex_market.filters import read_number, read_size
from orders.protocols.yandex_market.representation import Tree
from orders.protocols.yandex_market.requests import read_id, without_suffix

_MAX_NUMBERED_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class ListCampaignsEndpoint:
    """`GET /campaigns`."""

    access: CampaignAccess

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return one page of the account's campaigns."""
        account = self.access.account(request, Role.ORDERS_READ, deadline)
        asked = request.query
        size = read_size(asked.get("limit") or asked.get("pageSize"), "limit")
        token = asked.get("pageToken") or asked.get("page_token")
        number = read_number(token or asked.get("page", "1"), "page", _MAX_NUMBERED_PAGE)
        campaigns = account.campaigns()
        first, end = (number - 1) * size, number * size
        page = campaigns[first:end]
        return EndpointResult(
            answer_ok(
                {
                    "campaigns": [_campaign_of(each, account) for each in page],
                    "pager": {
                        "total": len(campaigns),
                        **({"from": first + 1, "to": first + len(page)} if page else {}),
                        "currentPage": number,
                        "pagesCount": -(-len(campaigns) // size),
                        "pageSize": size,
                    },
                    "paging": {"nextPageToken": str(number + 1)} if end < len(campaigns) else {},
                }
            )
        )


@dataclass(frozen=True, slots=True)
class GetCampaignEndpoint:
    """`GET /campaigns/{campaignId}`."""

    access: CampaignAccess

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return the campaign of the path."""
        request = without_suffix(request, "campaignId")
        account = self.access.account(request, Role.ORDERS_READ, deadline)
        found = account.campaign(read_id(request, "campaignId"))
        if found is None:
            raise forbidden("Access denied")
        return EndpointResult(answer_ok({"campaign": _campaign_of(found, account)}))


def _campaign_of(access: Access, account: Account) -> Tree:
    """Return a campaign (CampaignDTO). It has the name of its endpoint."""
    model = access.endpoint.sales_model
    business_id = account.settings.business_id
    return {
        "domain": access.endpoint.name or access.endpoint.external_id,
        "id": access.campaign_id,
        **({} if business_id is None else {"business": {"id": business_id, "name": account.name}}),
        # The protocol gives express shops the placement of FBS.
        "placementType": str(SalesModel.FBS if model is SalesModel.EXPRESS else model),
        "apiAvailability": "AVAILABLE",
    }
