"""The command `orders order`."""

import json
from datetime import UTC, datetime

import pytest

from operator_cli.composition import CommandDeadline, Connection, connected
from orders.adapters.table_keys import order_key
from orders.application.ports import WriteOutcome
from orders.domain.importing import Write
from orders.domain.order import Order
from tests.integration.operator_cli.conftest import Run
from tests.support.commercetools import draft
from tests.support.drafts import stored

ORDER = Order(
    account="demo",
    external_id="№ 1",
    order_id=7,
    version=1,
    status="new",
    protocol="altcraft",
    document='{"status":"new","tags":["один"],"points":9007199254740993}',
    created_at=datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC),
    updated_at=datetime(2026, 1, 3, tzinfo=UTC),
    request_id="r",
)
SHOWN = {
    "account": "demo",
    "external_id": "№ 1",
    "order_id": 7,
    "version": 1,
    "status": "new",
    "fulfilment": {"status": "PROCESSING", "substatus": "STARTED"},
    "protocol": "altcraft",
    "created_at": "2026-01-02T03:04:05.6Z",
    "updated_at": "2026-01-03T00:00:00Z",
    "document": {"status": "new", "tags": ["один"], "points": 9007199254740993},
}


@pytest.fixture(autouse=True)
def _stored(connection: Connection, demo_account: str) -> None:
    with connected(connection) as operator:
        write = Write(ORDER, None, None)
        outcomes = operator.orders.save(demo_account, [write], CommandDeadline.from_now())
        assert outcomes == [WriteOutcome.COMMITTED]
        operator.orders.client.put_item(
            TableName=connection.table,
            Item={**order_key("demo", "old"), "type": {"S": "alias"}, "order_id": {"N": "7"}},
        )


@pytest.mark.parametrize("name", ["№ 1", "old"])
def test_an_order_is_shown_by_its_external_id_and_by_a_former_one(run: Run, name: str) -> None:
    ended = run("order", "show", name)
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out) == SHOWN
    assert "один" in ended.out


@pytest.mark.parametrize("name", ["1", "№ 1 ", "", "\udcff", "x" * 3000, "a\nb"])
def test_an_unknown_order_is_rejected_in_one_sentence(run: Run, name: str) -> None:
    ended = run("order", "show", "--", name)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith('Order "')
    assert ended.err.endswith(' does not exist in account "demo".\n')
    assert ended.err.count("\n") == 1


def test_orders_of_other_accounts_are_not_shown(run: Run) -> None:
    run("account", "create", "acme")
    assert run("order", "show", "№ 1", "--account", "acme").code == 1
    assert run("order", "show", "№ 1", "--account", "demo").code == 0


def test_a_commercetools_order_is_shown_with_its_calculated_members(
    connection: Connection, run: Run
) -> None:
    order = stored(draft(), external_id="CT-1", order_id=8, account="demo")
    with connected(connection) as operator:
        operator.orders.save("demo", [Write(order, None, None)], CommandDeadline.from_now())
    document = json.loads(run("order", "show", "CT-1").out)["document"]
    assert document["lineItems"][0]["totalPrice"]["centAmount"] == 1990
    assert document["orderNumber"] == "CT-1"
