"""Products of an account. Imports check the lines of an order against them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant of a product. `id` is unique in the product, `sku` in the account."""

    id: int
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """A product. `product_type` is the id of its type. `slug` maps languages to names in URLs."""

    id: str
    variants: tuple[Variant, ...]
    key: str | None = None
    product_type: str | None = None
    slug: Mapping[str, str] = field(default_factory=dict)
