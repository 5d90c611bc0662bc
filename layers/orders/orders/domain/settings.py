"""The settings of an account, and the rules for changing them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from orders.domain.catalogue import Product
from orders.domain.custom_fields import CustomField, EntityType, FieldSet
from orders.domain.definition_bounds import (
    MAX_DEFAULTS_BYTES,
    defaults_bytes,
    excess_of_field,
    excess_of_name,
)
from orders.domain.fulfilment import SalesModel
from orders.domain.known_products import NO_PRODUCTS, KnownProducts
from orders.domain.problems import Code, Problem, listed, shown
from orders.domain.triggers import TriggerPayload


class LineStatusType(StrEnum):
    """The meaning of a line status (Altcraft v74, orders import)."""

    DELIVERED = "delivered"
    CANCELED = "canceled"
    REFUNDED = "refunded"
    IN_PROCESS = "in_process"


class TotalCheck(StrEnum):
    """What an import does if `total_price` is not the sum of the lines and `delivery_cost`."""

    OFF = "off"
    WARN = "warn"
    REJECT = "reject"


class UnknownMembers(StrEnum):
    """What an import does with members that the protocol does not have.

    A near miss is one mistake away from a known member. `warn` warns of all of them. `reject`
    rejects the order, or the request if they are not inside an order.
    """

    IGNORE = "ignore"
    WARN_NEAR_MISS = "warn_near_miss"
    WARN = "warn"
    REJECT = "reject"


class ExternalIdPolicy(StrEnum):
    """Whether a shop may set the external id of an order more than once.

    Yandex Market allowed changes (`change`) until 2025-08-27. Since then it accepts one id an order
    (`once`).
    """

    CHANGE = "change"
    ONCE = "once"


class PartnerOrderMembers(StrEnum):
    """How Yandex Market's orders show required members that imported orders do not have.

    `neutral` shows them with a value that means "not known", `known_only` leaves them out.
    """

    NEUTRAL = "neutral"
    KNOWN_ONLY = "known_only"


class OrderStatusFromLines(StrEnum):
    """Whether the new status of a line may change the status of its order."""

    OFF = "off"
    ON = "on"


class ListAmounts(StrEnum):
    """The unit of amounts in Altcraft's list of orders.

    Altcraft's documentation does not name it. Its samples of imports have major units, those of
    lists look like minor ones.
    """

    MAJOR = "major"
    MINOR = "minor"


class UnknownProducts(StrEnum):
    """What an import of orders does with a product or a SKU that the catalogue does not have.

    `accept` does not look at the catalogue.
    """

    ACCEPT = "accept"
    WARN = "warn"
    REJECT = "reject"


class ProductsFromCatalogue(StrEnum):
    """Whether the catalogue takes the place of the settings' products for commercetools orders."""

    OFF = "off"
    ON = "on"


class DefinitionsByImport(StrEnum):
    """What an import may do to custom fields and line statuses.

    `add` takes new ones, and changes of existing ones that let every order pass as before.
    """

    OFF = "off"
    ADD = "add"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A point of sale. With a `campaign_id` it is also a Yandex Market campaign."""

    external_id: str
    name: str = ""
    campaign_id: int | None = None
    sales_model: SalesModel = SalesModel.FBS


@dataclass(frozen=True, slots=True)
class Region:
    """A sales region."""

    external_id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class LineStatus:
    """A custom status of an order line."""

    external_id: str
    name: str
    type: LineStatusType


@dataclass(frozen=True, slots=True)
class Policies:
    """The account's choices in cases that the protocols leave open."""

    total_check: TotalCheck = TotalCheck.WARN
    external_id_policy: ExternalIdPolicy = ExternalIdPolicy.CHANGE
    # For one campaign (Yandex Market, method page of 2025-07: 10 000).
    external_id_requests_per_hour: int = 10_000
    # For orders of protocols in which the endpoint is optional.
    default_endpoint: str | None = None
    definitions_by_import: DefinitionsByImport = DefinitionsByImport.ADD
    unknown_members: UnknownMembers = UnknownMembers.WARN_NEAR_MISS
    # Replaced versions of orders are kept this long.
    history_days: int = 400
    partner_order_members: PartnerOrderMembers = PartnerOrderMembers.NEUTRAL
    order_status_from_lines: OrderStatusFromLines = OrderStatusFromLines.OFF
    list_amounts: ListAmounts = ListAmounts.MAJOR
    trigger_payload: TriggerPayload = TriggerPayload.FULL
    unknown_products: UnknownProducts = UnknownProducts.ACCEPT
    products_from_catalogue: ProductsFromCatalogue = ProductsFromCatalogue.OFF

    @property
    def needs_catalogue(self) -> bool:
        """Return whether an import of orders must know which of their products exist."""
        return (
            self.unknown_products is not UnknownProducts.ACCEPT
            or self.products_from_catalogue is ProductsFromCatalogue.ON
        )


type FieldKey = tuple[EntityType, str]

