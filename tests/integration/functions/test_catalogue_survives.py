"""The catalogue function dies at each of its AWS calls; the next request completes its work."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.domain.clients import Role
from orders.runtime.composition import connect
from tests.support.aws_faults import failing
from tests.support.catalogue import product
from tests.support.functions import Tenant, deployed
from tests.support.routes import RouteRequest

type Tree = dict[str, Any]

SECRET = "secret of the shop"
TENANTS = (Tenant("demo", SECRET, (Role.ADMIN,)),)
PRODUCTS = {"data": [product("p", sku=[product("a"), product("b")]), product("q")]}


class _DeathError(BaseException):
    """The end of an environment."""


def _die(at: int) -> Callable[[int], None]:
    def fault(number: int) -> None:
        if number == at:
            raise _DeathError

    return fault


@pytest.mark.parametrize(
    ("name", "at"),
    [("BatchGetItem", 1), ("BatchWriteItem", 1), ("BatchExecuteStatement", 1)],
)
def test_an_interrupted_request_can_be_repeated(
    dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch, name: str, at: int
) -> None:
    with deployed(dynamodb, monkeypatch, {}, TENANTS) as function:
        manage = function("manage_catalogue")

        def ask(call: str, body: Tree) -> Tree:
            route = ("POST", f"/api/v1.1/market/{call}")
            headers = {"Authorization": f"Bearer {SECRET}"}
            answer = manage.invoke(RouteRequest(route, headers=headers, body=body).event())
            tree: Tree = json.loads(answer["body"])
            return tree

        def listed() -> dict[str, int]:
            result = ask("products/list", {})["result"]
            return {each["external_id"]: len(each.get("sku", [])) for each in result}

        with failing(connect().dynamodb, name, _die(at)), pytest.raises(_DeathError):
            ask("products/import", PRODUCTS)
        assert listed() == {}
        assert ask("products/import", PRODUCTS)["error"] == 0
        assert listed() == {"p": 2, "q": 0}
        skus = {"external_ids": ["a", "b"]}
        for operation, removed in (("TransactWriteItems", 2), ("BatchExecuteStatement", 0)):
            dying = failing(connect().dynamodb, operation, _die(1))
            with dying, pytest.raises(_DeathError):
                ask("sku/delete", skus)
            assert ask("sku/delete", skus)["deleted_count"] == removed
            assert listed() == {"p": 0, "q": 0}
            assert ask("products/import", PRODUCTS)["error"] == 0
            assert listed() == {"p": 2, "q": 0}
