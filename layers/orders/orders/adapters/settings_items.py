"""The settings of an account as the table keeps them: one JSON text in one item.

What operators and clients write is another form, which may change without this one: see
orders.protocols.settings_document.
"""

from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ConfigDict

from orders.domain.catalogue import Product
from orders.domain.custom_fields import CustomField
from orders.domain.settings import Endpoint, LineStatus, Policies, Region, Settings


class _Form(BaseModel):
    """The stored form; a test pins the names of all of its members, also of the nested ones.

    Sections that came later have a default, so that older items are read without them. A text
    without `form` is of form 1.
    """

    # An unknown member was written by a later version: to read on and write back would lose it.
    model_config = ConfigDict(extra="forbid", frozen=True)

    currencies: tuple[str, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    regions: tuple[Region, ...] = ()
    custom_fields: tuple[CustomField, ...] = ()
    custom_line_statuses: tuple[LineStatus, ...] = ()
    policies: Policies = Policies()
    products: tuple[Product, ...] = ()
    form: Literal[1] = 1


def write_settings(settings: Settings) -> str:
    """Return the text that an item keeps of the settings."""
    # Pydantic writes no mapping but a dict.
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
    )
    # Versions of this code that know no `form` refuse it as an unknown member.
    return form.model_dump_json(exclude={"form"})


def read_settings(text: str) -> Settings:
    """Return the settings that an item keeps; ValidationError for what is not of this form."""
    form = _Form.model_validate_json(text)
    return Settings(
        currencies=form.currencies,
        endpoints={each.external_id: each for each in form.endpoints},
        regions={each.external_id: each for each in form.regions},
        custom_fields={(each.entity_type, each.external_id): each for each in form.custom_fields},
        line_statuses={each.external_id: each for each in form.custom_line_statuses},
        policies=form.policies,
        products={each.id: each for each in form.products},
    )