LINE_STATUS_TYPES: Mapping[str, LineStatusType] = MappingProxyType(
    {
        "new": LineStatusType.IN_PROCESS,
        "processing": LineStatusType.IN_PROCESS,
        "delivering": LineStatusType.IN_PROCESS,
        "delivered": LineStatusType.DELIVERED,
        "canceled": LineStatusType.CANCELED,
        "refunded": LineStatusType.REFUNDED,
    }
)


@dataclass(frozen=True, slots=True)
class Settings:
    """One account's configuration. Custom field ids are unique within their entity type.

    `products` maps product ids to products. If it is empty, orders may contain any product. With a
    `business_id`, the account is also a Yandex Market business. `mappings` maps names to mappings
    of columns, as plain JSON.
    """

    currencies: tuple[str, ...] = ()
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    regions: Mapping[str, Region] = field(default_factory=dict)
    custom_fields: Mapping[FieldKey, CustomField] = field(default_factory=dict)
    line_statuses: Mapping[str, LineStatus] = field(default_factory=dict)
    policies: Policies = Policies()
    products: Mapping[str, Product] = field(default_factory=dict)
    business_id: int | None = None
    mappings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def fields_of(self, entity: EntityType) -> Mapping[str, CustomField]:
        """Return the custom fields of one entity type by their external id."""
        return {key[1]: value for key, value in self.custom_fields.items() if key[0] is entity}

    def endpoint_of_campaign(self, campaign_id: int) -> Endpoint | None:
        """Return the endpoint with this campaign id, None if no endpoint has it."""
        endpoints = self.endpoints.values()
        return next((each for each in endpoints if each.campaign_id == campaign_id), None)

    def campaigns(self) -> list[tuple[int, Endpoint]]:
        """Return the endpoints that are Yandex Market campaigns, by their campaign ids."""
        endpoints = self.endpoints.values()
        return sorted(
            ((each.campaign_id, each) for each in endpoints if each.campaign_id is not None),
            key=lambda campaign: campaign[0],
        )

    def endpoint_of_none(self) -> str | None:
        """Return the endpoint of an order without one: the default, or the account's only one."""
        if self.policies.default_endpoint is not None:
            return self.policies.default_endpoint
        return next(iter(self.endpoints)) if len(self.endpoints) == 1 else None

    def line_status_names(self) -> list[str]:
        """Return all line statuses that orders may use. The built-in ones come first."""
        return [*LINE_STATUS_TYPES, *sorted(self.line_statuses)]

    def line_status_type(self, status: str) -> LineStatusType | None:
        """Return the type of a line status, None if lines cannot have this status."""
        custom = self.line_statuses.get(status)
        return custom.type if custom else LINE_STATUS_TYPES.get(status)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """An account's settings, prepared once for all orders of a request.

    `products` are the entries of the catalogue that the orders name. They are only looked up if a
    policy needs them.
    """

    settings: Settings
    order_fields: FieldSet
    line_fields: FieldSet
    products: KnownProducts = NO_PRODUCTS

    @classmethod
    def of(cls, settings: Settings, products: KnownProducts = NO_PRODUCTS) -> Self:
        """Prepare the settings."""
        fields = settings.custom_fields.values()
        return cls(
            settings,
            FieldSet.of(EntityType.ORDER, fields),
            FieldSet.of(EntityType.LINE_ORDER, fields),
            products,
        )


def blames_settings(problem: Problem) -> bool:
    """Return whether a problem may disappear when the settings are read again."""
    return problem.code in _SETTINGS_CODES or "custom_fields" in problem.path[:-1]


_SETTINGS_CODES = frozenset(
    {
        Code.UNKNOWN_CURRENCY,
        Code.UNKNOWN_ENDPOINT,
        Code.UNKNOWN_REGION,
        Code.UNKNOWN_LINE_STATUS,
        Code.UNKNOWN_CUSTOM_FIELD,
        Code.UNKNOWN_PRODUCT,
    }
)


