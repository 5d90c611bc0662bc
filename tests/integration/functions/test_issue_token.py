"""The token's Lambda on DynamoDB's own engine: faults, secrets, and what a token then opens."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_accounts import DynamoAccounts, token_id_of
from orders.domain.clients import Client, Role
from orders.runtime import observability
from orders.runtime.composition import connect, utc_now
from tests.support.aws_faults import error_answer, failing
from tests.support.commercetools import Answer, basic, project_event, token_event
from tests.support.functions import Function, Tenant, Tree, deployed, sample
from tests.support.samples import api_event, order, request

SECRET, READER = "the secret of the shop", "the secret of a reader"
SHOP = Client("demo", "shop", frozenset())
GRANT = {"grant_type": "client_credentials"}
SETTINGS: dict[str, Any] = {
    "currencies": ["USD"],
    "endpoints": [{"external_id": "website", "campaign_id": 1001}],
}
TENANTS = (
    Tenant("demo", SECRET, (Role.ORDERS_WRITE, Role.ORDERS_READ), "shop"),
    Tenant("books", READER, (Role.ORDERS_READ,), "reader"),
)


@dataclass
class Hub:
    """The functions, and how to ask them."""

    get: Callable[[str], Function]

    def ask(self, scope: str = "", authorization: str = basic("shop", SECRET)) -> Answer:
        """Ask for a token."""
        return self._send(token_event(authorization, GRANT | ({"scope": scope} if scope else {})))

    def token(self, scope: str = "") -> str:
        """Return a new access token."""
        answer = self.ask(scope)
        assert answer.status == 200, answer.body
        return str(answer.tree["access_token"])

    def list_orders(self, token: str, project: str = "demo") -> int:
        """Return with which status the project's orders are listed."""
        headers = {"Authorization": f"Bearer {token}"}
        event = project_event("GET", f"/{project}/orders", headers=headers)
        return int(self.get("manage_orders").invoke(event)["statusCode"])

    def _send(self, event: Tree) -> Answer:
        raw = self.get("issue_token").invoke(event)
        return Answer(raw["statusCode"], raw["headers"], raw["body"])


@pytest.fixture
def hub(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with deployed(dynamodb, monkeypatch, SETTINGS, TENANTS) as get:
        yield Hub(get)


@pytest.mark.parametrize("operation", ["GetItem", "PutItem"])
def test_a_store_that_does_not_answer_is_over_capacity(hub: Hub, operation: str) -> None:
    fault = error_answer("InternalServerError", 500)
    with failing(connect().dynamodb, operation, lambda _: fault):
        answer = hub.ask()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.tree["statusCode"] == 503
    assert [each["code"] for each in answer.tree["errors"]] == ["OverCapacity"]
    assert hub.ask().status == 200


def test_a_store_that_refuses_is_a_fault_of_ours(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = error_answer("AccessDeniedException")
    with failing(connect().dynamodb, "PutItem", lambda _: fault):
        answer = hub.ask()
    assert answer.status == 500
    assert [each["code"] for each in answer.tree["errors"]] == ["General"]
    assert "AccessDenied" not in answer.body
    assert '"Faults":[1.0]' in capsys.readouterr().out.replace(" ", "")


def test_without_time_left_no_token_is_issued(hub: Hub) -> None:
    event = token_event(basic("shop", SECRET), GRANT)
    assert hub.get("issue_token").invoke(event, millis=4_500)["statusCode"] == 503


def test_it_reads_and_puts_items_and_calls_nothing_else(hub: Hub) -> None:
    calls: list[str] = []

    def see(model: Any, **_rest: object) -> None:  # noqa: ANN401 - botocore's own
        calls.append(model.name)

    connect().dynamodb.meta.events.register("before-call.dynamodb", see)
    assert hub.ask().status == 200
    assert hub.ask(authorization=basic("shop", "wrong")).status == 401
    # The secret from memory the second time, an unknown one never.
    assert hub.ask().status == 200
    assert calls == ["GetItem", "PutItem", "GetItem", "PutItem"]


def test_logs_and_refusals_hold_no_secret(
    hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(observability.logger.registered_handler, "stream", stream)
    token = hub.token()
    refused = [
        hub.ask("manage_project:demo"),
        hub.ask(authorization=basic("shop", "a secret mistyped")),
        hub.ask(authorization=basic("nobody", SECRET)),
    ]
    with failing(connect().dynamodb, "PutItem", lambda _: error_answer("AccessDeniedException")):
        refused.append(hub.ask())
    assert [each.status for each in refused] == [400, 401, 401, 500]
    told = capsys.readouterr().out + stream.getvalue() + "".join(each.body for each in refused)
    assert "request refused" in told
    for secret in (SECRET, token, "mistyped", basic("shop", SECRET).removeprefix("Basic ")):
        assert secret not in told


def test_each_token_is_another_and_refusals_carry_their_correlation_id(hub: Hub) -> None:
    assert len({hub.token() for _ in range(3)} | {"x"}) == 4
    event = token_event("", GRANT)
    event["headers"]["X-Correlation-ID"] = "shop/1"
    refused = hub.get("issue_token").invoke(event)
    assert (refused["statusCode"], refused["headers"]["X-Correlation-ID"]) == (401, "shop/1")


@pytest.mark.parametrize("what", ["secret", "client"])
def test_what_is_issued_from_memory_after_a_revocation_opens_nothing(hub: Hub, what: str) -> None:
    assert hub.token()
    accounts = DynamoAccounts(connect().dynamodb, hub.get("issue_token").table)
    if what == "secret":
        assert accounts.revoke_token(SHOP, token_id_of(SECRET), utc_now())
    else:
        assert accounts.revoke_client(SHOP, utc_now())
    assert hub.list_orders(hub.token()) == 401


def test_a_token_opens_its_own_project_only(hub: Hub) -> None:
    token = hub.token("view_orders:demo")
    assert [hub.list_orders(token, project) for project in ("demo", "books", "nobody")] == [
        200,
        403,
        403,
    ]


def test_an_access_token_is_no_secret(hub: Hub) -> None:
    assert hub.ask(authorization=basic("shop", hub.token())).status == 401


def test_a_reader_is_granted_no_more_than_reading(hub: Hub) -> None:
    reader = basic("reader", READER)
    assert hub.ask(authorization=reader).tree["scope"] == "view_orders:books view_messages:books"
    refused = hub.ask("manage_orders:books", reader)
    assert (refused.status, refused.tree["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    ("scope", "imported", "renamed"),
    [("manage_orders:demo", 200, 200), ("view_orders:demo", 403, 403)],
)
def test_in_the_other_protocols_a_token_may_what_its_scopes_say(
    hub: Hub, scope: str, imported: int, renamed: int
) -> None:
    headers = {"Authorization": f"Bearer {hub.token(scope)}"}
    body = request(order(external_id="A"), token=SECRET)
    assert _status(hub.get("import_orders"), api_event(body)) == 200
    read = sample("manage_orders", "get_order")
    rename = sample("update_external_id", "bearer_token")
    for event in (read, rename):
        event["headers"].pop("Api-Key", None)
        event["headers"] |= headers
    assert _status(hub.get("manage_orders"), read) == 200
    assert _status(hub.get("update_external_id"), rename) == renamed
    event = api_event(request(order(external_id="B"), token=SECRET))
    event["headers"] |= headers
    assert _status(hub.get("import_orders"), event) == imported


def _status(function: Function, event: Tree) -> int:
    answer = function.invoke(event)
    assert json.loads(answer["body"])
    return int(answer["statusCode"])
