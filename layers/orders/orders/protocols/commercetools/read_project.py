"""`GET /{projectKey}`: the project, which is an account (commercetools, Project)."""

from dataclasses import dataclass
from http import HTTPStatus

from orders.application.ports import Deadline, SettingsRepository
from orders.protocols.commercetools.access import VIEW_PROJECT, ProjectAccess
from orders.protocols.commercetools.answers import answer
from orders.protocols.commercetools.times import wire_time
from orders.protocols.http import EndpointResult, HttpRequest


@dataclass(frozen=True, slots=True)
class GetProjectEndpoint:
    """`GET /{projectKey}`."""

    access: ProjectAccess
    settings: SettingsRepository

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return the project of the path. Its version is that of the account's settings."""
        account = self.access(request, VIEW_PROJECT, deadline).account
        stored = self.settings.load(account, deadline)
        created_at = self.settings.created_at(account, deadline)
        return EndpointResult(
            answer(
                HTTPStatus.OK,
                {
                    "version": stored.version,
                    "key": account,
                    "name": account,
                    "countries": [],
                    "currencies": list(stored.settings.currencies),
                    "languages": [],
                    "createdAt": wire_time(created_at),
                    # Messages are derived from orders, and so exist as long as these.
                    "messages": {"enabled": True},
                    "carts": {"countryTaxRateFallbackEnabled": False},
                },
            )
        )
