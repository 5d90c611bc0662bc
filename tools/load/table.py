"""Reads the whole table, with its index by change, as the values that the audit compares."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Self

from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.order_items import (
    Item,
    indexed_id,
    indexed_name,
    is_hidden,
    is_marker,
    is_order,
    is_tombstone,
    read_aliases,
    read_order,
)
from orders.adapters.table_keys import CHANGE_INDEX, read_change
from orders.domain.order import Order


@dataclass(frozen=True, slots=True, order=True)
class Number:
    """An order id of an account."""

    account: str
    order_id: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the index by creation."""

    number: Number
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in the index by change."""

    number: Number
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Marker:
    """The marker of a deleted order."""

    place: Place
    external_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Contents:
    """All items about orders. `versions` are the replaced ones, in the sequence of their keys.

    `hidden` are the softly deleted orders, `hidden_entries` what they have instead of entries.
    """

    orders: Sequence[Order] = ()
    hidden: Sequence[Order] = ()
    hidden_entries: Sequence[Entry] = ()
    entries: Sequence[Entry] = ()
    markers: Sequence[Marker] = ()
    tombstones: Sequence[Number] = ()
    places: Sequence[Place] = ()
    versions: Sequence[tuple[Number, tuple[int, ...]]] = ()

    def of(self, accounts: frozenset[str]) -> Self:
        """Return the items of these accounts."""
        return replace(
            self,
            orders=[each for each in self.orders if each.account in accounts],
            hidden=[each for each in self.hidden if each.account in accounts],
            hidden_entries=[
                each for each in self.hidden_entries if each.number.account in accounts
            ],
            entries=[each for each in self.entries if each.number.account in accounts],
            markers=[each for each in self.markers if each.place.number.account in accounts],
            tombstones=[each for each in self.tombstones if each.account in accounts],
            places=[each for each in self.places if each.number.account in accounts],
            versions=[each for each in self.versions if each[0].account in accounts],
        )


def read_contents(client: DynamoDBClient, table: str) -> Contents:
    """Read every item, consistently but for the index by change."""
    items = list(_scan(client, table, ConsistentRead=True))
    return Contents(
        orders=[read_order(_account_of(each), each) for each in items if is_order(each)],
        hidden=[read_order(_account_of(each), each) for each in items if is_hidden(each)],
        hidden_entries=[_hidden_entry(each) for each in items if _part_of(each) == "S"],
        entries=[_entry(each) for each in items if _part_of(each) == "I"],
        markers=[_marker(each) for each in items if is_marker(each)],
        tombstones=[_number(each) for each in items if is_tombstone(each)],
        places=[_place(each) for each in _scan(client, table, IndexName=CHANGE_INDEX)],
        versions=list(_versions(each for each in items if _part_of(each) == "H")),
    )


def _scan(client: DynamoDBClient, table: str, **more: Any) -> Iterator[Item]:  # noqa: ANN401
    for page in client.get_paginator("scan").paginate(TableName=table, **more):
        yield from page["Items"]


def _account_of(item: Item) -> str:
    return str(item["pk"]["S"].split("#")[1])


def _part_of(item: Item) -> str:
    """Return the letter that tells the kind of an account's item, "" if it has none."""
    kind, _, rest = item["pk"]["S"].partition("#")
    return rest.split("#")[1] if kind == "A" and "#" in rest else ""


def _number(item: Item) -> Number:
    return Number(_account_of(item), int(item["order_id"]["N"]))


def _entry(item: Item) -> Entry:
    number = Number(_account_of(item), indexed_id(item))
    return Entry(number, indexed_name(item), read_aliases(item))


def _hidden_entry(item: Item) -> Entry:
    number = Number(_account_of(item), int(item["pk"]["S"].rpartition("#")[2]))
    return Entry(number, indexed_name(item), read_aliases(item))


def _place(item: Item) -> Place:
    changed_at, order_id = read_change(item["changed_at"]["S"])
    return Place(Number(_account_of(item), order_id), changed_at)


def _marker(item: Item) -> Marker:
    return Marker(_place(item), item["external_id"]["S"], int(item["version"]["N"]))


def _versions(items: Iterable[Item]) -> Iterator[tuple[Number, tuple[int, ...]]]:
    found = sorted((_number(each), int(each["version"]["N"])) for each in items)
    for number, group in groupby(found, key=lambda each: each[0]):
        yield number, tuple(version for _, version in group)
