"""The settings document of an account, as operators and clients write and read it."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    field_validator,
    model_validator,
)

from orders.domain.catalogue import Product, Variant
from orders.domain.custom_fields import CustomField, EntityType, FieldValue, ValueType
from orders.domain.fulfilment import SalesModel
from orders.domain.history import MAX_HISTORY_DAYS
from orders.domain.identifiers import EXTERNAL_ID_RULE, is_external_id
from orders.domain.problems import shown
from orders.domain.settings import (
    LINE_STATUS_TYPES,
    Declaration,
    Definitions,
    DefinitionsByImport,
    Endpoint,
    ExternalIdPolicy,
    LineStatus,
    LineStatusType,
    ListAmounts,
    OrderStatusFromLines,
    PartnerOrderMembers,
    Policies,
    ProductsFromCatalogue,
    Region,
    Settings,
    TotalCheck,
    UnknownMembers,
    UnknownProducts,
)
from orders.domain.triggers import TriggerPayload
from orders.domain.whole_numbers import parse_whole_number


def _checked_currency(text: str) -> str:
    if len(text) == len("USD") and text.isascii() and text.isalpha() and text.isupper():
        return text
    raise ValueError("must be three capital letters such as USD")


def _checked_id(text: str) -> str:
    if not is_external_id(text):
        raise ValueError(f"must be {EXTERNAL_ID_RULE}")
    return text


def _checked_status_id(text: str) -> str:
    if text in LINE_STATUS_TYPES:
        raise ValueError(f"must not be a built-in line status; got {shown(text)}")
    return text


def _scalar(value: object) -> FieldValue | None:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise ValueError("must be a string, a number, true or false")


def _trimmed(sent: object) -> object:
    return sent.strip() if isinstance(sent, str) else sent


def _whole(sent: object) -> object:
    """Return 2 for 2.0, which is a whole number too, and any other value unchanged."""
    number = parse_whole_number(sent) if isinstance(sent, float) else None
    return sent if number is None else number


# Imports lose the white space around the ids that refer to these, so these have none either.
type Currency = Annotated[str, BeforeValidator(_trimmed), AfterValidator(_checked_currency)]
type ExternalId = Annotated[str, BeforeValidator(_trimmed), AfterValidator(_checked_id)]
type StatusId = Annotated[ExternalId, AfterValidator(_checked_status_id)]
type MarketId = Annotated[int, Field(strict=True, ge=1, lt=2**63), BeforeValidator(_whole)]
type Default = Annotated[FieldValue | None, PlainValidator(_scalar)]
type HourlyLimit = Annotated[int, Field(strict=True, ge=1, le=10_000_000), BeforeValidator(_whole)]
type ProductName = Annotated[str, Field(min_length=1, max_length=256)]
type EnumNumber = Annotated[int, Field(strict=True), BeforeValidator(_whole)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Named(_Part):
    external_id: ExternalId
    name: str = ""


class EndpointPart(_Named):
    """A point of sale."""

    campaign_id: MarketId | None = None
    sales_model: SalesModel = SalesModel.FBS


class RegionPart(_Named):
    """A sales region."""


class CustomFieldPart(_Named):
    """The definition of a custom field."""

    entity_type: EntityType
    value_type: ValueType
    required: Annotated[bool, Field(strict=True)] = False
    default_value: Default = None
    enum_values: dict[str, EnumNumber] = Field(default_factory=dict)

    def definition(self) -> CustomField:
        """Return the definition. Raises ValueError if the default is not of the value type."""
        bare = CustomField(
            self.external_id,
            self.name,
            self.entity_type,
            self.value_type,
            required=self.required,
            enum_values=self.enum_values,
        )
        return bare.with_default(self.default_value)

    @model_validator(mode="after")
    def _check_value(self) -> Self:
        if self.value_type is ValueType.ENUM and not self.enum_values:
            raise ValueError("enum_values is required for value_type enum")
        self.definition()
        return self


class LineStatusPart(_Named):
    """A custom status of an order line."""

    external_id: StatusId
    type: LineStatusType


def _unquoted_off(sent: object) -> object:
    """Return "off" for false: YAML 1.1 reads an unquoted `off` as false."""
    return "off" if sent is False else sent


def _unquoted_switch(sent: object) -> object:
    """Return "on" for true and "off" for false, as which YAML 1.1 reads them without quotes."""
    return "on" if sent is True else _unquoted_off(sent)


class PoliciesPart(_Part):
    """The account's policies."""

    total_check: Annotated[TotalCheck, BeforeValidator(_unquoted_off)] = TotalCheck.WARN
    external_id_policy: ExternalIdPolicy = ExternalIdPolicy.CHANGE
    external_id_requests_per_hour: HourlyLimit = Policies().external_id_requests_per_hour
    default_endpoint: ExternalId | None = None
    definitions_by_import: Annotated[DefinitionsByImport, BeforeValidator(_unquoted_off)] = (
        DefinitionsByImport.ADD
    )
    unknown_members: UnknownMembers = UnknownMembers.WARN_NEAR_MISS
    history_days: Annotated[int, Field(strict=True, ge=1, le=MAX_HISTORY_DAYS)] = (
        Policies().history_days
    )
    partner_order_members: PartnerOrderMembers = PartnerOrderMembers.NEUTRAL
    order_status_from_lines: Annotated[OrderStatusFromLines, BeforeValidator(_unquoted_switch)] = (
        OrderStatusFromLines.OFF
    )
    list_amounts: ListAmounts = ListAmounts.MAJOR
    trigger_payload: TriggerPayload = TriggerPayload.FULL
    unknown_products: UnknownProducts = UnknownProducts.ACCEPT
    products_from_catalogue: Annotated[ProductsFromCatalogue, BeforeValidator(_unquoted_switch)] = (
        ProductsFromCatalogue.OFF
    )

    def declared(self) -> Mapping[str, object]:
        """Return the policies that the document names. An empty section resets all of them."""
        names = self.model_fields_set or type(self).model_fields.keys()
        return {name: getattr(self, name) for name in sorted(names)}


