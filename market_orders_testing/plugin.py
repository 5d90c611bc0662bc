"""The fixtures for the tests of a shop: `pytest_plugins = ["market_orders_testing.plugin"]`."""

from collections.abc import Callable, Iterator

import pytest
from moto import mock_aws

from market_orders_testing.hub import REGION, Hub, running_hub
from market_orders_testing.triggers import TriggerBus, sample_trigger

_OPTION = "--hub-dynamodb"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that chooses the database of the hub."""
    parser.addoption(
        _OPTION,
        metavar="URL",
        help="run the hub on DynamoDB Local at this URL, such as http://127.0.0.1:8000; "
        "by default it runs on moto",
    )


@pytest.fixture
def aws_of_moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Replace AWS by moto during a test. A consumer that creates clients is imported after it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield


@pytest.fixture
def trigger() -> Callable[..., dict[str, object]]:
    """Return `sample_trigger`: `trigger("OrderCreated", external_id="1001")` is an event."""
    return sample_trigger


@pytest.fixture
def trigger_bus(aws_of_moto: None) -> TriggerBus:
    """Return the bus: `publish` an event, `subscribe` with the pattern of a rule."""
    del aws_of_moto
    return TriggerBus()


@pytest.fixture
def hub(trigger_bus: TriggerBus, request: pytest.FixtureRequest) -> Iterator[Hub]:
    """Return a running hub with a demo account and no orders."""
    with running_hub(trigger_bus, request.config.getoption(_OPTION)) as started:
        yield started
