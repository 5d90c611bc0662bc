"""Runs the `orders` command with a separate stack on DynamoDB Local."""

import signal
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient
from typer.main import get_command

from operator_cli.composition import Connection, Operator, connected
from operator_cli.hub_on_table import HubOnTable
from operator_cli.main import main
from orders.adapters.dynamodb_history import DynamoHistory
from orders.application.create_account import create_account
from orders.runtime.composition import utc_now
from tests.support.hub_worlds import World
from tests.support.order_stores import store_in
from tests.support.plain_messages import faults_of_output
from tests.support.template_tables import create_table, table_properties
from tests.support.trigger_services import TriggerServices, trigger_services

# A longer word cannot be a path.
MAX_PATH = 1000


@dataclass(frozen=True, slots=True)
class Ended:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


ONE_COMMAND = cache(get_command)

type Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "ORDERS_ENDPOINT_URL",
        "ORDERS_STACK",
        "ORDERS_ACCOUNT",
        "FORCE_COLOR",
        "BASE_URL",
        "TOKEN",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    """Let SIGINT interrupt the command, even if the shell of the tests ignores this signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def _one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Build the tree of all commands only once, as each run of the program does."""
    monkeypatch.setattr("typer.main.get_command", ONE_COMMAND)


@pytest.fixture
def run_bare(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs `orders` with exactly the given words.

    The test fails if the output of a failed command is not plain English.
    """

    def call(*words: str) -> Ended:
        capsys.readouterr()
        try:
            main(words)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        else:
            code = 0
        printed = capsys.readouterr()
        if code:
            unclear = faults_of_output(f"{printed.out}\n{printed.err}", _sent(words))
            assert not unclear, unclear
        return Ended(code, printed.out, printed.err)

    return call


def _sent(words: tuple[str, ...]) -> str:
    """Return the words of a command and the text of the files that they name."""
    files = (Path(word) for word in words if len(word) < MAX_PATH and Path(word).is_file())
    return "\n".join((*words, *(each.read_text(errors="replace") for each in files)))


@pytest.fixture
def stack(dynamodb: DynamoDBClient) -> str:
    """Return the name of a stack whose table has the name and keys of `template.yaml`."""
    name = f"stack-{uuid.uuid4().hex}"
    create_table(
        dynamodb, table_properties()["TableName"]["Sub"].replace("${AWS::StackName}", name)
    )
    return name


@pytest.fixture
def connection(dynamodb: DynamoDBClient, stack: str) -> Connection:
    """Return the connection to that stack."""
    return Connection(dynamodb.meta.endpoint_url, stack)


@pytest.fixture
def run(run_bare: Run, connection: Connection) -> Run:
    """Return a function that runs `orders` with that stack."""
    where = ("--endpoint-url", str(connection.endpoint_url), "--stack", connection.stack)
    return lambda *words: run_bare(*where, *words)


@pytest.fixture
def items(dynamodb: DynamoDBClient, connection: Connection) -> Callable[[], list[dict[str, Any]]]:
    """Return a function that returns every item of the table."""
    return lambda: dynamodb.scan(TableName=connection.table, ConsistentRead=True)["Items"]


@pytest.fixture
def demo_account(connection: Connection) -> str:
    """Create an account; return its name."""
    with connected(connection) as operator:
        assert create_account(operator.accounts, "demo", utc_now)
    return "demo"


@pytest.fixture
def world(dynamodb: DynamoDBClient, connection: Connection, demo_account: str) -> World:
    """Return the orders of the account in that stack."""
    table = connection.table
    hub = HubOnTable(Operator(dynamodb, table), connection, demo_account)
    return World(store_in(dynamodb, table), DynamoHistory(dynamodb, table), hub)


@pytest.fixture
def services(connection: Connection) -> Iterator[TriggerServices]:
    """Return the bus, the archive, the log and the queue of that stack's triggers."""
    with trigger_services(connection) as provided:
        yield provided
