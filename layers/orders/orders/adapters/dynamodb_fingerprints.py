"""The fingerprints of orders in DynamoDB: their items without the documents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from orders.adapters.batches import KEYS_PER_READ, BatchedTable, identity_of
from orders.adapters.order_items import Item, indexed_name, is_order, read_order
from orders.adapters.table_keys import Key, index_key, order_key
from orders.application.ports import Deadline, Fingerprint

_ATTRIBUTES = ("type", "order_id", "version", "digest", "update_time")


@dataclass(slots=True)
class DynamoFingerprints(BatchedTable):
    """Implements Fingerprints with the single table."""

    def find(
        self, account: str, external_ids: Collection[str], deadline: Deadline
    ) -> Mapping[str, Fingerprint]:
        """Read the orders, then those of aliases through the index."""
        items = self._items_of(account, external_ids, deadline)
        found = self._fingerprints(account, items, deadline)
        aliases = {
            name: int(item["order_id"]["N"])
            for name, item in items.items()
            if item["type"]["S"] == "alias"
        }
        if not aliases:
            return found
        keys = [index_key(account, number) for number in set(aliases.values())]
        names = {indexed_name(entry) for entry in self._batches.read_all(keys, deadline)}
        others = self._items_of(account, names, deadline)
        current = {
            each.order_id: each for each in self._fingerprints(account, others, deadline).values()
        }
        # An order that was renamed between the reads counts as not found, as in DynamoOrders.
        aliased = {name: current.get(number) for name, number in aliases.items()}
        return {**found, **{name: each for name, each in aliased.items() if each is not None}}

    def _items_of(
        self, account: str, names: Iterable[str], deadline: Deadline
    ) -> Mapping[str, Item]:
        keys = {name: order_key(account, name) for name in names}
        read = self._batches.read_all(keys.values(), deadline, _ATTRIBUTES)
        items = {identity_of(item): item for item in read}
        return {
            name: items[identity_of(key)] for name, key in keys.items() if identity_of(key) in items
        }

    def _fingerprints(
        self, account: str, items: Mapping[str, Item], deadline: Deadline
    ) -> dict[str, Fingerprint]:
        """Return the fingerprints of the items that are orders."""
        orders = {name: item for name, item in items.items() if is_order(item)}
        lacking = [
            order_key(account, name) for name, item in orders.items() if "digest" not in item
        ]
        digests = self._digests_of(account, lacking, deadline)
        return {
            name: Fingerprint(
                external_id=name,
                order_id=int(item["order_id"]["N"]),
                version=int(item["version"]["N"]),
                digest=item["digest"]["S"] if "digest" in item else digests[name],
                update_time=(
                    datetime.fromisoformat(item["update_time"]["S"])
                    if "update_time" in item
                    else None
                ),
            )
            for name, item in orders.items()
            if "digest" in item or name in digests
        }

    def _digests_of(
        self, account: str, keys: Collection[Key], deadline: Deadline
    ) -> dict[str, str]:
        """Return the digests of orders that were stored before their items had one."""
        digests = {}
        # One batch after the other: the documents of all would fill the memory.
        for batch in batched(keys, KEYS_PER_READ, strict=False):
            for item in self._batches.read_all(batch, deadline):
                if is_order(item):
                    order = read_order(account, item)
                    digests[order.external_id] = order.digest
        return digests
