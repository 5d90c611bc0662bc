"""The catalogue in DynamoDB: one item for each product, SKU and category.

The number of an entry follows from its name, so an entry is found by its name, by its number, and
in the list, which is sorted by number. A product's SKUs are found through links. A link is written
before its SKU, and only the SKU's item says which product the SKU belongs to. So an interrupted
write, or a late removal of a link, never shows a SKU that does not exist.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched, chain, groupby
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orders.adapters.aws_faults import (
    call_patiently,
    code_of,
    outcome_of,
)
from orders.adapters.batches import BatchedTable, identity_of
from orders.adapters.order_items import Item, insertion
from orders.adapters.statements import STATEMENTS_PER_BATCH, execute, packed
from orders.adapters.table_keys import (
    CATALOGUE_SHARDS,
    Key,
    catalogue_partition,
    catalogue_shard,
    catalogue_sort_key,
    entry_key,
    link_key,
)
from orders.adapters.transactions import CANCELLED, outcome_of_cancellation, reasons_of
from orders.application.errors import StorageRefusedError
from orders.application.ports import Deadline, WriteOutcome
from orders.domain.catalogue_entries import CatalogueEntry, EntryWrite, ListedSku
from orders.domain.known_products import EntryKind, EntryName, KnownEntry

_log = logging.getLogger(__name__)

# The documents of a page are in memory together.
PAGE_CHARACTERS = 4 * 1024 * 1024
_KNOWN = ("type", "external_id", "digest", "version", "product", "link", "request_id")
_LISTED = ("type", "external_id", "title", "product")
_MAYBE_WRITTEN = frozenset({WriteOutcome.COMMITTED, WriteOutcome.UNKNOWN})
_LINK_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class _Linked(KnownEntry):
    """A known SKU with the mark of its link: only the link with this mark is removed with it."""

    link: str = ""


@dataclass(slots=True)
class DynamoCatalogue(BatchedTable):
    """Implements CatalogueRepository with the single table."""

    def find(
        self, account: str, names: Collection[EntryName], deadline: Deadline
    ) -> Mapping[EntryName, KnownEntry]:
        """Read the items of the names' numbers without their documents."""
        keys = {name: entry_key(account, name.kind, name.number) for name in names}
        found = self._known(keys.values(), deadline)
        identities = {name: identity_of(key) for name, key in keys.items()}
        return {name: found[identity] for name, identity in identities.items() if identity in found}

    def find_numbers(
        self, account: str, kind: EntryKind, numbers: Collection[int], deadline: Deadline
    ) -> Sequence[KnownEntry]:
        """Read the items of the numbers without their documents."""
        keys = [entry_key(account, kind, number) for number in set(numbers)]
        return list(self._known(keys, deadline).values())

    def save(
        self, account: str, writes: Sequence[EntryWrite], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        """Write batch by batch: the links of SKUs that change their product, then the entries."""
        batches = list(packed(writes, lambda write: len(write.entry.document)))
        answers = self._batches.in_parallel(
            lambda batch: self._write(account, batch, deadline), batches
        )
        return _outcomes(answers)

    def remove(
        self, account: str, entries: Sequence[KnownEntry], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        """Remove batch by batch: the entries, then the links of the SKUs among them."""
        answers = self._batches.in_parallel(
            lambda batch: self._remove(account, batch, deadline),
            batched(entries, STATEMENTS_PER_BATCH, strict=False),
        )
        return _outcomes(answers)

    def page(
        self, account: str, kind: EntryKind, after: int, limit: int, deadline: Deadline
    ) -> Sequence[CatalogueEntry]:
        """Read one shard after the other."""
        entries: list[CatalogueEntry] = []
        characters = 0
        for shard in range(catalogue_shard(after), CATALOGUE_SHARDS):
            partition = catalogue_partition(account, kind, shard)
            bounds = (catalogue_sort_key(after + 1), _END)
            for items in self._pages(partition, bounds, limit - len(entries), deadline):
                found = list(map(_read_entry, items))
                entries += found
                characters += sum(len(each.document) for each in found)
                if len(entries) >= limit or characters >= PAGE_CHARACTERS:
                    return entries[:limit]
        return entries

    def skus_of(
        self, account: str, products: Sequence[CatalogueEntry], limit: int, deadline: Deadline
    ) -> Mapping[EntryName, Sequence[ListedSku]]:
        """Read the links of the products' range in each shard, and then the SKUs."""
        linked = dict(self._links(account, products, limit, deadline))
        numbers = chain.from_iterable(linked.values())
        keys = [entry_key(account, EntryKind.SKU, number) for number in dict.fromkeys(numbers)]
        items = self._batches.read_all(keys, deadline, _LISTED)
        skus: dict[EntryName, list[ListedSku]] = {product: [] for product in linked}
        for item in items:
            product = EntryName(EntryKind.PRODUCT, item["product"]["S"])
            if product in skus:
                skus[product].append(ListedSku(_read_name(item), item["title"]["S"]))
        return {
            product: sorted(found, key=lambda sku: sku.name.number)
            for product, found in skus.items()
        }

    def _links(
        self, account: str, products: Sequence[CatalogueEntry], limit: int, deadline: Deadline
    ) -> Iterator[tuple[EntryName, Sequence[int]]]:
        """Yield the products with the numbers of their SKUs, up to `limit` numbers."""
        left = limit
        for shard, members in groupby(products, lambda each: catalogue_shard(each.name.number)):
            names = {product.name.number: product.name for product in members}
            linked = self._numbers(account, shard, (min(names), max(names)), left + 1, deadline)
            read = sum(map(len, linked.values()))
            if read > left:
                # The links of the last product may be incomplete.
                last = max(linked)
                whole = [number for number in names if number < last]
                if left == limit and not whole:
                    yield names[last], linked[last][:limit]
                yield from ((names[number], linked.get(number, ())) for number in whole)
                return
            yield from ((name, linked.get(number, ())) for number, name in names.items())
            left -= read

    def _numbers(
        self, account: str, shard: int, ends: tuple[int, int], limit: int, deadline: Deadline
    ) -> dict[int, list[int]]:
        """Return the first numbers of SKUs by the number of the product that they are linked to."""
        bounds = (catalogue_sort_key(ends[0]), catalogue_sort_key(ends[1]) + _END)
        numbers: dict[int, list[int]] = {}
        partition = catalogue_partition(account, "link", shard)
        for item in chain.from_iterable(self._pages(partition, bounds, limit, deadline)):
            product, sku = item["sk"]["S"].split("#")
            numbers.setdefault(int(product), []).append(int(sku))
        return numbers

    def _known(self, keys: Iterable[Key], deadline: Deadline) -> dict[tuple[str, str], _Linked]:
        items = self._batches.read_all(keys, deadline, _KNOWN)
        return {identity_of(item): _read_known(item) for item in items}

    def _pages(
        self, partition: str, bounds: tuple[str, str], limit: int, deadline: Deadline
    ) -> Iterator[list[Item]]:
        """Yield at most `limit` items of a partition in pages, sorted by their sort keys."""
        start: Any = {}
        while limit > 0:
            answer = call_patiently(
                lambda start=start, limit=limit: self.client.query(  # type: ignore[misc]
                    TableName=self.table,
                    KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
                    ExpressionAttributeValues={
                        ":pk": {"S": partition},
                        ":first": {"S": bounds[0]},
                        ":last": {"S": bounds[1]},
                    },
                    Limit=limit,
                    ConsistentRead=True,
                    **start,
                ),
                deadline,
                self.pause,
            )
            items: Any = answer["Items"]
            yield items
            limit -= len(items)
            following = answer.get("LastEvaluatedKey")
            if following is None:
                return
            start = {"ExclusiveStartKey": following}

    def _write(
        self, account: str, writes: Sequence[EntryWrite], deadline: Deadline
    ) -> list[WriteOutcome]:
        marks = {write.entry.name: _mark_of(write) for write in writes}
        moved = [write.entry for write in writes if _needs_link(write)]
        items = [_link_item(account, entry, marks[entry.name]) for entry in moved]
        try:
            unlinked = self._put(items, deadline)
        except StorageRefusedError:
            return [WriteOutcome.REFUSED] * len(writes)
        if unlinked:
            return [WriteOutcome.UNTRIED] * len(writes)
        statements = [self._statement(account, write, marks[write.entry.name]) for write in writes]
        outcomes = execute(self.client, statements, "entries", deadline)
        left = [
            write.before
            for write, outcome in zip(writes, outcomes, strict=True)
            if outcome is WriteOutcome.COMMITTED and write.before and _needs_link(write)
        ]
        self._unlink(account, left, deadline)
        return outcomes

    def _remove(
        self, account: str, entries: Sequence[KnownEntry], deadline: Deadline
    ) -> list[WriteOutcome]:
        outcomes = self._delete(account, entries, deadline)
        gone = zip(entries, outcomes, strict=True)
        self._unlink(account, [entry for entry, each in gone if each in _MAYBE_WRITTEN], deadline)
        return outcomes

    def _unlink(self, account: str, before: Iterable[KnownEntry], deadline: Deadline) -> None:
        """Remove the links that the SKUs had. A link that is left shows nothing."""
        unlinked = [
            _deletion(
                self.table,
                link_key(
                    account,
                    EntryName(EntryKind.PRODUCT, entry.product).number,
                    entry.name.number,
                ),
                ("link", entry.link),
            )
            for entry in before
            if isinstance(entry, _Linked) and entry.product
        ]
        if unlinked:
            execute(self.client, unlinked, "links", deadline)

    def _delete(
        self, account: str, entries: Sequence[KnownEntry], deadline: Deadline
    ) -> list[WriteOutcome]:
        """Delete entries in one transaction: a statement would not say whether one existed."""
        actions: Any = [
            {
                "Delete": {
                    "TableName": self.table,
                    "Key": entry_key(account, entry.name.kind, entry.name.number),
                    "ConditionExpression": "external_id = :name",
                    "ExpressionAttributeValues": {":name": {"S": entry.name.external_id}},
                }
            }
            for entry in entries
        ]
        if deadline.remaining() <= 0:
            return [WriteOutcome.UNTRIED] * len(entries)
        try:
            self.client.transact_write_items(TransactItems=actions)
        except (ClientError, BotoCoreError) as error:
            if code_of(error) == CANCELLED:
                return _outcomes_of_cancellation(error)
            _log.warning("removing entries failed", extra={"code": code_of(error)})
            return [outcome_of(error)] * len(entries)
        return [WriteOutcome.COMMITTED] * len(entries)

    def _put(self, items: list[Item], deadline: Deadline) -> list[Item]:
        """Put the items, whether they exist or not. Return those that were not written in time."""

        def put(items: list[Item]) -> list[Item]:
            requests: Any = [{"PutRequest": {"Item": item}} for item in items]
            answer = self.client.batch_write_item(RequestItems={self.table: requests})
            left: Any = answer.get("UnprocessedItems", {}).get(self.table, [])
            return [each["PutRequest"]["Item"] for each in left]

        return self._batches.repeat(put, items, "writing links failed", deadline) if items else []

    def _statement(self, account: str, write: EntryWrite, mark: str) -> dict[str, Any]:
        item = _entry_item(account, write, mark)
        if write.before is None:
            return insertion(self.table, item)
        key = entry_key(account, write.entry.name.kind, write.entry.name.number)
        values = {name: value for name, value in item.items() if name not in key}
        clauses = " ".join(f'SET "{name}" = ?' for name in values)
        return {
            "Statement": (
                f'UPDATE "{self.table}" {clauses} '
                'WHERE "pk" = ? AND "sk" = ? AND "version" = ? AND "external_id" = ?'
            ),
            "Parameters": [
                *values.values(),
                *key.values(),
                {"N": str(write.before.version)},
                item["external_id"],
            ],
        }


# It sorts behind digits and "#", so behind every key of the catalogue, and of a product's links.
_END = "~"


def _outcomes(answers: Iterable[Sequence[WriteOutcome]]) -> list[WriteOutcome]:
    """Return the outcomes of all batches. Raises StorageRefusedError if nothing was written."""
    outcomes = list(chain.from_iterable(answers))
    if WriteOutcome.REFUSED in outcomes and _MAYBE_WRITTEN.isdisjoint(outcomes):
        raise StorageRefusedError("the table rejected the catalogue")
    return outcomes


def _needs_link(write: EntryWrite) -> bool:
    product = write.entry.product
    return product is not None and (write.before is None or write.before.product != product)


def _mark_of(write: EntryWrite) -> str:
    """Return the mark of a SKU's link: a new one for a new link, "" for other entries."""
    if _needs_link(write):
        return secrets.token_hex(_LINK_CHARACTERS)
    return write.before.link if isinstance(write.before, _Linked) else ""


def _link_item(account: str, entry: CatalogueEntry, mark: str) -> Item:
    product = entry.product_name
    number = 0 if product is None else product.number
    return {
        **link_key(account, number, entry.name.number),
        "type": {"S": "link"},
        "link": {"S": mark},
    }


def _entry_item(account: str, write: EntryWrite, mark: str) -> Item:
    entry, before = write.entry, write.before
    item: Item = {
        **entry_key(account, entry.name.kind, entry.name.number),
        "type": {"S": str(entry.name.kind)},
        "external_id": {"S": entry.name.external_id},
        "title": {"S": entry.title},
        "digest": {"S": entry.digest},
        "version": {"N": str(1 if before is None else before.version + 1)},
        "document": {"S": entry.document},
        "request_id": {"S": write.request_id},
    }
    if entry.product is not None:
        return {**item, "product": {"S": entry.product}, "link": {"S": mark}}
    return item


def _deletion(table: str, key: Key, condition: tuple[str, str]) -> dict[str, Any]:
    name, value = condition
    return {
        "Statement": f'DELETE FROM "{table}" WHERE "pk" = ? AND "sk" = ? AND "{name}" = ?',  # noqa: S608 - the names are constants
        "Parameters": [*key.values(), {"S": value}],
    }


def _read_name(item: Item) -> EntryName:
    return EntryName(EntryKind(item["type"]["S"]), item["external_id"]["S"])


def _product_of(item: Item) -> str | None:
    return item["product"]["S"] if "product" in item else None


def _read_known(item: Item) -> _Linked:
    return _Linked(
        _read_name(item),
        item["digest"]["S"],
        int(item["version"]["N"]),
        _product_of(item),
        # Older entries do not have it.
        item["request_id"]["S"] if "request_id" in item else "",
        item["link"]["S"] if "link" in item else "",
    )


def _read_entry(item: Item) -> CatalogueEntry:
    return CatalogueEntry(
        _read_name(item), item["title"]["S"], item["document"]["S"], _product_of(item)
    )


def _outcomes_of_cancellation(error: Exception) -> list[WriteOutcome]:
    """Return the outcomes of a cancelled transaction, which removed nothing."""
    return [outcome_of_cancellation([code]) for code in reasons_of(error)]