class VariantPart(_Part):
    """A variant of a product."""

    id: Annotated[int, Field(strict=True, ge=1, lt=2**31), BeforeValidator(_whole)]
    sku: ProductName | None = None


class ProductPart(_Part):
    """A product of the account's catalogue."""

    id: ProductName
    key: ProductName | None = None
    product_type: ProductName | None = None
    slug: dict[str, str] = Field(default_factory=dict)
    variants: list[VariantPart] = Field(min_length=1)

    @field_validator("variants")
    @classmethod
    def _check_variants(cls, sent: list[VariantPart]) -> list[VariantPart]:
        _expect_once("variant ", [part.id for part in sent])
        return sent


class SettingsDocument(_Part):
    """A whole settings document. A section that is absent from the document is None."""

    currencies: list[Currency] | None = None
    endpoints: list[EndpointPart] | None = None
    regions: list[RegionPart] | None = None
    custom_fields: list[CustomFieldPart] | None = None
    custom_line_statuses: list[LineStatusPart] | None = None
    products: list[ProductPart] | None = None
    policies: PoliciesPart | None = None
    business_id: MarketId | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _expect_content(cls, sent: object) -> object:
        if sent is None:
            raise ValueError("must not be empty; omit the section, or write [] for no entries")
        return sent

    @field_validator("currencies")
    @classmethod
    def _check_currencies(cls, sent: list[str] | None) -> list[str] | None:
        _expect_once("", sent or [])
        return sent

    @field_validator("endpoints", "regions", "custom_line_statuses")
    @classmethod
    def _check_ids[P: _Named](cls, sent: list[P] | None) -> list[P] | None:
        _expect_once("external_id ", [part.external_id for part in sent or []])
        return sent

    @field_validator("endpoints")
    @classmethod
    def _check_campaigns(cls, sent: list[EndpointPart] | None) -> list[EndpointPart] | None:
        _expect_once("campaign_id ", [part.campaign_id for part in sent or [] if part.campaign_id])
        return sent

    @field_validator("custom_fields")
    @classmethod
    def _check_fields(cls, sent: list[CustomFieldPart] | None) -> list[CustomFieldPart] | None:
        _expect_once("external_id ", [(p.external_id, str(p.entity_type)) for p in sent or []])
        return sent

    @field_validator("products")
    @classmethod
    def _check_products(cls, sent: list[ProductPart] | None) -> list[ProductPart] | None:
        variants = [variant for part in sent or [] for variant in part.variants]
        _expect_once("product ", [part.id for part in sent or []])
        _expect_once("key ", [part.key for part in sent or [] if part.key])
        _expect_once("sku ", [variant.sku for variant in variants if variant.sku])
        return sent

    def declaration(self) -> Declaration:
        """Return the document's declarations. An absent section declares nothing."""
        settings = self.settings()
        return Declaration(
            currencies=None if self.currencies is None else settings.currencies,
            endpoints=None if self.endpoints is None else settings.endpoints,
            regions=None if self.regions is None else settings.regions,
            policies=None if self.policies is None else self.policies.declared(),
            products=None if self.products is None else settings.products,
            definitions=Definitions(
                tuple(settings.custom_fields.values()), tuple(settings.line_statuses.values())
            ),
            business_id=self.business_id,
        )

    def settings(self) -> Settings:
        """Return the settings of the document. An absent section is empty."""
        fields = [part.definition() for part in self.custom_fields or []]
        policies = self.policies or PoliciesPart()
        return Settings(
            currencies=tuple(self.currencies or ()),
            endpoints={
                part.external_id: Endpoint(
                    part.external_id, part.name, part.campaign_id, part.sales_model
                )
                for part in self.endpoints or []
            },
            regions={p.external_id: Region(p.external_id, p.name) for p in self.regions or []},
            custom_fields={(each.entity_type, each.external_id): each for each in fields},
            line_statuses={
                part.external_id: LineStatus(part.external_id, part.name, part.type)
                for part in self.custom_line_statuses or []
            },
            policies=Policies(
                total_check=policies.total_check,
                external_id_policy=policies.external_id_policy,
                external_id_requests_per_hour=policies.external_id_requests_per_hour,
                default_endpoint=policies.default_endpoint,
                definitions_by_import=policies.definitions_by_import,
                unknown_members=policies.unknown_members,
                history_days=policies.history_days,
                partner_order_members=policies.partner_order_members,
                order_status_from_lines=policies.order_status_from_lines,
                list_amounts=policies.list_amounts,
                trigger_payload=policies.trigger_payload,
                unknown_products=policies.unknown_products,
                products_from_catalogue=policies.products_from_catalogue,
            ),
            products={part.id: _product(part) for part in self.products or []},
            business_id=self.business_id,
        )


