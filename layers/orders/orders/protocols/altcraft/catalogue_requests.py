"""Models of the calls about the catalogue (Altcraft v74, products and SKU), for JSON and XML.

Ids of products, SKUs and categories lose white space around them, as those of lines do that refer
to them.
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    FailFast,
    Field,
    PlainValidator,
    TypeAdapter,
    WithJsonSchema,
)

from orders.domain.importing import ErrorPolicy
from orders.domain.problems import Code
from orders.domain.whole_numbers import parse_whole_number
from orders.protocols.altcraft.decoded import MAX_ORDERS
from orders.protocols.altcraft.parameters import BodyForm, FromId, Limit
from orders.protocols.altcraft.requests import (
    DEFINITIONS_SHAPE,
    MAX_COUNT,
    MAX_TAGS,
    Absent,
    Amount,
    Body,
    CustomFieldBody,
    DefinitionId,
    Definitions,
    Flag,
    Id,
    Identity,
    Name,
    Trimmed,
    Values,
    custom,
    empty_array_if_absent,
    reading,
    without_blanks,
)
from orders.protocols.altcraft.unknown_members import KnownMembers
from orders.protocols.altcraft.xml_shapes import Array, Free, Record, Text

# Products, and the SKUs below them and beside them, of one request.
MAX_ENTRIES = MAX_ORDERS
MAX_DESCRIPTION = 1000
MAX_BARCODE = 10**18 - 1


def _whole(greatest: int, least: int = 0) -> Callable[[object], int]:
    def parse(sent: object) -> int:
        number = parse_whole_number(sent)
        if number is not None and least <= number <= greatest:
            return number
        raise ValueError(f"a whole number from {least} to {greatest}")

    return reading(parse)


def _check_description(text: str) -> str:
    if len(text) <= MAX_DESCRIPTION:
        return text
    message = f"must have at most {MAX_DESCRIPTION} characters; got {len(text)}"
    raise custom(Code.INVALID_VALUE, message)


def _expect_import_valid(policy: ErrorPolicy | None) -> ErrorPolicy | None:
    if policy is ErrorPolicy.REJECT_ALL:
        message = f"must be {ErrorPolicy.IMPORT_VALID} for products and SKUs; got {policy}"
        raise custom(Code.INVALID_VALUE, message)
    return policy


def _number_schema(greatest: int, least: int = 0) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": ["integer", "string"], "format": "int64", "minimum": least, "maximum": greatest}
    )


Stock = Annotated[int, PlainValidator(_whole(MAX_COUNT)), _number_schema(MAX_COUNT)]
Barcode = Annotated[int, PlainValidator(_whole(MAX_BARCODE)), _number_schema(MAX_BARCODE)]
EntryNumber = Annotated[int, PlainValidator(_whole(MAX_BARCODE, 1)), _number_schema(MAX_BARCODE, 1)]
Description = Annotated[
    Name,
    AfterValidator(_check_description),
    WithJsonSchema({"type": "string", "maxLength": MAX_DESCRIPTION}),
]
_FEW = Field(max_length=MAX_TAGS)
_WITHOUT_BLANKS = BeforeValidator(without_blanks)
Texts = Annotated[list[Name], _FEW, FailFast(), _WITHOUT_BLANKS]
Ids = Annotated[list[Id], _FEW, FailFast(), _WITHOUT_BLANKS]
Barcodes = Annotated[list[Barcode], _FEW, FailFast(), _WITHOUT_BLANKS]


class OfferBody(Body):
    """What a product or a SKU has in all regions, or in one."""

    price: Annotated[Amount | None, Absent] = None
    old_price: Annotated[Amount | None, Absent] = None
    currency: Annotated[Name | None, Absent] = None
    custom_fields: Values = Field(default_factory=dict)
    count: Annotated[Stock | None, Absent] = None
    is_available: Annotated[Flag | None, Absent] = None
    delivery: Annotated[Flag | None, Absent] = None


class RegionalBody(OfferBody):
    """One element of `regional_data`. `external_id` is that of a region."""

    external_id: Id


class EntryBody(OfferBody):
    """The members that products and SKUs have."""

    name: Name
    external_id: DefinitionId
    tags: Texts = Field(default_factory=list)
    manufacturer_name: Annotated[Name | None, Absent] = None
    description: Annotated[Description | None, Absent] = None
    url: Annotated[Name | None, Absent] = None
    pictures: Texts = Field(default_factory=list)
    expiration_time: Annotated[Identity | None, Absent, Trimmed] = None
    barcode: Barcodes = Field(default_factory=list)
    manufacturer_warranty: Annotated[Flag | None, Absent] = None
    regional_data: Annotated[
        list[RegionalBody], _FEW, FailFast(), BeforeValidator(empty_array_if_absent)
    ] = Field(default_factory=list)
    categories: Ids = Field(default_factory=list)


class ProductBody(EntryBody):
    """One product. Its SKUs are validated one by one, so that reading can stop early."""

    sku: Annotated[list[Any], BeforeValidator(empty_array_if_absent)] = Field(default_factory=list)


class ProductSkuBody(EntryBody):
    """One SKU below a product."""

    product_external_id: Annotated[DefinitionId | None, Absent] = None


class SkuBody(EntryBody):
    """One SKU."""

    product_external_id: DefinitionId


class CategoryBody(Body):
    """One element of the root's `categories`."""

    external_id: DefinitionId
    name: Name
    parent_external_id: Annotated[DefinitionId | None, Absent] = None


