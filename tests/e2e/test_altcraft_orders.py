"""The life of an order through Altcraft's calls alone, on the deployed stack."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import pytest
import urllib3

from tests.support.samples import line, order, request, to_xml
from tests.support.triggers_log import wait_for_triggers
from tools.local_stack.stack import LocalStack

type Tree = dict[str, Any]
type Call = Callable[[str, Tree], str]

HISTORY_PATIENCE_SECONDS = 60.0
NEW, DELIVERED = {"line_01": "new"}, {"line_01": "delivered"}


class Others:
    """What the other protocols show of an order."""

    def __init__(self, http: urllib3.PoolManager, stack: LocalStack, name: str) -> None:
        self.http, self.endpoint, self.name = http, stack.endpoint, name
        self.order_id = 0

    def get(self, path: str) -> urllib3.BaseHTTPResponse:
        headers = {"Authorization": f"Bearer {self.endpoint.token}"}
        return self.http.request("GET", self.endpoint.base_url + path, headers=headers)

    def reads(self) -> list[urllib3.BaseHTTPResponse]:
        """Return the answers of Yandex Market, commercetools and the hub's API."""
        campaign, project = self.endpoint.campaign_id, self.endpoint.project_key
        return [
            self.get(f"/campaigns/{campaign}/orders/{self.order_id}"),
            self.get(f"/{project}/orders/order-number={quote(self.name, safe='')}"),
            self.get(f"/hub/v1/orders/{self.order_id}"),
        ]

    def expect(self, version: int, lines: Mapping[str, str]) -> None:
        partner, project, hub = self.reads()
        assert partner.json()["order"]["externalOrderId"] == self.name
        assert project.json()["version"] == hub.json()["version"] == version
        shown = hub.json()["document"]["lines"]
        assert {each["external_id"]: each["status"] for each in shown} == lines

    def expect_none(self) -> None:
        assert [each.status for each in self.reads()] == [404, 404, 404]

    def history(self, versions: int) -> list[str]:
        """Wait for so many versions. Return the kinds of their triggers, the oldest first."""
        deadline = time.monotonic() + HISTORY_PATIENCE_SECONDS
        while True:
            tree = self.get(f"/hub/v1/orders/{self.order_id}/history").json()
            kinds = [each["trigger"] for each in tree["versions"]][::-1]
            if len(kinds) >= versions or time.monotonic() > deadline:
                return kinds
            time.sleep(0.5)


def _caller(http: urllib3.PoolManager, stack: LocalStack, *, is_xml: bool) -> Call:
    def call(name: str, body: Tree) -> str:
        sent = {"token": stack.endpoint.token, **body}
        answer = http.request(
            "POST",
            f"{stack.endpoint.base_url}/api/v1.1/market/orders/{name}",
            body=to_xml(sent) if is_xml else json.dumps(sent).encode(),
            headers={"Content-Type": "application/xml" if is_xml else "application/json"},
        )
        text = answer.data.decode()
        assert (answer.status, "<error>0</error>" in text or '"error":0' in text) == (200, True), (
            text
        )
        return text

    return call


@pytest.mark.parametrize("is_xml", [False, True], ids=["JSON", "XML"])
def test_an_order_lives_through_altcrafts_calls_alone(stack: LocalStack, *, is_xml: bool) -> None:
    http = urllib3.PoolManager(timeout=urllib3.Timeout(total=60), retries=False)
    name = f"lived in {'XML' if is_xml else 'JSON'}"
    call, others = _caller(http, stack, is_xml=is_xml), Others(http, stack, name)

    def triggers(count: int) -> list[Tree]:
        found = wait_for_triggers(
            stack.endpoint, lambda detail: detail["external_id"] == name, count
        )
        return sorted(found, key=lambda each: each["detail"]["version"])

    call("import", request(order(external_id=name)))
    assert name in call("list", {"limit": 1000})
    named = {"external_id": name}
    [created] = triggers(1)
    others.order_id = created["detail"]["order_id"]
    others.expect(1, NEW)

    one_line = {"order_external_id": name, "order_line_external_id": "line_01"}
    call("update_order_line_status", {**one_line, "status_external_id": "delivered"})
    others.expect(2, DELIVERED)
    status = call("get_status", {"id": others.order_id})
    assert ("<status>new</status>" if is_xml else '"status":"new"') in status

    call("delete", {**named, "with_fire": False})
    others.expect_none()
    assert name not in call("list", {"limit": 1000})

    call("import", request(order(external_id=name, status="paid", lines=[line()])))
    others.expect(4, DELIVERED)
    assert name in call("list", {"limit": 1000})
    kinds = ["OrderCreated", "OrderLineStatusChanged", "OrderDeleted", "OrderCreated"]
    assert others.history(4) == kinds

    call("delete", {**named, "with_fire": True})
    others.expect_none()
    published = triggers(5)
    assert [each["detail-type"] for each in published] == [*kinds, "OrderDeleted"]
    assert [each["detail"].get("revived", False) for each in published] == [
        *(False, False, False, True, False)
    ]
    assert {each["detail"]["order_id"] for each in published} == {others.order_id}

    call("import", request(order(external_id=name)))
    again = triggers(6)
    assert len({each["detail"]["order_id"] for each in again}) == 2
