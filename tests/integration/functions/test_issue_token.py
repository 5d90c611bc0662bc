"""The token function on DynamoDB Local: faults, secrets, and the access of issued tokens."""

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
from tests.support.functions import Function, Tenant, Tree, count_order_ids, deployed, sample
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
    """The deployed functions and requests to them."""

    get: Callable[[str], Function]

    def ask(self, scope: str = "", authorization: str = basic("shop", SECRET)) -> Answer:
        """Request a token."""
        return self._send(token_event(authorization, GRANT | ({"scope": scope} if scope else {})))

    def token(self, scope: str = "") -> str:
        """Return a new access token."""
        answer = self.ask(scope)
        assert answer.status == 200, answer.body
        return str(answer.tree["access_token"])

    def list_orders(self, token: str, project: str = "demo") -> int:
        """Return the status of a request for the project's orders."""
        headers = {"Authorization": f"Bearer {token}"}
        event = project_event("GET", f"/{project}/orders", headers=headers)
        return int(self.get("manage_orders").invoke(event)["statusCode"])

    def _send(self, event: Tree) -> Answer:
        raw = self.get("issue_token").invoke(event)
        return Answer(raw["statusCode"], raw["headers"], raw["body"])


@pytest.fixture
def hub(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with deployed(dynamodb, monkeypatch, SETTINGS, TENANTS) as get:
        count_order_ids(monkeypatch)
        yield Hub(get)


@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem", "PutItem"])
def test_an_unavailable_store_returns_over_capacity(hub: Hub, operation: str) -> None:
    fault = error_answer("InternalServerError", 500)
    with failing(connect().dynamodb, operation, lambda _: fault):
        answer = hub.ask()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.tree["statusCode"] == 503
    assert [each["code"] for each in answer.tree["errors"]] == ["OverCapacity"]
    assert hub.ask().status == 200


@pytest.mark.parametrize("operation", ["UpdateItem", "PutItem"])
def test_an_error_of_the_store_returns_500(
    hub: Hub, capsys: pytest.CaptureFixture[str], operation: str
) -> None:
    fault = error_answer("AccessDeniedException")
    with failing(connect().dynamodb, operation, lambda _: fault):
        answer = hub.ask()
    assert answer.status == 500
    assert [each["code"] for each in answer.tree["errors"]] == ["General"]
    assert "AccessDenied" not in answer.body
    assert '"Faults":[1.0]' in capsys.readouterr().out.replace(" ", "")


def test_without_time_left_no_token_is_issued(hub: Hub) -> None:
    event = token_event(basic("shop", SECRET), GRANT)
    assert hub.get("issue_token").invoke(event, millis=4_500)["statusCode"] == 503


def test_the_function_makes_few_calls(hub: Hub) -> None:
    calls: list[str] = []

    def see(model: Any, **_rest: object) -> None:  # noqa: ANN401 - botocore passes any type
        calls.append(model.name)

    connect().dynamodb.meta.events.register("before-call.dynamodb", see)
    assert hub.ask().status == 200
    assert hub.ask(authorization=basic("shop", "wrong")).status == 401
    # The second request takes the secret from memory. Unknown secrets are always read.
    assert hub.ask().status == 200
    # Who is not authenticated is not counted, and so cannot use up the tokens of a client.
    assert calls == ["GetItem", "UpdateItem", "PutItem", "GetItem", "UpdateItem", "PutItem"]


def test_a_client_with_too_many_tokens_waits_for_the_next_hour(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.application.issue_token.MAX_ISSUED_TOKENS", 2)
    known = [hub.token(), hub.token()]
    refused = hub.ask()
    assert refused.status == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    # The form of the gateway's own 429, which is the only one that the description promises.
    assert refused.tree["error"] == refused.tree["statusCode"] == 429
    assert [each["code"] for each in refused.tree["errors"]] == ["LIMIT_EXCEEDED"]
    # Other clients and the tokens of this client are not affected.
    assert hub.ask(authorization=basic("reader", READER)).status == 200
    assert [hub.list_orders(token) for token in known] == [200, 200]


def test_logs_and_errors_contain_no_secret(
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
    printed = capsys.readouterr().out + stream.getvalue() + "".join(each.body for each in refused)
    assert "request refused" in printed
    for secret in (SECRET, token, "mistyped", basic("shop", SECRET).removeprefix("Basic ")):
        assert secret not in printed


def test_every_token_is_new_and_every_error_has_a_correlation_id(hub: Hub) -> None:
    assert len({hub.token() for _ in range(3)} | {"x"}) == 4
    event = token_event("", GRANT)
    event["headers"]["X-Correlation-ID"] = "shop/1"
    refused = hub.get("issue_token").invoke(event)
    assert (refused["statusCode"], refused["headers"]["X-Correlation-ID"]) == (401, "shop/1")


@pytest.mark.parametrize("what", ["secret", "client"])
def test_a_token_that_is_issued_after_a_revocation_is_invalid(hub: Hub, what: str) -> None:
    assert hub.token()
    accounts = DynamoAccounts(connect().dynamodb, hub.get("issue_token").table)
    if what == "secret":
        assert accounts.revoke_token(SHOP, token_id_of(SECRET), utc_now())
    else:
        assert accounts.revoke_client(SHOP, utc_now())
    assert hub.list_orders(hub.token()) == 401


def test_a_token_is_valid_only_for_its_own_project(hub: Hub) -> None:
    token = hub.token("view_orders:demo")
    assert [hub.list_orders(token, project) for project in ("demo", "books", "nobody")] == [
        200,
        403,
        403,
    ]


def test_an_access_token_cannot_be_used_as_a_client_secret(hub: Hub) -> None:
    assert hub.ask(authorization=basic("shop", hub.token())).status == 401


def test_a_client_that_may_only_read_gets_only_read_scopes(hub: Hub) -> None:
    reader = basic("reader", READER)
    assert hub.ask(authorization=reader).tree["scope"] == "view_orders:books view_messages:books"
    refused = hub.ask("manage_orders:books", reader)
    assert (refused.status, refused.tree["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    ("scope", "imported", "renamed"),
    [("manage_orders:demo", 200, 200), ("view_orders:demo", 403, 403)],
)
def test_the_scopes_of_a_token_apply_in_other_protocols(
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
