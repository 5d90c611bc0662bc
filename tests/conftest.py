"""Fixtures that the tests of every level use."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import boto3
import pytest
from botocore.loaders import create_loader
from hypothesis import HealthCheck, settings
from mypy_boto3_dynamodb.client import DynamoDBClient
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from tests.support.dynamodb_local import local_client, running_engine
from tests.support.quick_moto import make_moto_quick
from tests.support.template_tables import create_table

# Powertools reads these variables when the module of its logger and metrics is imported.
os.environ |= {
    "POWERTOOLS_SERVICE_NAME": "import_orders",
    "POWERTOOLS_METRICS_NAMESPACE": "MarketOrders",
}

# These imports make Powertools read the variables, so they must come after them.
from tests.support import plain_messages
from tests.support.left_threads import LeftThreads
from tests.support.log_leaks import WATCH, watch_logs

watch_logs()
plain_messages.watch_messages()
make_moto_quick()

settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

# The files of this folder share a stack, whose threads end with it.
E2E = Path(__file__).parent / "e2e"
PATIENCE_SECONDS = 5.0


def pytest_configure(config: pytest.Config) -> None:
    """Fail the files that leave a thread running."""
    config.pluginmanager.register(LeftThreads(PATIENCE_SECONDS, {E2E}))


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
    # The default session would keep another test's credentials.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


# This file starts stacks of its own. All others of its folder share one.
OWN_STACKS = "tests/e2e/test_local_stack.py"


class SharedStackScheduling(LoadFileScheduling):  # type: ignore[misc]  # it has no types
    """Runs a file in one process, and also all files that share a stack, which starts slowly."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        is_shared = file.startswith("tests/e2e/") and file != OWN_STACKS
        return "tests/e2e" if is_shared else file


def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer
) -> SharedStackScheduling | None:
    """Return the scheduler of `--dist loadfile`."""
    return SharedStackScheduling(config, log) if config.getoption("dist") == "loadfile" else None


ONE_LOADER = cache(create_loader)


@pytest.fixture(autouse=True)
def _one_service_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load each AWS service model only once, because that takes longer than most tests."""
    monkeypatch.setattr("botocore.session.create_loader", ONE_LOADER)


@pytest.fixture(autouse=True)
def _no_leaks() -> Iterator[None]:
    """Fail a test whose log lines contain a secret or customer data."""
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
    """Return a client of DynamoDB Local."""
    with running_engine() as endpoint:
        yield local_client(endpoint)


@pytest.fixture(scope="module")
def own_dynamodb() -> Iterator[DynamoDBClient]:
    """Return a client of an engine of its own: the records of a stream slow every write down."""
    with running_engine() as endpoint:
        yield local_client(endpoint)


@pytest.fixture
def table(dynamodb: DynamoDBClient) -> str:
    """Return the name of a new, empty table with the schema of the stack's table."""
    return create_table(dynamodb)
