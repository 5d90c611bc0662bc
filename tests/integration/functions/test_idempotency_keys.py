"""A write with an Idempotency-Key is carried out once, wherever its process was killed.

The module starts its own engine, because DynamoDB Local slows down with every item ever written.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.demo import TOKEN
from orders.adapters.dynamodb_accounts import DynamoAccounts
from orders.adapters.dynamodb_history import DynamoHistory
from orders.application import repeat_requests
from orders.domain.clients import Client
from orders.domain.history import ReplacedVersion
from orders.domain.identifiers import uuid_of
from orders.domain.order_numbers import EPOCH
from orders.domain.relaying import WriterLifetime
from orders.domain.repeats import KEPT
from orders.runtime.composition import changing, repeating, utc_now
from tests.integration.functions.test_triggers_survive import (
    WRITER,
    KilledError,
    World,
    _watching,
    dying,
    running_world,
)
from tests.support.catalogue import product
from tests.support.commercetools import draft, project_event
from tests.support.deadlines import FixedDeadline
from tests.support.functions import Tree, sample
from tests.support.loopback_http import Asked, Given, function_answers, served
from tests.support.routes import RouteRequest
from tests.support.samples import api_event, order, request

# A function that crashes sends no metrics.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")
BEARER = {"Authorization": f"Bearer {TOKEN}"}
WRITES = frozenset(
    {
        "BatchExecuteStatement",
        "BatchWriteItem",
        "DeleteItem",
        "PutEvents",
        "PutItem",
        "TransactWriteItems",
        "UpdateItem",
    }
)
# After this time a run that was cut off is over.
OVER = WriterLifetime(WRITER).ends_at(EPOCH) - EPOCH


@dataclass
class Keyed:
    """Sends requests with keys, in a world whose clock can be set forward for them."""

    world: World
    later: timedelta = timedelta(0)

    def now(self) -> datetime:
        return utc_now() + self.later

    def keep_history(self, external_id: str) -> None:
        """Write the history of an order whose present version will be replaced."""
        stored = self.world.get("import_orders").stored(external_id)
        assert stored
        replaced = ReplacedVersion(stored, None, utc_now())
        history = DynamoHistory(self.world.client, self.world.table)
        history.keep([(replaced, 400)], FixedDeadline())

    def request_ids(self, before: dict[str, int]) -> set[str]:
        """Return the ids of the requests that wrote orders and entries since."""
        items = self.world.client.scan(TableName=self.world.table)["Items"]
        after = _versions(self)
        changed = {name for name in after if before.get(name) != after[name]}
        return {
            each["request_id"]["S"] for each in items if str((each["pk"], each["sk"])) in changed
        }

    def send(self, function: str, event: Tree, key: str, **headers: str) -> Tree:
        sent = {**event, "headers": {**event["headers"], "Idempotency-Key": key, **headers}}
        # A new event each time, as Lambda delivers it.
        answer: Tree = self.world.get(function).invoke(json.loads(json.dumps(sent)))
        return answer


@pytest.fixture
def keyed(own_dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyed]:
    monkeypatch.setattr(repeat_requests, "WAITS", ())
    with running_world(own_dynamodb, monkeypatch) as world:
        keyed = Keyed(world)
        monkeypatch.setattr(repeating, "utc_now", keyed.now)
        # No function writes the history here, which may lag behind for a moment only.
        monkeypatch.setattr(changing, "utc_now", keyed.now)
        yield keyed


type Write = tuple[str, Tree]


def _mixed_import(attempt: str, _number: int) -> Write:
    """Import orders with every outcome: created, updated, unchanged, failed, skipped trigger."""
    orders = (
        *(order(external_id=f"new {attempt} {n}") for n in range(2)),
        order(external_id=attempt, status="paid"),
        order(external_id="same"),
        order(external_id="bad", currency="XXX"),
        order(external_id=f"quiet {attempt}", tags=["silent"], skip_triggers=True),
    )
    return "import_orders", api_event(request(*orders, token=TOKEN, result_details=True))


def _joint_import(attempt: str, _number: int) -> Write:
    """Import all orders or none: created, updated, unchanged."""
    orders = (
        order(external_id=f"new {attempt}"),
        order(external_id=attempt, status="paid"),
        order(external_id="same"),
    )
    body = request(*orders, token=TOKEN, result_details=True, error_policy="reject_all")
    return "import_orders", api_event(body)


def _commercetools(method: str, path: str, **rest: Any) -> Tree:  # noqa: ANN401 - as of the event
    return project_event(method, path, headers=BEARER, **rest)


def _import_numbered(attempt: str, _number: int) -> Write:
    body = draft(orderNumber=f"new {attempt}")
    return "import_commercetools_order", _commercetools("POST", "/demo/orders/import", body=body)


def _import_unnumbered(_attempt: str, _number: int) -> Write:
    body = draft(orderNumber=None)
    return "import_commercetools_order", _commercetools("POST", "/demo/orders/import", body=body)


def _delete_by_number(attempt: str, _number: int) -> Write:
    path = f"/demo/orders/order-number={attempt}"
    return "manage_orders", _commercetools("DELETE", path, query={"version": 1})


def _delete_by_id(_attempt: str, number: int) -> Write:
    path = f"/demo/orders/{uuid_of('demo', number)}"
    return "manage_orders", _commercetools("DELETE", path, query={"version": 1})


def _altcraft(call: str, body: Tree) -> Write:
    route = ("POST", f"/api/v1.1/market/orders/{call}")
    return "manage_orders", RouteRequest(route, body={**body, "token": TOKEN}).event()


def _hub(
    method: str,
    number: int,
    suffix: str = "",
    query: Tree | None = None,
    **rest: Any,  # noqa: ANN401
) -> Write:
    route = (method, f"/hub/v1/orders/{{order_id}}{suffix}")
    path = {"order_id": f"{number}", **({"line_id": "line_01"} if "line" in suffix else {})}
    event = RouteRequest(route, path, query or {}, headers=BEARER, **rest).event()
    return "manage_orders", event


def _rename(attempt: str, number: int) -> Write:
    event = sample("update_external_id", "api_key")
    event["pathParameters"]["orderId"] = f"{number}"
    event["body"] = json.dumps({"externalOrderId": f"renamed {attempt}"})
    return "update_external_id", event


def _ship(_attempt: str, number: int) -> Write:
    event = sample("manage_orders", "ready_to_ship")
    event["pathParameters"]["orderId"] = f"{number}"
    return "manage_orders", event


def _update(ref: str, *actions: Tree) -> Write:
    body = {"version": 1, "actions": list(actions)}
    return "manage_orders", _commercetools("POST", f"/demo/orders/{ref}", body=body)


def _update_by_id(_attempt: str, number: int) -> Write:
    action = {"action": "changeOrderState", "orderState": "Confirmed"}
    return _update(f"{uuid_of('demo', number)}", action)


def _update_by_number(attempt: str, _number: int) -> Write:
    return _update(
        f"order-number={attempt}",
        {"action": "setOrderNumber", "orderNumber": f"renamed {attempt}"},
        {"action": "changePaymentState", "paymentState": "Paid"},
    )


def _move_twice(_attempt: str, number: int) -> Write:
    """Move an order twice in one request, with one that does not exist."""
    states = ("READY_TO_SHIP", "SHIPPED")
    moves = [{"id": number, "status": "PROCESSING", "substatus": each} for each in states]
    body = {"orders": [*moves, {"id": 1, "status": "DELIVERY"}]}
    route = ("POST", "/campaigns/{campaignId}/orders/status-update")
    path = {"campaignId": "1001"}
    return "manage_orders", RouteRequest(route, path, headers=BEARER, body=body).event()


def _undo(_attempt: str, request_number: int) -> Write:
    """Undo a request by its id, which is given as a number."""
    body = {"request_id": f"{request_number:032x}", "dry_run": False}
    event = RouteRequest(("POST", "/hub/v1/undo"), headers=BEARER, body=body).event()
    return "manage_orders", event


def _catalogue(call: str, body: Tree) -> Write:
    route = ("POST", f"/api/v1.1/market/{call}")
    return "manage_catalogue", RouteRequest(route, headers=BEARER, body=body).event()


def _import_products(attempt: str, _number: int) -> Write:
    """Import entries with every outcome, and one of them twice."""
    data = [
        product(f"new {attempt}", sku=[product(f"sku {attempt}")]),
        product(attempt, name="changed"),
        product(f"same {attempt}"),
        product("bad", name=7),
        product(f"new {attempt}", name="changed"),
    ]
    return _catalogue("products/import", {"data": data, "result_details": True})


def _delete_products(attempt: str, _number: int) -> Write:
    names = [attempt, f"same {attempt}", "unknown"]
    return _catalogue("products/delete", {"external_ids": names})


PATHS: dict[str, Callable[[str, int], Write]] = {
    "import": _mixed_import,
    "import of all or none": _joint_import,
    "commercetools import": _import_numbered,
    "commercetools import without a number": _import_unnumbered,
    "commercetools update by id": _update_by_id,
    "commercetools update by number": _update_by_number,
    "commercetools deletion by number": _delete_by_number,
    "commercetools deletion by id": _delete_by_id,
    "altcraft soft deletion": lambda attempt, _: _altcraft(
        "delete", {"external_id": attempt, "with_fire": False}
    ),
    "altcraft deletion": lambda attempt, _: _altcraft("delete", {"external_id": attempt}),
    "altcraft line status": lambda attempt, _: _altcraft(
        "update_order_line_status",
        {
            "order_external_id": attempt,
            "order_line_external_id": "line_01",
            "status_external_id": "delivered",
        },
    ),
    "hub soft deletion": lambda _, number: _hub("DELETE", number),
    "hub deletion": lambda _, number: _hub("DELETE", number, query={"mode": "permanent"}),
    "hub revival": lambda _, number: _hub("POST", number, "/revive"),
    "hub line status": lambda _, number: _hub(
        "PUT", number, "/lines/{line_id}/status", body={"status": "delivered"}
    ),
    "hub restoration": lambda _, number: _hub("POST", number, "/restore", body={"version": 1}),
    "hub undo": _undo,
    "rename": _rename,
    "status": _ship,
    "statuses": _move_twice,
    "products import": _import_products,
    "products deletion": _delete_products,
}


def _prepared(keyed: Keyed, path: str, attempt: str) -> int:
    """Create the order of an attempt, and return its order id, or that of the request to undo."""
    world = keyed.world
    if "products" in path:
        entries = [product(attempt), product(f"same {attempt}")]
        prepared = keyed.send(*_catalogue("products/import", {"data": entries}), f'"for {attempt}"')
        assert prepared["statusCode"] == 200
        return 0
    if "commercetools" in path and "import" not in path:
        world.import_one(attempt)
        number = world.get("import_commercetools_order").stored(attempt)
        assert number
        return number.order_id
    created = world.new_order(attempt)
    if "revival" in path:
        world.hide(created)
    if path == "statuses":
        keyed.keep_history(attempt)
    if path in {"hub restoration", "hub undo"}:
        function = world.get("import_orders")
        keyed.keep_history(attempt)
        new = [order(external_id=f"new {attempt} {n}") for n in range(2)]
        world.send(order(external_id=attempt, status="paid"), *new)
        changed = function.stored(attempt)
        assert changed
        return int(changed.request_id, 16) if path == "hub undo" else created
    return created


SEEN = {
    "outcome",
    "version",
    "orderNumber",
    "orderState",
    "paymentState",
    "error",
    "status",
    "substatus",
    "updateStatus",
    "mode",
    "counts",
    "restored_version",
    "deleted_count",
}


def _outcome(answer: Tree, attempt: str) -> object:
    """Return what an answer says, without ids and times, and without the name of the attempt."""
    body = json.loads(answer["body"].replace(attempt, "attempt"))
    results = body.get("result")
    results = results.get("orders") if isinstance(results, dict) else results
    # An undo lists the orders in no certain order.
    parts = [body, *(results or ()), *sorted(body.get("orders", ()), key=_by_external_id)]
    return answer["statusCode"], [
        {name: value for name, value in part.items() if name in SEEN} for part in parts
    ]


def _by_external_id(part: Tree) -> str:
    return str(part["external_id"])


def _versions(keyed: Keyed) -> dict[str, int]:
    """Return the versions of all orders and entries by their keys, hidden orders negative."""
    items = keyed.world.client.scan(TableName=keyed.world.table)["Items"]
    found = {}
    for item in items:
        kind = item.get("type", {}).get("S")
        if kind in {"order", "hidden", "product", "sku"}:
            version = int(item["version"]["N"])
            found[str((item["pk"], item["sk"]))] = -version if kind == "hidden" else version
    return found


def _changes(before: dict[str, int], after: dict[str, int]) -> list[tuple[int | None, int | None]]:
    """Return how the versions of orders changed."""
    return sorted(
        (
            (before.get(name), after.get(name))
            for name in before.keys() | after.keys()
            if before.get(name) != after.get(name)
        ),
        key=str,
    )


@pytest.mark.parametrize("path", PATHS)
def test_a_repetition_finishes_a_run_that_was_killed_at_any_call(keyed: Keyed, path: str) -> None:
    world = keyed.world
    world.send(order(external_id="same"))

    def attempt_of(at: int) -> tuple[bool, list[object]]:
        """Kill the first run after its write number `at`. Return whether it came so far.

        A run that is killed at a read has written what it had written before.
        """
        attempt = f"order {at}"
        number = _prepared(keyed, path, attempt)
        before = _versions(keyed)
        function, event = PATHS[path](attempt, number)
        key = f'"{attempt}"'
        with suppress(KilledError), dying(at, "after", WRITES) as death:
            keyed.send(function, event, key)
        keyed.later += OVER
        answer = keyed.send(function, event, key)
        again = keyed.send(function, event, key)
        assert answer["statusCode"] < 300
        assert _without_correlation(again) == _without_correlation(answer)
        # The history names one request, also if two runs wrote them.
        assert keyed.request_ids(before) <= {answer["headers"]["X-Request-Id"]}
        return death.came, [_outcome(answer, attempt), _changes(before, _versions(keyed))]

    came, expected = attempt_of(99)
    assert not came
    for at in range(1, 60):
        came, found = attempt_of(at)
        assert found == expected, at
        if not came:
            break
    else:
        pytest.fail("the path makes more calls than were tried")
    # The record, the write and the answer.
    assert at > 3
    assert expected[1]
    world.relay()
    world.check()


def _without_correlation(answer: Tree) -> Tree:
    headers = {n: each for n, each in answer["headers"].items() if n != "X-Correlation-ID"}
    return {**answer, "headers": headers}


@pytest.mark.parametrize("path", PATHS)
def test_a_repetition_is_answered_byte_for_byte(keyed: Keyed, path: str) -> None:
    number = _prepared(keyed, path, "order")
    function, event = PATHS[path]("order", number)
    first = keyed.send(function, event, '"a key"')
    assert first["statusCode"] < 300
    # The order changes meanwhile, and the client has a new correlation id.
    keyed.world.send(order(external_id="order", tags=["later"]))
    changed = _versions(keyed)
    again = keyed.send(function, event, '"a key"', **{"X-Correlation-ID": "another"})
    assert _without_correlation(again) == _without_correlation(first)
    assert _versions(keyed) == changed


@pytest.mark.parametrize("path", PATHS)
def test_a_key_that_cannot_be_used_is_rejected_in_the_shape_of_the_protocol(
    keyed: Keyed, path: str
) -> None:
    """`Function.invoke` compares each answer with the API description."""
    number = _prepared(keyed, path, "order")
    function, event = PATHS[path]("order", number)
    malformed = keyed.send(function, event, '"not closed')
    assert malformed["statusCode"] == 400
    assert "Idempotency-Key must be" in malformed["body"]
    before = _versions(keyed)
    with suppress(KilledError), dying(2, "after"):
        keyed.send(function, event, "one")
    twin = keyed.send(function, event, "one")
    assert (twin["statusCode"], twin["headers"]["Retry-After"]) == (409, "5")
    other = {**event, "multiValueQueryStringParameters": {"another": ["query"]}}
    assert keyed.send(function, other, "one")["statusCode"] == 422
    assert _versions(keyed) == before


def test_a_rejected_request_is_answered_again_and_a_corrected_one_needs_a_new_key(
    keyed: Keyed,
) -> None:
    bad = _commercetools("POST", "/demo/orders/import", body=draft(totalPrice=None))
    good = _commercetools("POST", "/demo/orders/import", body=draft())
    send = partial(keyed.send, "import_commercetools_order")
    first = send(bad, "a")
    assert first["statusCode"] == 400
    assert send(bad, "a")["body"] == first["body"]
    assert send(good, "a")["statusCode"] == 422
    assert send(good, "b")["statusCode"] == 201


@pytest.mark.parametrize(
    ("function", "event", "preview"),
    [
        (
            "import_orders",
            api_event(request(order(external_id="A"), token=TOKEN)),
            api_event(request(order(external_id="A"), token=TOKEN, dry_run=True)),
        ),
        (*_import_numbered("A", 0), None),
    ],
    ids=["member", "header"],
)
def test_a_preview_leaves_its_key_to_the_request(
    keyed: Keyed, function: str, event: Tree, preview: Tree | None
) -> None:
    headers = {} if preview else {"X-Dry-Run": "true"}
    for _ in range(2):
        shown = keyed.send(function, preview or event, '"a key"', **headers)
        assert (shown["statusCode"], shown["headers"]["X-Dry-Run"]) == (200, "true")
    assert _versions(keyed) == {}
    done = keyed.send(function, event, '"a key"')
    assert done["statusCode"] in {200, 201}
    assert list(_versions(keyed).values()) == [1]
    assert keyed.send(function, event, '"a key"')["body"] == done["body"]


def test_a_read_ignores_the_key(keyed: Keyed) -> None:
    number = keyed.world.new_order("order")
    for function, event in (
        _hub("GET", number),
        ("read_hub", RouteRequest(("GET", "/hub/v1/orders"), headers=BEARER).event()),
        ("read_hub", _altcraft("list", {})[1]),
    ):
        # Not even a malformed key matters.
        assert keyed.send(function, event, '"')["statusCode"] == 200
    records = keyed.world.client.scan(TableName=keyed.world.table)["Items"]
    assert not [item for item in records if item.get("type") == {"S": "repeat"}]


def test_errors_of_altcraft_have_the_format_that_the_body_asks_for(keyed: Keyed) -> None:
    for token, headers in ((TOKEN, {}), (None, BEARER)):
        body = request(order(), format="xml", **({"token": token} if token else {}))
        event = api_event(body)
        event["headers"].update(headers)
        answer = keyed.send("import_orders", event, '"')
        assert answer["statusCode"] == 400
        assert answer["headers"]["Content-Type"].startswith("application/xml")


def test_a_new_token_does_not_make_another_request(keyed: Keyed) -> None:
    accounts = DynamoAccounts(keyed.world.client, keyed.world.table)
    accounts.add_token(Client("demo", "client-0", frozenset()), "a-new-token", utc_now())
    first, *others = (
        keyed.send("import_orders", api_event(request(order(), token=token)), "key")
        for token in (TOKEN, "a-new-token", TOKEN)
    )
    assert [each["body"] for each in others] == [first["body"]] * 2
    stored = str(keyed.world.client.scan(TableName=keyed.world.table)["Items"])
    assert "a-new-token" not in stored


@dataclass
class Overtaking:
    """Sends the same request again when the first one makes its call number `at`."""

    keyed: Keyed
    write: Write
    at: int
    calls: int = 0
    twin: Tree | None = None

    def before_call(self, **_rest: object) -> None:
        self.calls += 1
        if self.calls == self.at:
            self.twin = self.keyed.send(*self.write, "key")


@pytest.mark.parametrize("path", ["import", "commercetools import", "rename", "altcraft deletion"])
def test_a_twin_does_nothing_at_any_time(keyed: Keyed, path: str) -> None:
    # From now on, the first call stores the record.
    warm = PATHS[path]("warm", _prepared(keyed, path, "warm"))
    assert keyed.send(*warm, "warm")["statusCode"] < 300
    for at in range(2, 60):
        attempt = f"order {at}"
        function, event = PATHS[path](attempt, _prepared(keyed, path, attempt))
        # Each attempt is a request of its own, and so is its key.
        keyed.later += KEPT
        overtaking = Overtaking(keyed, (function, event), at)
        with _watching(overtaking.before_call):
            first = keyed.send(function, event, "key")
        assert first["statusCode"] < 300
        if overtaking.twin is None:
            break
        assert overtaking.twin["statusCode"] == 409, at
    else:
        pytest.fail("the path makes more calls than were tried")


def test_the_sdk_repeats_an_import_whose_answer_is_lost(keyed: Keyed) -> None:
    """The first answer is cut in the middle, and the gateway does not return the second one."""
    importing = function_answers(keyed.world.get("import_commercetools_order"))
    issuing = function_answers(keyed.world.get("issue_token"))
    seen: list[int] = []

    def answer(asked: Asked) -> Given:
        if "/oauth/" in asked.target:
            return issuing(asked)
        given = importing(asked)
        seen.append(given.status)
        if len(seen) % 3 == 1:
            length = {**given.headers, "Content-Length": str(len(given.body))}
            return replace(given, body=given.body[:100], headers=length)
        return Given(502) if len(seen) % 3 == 2 else given

    node = shutil.which("node")
    assert node, "node is missing: install Node.js 18 or later"
    script = Path(__file__).with_name("retried_import.mjs")

    def run(number: str, *key: str) -> Tree:
        ended = subprocess.run(  # noqa: S603 - the script is part of the suite
            [node, str(script), url, "demo", "client-0", TOKEN, number, *key],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        tree: Tree = json.loads(ended.stdout)
        return tree

    with served(answer) as url:
        imported = run("SDK 1", '"sdk-key"')
        without_key = run("SDK 2")
    assert imported["status"] == 201
    assert seen[:3] == [201, 201, 201]
    stored = keyed.world.get("import_commercetools_order").stored("SDK 1")
    assert stored is not None
    assert imported["order"]["id"] == uuid_of("demo", stored.order_id)
    # What the key is for.
    assert (without_key["status"], seen[3:]) == (400, [201, 400, 400][: len(seen) - 3])
