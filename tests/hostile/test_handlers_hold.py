"""Every handler answers any input in its protocol, and never with an internal error.

Function.invoke checks each answer against the published description.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.domain.clients import Role
from tests.hostile.corpus import DRAFT, IMPORT, MOVE, RECONCILE, RENAME, SECRET, TOKEN, XML, Hostile
from tests.support.commercetools import draft
from tests.support.functions import Function, Tenant, deployed
from tests.support.routes import Route, functions_of_routes
from tests.support.samples import order, request, to_xml

type Tree = dict[str, Any]

SETTINGS: Tree = {
    "currencies": ["USD"],
    "endpoints": [{"external_id": "website", "campaign_id": 1001}],
}
FUNCTIONS = functions_of_routes()
# The relay has no route, and the description does not read its request.
ROUTES = sorted(route for route in FUNCTIONS if FUNCTIONS[route] != "describe_api")
GOOD_BODIES: dict[Route, bytes] = {
    IMPORT: json.dumps(request(order())).encode(),
    DRAFT: json.dumps(draft(orderNumber=None)).encode(),
    RENAME: b'{"externalOrderId": "A"}',
    MOVE: b'{"order": {"status": "PROCESSING", "substatus": "READY_TO_SHIP"}}',
    RECONCILE: b'{"orders": [{"external_id": "A", "version": 1}]}',
    TOKEN: b"grant_type=client_credentials&scope=view_orders:demo",
}
within_reason = settings(
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
texts = st.text(max_size=30)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
routes = st.sampled_from(ROUTES)


@pytest.fixture(scope="module")
def get(dynamodb: DynamoDBClient) -> Iterator[Callable[[str], Function]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        tenants = (Tenant("demo", SECRET, (Role.ADMIN,), "shop"),)
        with deployed(dynamodb, patch, SETTINGS, tenants) as running:
            yield running


def expect_no_fault(get: Callable[[str], Function], sent: Hostile) -> Tree:
    answer = get(FUNCTIONS[sent.route]).invoke(sent.event())
    assert answer["statusCode"] < 500, answer["body"]
    return answer


@st.composite
def mutated(draw: st.DrawFn, good: bytes) -> bytes:
    """Return a valid body with a few bytes removed, doubled or replaced."""
    body = good
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(body)))
        length = draw(st.integers(0, 8))
        body = body[:at] + draw(st.binary(max_size=8)) + body[at + length :]
    return body


@within_reason
@given(route=routes, body=st.binary(max_size=200))
def test_any_bytes_get_an_answer(get: Callable[[str], Function], route: Route, body: bytes) -> None:
    expect_no_fault(get, Hostile("bytes", route, 0, body=body))


@within_reason
@given(route=st.sampled_from(sorted(GOOD_BODIES)), value=values)
def test_any_json_gets_an_answer(
    get: Callable[[str], Function], route: Route, value: object
) -> None:
    expect_no_fault(get, Hostile("JSON", route, 0, body=json.dumps(value).encode()))


@within_reason
@given(member=st.sampled_from(sorted(order())), value=values)
def test_any_member_of_an_order_gets_an_answer(
    get: Callable[[str], Function], member: str, value: object
) -> None:
    body = json.dumps(request({**order(), member: value})).encode()
    answer = expect_no_fault(get, Hostile("order", IMPORT, 0, body=body))
    assert answer["statusCode"] == 200


@within_reason
@given(st.data(), st.sampled_from(sorted(GOOD_BODIES)))
def test_any_mutation_gets_an_answer(
    get: Callable[[str], Function], data: st.DataObject, route: Route
) -> None:
    body = data.draw(mutated(GOOD_BODIES[route]))
    expect_no_fault(get, Hostile("mutated", route, 0, body=body))


@within_reason
@given(mutated(to_xml(request(order()))))
def test_any_mutation_of_xml_gets_an_answer(get: Callable[[str], Function], body: bytes) -> None:
    answer = expect_no_fault(get, Hostile("mutated", IMPORT, 0, body=body, media=XML))
    assert answer["body"].startswith("<xml>")


@within_reason
@given(
    route=routes,
    headers=st.dictionaries(
        st.sampled_from(
            [
                *("Accept", "Content-Encoding", "Content-Type", "Authorization", "Api-Key"),
                *("X-Correlation-ID", "Content-Length", "x"),
            ]
        ),
        texts | st.none(),
        max_size=5,
    ),
)
@example(route=IMPORT, headers={"Content-Type": "application/json; charset=\ud800"})
def test_any_headers_get_an_answer(
    get: Callable[[str], Function], route: Route, headers: dict[str, str | None]
) -> None:
    body = GOOD_BODIES.get(route, b"")
    expect_no_fault(get, Hostile("headers", route, 0, body=body, headers=headers))


@within_reason
@given(
    route=routes,
    path=st.dictionaries(
        st.sampled_from(
            ["campaignId", "businessId", "orderId", "projectKey", "ref", "id", "order_id"]
        ),
        texts,
        max_size=4,
    ),
    query=st.dictionaries(
        st.sampled_from(
            [
                *("limit", "offset", "sort", "where", "withTotal", "version", "pageToken"),
                *("status", "substatus", "fake", "format", "expand", "x"),
                *("page", "fromDate", "toDate", "updatedAtFrom", "updatedAtTo", "orderIds"),
                *("after", "created_from", "changed_to", "external_id", "protocol", "direction"),
            ]
        ),
        texts,
        max_size=4,
    ),
)
def test_any_path_and_query_get_an_answer(
    get: Callable[[str], Function], route: Route, path: dict[str, str], query: dict[str, str]
) -> None:
    body = GOOD_BODIES.get(route, b"")
    expect_no_fault(get, Hostile("path", route, 0, body=body, path=path, query=query))
