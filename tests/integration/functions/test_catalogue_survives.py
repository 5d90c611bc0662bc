"""The catalogue function dies at each of its AWS calls; the next request completes its work."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.domain.clients import Role
from orders.runtime.composition import connect
from tests.support.catalogue import product
from tests.support.functions import Function, Tenant, deployed
from tests.support.routes import RouteRequest

type Tree = dict[str, Any]

# An environment that dies before its first count has no metrics.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")
SECRET = "secret of the shop"
TENANTS = (Tenant("demo", SECRET, (Role.ADMIN,)),)
PRODUCTS = {"data": [product("p", sku=[product("a"), product("b")]), product("q")]}
WHOLE = {"p": 2, "q": 0}


class KilledError(BaseException):
    """The process has crashed. No code may catch this."""


@contextmanager
def _dying(event: str, at: int) -> Iterator[list[int]]:
    """Crash the process at an event of its AWS call number `at`."""
    client, calls = connect().dynamodb, list[int]()

    def strike(**_rest: object) -> None:
        calls.append(len(calls) + 1)
        if len(calls) == at:
            raise KilledError

    client.meta.events.register(event, strike)
    try:
        yield calls
    finally:
        client.meta.events.unregister(event, strike)


@dataclass
class World:
    """The function of one account."""

    function: Function

    def ask(self, call: str, body: Tree) -> Tree:
        route = ("POST", f"/api/v1.1/market/{call}")
        headers = {"Authorization": f"Bearer {SECRET}"}
        answer = self.function.invoke(RouteRequest(route, headers=headers, body=body).event())
        tree: Tree = json.loads(answer["body"])
        return tree

    def listed(self) -> dict[str, int]:
        result = self.ask("products/list", {})["result"]
        return {each["external_id"]: len(each.get("sku", [])) for each in result}

    def deaths(self, event: str, call: str, body: Tree) -> Iterator[None]:
        """Yield after a death at each call of a request, until one survives."""
        at = 1
        while True:
            with _dying(event, at) as calls:
                try:
                    self.ask(call, body)
                except KilledError:
                    pass
                else:
                    assert len(calls) < at
                    return
            yield
            at += 1


@pytest.fixture
def world(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with deployed(dynamodb, monkeypatch, {}, TENANTS) as function:
        yield World(function("manage_catalogue"))


# Before a call is sent, and after it took effect.
EVENTS = ("before-send.dynamodb", "after-call.dynamodb")


@pytest.mark.parametrize("event", EVENTS)
def test_an_interrupted_import_can_be_repeated(world: World, event: str) -> None:
    survived = 0
    for _ in world.deaths(event, "products/import", PRODUCTS):
        survived += 1
        assert all(count <= 2 for count in world.listed().values())
        assert world.ask("products/import", PRODUCTS)["error"] == 0
        assert world.listed() == WHOLE
        _remove_all(world)
    assert survived >= 3
    assert world.listed() == WHOLE


@pytest.mark.parametrize("event", EVENTS)
def test_an_interrupted_deletion_can_be_repeated(world: World, event: str) -> None:
    world.ask("products/import", PRODUCTS)
    survived = 0
    skus = {"external_ids": ["a", "b"]}
    for _ in world.deaths(event, "sku/delete", skus):
        survived += 1
        assert world.ask("sku/delete", skus)["deleted_count"] in {0, 2}
        assert world.listed() == {"p": 0, "q": 0}
        world.ask("products/import", PRODUCTS)
        assert world.listed() == WHOLE
    assert survived >= 3


def _remove_all(world: World) -> None:
    world.ask("sku/delete", {"external_ids": ["a", "b"]})
    world.ask("products/delete", {"external_ids": ["p", "q"]})
