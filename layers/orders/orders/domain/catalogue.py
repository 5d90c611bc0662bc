"""Products that an account lists, so that its orders' lines can be held against them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant of a product. Its number is unique in the product, its SKU in the account."""

    id: int
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """A product; `product_type` is the id of its type, `slug` its name in URLs by language."""

    id: str
    variants: tuple[Variant, ...]
    key: str | None = None
    product_type: str | None = None
    slug: Mapping[str, str] = field(default_factory=dict)
