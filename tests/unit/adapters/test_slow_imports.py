"""Imports of 10,000 orders while each AWS call takes 0.45 s, with the table in memory."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from orders.adapters.batches import FIRST_READS, MORE_READS, identity_of
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.order_items import indexed_name, is_order
from orders.adapters.parallel_calls import MAX_THREADS
from orders.application.import_orders import ImportCommand, ImportOrders, ImportReport
from orders.application.ports import Deadline
from orders.domain.importing import Outcome
from orders.domain.known_products import EntryName
from orders.domain.problems import Reported
from orders.domain.settings import Rulebook, StoredSettings
from orders.domain.submissions import Submission
from orders.runtime.deadlines import RESERVED_SECONDS
from tests.support.catalogue import FakeCatalogue
from tests.support.deadlines import CountingPause
from tests.support.fakes import (
    FakeOrderIds,
    FakePublisher,
    FakeSettings,
    TickingClock,
    publishing,
)
from tests.support.samples import settings

ORDERS = 10_000
CALL_SECONDS = 0.45
# The timeout of the import function in template.yaml.
FUNCTION_SECONDS = 27.0
_NAME = re.compile(r"'(\w+)': \?")


@dataclass(frozen=True)
class Sent:
    """A sent order."""

    position: int
    skip_trigger: bool = False
    product_names: tuple[EntryName, ...] = ()

    @property
    def external_id(self) -> str:
        return f"order {self.position}"

    def submit(self, _rules: Rulebook, _before: Reported) -> Submission:
        return Submission(self.external_id, "altcraft", '{"note":"x"}', "new")


@dataclass
class SlowTable:
    """A client of a table in memory. The calls of one round take CALL_SECONDS together."""

    items: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    seconds: float = 0.0
    reads: int = 0
    _lock: Lock = field(default_factory=Lock)

    def batch_get_item(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as boto3 has it
        [[table, wanted]] = request["RequestItems"].items()
        with self._lock:
            self.seconds += CALL_SECONDS / (MORE_READS if self.reads >= FIRST_READS else 1)
            self.reads += 1
            keys = map(identity_of, wanted["Keys"])
            return {"Responses": {table: [self.items[key] for key in keys if key in self.items]}}

    def batch_execute_statement(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as boto3 has it
        with self._lock:
            self.seconds += CALL_SECONDS / MAX_THREADS
            return {"Responses": [self._insert(each) for each in request["Statements"]]}

    def _insert(self, statement: Mapping[str, Any]) -> Mapping[str, Any]:
        names = _NAME.findall(statement["Statement"])
        item = dict(zip(names, statement["Parameters"], strict=True))
        if identity_of(item) in self.items:
            return {"Error": {"Code": "DuplicateItem"}}
        self.items[identity_of(item)] = item
        return {}

    def stored(self) -> set[str]:
        """Return the external ids of the stored orders."""
        return {
            pk.removeprefix("A#demo#O#") for (pk, _), item in self.items.items() if is_order(item)
        }

    def indexed(self) -> list[str]:
        """Return the external ids of the index entries."""
        return [indexed_name(item) for (pk, _), item in self.items.items() if "#I#" in pk]


@dataclass
class Invocation:
    """The deadline of one invocation of the import function."""

    table: SlowTable
    started: float

    def remaining(self) -> float:
        return FUNCTION_SECONDS - RESERVED_SECONDS - (self.table.seconds - self.started)


def _import(
    client: Any,  # noqa: ANN401 - it has the calls of an import only
    ids: FakeOrderIds,
    orders: Sequence[Sent],
    number: int,
) -> ImportReport:
    use_case = ImportOrders(
        DynamoOrders(client, "table"),
        ids,
        FakeSettings({"demo": StoredSettings(settings(), 1)}),
        publishing(FakePublisher()),
        TickingClock(),
        CountingPause(),
        FakeCatalogue(),
    )
    client.reads = 0
    deadline: Deadline = Invocation(client, client.seconds)
    return use_case(ImportCommand("demo", "shop", f"request {number}", orders), deadline)


def test_repeating_the_failed_orders_of_a_large_request_ends_with_all_stored() -> None:
    """Each request stores some, and none leaves an entry without its order."""
    table, ids = SlowTable(), FakeOrderIds()
    left = [Sent(position) for position in range(ORDERS)]
    created: list[int] = []
    while left:
        report = _import(table, ids, left, len(created))
        created.append(report.count(Outcome.CREATED))
        assert created[-1] > 0
        assert sorted(table.indexed()) == sorted(table.stored())
        failed = {each.position for each in report.results if each.retryable}
        left = [each for each in left if each.position in failed]
    assert sum(created) == len(table.stored()) == ORDERS
    assert len(created) < 10


def test_repeating_a_whole_large_request_makes_progress_each_time() -> None:
    table, ids = SlowTable(), FakeOrderIds()
    orders = [Sent(position) for position in range(ORDERS)]
    before = 0
    for number in range(2):
        report = _import(table, ids, orders, number)
        assert len(table.stored()) == before + report.count(Outcome.CREATED)
        assert report.count(Outcome.UNCHANGED) == before
        assert sorted(table.indexed()) == sorted(table.stored())
        before, previous = len(table.stored()), before
        assert before > previous