@dataclass(frozen=True, slots=True)
class Definitions:
    """Custom fields and line statuses to create or update, in the order of the request."""

    custom_fields: tuple[CustomField, ...] = ()
    line_statuses: tuple[LineStatus, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there are any definitions."""
        return bool(self.custom_fields or self.line_statuses)


NO_DEFINITIONS = Definitions()


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """Settings as read from the store. The next write is conditional on `version`."""

    settings: Settings
    version: int


@dataclass(frozen=True, slots=True)
class Declaration:
    """Settings as the operator declares them. A part that is None does not change.

    `policies` holds the declared ones by the names of `Policies`. The others do not change.
    """

    currencies: tuple[str, ...] | None = None
    endpoints: Mapping[str, Endpoint] | None = None
    regions: Mapping[str, Region] | None = None
    policies: Mapping[str, Any] | None = None
    products: Mapping[str, Product] | None = None
    definitions: Definitions = NO_DEFINITIONS
    business_id: int | None = None


def declare(settings: Settings, declaration: Declaration) -> Settings | tuple[Problem, ...]:
    """Return the settings after a declaration, or the problems that prevent it.

    A declared part replaces the whole stored part. Policies and definitions are the exceptions: a
    policy that is not declared stays, and definitions are added to the stored ones, because stored
    orders may use those.
    """
    declared = Settings(
        currencies=_either(declaration.currencies, settings.currencies),
        endpoints=_either(declaration.endpoints, settings.endpoints),
        regions=_either(declaration.regions, settings.regions),
        custom_fields=settings.custom_fields,
        line_statuses=settings.line_statuses,
        policies=replace(settings.policies, **(declaration.policies or {})),
        products=_either(declaration.products, settings.products),
        business_id=_either(declaration.business_id, settings.business_id),
        mappings=settings.mappings,
    )
    default = declared.policies.default_endpoint
    if default is not None and default not in declared.endpoints:
        known = listed(list(declared.endpoints))
        message = f"must be an endpoint of the account: {known}; got {shown(default)}"
        path = ("policies", "default_endpoint")
        return (Problem(Code.UNKNOWN_ENDPOINT, path, message),)
    return define(declared, declaration.definitions)


def _either[T](declared: T | None, stored: T) -> T:
    return stored if declared is None else declared


def define(settings: Settings, definitions: Definitions) -> Settings | tuple[Problem, ...]:
    """Return the settings with the definitions added, or the problems that prevent it.

    A definition replaces the stored one with the same id. It is rejected if stored values would no
    longer fit (another value type, or an enum that loses or renumbers a name), if two names of an
    enum have one number, and if it or the sum of all defaults would be too large. The paths of the
    problems start at the root of an Altcraft request.
    """
    problems = [
        *_field_conflicts(settings, definitions.custom_fields),
        *_ambiguous_enums(settings, definitions.custom_fields),
        *_status_conflicts(definitions.line_statuses),
        *_excess(settings, definitions),
    ]
    if problems:
        return tuple(problems)
    fields = {(each.entity_type, each.external_id): each for each in definitions.custom_fields}
    statuses = {each.external_id: each for each in definitions.line_statuses}
    defined = replace(
        settings,
        custom_fields={**settings.custom_fields, **fields},
        line_statuses={**settings.line_statuses, **statuses},
    )
    return tuple(_excess_of_defaults(settings, defined)) or defined


def _field_conflicts(settings: Settings, sent: Iterable[CustomField]) -> Iterable[Problem]:
    known = dict(settings.custom_fields)
    for position, new in enumerate(sent):
        key = (new.entity_type, new.external_id)
        reason = new.conflict_with(known[key]) if key in known else ""
        if reason:
            yield Problem(
                Code.DEFINITION_CONFLICT,
                ("custom_fields", position, "value_type"),
                f"Custom field {shown(new.external_id)} of {new.entity_type} {reason}",
            )
        known[key] = new


def _ambiguous_enums(settings: Settings, sent: Iterable[CustomField]) -> Iterable[Problem]:
    """Find enums with one number for two names; one that is stored already is accepted."""
    for position, new in enumerate(sent):
        twice = new.names_of_one_number()
        if twice and settings.custom_fields.get((new.entity_type, new.external_id)) != new:
            first, second = twice
            yield Problem(
                Code.INVALID_VALUE,
                ("custom_fields", position, "enum_values"),
                f"enum_values must have a different number for each name; {shown(first)} and "
                f"{shown(second)} have {new.enum_values[second]}",
            )


def _status_conflicts(sent: Iterable[LineStatus]) -> Iterable[Problem]:
    for position, new in enumerate(sent):
        if new.external_id in LINE_STATUS_TYPES:
            yield Problem(
                Code.DEFINITION_CONFLICT,
                ("custom_line_statuses", position, "external_id"),
                f"{shown(new.external_id)} is a built-in line status; choose another external_id",
            )


def _excess(settings: Settings, definitions: Definitions) -> Iterable[Problem]:
    """Find what is too long; a definition that is stored already is not held against it."""
    for position, new in enumerate(definitions.custom_fields):
        if settings.custom_fields.get((new.entity_type, new.external_id)) != new:
            for member, message in excess_of_field(new):
                yield Problem(Code.INVALID_VALUE, ("custom_fields", position, member), message)
    for position, status in enumerate(definitions.line_statuses):
        message = excess_of_name(status.name)
        if message and settings.line_statuses.get(status.external_id) != status:
            path = ("custom_line_statuses", position, "name")
            yield Problem(Code.INVALID_VALUE, path, message)


def _excess_of_defaults(before: Settings, after: Settings) -> Iterable[Problem]:
    """Find defaults that take too much of an order; what was stored before may stay."""
    if before.custom_fields == after.custom_fields:
        return
    for entity, limit in MAX_DEFAULTS_BYTES.items():
        size = defaults_bytes(after.custom_fields.values(), entity)
        if size > limit and size > defaults_bytes(before.custom_fields.values(), entity):
            yield Problem(
                Code.INVALID_VALUE,
                ("custom_fields",),
                f"The defaults of optional {entity} fields must take at most {limit} bytes "
                f"together; got {size}",
            )