class CatalogueBody(Body):
    """The root of an import. Each element of `data` is validated on its own."""

    custom_fields: Definitions[CustomFieldBody] = Field(default_factory=list)
    categories: Definitions[CategoryBody] = Field(default_factory=list)
    result_details: Annotated[Flag | None, Absent] = None
    failed_only: Annotated[Flag | None, Absent] = None
    dry_run: Annotated[Flag | None, Absent] = None
    error_policy: Annotated[
        ErrorPolicy | None,
        AfterValidator(_expect_import_valid),
        Absent,
        Trimmed,
        WithJsonSchema({"type": "string", "enum": [str(ErrorPolicy.IMPORT_VALID)]}),
    ] = None
    data: Annotated[list[Any], Field(max_length=MAX_ENTRIES), Absent]


class ListEntriesBody(Body):
    """The body of a list of products or of SKUs."""

    from_id: Annotated[FromId | None, Absent] = None
    limit: Annotated[Limit | None, Absent] = None
    result_details: Annotated[Flag | None, Absent] = None


class DeleteEntriesBody(Body):
    """The body of a deletion of products or of SKUs, which has either of these, or both."""

    ids: Annotated[
        list[EntryNumber], Field(max_length=MAX_ENTRIES), FailFast(), _WITHOUT_BLANKS
    ] = Field(default_factory=list)
    external_ids: Annotated[
        list[DefinitionId], Field(max_length=MAX_ENTRIES), FailFast(), _WITHOUT_BLANKS
    ] = Field(default_factory=list)
    dry_run: Annotated[Flag | None, Absent] = None


PRODUCT = TypeAdapter(ProductBody)
PRODUCT_SKU = TypeAdapter(ProductSkuBody)
SKU = TypeAdapter(SkuBody)
CATALOGUE = TypeAdapter(CatalogueBody)

_TEXTS = Text()
_LISTS = dict.fromkeys(("tags", "pictures", "barcode", "categories"), Array(_TEXTS))
_REGION_SHAPE = Record(dict.fromkeys(RegionalBody.model_fields, _TEXTS) | {"custom_fields": Free()})
_SKU_SHAPE = Record(
    dict.fromkeys(SkuBody.model_fields, _TEXTS)
    | _LISTS
    | {"custom_fields": Free(), "regional_data": Array(_REGION_SHAPE)}
)
_ENTRY_MEMBERS = {
    name: shape for name, shape in _SKU_SHAPE.members.items() if name != "product_external_id"
}
_PRODUCT_SHAPE = Record({**_ENTRY_MEMBERS, "sku": Array(_SKU_SHAPE)})
_ROOT_MEMBERS = dict.fromkeys((*CatalogueBody.model_fields, "token", "format"), _TEXTS) | {
    "custom_fields": DEFINITIONS_SHAPE,
    "categories": Array(Record(dict.fromkeys(CategoryBody.model_fields, _TEXTS))),
}
PRODUCTS_SHAPE = Record({**_ROOT_MEMBERS, "data": Array(_PRODUCT_SHAPE)})
SKUS_SHAPE = Record({**_ROOT_MEMBERS, "data": Array(_SKU_SHAPE)})
KNOWN_OF_ROOT = KnownMembers.of(Record({**_ROOT_MEMBERS, "data": _TEXTS}))
KNOWN_OF_PRODUCT = KnownMembers.of(_PRODUCT_SHAPE)
KNOWN_OF_SKU = KnownMembers.of(_SKU_SHAPE)

LIST_ENTRIES = BodyForm.of(ListEntriesBody)
DELETE_ENTRIES = BodyForm.of(
    DeleteEntriesBody, dict.fromkeys(("ids", "external_ids"), Array(_TEXTS))
)
