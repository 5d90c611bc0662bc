"""Resolves the product of a line by the account's catalogue, if the account has one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from orders.domain.catalogue import Product, Variant
from orders.domain.known_products import EntryKind, EntryName, KnownProducts
from orders.protocols.commercetools.errors import ApiError, invalid_field, reference_not_found
from orders.protocols.commercetools.references import derived_id
from orders.protocols.commercetools.shapes import Tree

_FIRST_VARIANT = 1


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The products of an account. An empty catalogue accepts every product as sent."""

    account: str
    products: Mapping[str, Product]
    by_sku: Mapping[str, tuple[Product, Variant]]

    @classmethod
    def of(cls, account: str, products: Mapping[str, Product]) -> Self:
        """Index an account's products by SKU, once for all lines of an order."""
        by_sku = {
            variant.sku: (product, variant)
            for product in products.values()
            for variant in product.variants
            if variant.sku is not None
        }
        return cls(account, products, by_sku)

    @property
    def is_checked(self) -> bool:
        """Return whether a line must name what exists."""
        return bool(self.products)

    def find(self, line: Tree) -> Tree | ApiError:
        """Return the product members of a line item, or the error if there is no such product.

        The members are productId, productKey, productSlug, productType and the variant's id and
        sku.
        """
        if not self.products:
            return described_product(self.account, line, {})
        found = self._look_up(line)
        if found is None:
            return self._unknown(line)
        product, variant = found
        sku = line["variant"].get("sku")
        if sku is not None and variant.sku != sku:
            return invalid_field(
                "sku", sku, why=f"Variant {variant.id} of product '{product.id}' has another SKU."
            )
        return _present(
            {
                "productId": product.id,
                "productKey": product.key,
                "productSlug": dict(product.slug) or None,
                "productType": _type(self.account, product.product_type, product.id),
                "variant": _present({"id": variant.id, "sku": variant.sku}),
            }
        )

    def _look_up(self, line: Tree) -> tuple[Product, Variant] | None:
        wanted = line["variant"]
        if "productId" not in line:
            return self.by_sku.get(wanted["sku"])
        product = self.products.get(line["productId"])
        if product is None:
            return None
        numbered = (each for each in product.variants if each.id == wanted["id"])
        variant = next(numbered, None)
        return (product, variant) if variant else None

    def _unknown(self, line: Tree) -> ApiError:
        """Return the error that names what does not exist: the SKU, the product or its variant."""
        if "productId" not in line:
            return reference_not_found("product", by="sku", value=line["variant"]["sku"])
        product = self.products.get(line["productId"])
        if product is None:
            return reference_not_found("product", value=line["productId"])
        return invalid_field(
            "variant.id",
            line["variant"]["id"],
            [str(variant.id) for variant in product.variants],
            why=f"Product '{product.id}' has no such variant.",
        )


@dataclass(frozen=True, slots=True)
class ImportedCatalogue:
    """The account's imported products and SKUs, as far as an order names them.

    A line names a SKU, or a product. Imported SKUs have no variant ids: a line keeps the one it
    has, and a line without one gets the first.
    """

    account: str
    known: KnownProducts

    @property
    def is_checked(self) -> bool:
        """Return True: a line must name what exists."""
        return True

    def find(self, line: Tree) -> Tree | ApiError:
        """Return the product members of a line item, or the error if there is no such product."""
        missing = unknown_product(line, self.known)
        if missing is not None:
            return missing
        sku = line["variant"].get("sku")
        product_id = line.get("productId")
        if sku is not None:
            of = self.known.entries[EntryName(EntryKind.SKU, sku)].product
            if product_id is not None and of != product_id:
                why = f"It is no SKU of product '{product_id}'."
                return invalid_field("sku", sku, why=why)
            product_id = of
        return described_product(self.account, {**line, "productId": product_id}, {})


def product_names(line: Tree) -> list[EntryName]:
    """Return the names that a line item has for its product: by id, by SKU, or both."""
    named = (
        (EntryKind.PRODUCT, line.get("productId")),
        (EntryKind.SKU, line["variant"].get("sku")),
    )
    return [EntryName(kind, name) for kind, name in named if name is not None]


def unknown_product(line: Tree, known: KnownProducts) -> ApiError | None:
    """Return the error of a line whose product or SKU was not imported, None if it was."""
    for name in known.unknown(product_names(line)):
        by = "sku" if name.kind is EntryKind.SKU else "identifier"
        return reference_not_found("product", by=by, value=name.external_id)
    return None


def resolved_line(line: Tree, product: Tree) -> Tree:
    """Return a line of a draft with the ids and the SKU of its product."""
    variant = {**line["variant"], **product["variant"]}
    return {**line, "productId": product["productId"], "variant": variant}


def stored_product(account: str, product: Tree) -> Tree:
    """Return what the catalogue knows about a product, and what no line of it can tell."""
    own_type = product["productType"]["id"]
    is_derived = own_type == _type(account, None, product["productId"])["id"]
    return _present(
        {
            "productKey": product.get("productKey"),
            "productSlug": product.get("productSlug"),
            "productType": None if is_derived else own_type,
        }
    )


def described_product(account: str, line: Tree, listed: Mapping[str, Tree]) -> Tree:
    """Return the product members of a line, from the line itself and from the listed products.

    `listed` maps product ids to what `stored_product` returned.
    """
    variant = line["variant"]
    sku = variant.get("sku")
    product_id = line.get("productId") or derived_id(account, "product", sku or "")
    known = listed.get(product_id, {})
    return {
        "productId": product_id,
        **known,
        "productType": _type(account, known.get("productType"), product_id),
        "variant": _present({"id": variant.get("id", _FIRST_VARIANT), "sku": sku}),
    }


def _type(account: str, known: str | None, product_id: str) -> Tree:
    derived = derived_id(account, "product-type", product_id)
    return {"typeId": "product-type", "id": known or derived}


def _present(members: Mapping[str, Any]) -> Tree:
    return {name: value for name, value in members.items() if value is not None}
