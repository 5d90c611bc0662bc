"""Audits what can be read of a running stack: lists, messages, changes and history.

Everything of the shops' accounts is read in every way that a client has, and compared with the
table. Nothing may write meanwhile.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import urllib3
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.domain.order import Order
from orders.domain.order_numbers import time_of
from orders.domain.relaying import WriterLifetime
from orders.runtime.composition.order_protocols import present
from orders.runtime.environment import Environment
from tools.load.audit import Difference, Document
from tools.load.audit_history import (
    Histories,
    VersionName,
    document_differences,
    sequence_differences,
)
from tools.load.audit_lists import ReadList, Wanted, list_differences
from tools.load.audit_table import (
    change_differences,
    entry_differences,
    history_differences,
    number_of,
    orphans,
)
from tools.load.expected_lists import ExpectedLists
from tools.load.followed_changes import ChangeFollower, wait_until_settled
from tools.load.journal import Entry
from tools.load.lists import ListReader, Shop, UnreadableListError
from tools.load.store_reads import read_changes, read_histories
from tools.load.table import Contents, read_contents
from tools.local_stack.settings import STACK_NAME
from tools.local_stack.stack import LocalStack

# The functions on the stream collect records for some seconds, and repeat what fails.
HISTORY_PATIENCE_SECONDS, PAUSE_SECONDS = 180.0, 2.0
# Readers remove an entry some time after the end of its writer, in case the clocks differ.
CLOCK_DIFFERENCE = timedelta(seconds=60)
# A read removes some entries at a time, and the embedded AWS lets some of the removals fail.
HEALING_READS = 5
SECOND = timedelta(seconds=1)
# Each numbered page of a campaign examines all orders, so a list of many takes too long.
MOST_NUMBERED = 500


@dataclass(frozen=True, slots=True)
class Reads:
    """The differences that were found, and what was compared, by name."""

    differences: Sequence[Difference]
    compared: Mapping[str, str]


def audit_reads(
    stack: LocalStack,
    shops: Sequence[Shop],
    journal: Sequence[Entry] = (),
    limit: int = 500,
    followers: Sequence[ChangeFollower] = (),
) -> Reads:
    """Wait for the history, let readers repair the index, then compare everything.

    `followers` have followed the changes of these shops while they wrote.
    """
    table = _Table(stack.aws.client("dynamodb"), stack.deployment.table_name, shops)
    readers = list_readers(stack, shops, limit)
    writers = writer_lifetime(stack)
    began = time.monotonic()
    unrepaired = table.wait_for_history()
    history_seconds = time.monotonic() - began
    contents = _repaired(table, readers, unrepaired, writers)
    found = [
        *entry_differences(contents, datetime.now(UTC), _ends_at(writers)),
        *change_differences(contents),
        *history_differences(contents),
    ]
    lists = 0
    for reader in readers:
        own = contents.of(frozenset({reader.shop.account}))
        for differences in _of_lists(reader, own):
            lists += 1
            found += differences
        found += table.change_differences(reader.shop, own)
    stored = [*contents.orders, *contents.hidden]
    histories = table.histories(contents)
    replaced = [each.order for versions in histories.values() for each in versions]
    found += [
        *sequence_differences(contents, histories),
        *document_differences(journal, _documents(stored), _documents(replaced)),
    ]
    if followers:
        wait_until_settled(contents)
    for follower in followers:
        account = frozenset({follower.gathered.account})
        found += follower.catch_up(contents.of(account))
    compared = {
        "lists read to their end": str(lists),
        "changed orders, markers of deleted orders": (
            f"{len(contents.places) - len(contents.markers)}, {len(contents.markers)}"
        ),
        "softly deleted orders": str(len(contents.hidden)),
        "orders gathered from changes, in pages": (
            f"{sum(len(each.gathered.orders) for each in followers)}, "
            f"{sum(each.pages for each in followers)}"
        ),
        "versions in the history": str(sum(map(len, histories.values()))),
        "wait for the history, s": f"{history_seconds:.0f}",
        "index entries without an order, before and after the lists were read": (
            f"{len(orphans(unrepaired))}, {len(orphans(contents))}"
        ),
    }
    return Reads(found, compared)


def list_readers(stack: LocalStack, shops: Sequence[Shop], limit: int = 500) -> list[ListReader]:
    """Return a reader of the lists of each shop."""
    return [ListReader(stack.endpoint.base_url, each, _http(), limit) for each in shops]


def writer_lifetime(stack: LocalStack) -> WriterLifetime:
    """Return the longest life of a writer, as the deployed import knows it."""
    deployed = stack.aws.client("lambda").get_function_configuration(
        FunctionName=f"{STACK_NAME}-import-orders"
    )
    return Environment.read(deployed["Environment"]["Variables"]).writer_lifetime()


@dataclass(frozen=True, slots=True)
class _Table:
    """The table, of which only the shops' accounts count."""

    client: DynamoDBClient
    name: str
    shops: Sequence[Shop]

    def contents(self) -> Contents:
        accounts = frozenset(each.account for each in self.shops)
        return read_contents(self.client, self.name).of(accounts)

    def wait_for_history(self) -> Contents:
        """Return the contents when the history is complete, or after HISTORY_PATIENCE_SECONDS."""
        deadline = time.monotonic() + HISTORY_PATIENCE_SECONDS
        while True:
            contents = self.contents()
            if not any(history_differences(contents)) or time.monotonic() > deadline:
                return contents
            time.sleep(PAUSE_SECONDS)

    def change_differences(self, shop: Shop, own: Contents) -> Iterator[Difference]:
        expected = ExpectedLists(own.orders, own.markers, shop.endpoint)
        for newest_first in (False, True):
            read = read_changes(self.client, self.name, shop.account, newest_first=newest_first)
            yield from list_differences(read, expected.changes(newest_first=newest_first))

    def histories(self, contents: Contents) -> Histories:
        """Return the history of every order, and of every deleted one."""
        numbers = [number_of(each) for each in contents.orders]
        deleted = [each.place.number for each in contents.markers]
        return read_histories(self.client, self.name, [*numbers, *deleted])


