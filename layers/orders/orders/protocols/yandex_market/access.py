"""Authentication: the token of a request, its role and its campaign."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.request import parse_http_list

from orders.application.authenticate import ReadTogether, authenticate
from orders.application.errors import ForbiddenError, UnauthenticatedError
from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Deadline, SettingsRepository, TokenRepository
from orders.domain.clients import Client, Role
from orders.domain.fulfilment import SalesModel
from orders.domain.settings import Endpoint, Policies, Settings
from orders.protocols.http import HttpRequest
from orders.protocols.yandex_market.errors import bad_request, forbidden, unauthorized
from orders.protocols.yandex_market.representation import OrderForm
from orders.protocols.yandex_market.requests import read_id

# The sales models whose orders a seller may change (Partner API, method pages).
ALLOWED_MODELS = (SalesModel.FBS, SalesModel.DBS, SalesModel.EXPRESS)


@dataclass(frozen=True, slots=True)
class Access:
    """A campaign that the client (its id) may use: an endpoint of its account, and the policies."""

    account: str
    client: str
    campaign_id: int
    endpoint: Endpoint
    policies: Policies

    def expect_sales_model(self, *allowed: SalesModel) -> None:
        """Raise RequestRefusedError (400) for another sales model. Default: ALLOWED_MODELS."""
        models = allowed or ALLOWED_MODELS
        if self.endpoint.sales_model not in models:
            raise bad_request(
                "Campaign type is not allowed. Allowed campaign types: " + ", ".join(models)
            )

    @property
    def form(self) -> OrderForm:
        """Return how the orders of this campaign are shown."""
        return OrderForm(
            self.campaign_id, self.endpoint.sales_model, self.policies.partner_order_members
        )

    def address_of(self, order_id: int) -> OrderAddress:
        """Return the address of an order of this campaign."""
        return OrderAddress(self.account, self.endpoint.external_id, order_id)


@dataclass(frozen=True, slots=True)
class Account:
    """An account that the client (its id) may use: a business with its campaigns."""

    name: str
    client: str
    settings: Settings

    def campaign(self, campaign_id: int) -> Access | None:
        """Return a campaign of the account, None if it has no such campaign."""
        endpoint = self.settings.endpoint_of_campaign(campaign_id)
        if endpoint is None:
            return None
        return Access(self.name, self.client, campaign_id, endpoint, self.settings.policies)

    def campaigns(self) -> list[Access]:
        """Return the campaigns of the account, by id."""
        return [
            Access(self.name, self.client, campaign_id, endpoint, self.settings.policies)
            for campaign_id, endpoint in self.settings.campaigns()
        ]


@dataclass(frozen=True, slots=True)
class CampaignAccess:
    """Checks that a request's token grants access to the campaign or business of its path."""

    tokens: TokenRepository
    settings: SettingsRepository
    read_together: ReadTogether | None = None

    def account(self, request: HttpRequest, role: Role, deadline: Deadline) -> Account:
        """Return the account of the client if it has this role.

        Raises RequestRefusedError (401, 403) and StorageUnavailableError.
        """
        client = self._client(request, role, deadline)
        stored = self.settings.load(client.account, deadline)
        return Account(client.account, client.client_id, stored.settings)

    def business(self, request: HttpRequest, role: Role, deadline: Deadline) -> Account:
        """Return the account of the path's business if the client may use it in this role.

        The error is the same for another account's business and for one that does not exist.
        Raises RequestRefusedError (401, 403, 400) and StorageUnavailableError.
        """
        client = self._client(request, role, deadline)
        business_id = read_id(request, "businessId")
        return self._found(
            client,
            deadline,
            lambda account: account if account.settings.business_id == business_id else None,
        )

    def __call__(self, request: HttpRequest, role: Role, deadline: Deadline) -> Access:
        """Return the campaign of the path if the client may use it in this role.

        The error is the same for another account's campaign and for one that does not exist.
        Raises RequestRefusedError (401, 403, 400) and StorageUnavailableError.
        """
        client = self._client(request, role, deadline)
        campaign_id = read_id(request, "campaignId")
        return self._found(client, deadline, lambda account: account.campaign(campaign_id))

    def _found[T](
        self, client: Client, deadline: Deadline, find: Callable[[Account], T | None]
    ) -> T:
        """Return what `find` finds in the client's account, also if it was added just now."""
        for fresh in (False, True):
            stored = self.settings.load(client.account, deadline, fresh=fresh)
            found = find(Account(client.account, client.client_id, stored.settings))
            if found is not None:
                return found
        raise forbidden("Access denied")

    def _client(self, request: HttpRequest, role: Role, deadline: Deadline) -> Client:
        """Return the client of the Api-Key or the OAuth token. One valid token is sufficient."""
        api_key = request.headers.get("api-key", "").strip()
        scheme, value = request.authorization
        oauth = request.bearer_token or (_legacy_token(value) if scheme == "oauth" else None)
        lacks_scope = False
        for token in filter(None, (api_key, oauth)):
            if self.read_together:
                self.read_together(token, deadline)
            try:
                return authenticate(token, role, self.tokens, deadline)
            except UnauthenticatedError:
                continue
            except ForbiddenError:
                lacks_scope = True
        if lacks_scope:
            raise forbidden("Token does not have any of the scopes to access the API method")
        if api_key:
            raise unauthorized("Api-Key token is invalid")
        if oauth:
            # The Partner API returns 403 for an invalid OAuth token, 401 for an invalid Api-Key.
            raise forbidden("OAuth token is invalid")
        if not scheme:
            raise unauthorized("Credentials are not specified")
        if scheme in {"bearer", "oauth"}:
            raise unauthorized("OAuth token is not specified")
        raise unauthorized(f"Authorization header has invalid syntax. {request.bearer_fault}")


def _legacy_token(value: str) -> str | None:
    """Return the token of `Authorization: OAuth`, the form of older clients of the Partner API.

    The value is the token, or parameters such as `oauth_token="…", oauth_client_id="…"`, quoted or
    not. A repeated `oauth_token` counts as none.
    """
    if "oauth_" not in value.lower():
        return value or None
    pairs = (each.partition("=") for each in parse_http_list(value))
    tokens = [
        text.strip().strip('"') for name, _, text in pairs if name.strip().lower() == "oauth_token"
    ]
    return tokens[0] or None if len(tokens) == 1 else None
