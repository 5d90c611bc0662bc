"""Fixtures for every level of the suite."""

import os
from collections.abc import Iterator

import boto3
import pytest
from hypothesis import HealthCheck, settings
from mypy_boto3_dynamodb.client import DynamoDBClient

from tests.support.dynamodb_local import local_client, running_engine
from tests.support.template_tables import create_table

# Powertools reads these when the module that holds its logger and metrics is imported.
os.environ |= {
    "POWERTOOLS_SERVICE_NAME": "import_orders",
    "POWERTOOLS_METRICS_NAMESPACE": "MarketOrders",
}

# These imports make Powertools read them.
from tests.support import plain_messages
from tests.support.log_leaks import WATCH, watch_logs

watch_logs()
plain_messages.watch_messages()

settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def _no_real_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    }.items():
        monkeypatch.setenv(name, value)
    # It would remember another test's credentials.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.fixture(autouse=True)
def _no_leaks() -> Iterator[None]:
    """Fail the test whose log lines hold a secret or a customer's data."""
    yield
    leaks, WATCH.leaks = WATCH.leaks, []
    assert not leaks, leaks


@pytest.fixture(autouse=True)
def _no_unclear_log_messages() -> Iterator[None]:
    """Fail the test whose log messages are not plain English."""
    yield
    unclear, plain_messages.WATCH.faults = plain_messages.WATCH.faults, []
    assert not unclear, unclear


@pytest.fixture(scope="session")
def dynamodb() -> Iterator[DynamoDBClient]:
    """Return a client of Amazon's own DynamoDB engine."""
    with running_engine() as endpoint:
        yield local_client(endpoint)


@pytest.fixture
def table(dynamodb: DynamoDBClient) -> str:
    """Return the name of a fresh table with the stack's schema."""
    return create_table(dynamodb)
