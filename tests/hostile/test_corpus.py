"""Every hostile request gets its error quickly, in little memory, and never a 5xx."""

import resource
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from market_orders_testing.stack import functions_of_paths
from orders.domain.clients import Role
from tests.hostile.corpus import SECRET, Hostile, corpus
from tests.support.functions import Function, Tenant, deployed

SETTINGS: dict[str, Any] = {
    "currencies": ["USD"],
    "endpoints": [{"external_id": "website", "campaign_id": 1001}],
}
CORPUS = corpus()
MAX_CPU_SECONDS = 3.0
MAX_GROWTH_KILOBYTES = 300 * 1024
# An answer may repeat the external ids of a request.
MAX_ANSWER_BYTES = 700_000


@pytest.fixture(scope="module")
def get(dynamodb: DynamoDBClient) -> Iterator[Callable[[str], Function]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        tenants = (Tenant("demo", SECRET, (Role.ADMIN,), "shop"),)
        with deployed(dynamodb, patch, SETTINGS, tenants) as running:
            yield running


def test_the_cases_have_unique_names() -> None:
    assert len({case.name for case in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name)
def test_a_hostile_request_is_rejected_quickly_and_in_little_memory(
    get: Callable[[str], Function], case: Hostile
) -> None:
    function = get(functions_of_paths()[case.route[1]])
    event = case.event()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = function.invoke(event)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert answer["statusCode"] == case.status, answer["body"][:500]
    assert case.text in answer["body"], answer["body"][:500]
    assert len(answer["body"]) < MAX_ANSWER_BYTES
    assert not any("\n" in value or "\r" in value for value in answer["headers"].values())
    assert "root:" not in answer["body"]
    assert function.cpu_seconds < MAX_CPU_SECONDS
    assert grown < MAX_GROWTH_KILOBYTES
