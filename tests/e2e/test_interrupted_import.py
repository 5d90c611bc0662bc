"""The relay publishes the triggers of an import whose Lambda process is killed."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import urllib3

from tests.support.killed_workers import kill_workers
from tests.support.samples import IMPORT_RESOURCE, order, request
from tests.support.triggers_log import wait_for_triggers
from tools.local_stack.aws import EmbeddedAws
from tools.local_stack.stack import LocalStack

ORDERS = 1000
PREFIX = "killed"
RELAYED_WITHIN_SECONDS = 120
type Tree = dict[str, Any]


def _send(stack: LocalStack, *orders: Tree) -> int:
    body = request(*orders, token=stack.endpoint.token)
    http = urllib3.PoolManager(timeout=urllib3.Timeout(total=60), retries=False)
    return http.request("POST", stack.endpoint.base_url + IMPORT_RESOURCE, json=body).status


class _Orders:
    """Finds the orders of this test in the table."""

    def __init__(self, stack: LocalStack) -> None:
        self._dynamodb = EmbeddedAws(stack.endpoint.aws_endpoint).client("dynamodb")
        [self._table] = self._dynamodb.list_tables()["TableNames"]

    def has_some(self) -> bool:
        key = {"pk": {"S": f"A#demo#O#{PREFIX} 0"}, "sk": {"S": "O"}}
        return "Item" in self._dynamodb.get_item(TableName=self._table, Key=key)

    def ids(self) -> set[int]:
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression="begins_with(pk, :prefix)",
            ExpressionAttributeValues={":prefix": {"S": f"A#demo#O#{PREFIX}"}},
        )
        return {int(item["order_id"]["N"]) for page in pages for item in page["Items"]}


def test_the_triggers_of_a_killed_import_are_relayed(stack: LocalStack) -> None:
    assert _send(stack, order(external_id="warms the function up")) == 200
    stored = _Orders(stack)
    with ThreadPoolExecutor() as pool:
        sent = [order(external_id=f"{PREFIX} {n}") for n in range(ORDERS)]
        answer = pool.submit(_send, stack, *sent)
        while not stored.has_some():
            assert not answer.done(), "the import ended before it could be killed"
        assert kill_workers(stack, "import-orders") > 0
    assert answer.result() == 502
    ids = stored.ids()
    assert ids

    def triggers_within(seconds: float) -> list[Tree]:
        return wait_for_triggers(
            stack.endpoint,
            lambda detail: detail["external_id"].startswith(PREFIX),
            len(ids),
            seconds,
        )

    assert len(triggers_within(0)) < len(ids), "the import was killed too late"
    triggers = triggers_within(RELAYED_WITHIN_SECONDS)
    assert {event["detail"]["order_id"] for event in triggers} == ids
    assert {event["detail-type"] for event in triggers} == {"OrderCreated"}
    assert len({event["detail"]["id"] for event in triggers}) == len(ids)
