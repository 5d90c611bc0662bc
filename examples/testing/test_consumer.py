"""Tests of a consumer of triggers: the handler of `examples/trigger_consumer`, on moto.

Put your own handler in its place. Nothing here needs AWS, Docker or a deployed hub.
"""

import importlib.util
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest

from market_orders_testing.hub import Hub
from market_orders_testing.triggers import TRIGGER_KINDS, TriggerBus

HANDLER = Path(__file__).parents[1] / "trigger_consumer" / "handler.py"
TABLE = "order-states"
# The pattern of the rule, without the parameters of its template.
PATTERN = {"source": ["market.orders"], "detail": {"account": ["demo"]}}

type Tree = dict[str, Any]


class Consumer:
    """The function and its table."""

    def __init__(self, module: ModuleType, dynamodb: Any) -> None:  # noqa: ANN401 - the stubs are optional
        """Remember them."""
        self.take = module.lambda_handler
        self.dynamodb = dynamodb

    def state(self, order_id: int) -> Tree:
        """Return what the function stored about an order of the demo account."""
        key = {"order_key": {"S": f"demo#{order_id}"}}
        item: Tree = self.dynamodb.get_item(TableName=TABLE, Key=key)["Item"]
        return {name: next(iter(value.values())) for name, value in item.items()}


@pytest.fixture
def consumer(aws_of_moto: None, monkeypatch: pytest.MonkeyPatch) -> Consumer:
    """Return the consumer. It is imported in here, because it creates its AWS client then."""
    del aws_of_moto
    create: Any = boto3.client
    dynamodb = create("dynamodb")
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "order_key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "order_key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    monkeypatch.setenv("TABLE_NAME", TABLE)
    spec = importlib.util.spec_from_file_location("consumer", HANDLER)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Consumer(module, dynamodb)


@pytest.mark.parametrize("kind", TRIGGER_KINDS)
def test_the_consumer_takes_every_kind(
    consumer: Consumer, trigger: Callable[..., Tree], kind: str
) -> None:
    """A sample event of each kind, as EventBridge delivers it."""
    event = trigger(kind)
    consumer.take(event, None)
    assert consumer.state(event["detail"]["order_id"])["version"] == str(event["detail"]["version"])


def test_a_late_event_changes_nothing(consumer: Consumer, trigger: Callable[..., Tree]) -> None:
    """Members of the detail can be replaced; the result is checked against the schema."""
    consumer.take(trigger("OrderUpdated", version=9, external_id="new"), None)
    late = trigger("OrderUpdated", version=3, external_id="old")
    consumer.take(late, None)
    assert consumer.state(late["detail"]["order_id"])["external_id"] == "new"


def test_the_rule_matches_the_account_only(
    trigger_bus: TriggerBus, trigger: Callable[..., Tree]
) -> None:
    """The bus of moto matches patterns as EventBridge does."""
    mine = trigger_bus.subscribe(PATTERN)
    trigger_bus.publish(trigger("OrderCreated", account="demo", external_id="1"))
    trigger_bus.publish(trigger("OrderCreated", account="other", external_id="2"))
    assert [each["detail"]["external_id"] for each in mine.received()] == ["1"]


def test_the_consumer_takes_what_the_hub_publishes(consumer: Consumer, hub: Hub) -> None:
    """From the import of an order to the state in the consumer's table."""
    order = {
        "external_id": "1001",
        "email": "johndoe@example.com",
        "endpoint": "website",
        "status": "paid",
        "delivery_cost": "100",
        "total_price": "1000",
        "currency": "USD",
        "lines": [{"external_id": "1", "sku": "mug", "final_price_per_item": "900", "count": 1}],
    }
    request = urllib.request.Request(  # noqa: S310 - the hub is on 127.0.0.1
        f"{hub.base_url}/api/v1.1/market/orders/import",
        data=json.dumps({"data": [order]}).encode(),
        headers={"Authorization": f"Bearer {hub.token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - same
        assert json.load(answer)["error"] == 0
    [event] = hub.triggers()
    consumer.take(event, None)
    assert consumer.state(event["detail"]["order_id"])["status"] == "paid"
