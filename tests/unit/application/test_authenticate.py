"""A request needs a known token of a client with the role."""

import pytest

from orders.application.authenticate import authenticate
from orders.application.errors import ForbiddenError, UnauthenticatedError
from orders.domain.clients import Role
from tests.support.deadlines import DEADLINE
from tests.support.fakes import FakeTokens, client

TOKENS = FakeTokens(
    {
        "writer": client("demo", Role.ORDERS_WRITE),
        "reader": client("demo", Role.ORDERS_READ),
        "admin": client("demo", Role.ADMIN),
    }
)


@pytest.mark.parametrize(
    ("token", "role"),
    [
        ("writer", Role.ORDERS_WRITE),
        ("reader", Role.ORDERS_READ),
        ("admin", Role.ORDERS_WRITE),
        ("admin", Role.ORDERS_READ),
        ("admin", Role.ADMIN),
    ],
)
def test_a_client_with_the_role_is_authenticated(token: str, role: Role) -> None:
    assert authenticate(token, role, TOKENS, DEADLINE) == TOKENS.clients[token]


@pytest.mark.parametrize(
    ("token", "role"),
    [
        ("reader", Role.ORDERS_WRITE),
        ("writer", Role.ORDERS_READ),
        ("writer", Role.ADMIN),
        ("reader", Role.ADMIN),
    ],
)
def test_a_client_without_the_role_is_rejected(token: str, role: Role) -> None:
    with pytest.raises(ForbiddenError, match=role):
        authenticate(token, role, TOKENS, DEADLINE)


@pytest.mark.parametrize(
    ("token", "text"), [(None, "required"), ("", "required"), ("x", "unknown or")]
)
def test_an_unknown_token_is_rejected(token: str | None, text: str) -> None:
    with pytest.raises(UnauthenticatedError, match=text):
        authenticate(token, Role.ORDERS_READ, TOKENS, DEADLINE)
