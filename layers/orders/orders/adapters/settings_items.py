"""The stored form of an account's settings: one JSON text in one item.

Operators write another form, which can change independently: see
orders.protocols.settings_document.
"""

from dataclasses import replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from orders.domain.catalogue import Product
from orders.domain.custom_fields import CustomField
from orders.domain.settings import Endpoint, LineStatus, Policies, Region, Settings


class _Form(BaseModel):
    """The stored form. A test fails if the name of a member changes, also of a nested one.

    A new section must have a default, because older items do not have it. A text without `form` has
    form 1.
    """

    # A later version wrote an unknown member. Ignoring it would delete it at the next write.
    model_config = ConfigDict(extra="forbid", frozen=True)

    currencies: tuple[str, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    regions: tuple[Region, ...] = ()
    custom_fields: tuple[CustomField, ...] = ()
    custom_line_statuses: tuple[LineStatus, ...] = ()
    policies: Policies = Policies()
    products: tuple[Product, ...] = ()
    business_id: int | None = None
    mappings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    form: Literal[1] = 1


def write_settings(settings: Settings) -> str:
    """Return the settings as the JSON text that is stored."""
    # Pydantic can only serialize mappings that are dicts.
    form = _Form(
        currencies=settings.currencies,
        endpoints=tuple(settings.endpoints.values()),
        regions=tuple(settings.regions.values()),
        custom_fields=tuple(
            replace(each, enum_values=dict(each.enum_values))
            for each in settings.custom_fields.values()
        ),
        custom_line_statuses=tuple(settings.line_statuses.values()),
        policies=settings.policies,
        products=tuple(replace(each, slug=dict(each.slug)) for each in settings.products.values()),
        business_id=settings.business_id,
        mappings={name: dict(tree) for name, tree in settings.mappings.items()},
    )
    # Older versions of this code reject a member that they do not know, so it is stored only if it
    # says something.
    unsaid = {"form"}
    if settings.business_id is None:
        unsaid.add("business_id")
    if not settings.mappings:
        unsaid.add("mappings")
    return form.model_dump_json(exclude=unsaid)


def read_settings(text: str) -> Settings:
    """Return the settings from a stored text. Raises ValidationError for any other form."""
    form = _Form.model_validate_json(text)
    return Settings(
        currencies=form.currencies,
        endpoints={each.external_id: each for each in form.endpoints},
        regions={each.external_id: each for each in form.regions},
        custom_fields={(each.entity_type, each.external_id): each for each in form.custom_fields},
        line_statuses={each.external_id: each for each in form.custom_line_statuses},
        policies=form.policies,
        products={each.id: each for each in form.products},
        business_id=form.business_id,
        mappings=form.mappings,
    )
