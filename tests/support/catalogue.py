"""The catalogue in memory, and Altcraft's samples of products and SKUs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orders.application.errors import StorageUnavailableError
from orders.application.ports import Deadline, WriteOutcome
from orders.domain.catalogue_entries import CatalogueEntry, EntryWrite, ListedSku
from orders.domain.known_products import EntryKind, EntryName, KnownEntry


@dataclass
class FakeCatalogue:
    """CatalogueRepository in memory. `faults` replace the next writes of `save` and `remove`.

    `reads` counts the calls of `find`.
    """

    entries: dict[tuple[str, EntryKind, int], tuple[CatalogueEntry, int]] = field(
        default_factory=dict
    )
    faults: list[Callable[[], WriteOutcome]] = field(default_factory=list)
    reads: int = 0
    available: bool = True

    def find(
        self, account: str, names: Collection[EntryName], deadline: Deadline
    ) -> Mapping[EntryName, KnownEntry]:
        self._expect(deadline)
        self.reads += 1
        found = {}
        for name in names:
            stored = self.entries.get((account, name.kind, name.number))
            if stored is not None:
                found[name] = _known(*stored)
        return found

    def find_numbers(
        self, account: str, kind: EntryKind, numbers: Collection[int], deadline: Deadline
    ) -> Sequence[KnownEntry]:
        self._expect(deadline)
        keys = [(account, kind, number) for number in set(numbers)]
        return [_known(*self.entries[key]) for key in keys if key in self.entries]

    def save(
        self, account: str, writes: Sequence[EntryWrite], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        if deadline.remaining() <= 0:
            return [WriteOutcome.UNTRIED] * len(writes)
        return [self._fault() or self._save(account, write) for write in writes]

    def remove(
        self, account: str, entries: Sequence[KnownEntry], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        if deadline.remaining() <= 0:
            return [WriteOutcome.UNTRIED] * len(entries)
        return [self._fault() or self._remove(account, entry.name) for entry in entries]

    def page(
        self, account: str, kind: EntryKind, after: int, limit: int, deadline: Deadline
    ) -> Sequence[CatalogueEntry]:
        self._expect(deadline)
        found = [
            entry
            for (owner, of, number), (entry, _) in self.entries.items()
            if (owner, of) == (account, kind) and number > after
        ]
        return sorted(found, key=lambda entry: entry.name.number)[:limit]

    def skus_of(
        self, account: str, products: Sequence[CatalogueEntry], limit: int, deadline: Deadline
    ) -> Mapping[EntryName, Sequence[ListedSku]]:
        skus = self.page(account, EntryKind.SKU, 0, len(self.entries), deadline)
        found: dict[EntryName, list[ListedSku]] = {}
        left = limit
        for product in products:
            own = [
                ListedSku(sku.name, sku.title) for sku in skus if sku.product_name == product.name
            ]
            if found and len(own) > left:
                break
            found[product.name] = own[:left]
            left -= len(own)
        return found

    def _fault(self) -> WriteOutcome | None:
        return self.faults.pop(0)() if self.faults else None

    def _save(self, account: str, write: EntryWrite) -> WriteOutcome:
        name = write.entry.name
        key = (account, name.kind, name.number)
        stored = self.entries.get(key)
        before = None if stored is None else stored[1]
        if before != (None if write.before is None else write.before.version):
            return WriteOutcome.CONFLICT
        self.entries[key] = write.entry, (before or 0) + 1
        return WriteOutcome.COMMITTED

    def _remove(self, account: str, name: EntryName) -> WriteOutcome:
        gone = self.entries.pop((account, name.kind, name.number), None)
        return WriteOutcome.CONFLICT if gone is None else WriteOutcome.COMMITTED

    def _expect(self, deadline: Deadline) -> None:
        if not self.available or deadline.remaining() <= 0:
            raise StorageUnavailableError


def _known(entry: CatalogueEntry, version: int) -> KnownEntry:
    return KnownEntry(entry.name, entry.digest, version, entry.product)


def product(external_id: object, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - members of JSON
    """Return a product as sent."""
    return {"external_id": external_id, "name": f"The {external_id}", **members}


def sku(external_id: str, of: str, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - see above
    """Return a SKU as sent."""
    return product(external_id, product_external_id=of, **members)


# The samples of the documentation (imports of products and of SKUs), with the trailing commas of
# the second one removed.
_OFFER: dict[str, Any] = {
    "tags": ["phone", "Apple"],
    "manufacturer_name": "Apple",
    "url": "https://example.com",
    "pictures": ["https://example.com", "https://example.com"],
    "count": 10,
    "expiration_time": "730",
    "is_available": True,
    "delivery": True,
    "barcode": [23346346, 23546362, 76834566],
    "manufacturer_warranty": True,
}
_REGION: dict[str, Any] = {
    "external_id": "region_YnCrJj8Y1",
    "price": "75000",
    "old_price": "80000",
    "currency": "RUB",
    "count": 8,
    "is_available": True,
    "delivery": True,
}


def _field(external_id: str, entity_type: str) -> dict[str, Any]:
    return {
        "external_id": external_id,
        "name": f"Custom field for {entity_type}",
        "entity_type": entity_type,
        "required": False,
        "value_type": "unicode",
        "default_value": f"Default value of the {entity_type} custom field",
    }


def sku_sample(field: str = "test_field_string", **members: object) -> dict[str, Any]:
    """Return the SKU of the documentation's sample."""
    return {
        "name": "Apple iPhone 13 256GB",
        "external_id": "sku_test_1",
        "price": "1000",
        "old_price": "1100",
        "currency": "USD",
        "description": "SKU description",
        "product_external_id": "iphone_test_1",
        "categories": ["test_category_2"],
        **_OFFER,
        "custom_fields": {field: "Test field value"},
        "regional_data": [
            {**_REGION, "custom_fields": {field: "Test field value for this region"}}
        ],
        **members,
    }


SKUS_SAMPLE: dict[str, Any] = {
    "custom_fields": [_field("test_field_string", "sku")],
    "categories": [{"external_id": "test_category_2", "name": "Electronics"}],
    "data": [sku_sample()],
}
PRODUCTS_SAMPLE: dict[str, Any] = {
    "custom_fields": [_field("test_field_1", "product"), _field("test_field_2", "sku")],
    "categories": [{"external_id": "test_category_1", "name": "Test category"}],
    "data": [
        {
            "name": "Apple iPhone 13",
            "external_id": "iphone_test_1",
            "price": "900",
            "old_price": "950",
            "currency": "USD",
            "description": "Product description",
            "categories": ["test_category_1"],
            **_OFFER,
            "custom_fields": {"test_field_1": "Test field"},
            "regional_data": [{**_REGION, "custom_fields": {"test_field_1": "Test field"}}],
            "sku": [sku_sample("test_field_2")],
        }
    ],
}
