"""The commands `orders order delete`, `line-status` and `revive`."""

import json

import pytest

from orders.domain.order import Order
from tests.integration.operator_cli.conftest import Run
from tests.support.hub_worlds import World
from tests.support.loopback_http import Asked, Given, served

PROBLEM = {"Content-Type": "application/problem+json"}


@pytest.fixture
def order(world: World) -> Order:
    return world.create("A")


def test_an_order_is_deleted_softly_and_revived(run: Run, world: World, order: Order) -> None:
    number = str(order.order_id)
    deleted = run("order", "delete", "A")
    assert (deleted.code, deleted.err) == (0, "")
    assert deleted.out == f'Deleted softly: order {number}, external id "A", version 2.\n'
    assert run("order", "show", "A").code == 1
    revived = run("order", "revive", number, "--json")
    assert (revived.code, revived.err) == (0, "")
    assert json.loads(revived.out)["version"] == 3
    assert run("order", "show", "A").code == 0
    assert world.named("A").client == "operator"
    again = run("order", "revive", number)
    assert again.out == f'Revived: order {number}, external id "A", version 3.\n'


def test_a_deletion_is_soft_unless_it_is_to_be_permanent(run: Run, order: Order) -> None:
    number = str(order.order_id)
    assert json.loads(run("order", "delete", "A", "--soft", "--json").out)["mode"] == "soft"
    again = run("order", "delete", "--order-id", number)
    assert (again.code, again.out) == (1, "")
    assert again.err.startswith(f"Order {number} is softly deleted already; ")
    gone = run("order", "delete", number, "--permanent")
    assert gone.out == f'Deleted permanently: order {number}, external id "A", version 3.\n'
    assert run("order", "revive", number).err == f"Order {number} does not exist.\n"


def test_a_dry_run_shows_the_order_and_deletes_nothing(run: Run, order: Order) -> None:
    ended = run("order", "delete", "A", "--permanent", "--dry-run")
    assert (ended.code, ended.err) == (0, "Dry run: nothing was deleted.\n")
    assert json.loads(ended.out)["order_id"] == order.order_id
    assert run("order", "show", "A").code == 0


def test_a_line_gets_another_status(run: Run, order: Order) -> None:
    ended = run("order", "line-status", "A", "--line", "1", "--status", "delivered")
    assert (ended.code, ended.err) == (0, "")
    text = f'order {order.order_id}, external id "A", version 2'
    assert ended.out == f'Line "1" has the status "delivered": {text}.\n'
    words = ("--order-id", str(order.order_id), "--line", "1", "--status", "refunded", "--json")
    [line] = json.loads(run("order", "line-status", *words).out)["document"]["lines"]
    assert line["status"] == "refunded"


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["A", "--line", "9", "--status", "new"], 1, 'has no line "9"'),
        (["A", "--line", "1", "--status", "lost"], 2, 'Unknown line status "lost"'),
        (["A", "--line", "", "--status", "new"], 2, "--line must not be empty"),
        (["B", "--line", "1", "--status", "new"], 1, 'Order "B" does not exist in account'),
        (["--line", "1", "--status", "new"], 2, "Give one of ID"),
        (["7", "--line", "1", "--status", "new"], 1, "Order 7 does not exist"),
    ],
)
def test_a_line_status_that_is_not_possible_is_explained(
    run: Run, order: Order, words: list[str], code: int, text: str
) -> None:
    del order
    ended = run("order", "line-status", *words)
    assert (ended.code, ended.out) == (code, "")
    assert text in ended.err


def test_an_unknown_order_is_not_deleted(run: Run, demo_account: str) -> None:
    del demo_account
    ended = run("order", "delete", "A", "--permanent")
    assert (ended.code, ended.err) == (1, 'Order "A" does not exist in account "demo".\n')
    assert run("order", "delete", "--order-id", "7").err == "Order 7 does not exist.\n"


class Api:
    """The API with order 7, which has the external id A."""

    def __init__(self, **answers: Given) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str, bytes]] = []

    def __call__(self, asked: Asked) -> Given:
        self.asked.append((asked.method, asked.target, asked.body))
        if asked.method == "GET":
            return Given(200, b'{"orders":[{"order_id":7}],"next":null}')
        default = Given(200, b'{"order_id":7,"external_id":"A","version":2,"mode":"soft"}')
        return self.answers.get(asked.method, default)


def test_the_changes_are_requests_to_the_api(run_bare: Run) -> None:
    api = Api()
    with served(api) as url:
        hub = ("--base-url", url, "--token", "secret")
        for words in (
            ("delete", "A", "--permanent"),
            ("delete", "--order-id", "7"),
            ("revive", "7"),
            ("line-status", "--order-id", "7", "--line", "a/1", "--status", "new"),
        ):
            assert run_bare("order", *words, *hub).code == 0
    changes = [each for each in api.asked if each[0] != "GET"]
    order = "/hub/v1/orders/7"
    assert changes == [
        ("DELETE", f"{order}?mode=permanent", b""),
        ("DELETE", f"{order}?mode=soft", b""),
        ("POST", f"{order}/revive", b""),
        ("PUT", f"{order}/lines/a%2F1/status", b'{"status":"new"}'),
    ]


@pytest.mark.parametrize(
    ("status", "code"), [(404, 1), (409, 1), (413, 1), (400, 2), (401, 3), (403, 3), (503, 3)]
)
def test_each_answer_of_the_api_has_its_exit_code(run_bare: Run, status: int, code: int) -> None:
    body = b'{"code":"x","detail":"This is the reason"}'
    api = Api(DELETE=Given(status, body, {**PROBLEM, "Retry-After": "0"}))
    with served(api) as url:
        words = ("--order-id", "7", "--base-url", url, "--token", "secret")
        ended = run_bare("order", "delete", *words)
    assert (ended.code, ended.out) == (code, "")
    assert status == 503 or "This is the reason." in ended.err
    # The repetition of a deletion that took effect would find no order.
    assert len(api.asked) == 1
