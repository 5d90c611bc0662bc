"""The functions behave as the API description says.

Schemathesis sends thousands of requests, which take much less time without a deployed stack. A
test of the deployed stack sends some of them there.
"""

from moto import mock_aws
from mypy_boto3_dynamodb.client import DynamoDBClient
from urllib3.util import make_headers

from market_orders_testing.hub import running_hub
from market_orders_testing.triggers import TriggerBus
from tests.support.described_routes import PROJECT, DescribedHub, expect_described_behaviour


def test_the_routes_behave_as_described(own_dynamodb: DynamoDBClient) -> None:
    url = own_dynamodb.meta.endpoint_url
    with mock_aws(), running_hub(TriggerBus(), url) as hub:
        basic = make_headers(basic_auth=f"{hub.client_id}:{hub.client_secret}")["authorization"]
        described = DescribedHub(
            hub.base_url, hub.token_url, hub.project_key, hub.client_id, hub.token, basic
        )
        findings = PROJECT / ".local" / "schemathesis" / "functions"
        # The hub of the tests runs no jobs. The test of the deployed stack starts them.
        expect_described_behaviour(described, findings, without=["startImportJob"])
