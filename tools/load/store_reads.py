"""Reads the changes and the history of orders through the hub's adapters."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.composition import CommandDeadline
from orders.adapters.dynamodb_change_index import DynamoChangeIndex
from orders.adapters.dynamodb_history import DynamoHistory
from orders.application.ports import ChangePosition, ChangeRange, CountedChanges
from orders.domain.history import OrderKey, ReplacedVersion
from tools.load.audit_lists import Page, ReadList, Row
from tools.load.table import Number

_CHANGES_PER_PAGE, _VERSIONS_PER_PAGE, _MOST_COUNTED = 100, 3, 10_000
_THREADS = 8


def read_changes(
    client: DynamoDBClient, table: str, account: str, *, newest_first: bool
) -> ReadList:
    """Read all changes of an account in pages, each with the number of changed orders."""
    index = DynamoChangeIndex(client, table)
    pages = []
    after: ChangePosition | None = None
    counted = CountedChanges(ChangeRange(), _MOST_COUNTED)
    while True:
        wanted = ChangeRange(newest_first=newest_first, after=after)
        following = index.entries(account, wanted, CommandDeadline.from_now())
        entries = list(islice(following, _CHANGES_PER_PAGE))
        rows = [
            Row(each.at.order_id, each.external_id, each.version, is_deleted=each.stored is None)
            for each in index.read(account, entries, CommandDeadline.from_now())
        ]
        total = index.count(account, counted, CommandDeadline.from_now())
        pages.append(Page(_CHANGES_PER_PAGE, rows, total))
        after = entries[-1].at if len(entries) == _CHANGES_PER_PAGE else None
        if after is None:
            sequence = "the newest first" if newest_first else "the oldest first"
            return ReadList(account, f"changes, {sequence}", pages)


def read_histories(
    client: DynamoDBClient, table: str, numbers: Iterable[Number]
) -> dict[Number, list[ReplacedVersion]]:
    """Read the whole history of each order in pages, the newest version first."""
    history = DynamoHistory(client, table)

    def read(number: Number) -> tuple[Number, list[ReplacedVersion]]:
        order = OrderKey(number.account, number.order_id)
        versions: list[ReplacedVersion] = []
        before: int | None = None
        while True:
            deadline = CommandDeadline.from_now()
            page = history.find(order, before, _VERSIONS_PER_PAGE, deadline)
            versions += page.versions
            before = page.next_before
            if before is None:
                return number, versions

    with ThreadPoolExecutor(_THREADS) as pool:
        return dict(pool.map(read, numbers))