def _product(part: ProductPart) -> Product:
    return Product(
        id=part.id,
        variants=tuple(Variant(each.id, each.sku) for each in part.variants),
        key=part.key,
        product_type=part.product_type,
        slug=part.slug,
    )


def _expect_once(name: str, keys: Iterable[Hashable]) -> None:
    seen: set[Hashable] = set()
    for key in keys:
        if key in seen:
            quoted = " of ".join(map(shown, key)) if isinstance(key, tuple) else shown(key)
            raise ValueError(f"{name}{quoted} is a duplicate")
        seen.add(key)


def document_of(settings: Settings) -> SettingsDocument:
    """Return the settings as a document with every section."""
    return SettingsDocument(
        currencies=list(settings.currencies),
        endpoints=[
            EndpointPart(
                external_id=each.external_id,
                name=each.name,
                campaign_id=each.campaign_id,
                sales_model=each.sales_model,
            )
            for each in settings.endpoints.values()
        ],
        regions=[
            RegionPart(external_id=each.external_id, name=each.name)
            for each in settings.regions.values()
        ],
        custom_fields=[
            CustomFieldPart(
                external_id=each.external_id,
                name=each.name,
                entity_type=each.entity_type,
                value_type=each.value_type,
                required=each.required,
                default_value=each.default_value,
                enum_values=dict(each.enum_values),
            )
            for each in settings.custom_fields.values()
        ],
        custom_line_statuses=[
            LineStatusPart(external_id=each.external_id, name=each.name, type=each.type)
            for each in settings.line_statuses.values()
        ],
        policies=PoliciesPart(
            total_check=settings.policies.total_check,
            external_id_policy=settings.policies.external_id_policy,
            external_id_requests_per_hour=settings.policies.external_id_requests_per_hour,
            default_endpoint=settings.policies.default_endpoint,
            definitions_by_import=settings.policies.definitions_by_import,
            unknown_members=settings.policies.unknown_members,
            history_days=settings.policies.history_days,
            partner_order_members=settings.policies.partner_order_members,
            order_status_from_lines=settings.policies.order_status_from_lines,
            list_amounts=settings.policies.list_amounts,
            trigger_payload=settings.policies.trigger_payload,
            unknown_products=settings.policies.unknown_products,
            products_from_catalogue=settings.policies.products_from_catalogue,
        ),
        products=[
            ProductPart(
                id=each.id,
                key=each.key,
                product_type=each.product_type,
                slug=dict(each.slug),
                variants=[VariantPart(id=variant.id, sku=variant.sku) for variant in each.variants],
            )
            for each in settings.products.values()
        ],
        **({} if settings.business_id is None else {"business_id": settings.business_id}),
    )


def known_keys(location: Sequence[str | int]) -> list[str]:
    """Return the keys that a mapping at this location of a document may have."""
    return list(_part_at(location).model_fields)


def is_required(location: Sequence[str | int]) -> bool:
    """Return whether the member at this location of a document must have a value."""
    field = _part_at(location[:-1]).model_fields.get(str(location[-1])) if location else None
    return field is not None and field.is_required()


def _part_at(location: Sequence[str | int]) -> type[_Part]:
    parts: dict[object, type[_Part]] = {
        "endpoints": EndpointPart,
        "regions": RegionPart,
        "custom_fields": CustomFieldPart,
        "custom_line_statuses": LineStatusPart,
        "policies": PoliciesPart,
        "products": VariantPart if "variants" in location else ProductPart,
    }
    return parts.get(location[0], SettingsDocument) if location else SettingsDocument
