"""Hypothesis strategies for settings."""

from collections.abc import Mapping

from hypothesis import strategies as st

from orders.domain.catalogue import Product, Variant
from orders.domain.custom_fields import MAX_INT, CustomField, EntityType, FieldValue, ValueType
from orders.domain.fulfilment import SalesModel
from orders.domain.identifiers import is_external_id
from orders.domain.settings import (
    LINE_STATUS_TYPES,
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

TRICKY = st.sampled_from(["0001", "no", "2022-01-02", "1e3", "~", "a: #b"])
TEXTS = st.text(max_size=12) | TRICKY
# Nearly all of these texts are valid ids: a strategy that drops many texts is slow.
PLAIN_TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
IDS = (PLAIN_TEXTS | TRICKY).map(str.strip).filter(is_external_id)
# Each name has a number of its own.
ENUMS = st.dictionaries(TEXTS, st.integers(-(2**70), 2**70), min_size=1, max_size=3).filter(
    lambda enum: len(set(enum.values())) == len(enum)
)
VALUES: Mapping[ValueType, st.SearchStrategy[FieldValue]] = {
    ValueType.UNICODE: TEXTS,
    ValueType.INT: st.integers(-MAX_INT, MAX_INT),
    ValueType.FLOAT: st.floats(allow_nan=False, allow_infinity=False).map(lambda x: x + 0.0),
    ValueType.BOOL: st.booleans(),
    ValueType.DATE: st.dates().map(str),
}


@st.composite
def custom_fields(draw: st.DrawFn) -> CustomField:
    """Return a strategy for custom fields, with or without a default value in stored form."""
    value_type = draw(st.sampled_from(ValueType))
    enum_values = draw(ENUMS) if value_type is ValueType.ENUM else {}
    values = VALUES[value_type] if value_type in VALUES else st.sampled_from(sorted(enum_values))
    return CustomField(
        external_id=draw(IDS),
        name=draw(TEXTS),
        entity_type=draw(st.sampled_from(EntityType)),
        value_type=value_type,
        required=draw(st.booleans()),
        default_value=draw(st.none() | values),
        enum_values=enum_values,
    )


@st.composite
def products(draw: st.DrawFn) -> list[Product]:
    """Return products with unique ids, keys and SKUs, and unique variant ids in each product."""
    ids = st.lists(IDS, unique=True, max_size=3)
    skus = iter(draw(st.lists(IDS, unique=True, max_size=6)))
    numbers = st.lists(st.integers(1, 2**31 - 1), unique=True, min_size=1, max_size=3)
    keys = draw(ids)
    return [
        Product(
            id=name,
            variants=tuple(Variant(number, next(skus, None)) for number in draw(numbers)),
            key=keys.pop() if keys else None,
            product_type=draw(st.none() | IDS),
            slug=draw(st.dictionaries(TEXTS, TEXTS, max_size=2)),
        )
        for name in draw(ids)
    ]


@st.composite
def all_settings(draw: st.DrawFn) -> Settings:
    """Return a strategy for settings in which each part may be empty."""
    ids = st.lists(IDS, unique=True, max_size=3)
    fields = draw(st.lists(custom_fields(), max_size=4))
    numbers = draw(st.lists(st.integers(1, 2**63 - 1), unique=True, min_size=3, max_size=3))
    currencies = st.lists(st.sampled_from(["USD", "EUR", "RUB"]), unique=True)
    endpoints = {
        name: Endpoint(
            name,
            draw(TEXTS),
            draw(st.sampled_from([None, number])),
            draw(st.sampled_from(SalesModel)),
        )
        for name, number in zip(draw(ids), numbers, strict=False)
    }
    return Settings(
        currencies=tuple(draw(currencies)),
        endpoints=endpoints,
        regions={name: Region(name, draw(TEXTS)) for name in draw(ids)},
        custom_fields={(each.entity_type, each.external_id): each for each in fields},
        line_statuses={
            name: LineStatus(name, draw(TEXTS), draw(st.sampled_from(LineStatusType)))
            for name in draw(ids)
            if name not in LINE_STATUS_TYPES
        },
        policies=Policies(
            draw(st.sampled_from(TotalCheck)),
            draw(st.sampled_from(ExternalIdPolicy)),
            draw(st.integers(1, 10_000_000)),
            draw(st.sampled_from([None, *endpoints])),
            draw(st.sampled_from(DefinitionsByImport)),
            draw(st.sampled_from(UnknownMembers)),
            draw(st.integers(1, 3650)),
            draw(st.sampled_from(PartnerOrderMembers)),
            draw(st.sampled_from(OrderStatusFromLines)),
            draw(st.sampled_from(ListAmounts)),
            draw(st.sampled_from(TriggerPayload)),
            draw(st.sampled_from(UnknownProducts)),
            draw(st.sampled_from(ProductsFromCatalogue)),
        ),
        products={each.id: each for each in draw(products())},
        business_id=draw(st.none() | st.integers(1, 2**63 - 1)),
    )
