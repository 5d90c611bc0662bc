"""The commands and the sample copy keep in step with the deployed stack."""

import csv
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3

from examples.order_mirror.mirror import Hub, Mirror
from orders.application.read_changes import SETTLED_AFTER
from orders.domain.times import format_time
from tests.support.samples import IMPORT_RESOURCE, order, request
from tests.support.triggers_log import wait_for_triggers
from tools.local_stack.stack import LocalStack

COMMAND = Path(sys.executable).with_name("orders")
COUNT = 12
PREFIX = "in step "

type Tree = dict[str, Any]


@dataclass
class Shop:
    """A shop of the demo account, whose orders begin with PREFIX."""

    stack: LocalStack
    begun: str
    folder: Path
    expected: Tree = field(default_factory=dict)
    settled_at: float = 0.0

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Tree:
        endpoint = self.stack.endpoint
        own = {"Authorization": f"Bearer {endpoint.token}", "Content-Type": "application/json"}
        answer = urllib3.request(
            method,
            endpoint.base_url + path,
            body=None if body is None else json.dumps(body).encode(),
            headers=own | headers,
            timeout=60,
        )
        assert answer.status == 200, answer.data
        tree: Tree = answer.json()
        return tree

    def send_order(self, number: int, **members: object) -> Tree:
        sent = order(external_id=f"{PREFIX}{number}", **members)
        return dict(
            self.send("POST", IMPORT_RESOURCE, request(sent, result_details=True))["result"][0]
        )

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - a program of the virtual environment
            [COMMAND, *words],
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
            cwd=self.folder,
        )

    @property
    def environment(self) -> dict[str, str]:
        endpoint = self.stack.endpoint
        return {**os.environ, "BASE_URL": endpoint.base_url, "TOKEN": endpoint.token}

    def stored(self) -> dict[str, Tree]:
        query = urlencode({"created_from": self.begun, "limit": "200"})
        found = self.send("GET", f"/hub/v1/orders?{query}")["orders"]
        return {each["external_id"]: each["document"] for each in found}


@pytest.fixture(scope="session")
def shop(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Import, change, rename and delete orders."""
    begun = format_time(datetime.now(UTC))
    shop = Shop(stack, begun, tmp_path_factory.mktemp("shop"))
    answers = [shop.send_order(number) for number in range(COUNT)]
    shop.send_order(1, status="paid")
    shop.send_order(2, status="paid")
    endpoint = stack.endpoint
    path = f"/campaigns/{endpoint.campaign_id}/orders/{answers[2]['order_id']}/external-id"
    shop.send(
        "POST", path, {"externalOrderId": f"{PREFIX}renamed"}, **{"Api-Key": endpoint.api_key}
    )
    grant = urlencode({"grant_type": "client_credentials"})
    token = urllib3.request(
        "POST",
        endpoint.token_url,
        body=grant.encode(),
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            **urllib3.make_headers(basic_auth=f"{endpoint.client_id}:{endpoint.client_secret}"),
        },
        timeout=60,
    ).json()["access_token"]
    shop.send(
        "DELETE",
        f"/{endpoint.project_key}/orders/order-number={PREFIX.replace(' ', '%20')}3?version=1",
        Authorization=f"Bearer {token}",
    )
    shop.expected = shop.stored()
    shop.settled_at = time.monotonic() + SETTLED_AFTER.total_seconds() + 2
    return shop


@pytest.mark.begins_a_wait
def test_a_shop_exports_its_orders_and_compares_them(shop: Shop) -> None:
    exported = shop.command("order", "export", "orders.csv", "--created-from", shop.begun)
    assert (exported.returncode, exported.stdout) == (0, ""), exported.stderr
    with (shop.folder / "orders.csv").open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert {row["external_id"] for row in rows} == shop.stored().keys()
    equal = shop.command("reconcile", "orders.csv", "--created-from", shop.begun)
    assert (equal.returncode, equal.stdout) == (0, ""), equal.stderr
    planted = [
        {"external_id": f"{PREFIX}2", "version": 3},
        {"external_id": f"{PREFIX}3", "version": 1},
        {"external_id": f"{PREFIX}4", "version": 9},
    ]
    path = shop.folder / "some.jsonl"
    path.write_text("\n".join(map(json.dumps, planted)))
    found = shop.command("reconcile", "some.jsonl", "--one-way", "--json")
    assert found.returncode == 1
    assert [json.loads(line)["result"] for line in found.stdout.splitlines()] == [
        "renamed",
        "missing_in_hub",
        "different",
    ]


@pytest.mark.begins_a_wait
def test_a_shop_reads_the_history_that_the_stream_recorded(shop: Shop) -> None:
    give_up = time.monotonic() + 60
    while True:
        shown = shop.command("order", "history", f"{PREFIX}2").stdout
        if "not known" not in shown or time.monotonic() > give_up:
            break
        time.sleep(0.5)
    assert f'  external_id: "{PREFIX}2" -> "{PREFIX}renamed"\n' in shown
    assert '  status: "new" -> "paid"\n' in shown


@pytest.mark.ends_a_wait
def test_a_copy_is_complete_with_events_withheld_repeated_and_reordered(shop: Shop) -> None:
    expected = shop.expected
    events = wait_for_triggers(
        shop.stack.endpoint, lambda detail: str(detail["external_id"]).startswith(PREFIX), COUNT + 4
    )
    assert len(events) == COUNT + 4
    choice = random.Random(1)  # noqa: S311 - not a secret
    arrivals = {
        "all": events,
        "none": [],
        "half, reordered": choice.sample(events, len(events) // 2),
        "repeated": choice.choices(events, k=3 * len(events)),
    }
    followed = shop.folder / "followed.jsonl"
    with followed.open("wb") as output:
        following = subprocess.Popen(  # noqa: S603 - a program of the virtual environment
            [COMMAND, "changes", "--follow", "--cursor-file", "cursor", "--interval=1", "--json"],
            stdout=output,
            env=shop.environment,
            cwd=shop.folder,
        )
    time.sleep(max(0.0, shop.settled_at - time.monotonic()))
    hub = Hub(shop.stack.endpoint.base_url, shop.stack.endpoint.token)
    for name, arrived in arrivals.items():
        with closing(sqlite3.connect(shop.folder / f"{name}.sqlite")) as database:
            mirror = Mirror(database)
            for event in arrived:
                mirror.take_event(event["detail-type"], event["detail"])
            mirror.catch_up(hub)
            for event in events:
                mirror.take_event(event["detail-type"], event["detail"])
            copied = {each: doc for each, doc in mirror.orders().items() if each.startswith(PREFIX)}
            assert copied == expected, name
    give_up = time.monotonic() + 30
    while not expected.keys() <= _listed(followed) and time.monotonic() < give_up:
        time.sleep(0.2)
    following.send_signal(signal.SIGINT)
    assert following.wait(timeout=30) == 0
    assert expected.keys() <= _listed(followed)
    again = shop.command("changes", "--cursor-file", "cursor")
    assert again.returncode == 0
    assert PREFIX not in again.stdout


def _listed(followed: Path) -> set[str]:
    """Return the ids of the orders that a following reader has printed. The last line may grow."""
    lines = followed.read_text().splitlines(keepends=True)
    changes = [json.loads(line) for line in lines if line.endswith("\n")]
    return {each["external_id"] for each in changes if each["kind"] != "deleted"}
