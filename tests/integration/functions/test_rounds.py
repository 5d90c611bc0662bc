"""How many rounds of AWS calls a request waits for."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

import pytest

from orders.adapters.aws_clients import create_client
from orders.protocols.altcraft.import_orders import ImportOrdersEndpoint
from orders.protocols.commercetools.answers import answer_error
from orders.protocols.commercetools.import_orders import (
    ImportOrdersEndpoint as ImportDraftEndpoint,
)
from orders.protocols.http import HttpAnswer
from orders.protocols.yandex_market.errors import RequestRefusedError
from orders.protocols.yandex_market.read_campaigns import ListCampaignsEndpoint
from orders.runtime.composition import Aws, altcraft, commercetools, yandex_market
from orders.runtime.composition.stored_settings import settings_of
from orders.runtime.environment import Environment
from tests.support.commercetools import draft
from tests.support.deadlines import DEADLINE
from tests.support.http import answered, request
from tests.support.rounds import ACCESS_TOKEN, ACCOUNT, TOKEN, CountedAws, Rounds, Tree, idle
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


def begin_environment() -> None:
    """Forget what an environment has read: tokens and settings."""
    for cached in (
        settings_of,
        altcraft._access,  # noqa: SLF001 - only the tests share a process
        commercetools._access,  # noqa: SLF001
        yandex_market._campaign_access,  # noqa: SLF001
    ):
        cached.cache_clear()


@pytest.fixture
def shop(hub: Aws) -> Shop:
    begin_environment()
    aws = CountedAws(TABLE, hub.dynamodb, hub.events)
    aws.put_account(settings())
    return Shop(hub, aws)


@dataclass
class Imports:
    """An environment of Altcraft's import."""

    shop: Shop
    in_header: bool = False

    def __post_init__(self) -> None:
        begin_environment()
        service = altcraft.import_orders()
        [endpoint] = service.endpoints(self.shop.hub).values()
        assert isinstance(endpoint, ImportOrdersEndpoint)
        self.endpoint, self.answer_error = endpoint, service.answer_error

    def send(self, count: int = 1, **changes: object) -> tuple[Rounds, HttpAnswer]:
        sent = [order(external_id=f"order {number}", **changes) for number in range(count)]
        body = {"data": sent} if self.in_header else {"token": TOKEN, "data": sent}
        return self.send_body(json.dumps(body).encode())

    def send_body(self, body: bytes) -> tuple[Rounds, HttpAnswer]:
        headers = {"authorization": f"Bearer {TOKEN}"} if self.in_header else {}
        with self.shop.aws.counting() as rounds:
            result = answered(self.endpoint, request(body, headers), self.answer_error)
        return rounds, result.answer

    def wait_a_minute(self) -> None:
        idle(self.endpoint.access.tokens, self.endpoint.import_orders.settings)


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
    counted, answer = imports.send(orders)
    assert answer.status == HTTPStatus.OK
    assert counted.names == rounds


@pytest.mark.parametrize("in_header", [True, False])
def test_an_import_after_a_minute_waits_for_no_more_rounds(shop: Shop, *, in_header: bool) -> None:
    """The token, the settings and the orders are read at the same time."""
    imports = Imports(shop, in_header)
    imports.send()
    imports.wait_a_minute()
    counted, answer = imports.send()
    assert answer.status == HTTPStatus.OK
    assert counted.names == [{"GetItem", "BatchGetItem"}, WRITE, WRITE, EVENTS, RECEIPT]
    assert [name for _, name in counted.calls].count("GetItem") == 2


def test_the_first_import_waits_for_one_more_round(shop: Shop) -> None:
    """The settings and the orders are read while a lane of order ids is opened."""
    counted, answer = Imports(shop).send()
    assert answer.status == HTTPStatus.OK
    together = {"GetItem", "BatchGetItem", "UpdateItem"}
    assert counted.names == [{"GetItem"}, together, WRITE, WRITE, EVENTS, RECEIPT]


