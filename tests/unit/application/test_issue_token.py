"""A client with the right secret gets an access token for scopes that its roles permit."""

from datetime import timedelta

import pytest

from orders.application.errors import (
    ScopeRefusedError,
    TooManyTokensError,
    UnauthenticatedError,
)
from orders.application.issue_token import LIFETIME, Credentials, IssueToken
from orders.domain.clients import MAX_ISSUED_TOKENS, READING, WRITING, Client, Role, Scope
from tests.support.deadlines import DEADLINE
from tests.support.fakes import FakeAccessTokens, FakeTokens, TickingClock

MANAGE_PROJECT = Scope("manage_project", frozenset({Role.ADMIN}))
MANAGE_ORDERS = Scope("manage_orders", WRITING)
VIEW_ORDERS = Scope("view_orders", READING)
VIEW_MESSAGES = Scope("view_messages", READING, is_narrow=True)
WRITER = Client("demo", "shop", frozenset({Role.ORDERS_WRITE, Role.ORDERS_READ}))
READER = Client("demo", "reader", frozenset({Role.ORDERS_READ}))
ADMIN = Client("demo", "admin", frozenset({Role.ADMIN}))
ACCESS = Client(
    "demo",
    "shop",
    frozenset({Role.ORDERS_READ}),
    frozenset({"view_orders"}),
    by_access_token=True,
)
FEED = Client("demo", "feed", frozenset(), frozenset({"view_messages"}))
SHIPPER = Client("demo", "shipper", WRITING, frozenset({"manage_orders"}))
OWNER = Client("demo", "owner", frozenset({Role.ADMIN}), frozenset({"manage_project"}))
TOKENS = FakeTokens(
    {"writer": WRITER, "reader": READER, "admin": ADMIN, "access": ACCESS, "feed": FEED}
)


def _issue(access_tokens: FakeAccessTokens | None = None) -> IssueToken:
    return IssueToken(TOKENS, access_tokens or FakeAccessTokens(), TickingClock(), lambda: "new")


@pytest.mark.parametrize(
    ("client_id", "secret"),
    [("shop", "unknown"), ("reader", "writer"), ("", "writer"), ("shop", "access")],
)
def test_a_wrong_secret_is_rejected(client_id: str, secret: str) -> None:
    with pytest.raises(UnauthenticatedError):
        _issue().authenticate(Credentials(client_id, secret), DEADLINE)


def test_the_right_secret_is_accepted() -> None:
    assert _issue().authenticate(Credentials("shop", "writer"), DEADLINE) == WRITER
    assert _issue().authenticate(Credentials("feed", "feed"), DEADLINE) == FEED


def test_an_access_token_has_only_the_roles_of_its_scopes() -> None:
    stored = FakeAccessTokens()
    clock = TickingClock(step=timedelta(0))
    issue = IssueToken(TOKENS, stored, clock, lambda: "new")
    assert issue(WRITER, "writer", [VIEW_ORDERS, VIEW_MESSAGES], DEADLINE) == "new"
    grant = stored.grants["new"]
    assert grant.client == Client(
        "demo",
        "shop",
        frozenset({Role.ORDERS_READ}),
        frozenset({"view_orders", "view_messages"}),
        by_access_token=True,
    )
    assert (grant.secret, grant.expires_at) == ("writer", clock.now + LIFETIME)


@pytest.mark.parametrize(
    ("client", "scopes"),
    [
        (READER, [MANAGE_ORDERS]),
        (READER, [VIEW_ORDERS, MANAGE_ORDERS]),
        (WRITER, [MANAGE_PROJECT]),
        (WRITER, []),
        (FEED, [VIEW_ORDERS]),
        (FEED, [VIEW_MESSAGES, VIEW_ORDERS]),
        (SHIPPER, [VIEW_MESSAGES]),
    ],
)
def test_a_scope_beyond_the_roles_is_rejected(client: Client, scopes: list[Scope]) -> None:
    stored = FakeAccessTokens()
    with pytest.raises(ScopeRefusedError):
        _issue(stored)(client, "secret", scopes, DEADLINE)
    assert stored.grants == {}


def test_the_tokens_of_a_client_in_an_hour_are_limited() -> None:
    stored, clock = FakeAccessTokens(), TickingClock(step=timedelta(0))
    issue = IssueToken(TOKENS, stored, clock, lambda: "new")
    clock.now = clock.now.replace(minute=59, second=30)
    for _ in range(MAX_ISSUED_TOKENS):
        issue(WRITER, "writer", [VIEW_ORDERS], DEADLINE)
    stored.grants.clear()
    with pytest.raises(TooManyTokensError) as refusal:
        issue(WRITER, "writer", [VIEW_ORDERS], DEADLINE)
    assert refusal.value.wait == timedelta(seconds=30)
    assert stored.grants == {}
    issue(READER, "reader", [VIEW_ORDERS], DEADLINE)
    clock.now += timedelta(seconds=30)
    issue(WRITER, "writer", [VIEW_ORDERS], DEADLINE)


def test_a_rejected_request_does_not_count() -> None:
    stored = FakeAccessTokens()
    with pytest.raises(ScopeRefusedError):
        _issue(stored)(READER, "reader", [MANAGE_ORDERS], DEADLINE)
    assert not stored.issued


def test_an_admin_may_have_any_scope() -> None:
    scopes = [MANAGE_PROJECT, MANAGE_ORDERS, VIEW_ORDERS, VIEW_MESSAGES]
    assert _issue()(ADMIN, "admin", scopes, DEADLINE) == "new"


@pytest.mark.parametrize(
    ("client", "scopes", "may"),
    [
        (WRITER, (MANAGE_ORDERS, MANAGE_PROJECT), True),
        (READER, (MANAGE_ORDERS, MANAGE_PROJECT), False),
        (READER, (VIEW_ORDERS,), True),
        (ADMIN, (MANAGE_PROJECT,), True),
        (ACCESS, (VIEW_ORDERS, MANAGE_ORDERS), True),
        (ACCESS, (MANAGE_ORDERS, MANAGE_PROJECT), False),
        # The roles would permit this scope, but it was not granted.
        (ACCESS, (VIEW_MESSAGES,), False),
        (FEED, (VIEW_MESSAGES, MANAGE_PROJECT), True),
        (FEED, (VIEW_ORDERS, MANAGE_ORDERS, MANAGE_PROJECT), False),
        (SHIPPER, (VIEW_ORDERS,), True),
        (SHIPPER, (VIEW_MESSAGES, MANAGE_PROJECT), False),
        (OWNER, (VIEW_MESSAGES,), True),
    ],
)
def test_a_client_may_use_its_granted_scopes(
    client: Client,
    scopes: tuple[Scope, ...],
    may: bool,  # noqa: FBT001 - an expectation
) -> None:
    assert client.may_use(*scopes) is may