def _repaired(
    table: _Table, readers: Sequence[ListReader], contents: Contents, writers: WriterLifetime
) -> Contents:
    """Return the contents after readers have met the entries that are old enough to remove."""
    for _ in range(HEALING_READS):
        left = orphans(contents)
        if not left:
            break
        newest = max(time_of(each.number.order_id) for each in left)
        due = writers.ends_at(newest) + CLOCK_DIFFERENCE + SECOND
        time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
        for reader in readers:
            # The comparison of the lists reports one that cannot be read.
            with suppress(UnreadableListError):
                reader.orders_by_id()
        contents = table.contents()
    return contents


def _ends_at(writers: WriterLifetime) -> Callable[[datetime], datetime]:
    return lambda taken_at: writers.ends_at(taken_at) + CLOCK_DIFFERENCE


def _of_lists(reader: ListReader, own: Contents) -> Iterator[list[Difference]]:
    for read, wanted in _lists(reader, own):
        try:
            yield list(list_differences(read(), wanted))
        except UnreadableListError as error:
            yield [Difference("unreadable", reader.shop.account, "", str(error))]


def _lists(reader: ListReader, own: Contents) -> Iterator[tuple[Callable[[], ReadList], Wanted]]:
    """Return how to read each list, and what it must have."""
    expected = ExpectedLists(own.orders, own.markers, reader.shop.endpoint)
    first, middle = times_of(own.orders)
    yield reader.orders_by_id, expected.by_id()
    yield reader.altcraft_orders, expected.altcraft()
    yield partial(reader.orders_by_creation, first), expected.by_id()
    yield partial(reader.orders_by_change, middle), expected.by_change(middle)
    yield reader.messages_by_id, expected.messages()
    yield reader.newest_messages, expected.messages(newest_first=True)
    yield reader.campaign_orders, expected.campaign()
    if len(own.orders) <= MOST_NUMBERED:
        yield reader.numbered_campaign_orders, expected.campaign(counted=True)
    yield partial(reader.campaign_orders, middle), expected.changed_in_campaign(middle)
    yield reader.business_orders, expected.campaign()
    yield partial(reader.business_orders, middle), expected.changed_in_campaign(middle)


def times_of(orders: Sequence[Order]) -> tuple[datetime, datetime]:
    """Return a second before the first creation, and one in the middle of the last changes."""
    created = min((each.created_at for each in orders), default=datetime.now(UTC))
    changed = sorted(each.updated_at for each in orders) or [created]
    first, middle = created - SECOND, changed[len(changed) // 2]
    return first.replace(microsecond=0), middle.replace(microsecond=0)


def _documents(orders: Sequence[Order]) -> dict[VersionName, Document]:
    return {
        (each.account, each.external_id, each.version): json.loads(present(each)) for each in orders
    }


def _http() -> urllib3.PoolManager:
    return urllib3.PoolManager(timeout=urllib3.Timeout(total=60), retries=False)