@pytest.mark.parametrize("in_header", [True, False])
@pytest.mark.parametrize("body", ["valid", "rejected", "malformed", "definitions"])
def test_a_revoked_token_is_rejected_after_30_seconds_whatever_it_sends(
    shop: Shop, body: str, *, in_header: bool
) -> None:
    """Nothing is written, and the answer is that to a token that was never known."""
    imports = Imports(shop, in_header)
    field = {"external_id": "f", "name": "F", "entity_type": "order", "value_type": "int"}
    definition = {**field, "required": False}
    order_of = {"rejected": order(currency="XXX")}.get(body, order())
    tree: Tree = {"data": [order_of], **({} if in_header else {"token": TOKEN})}
    if body == "definitions":
        tree["custom_fields"] = [definition]
    if body == "malformed":
        tree["data"] = "an order"
    sent = json.dumps(tree).encode()
    imports.send()
    shop.aws.revoke_token()
    _, unknown = Imports(shop, in_header).send_body(sent)
    imports.wait_a_minute()
    counted, answer = imports.send_body(sent)
    assert answer.status == HTTPStatus.UNAUTHORIZED
    assert answer.body == unknown.body
    assert {name for _, name in counted.calls} <= {"GetItem", "BatchGetItem"}


def test_the_second_import_of_a_revoked_token_reads_nothing(shop: Shop) -> None:
    imports = Imports(shop)
    imports.send()
    shop.aws.revoke_token()
    imports.wait_a_minute()
    imports.send()
    counted, _ = imports.send()
    assert [name for _, name in counted.calls] == ["GetItem"]


def commercetools_rounds(shop: Shop, **changes: object) -> tuple[ImportDraftEndpoint, Rounds]:
    """Import a draft with an access token in a new environment, and return its rounds."""
    [endpoint] = commercetools.import_orders().endpoints(shop.hub).values()
    assert isinstance(endpoint, ImportDraftEndpoint)
    return endpoint, send_draft(shop, endpoint, **changes)


def send_draft(shop: Shop, endpoint: ImportDraftEndpoint, **changes: object) -> Rounds:
    sent = request(
        json.dumps(draft(**changes)).encode(),
        {"authorization": f"Bearer {ACCESS_TOKEN}"},
        path={"projectKey": ACCOUNT},
    )
    with shop.aws.counting() as rounds:
        result = answered(endpoint, sent, answer_error)
    assert result.answer.status == HTTPStatus.CREATED, result.answer.body
    return rounds


@pytest.mark.parametrize("number", ["CT-1", None])
def test_an_access_token_is_read_beside_its_secret_and_the_order(
    shop: Shop, number: str | None
) -> None:
    shop.aws.put_access_token()
    endpoint, _ = commercetools_rounds(shop, orderNumber=number)
    idle(endpoint.access.tokens, endpoint.import_orders.settings)
    rounds = send_draft(shop, endpoint, orderNumber=number)
    assert rounds.names == [{"GetItem", "BatchGetItem"}, WRITE, WRITE, EVENTS, RECEIPT]
    assert [name for _, name in rounds.calls].count("GetItem") == 3


def test_the_first_draft_waits_for_few_rounds(shop: Shop) -> None:
    shop.aws.put_access_token()
    _, rounds = commercetools_rounds(shop)
    together = {"GetItem", "BatchGetItem", "UpdateItem"}
    assert rounds.names == [*[{"GetItem"}] * 2, together, WRITE, WRITE, EVENTS, RECEIPT]


def test_the_campaigns_are_read_beside_the_token(shop: Shop) -> None:
    """So is every call of Yandex Market: it needs the settings before anything else."""
    endpoint = yandex_market.manage_orders().endpoints(shop.hub)["GET", "/campaigns"]
    assert isinstance(endpoint, ListCampaignsEndpoint)
    sent = request(headers={"api-key": TOKEN}, method="GET")
    for rounds in (2, 0, 1):
        with shop.aws.counting() as counted:
            assert endpoint(sent, DEADLINE).answer.status == HTTPStatus.OK
        assert counted.count == rounds
        if rounds == 0:
            idle(endpoint.access.tokens, endpoint.access.settings)
    shop.aws.revoke_token()
    idle(endpoint.access.tokens, endpoint.access.settings)
    with shop.aws.counting(), pytest.raises(RequestRefusedError):
        endpoint(sent, DEADLINE)
