"""How many rounds of AWS calls a request waits for."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

import pytest

from orders.adapters.aws_clients import create_client
from orders.protocols.http import EndpointResult
from orders.runtime.composition import Aws, altcraft
from orders.runtime.environment import Environment
from tests.support.deadlines import DEADLINE
from tests.support.http import request
from tests.support.rounds import TOKEN, CountedAws, Rounds
from tests.support.samples import order, settings

TABLE = "orders"
READ = {"BatchGetItem"}
WRITE = {"BatchExecuteStatement"}
EVENTS = {"PutEvents"}
RECEIPT = {"PutItem"}


@dataclass
class Shop:
    """A shop, and the environment of the functions that it calls."""

    hub: Aws
    aws: CountedAws


@pytest.fixture(scope="module")
def hub() -> Iterator[Aws]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "local")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "local")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield Aws(Environment(TABLE, "bus", 27), create_client("dynamodb"), create_client("events"))


@pytest.fixture
def shop(hub: Aws) -> Shop:
    aws = CountedAws(TABLE, hub.dynamodb, hub.events)
    aws.put_account(settings())
    return Shop(hub, aws)


class Imports:
    """An environment of Altcraft's import."""

    def __init__(self, shop: Shop) -> None:
        [self.endpoint] = altcraft.import_orders().endpoints(shop.hub).values()
        self.aws = shop.aws

    def send(self, count: int = 1) -> tuple[Rounds, EndpointResult]:
        sent = [order(external_id=f"order {number}") for number in range(count)]
        body = json.dumps({"token": TOKEN, "data": sent}).encode()
        with self.aws.counting() as rounds:
            result = self.endpoint(request(body), DEADLINE)
        return rounds, result


@pytest.mark.parametrize(
    ("orders", "rounds"),
    [
        (1, [READ, WRITE, WRITE, EVENTS, RECEIPT]),
        (100, [READ, WRITE, WRITE, EVENTS, RECEIPT]),
        (1000, [*[READ] * 3, WRITE, WRITE, *[EVENTS] * 4, RECEIPT]),
    ],
)
def test_a_warm_import_waits_for_few_rounds(
    shop: Shop, orders: int, rounds: list[set[str]]
) -> None:
    imports = Imports(shop)
    imports.send()
    counted, result = imports.send(orders)
    assert result.answer.status == HTTPStatus.OK
    assert counted.names == rounds
