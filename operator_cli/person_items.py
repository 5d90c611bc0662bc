"""Finds everything that the table holds about a person, by reading the whole table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from orders.adapters.dynamodb_history import read_version
from orders.adapters.order_items import Item, is_hidden, is_order, is_tombstone, read_order
from orders.adapters.table_keys import account_key
from orders.domain.personal_data import Contacts, Person

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from orders.domain.order import Order


class Place(StrEnum):
    """The kinds of items that have the document of an order."""

    ORDER = "order"
    HIDDEN = "softly deleted order"
    VERSION = "replaced version"
    TOMBSTONE = "deletion of the last two days"


@dataclass(frozen=True, slots=True)
class PersonItem:
    """One version of an order that concerns the person, and where the table has it."""

    place: Place
    order: Order


@dataclass(frozen=True, slots=True)
class FindPerson:
    """Finds the versions of an account's orders that concern a person."""

    client: DynamoDBClient
    table: str
    contacts_of: Callable[[Order], Contacts]

    def __call__(self, account: str, person: Person) -> Iterator[PersonItem]:
        """Yield them. No index leads from a person to orders, so the whole table is read.

        An order that is renamed meanwhile may be missed. Raises ClientError and BotoCoreError.
        """
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.table,
            ConsistentRead=True,
            FilterExpression="begins_with(pk, :account) AND attribute_exists(document)",
            ExpressionAttributeValues={
                ":account": {"S": f"{account_key(account, '')['pk']['S']}#"}
            },
        )
        for page in pages:
            for item in page["Items"]:
                found = _read(account, item)
                if found is not None and person.is_in(self.contacts_of(found.order)):
                    yield found


def _read(account: str, item: Item) -> PersonItem | None:
    if is_order(item):
        return PersonItem(Place.ORDER, read_order(account, item))
    if is_hidden(item):
        return PersonItem(Place.HIDDEN, read_order(account, item))
    if is_tombstone(item):
        # An erasure leaves a tombstone without its document.
        has_document = item["document"]["S"] != "{}"
        return PersonItem(Place.TOMBSTONE, read_order(account, item)) if has_document else None
    if item.get("type") == {"S": "version"}:
        return PersonItem(Place.VERSION, read_version(account, item).order)
    return None
