"""Functions as Lambda runs them: the real handler, DynamoDB's own engine, moto's bus and queue."""

import importlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from moto import mock_aws
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters import aws_clients
from orders.adapters.dynamodb_accounts import DynamoAccounts
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.sqs_parking import SqsParking
from orders.application.create_client import create_client
from orders.application.ports import Deadline
from orders.application.take_order_ids import TakeOrderIds
from orders.domain.clients import Client, Role
from orders.domain.order import Order
from orders.protocols.settings_document import SettingsDocument
from orders.runtime.composition import connect, utc_now
from orders.runtime.composition.import_files import job_files
from orders.runtime.composition.import_jobs import job_stores
from orders.runtime.composition.record_history import record_history
from orders.runtime.composition.relay_triggers import relay_triggers
from tests.support.aws_actions import CallRecorder, forbidden_calls
from tests.support.contract_schemas import faults_of_route
from tests.support.deadlines import FixedDeadline
from tests.support.fakes import FakeOrderIds
from tests.support.lambda_context import Context
from tests.support.log_leaks import WATCH
from tests.support.plain_messages import faults_of_event
from tests.support.template_tables import create_table

EVENTS = Path(__file__).parents[2] / "events"

type Tree = dict[str, Any]


@dataclass(frozen=True)
class Tenant:
    """An account with settings, its own or those of all, and a token of it in a role."""

    account: str
    token: str
    roles: tuple[Role, ...]
    client_id: str = ""
    settings: Mapping[str, Any] | None = None


@dataclass
class Function:
    """A deployed function: its handler and the table behind it."""

    module: ModuleType
    client: DynamoDBClient
    table: str
    recorder: CallRecorder = field(default_factory=CallRecorder)
    # What the handler took for the last request, without the checks of the tests.
    cpu_seconds: float = 0.0

    @property
    def folder(self) -> str:
        """The folder of the function, which names it."""
        return self.module.__name__.split(".")[1]

    def invoke(self, event: Tree, millis: int = 27_000) -> Tree:
        """Return the answer of the handler.

        The test fails if the answer does not match the API description, if one of its messages is
        not plain English, or if the function's role does not allow one of its calls to AWS.
        """
        WATCH.know_request(event)
        with self.recorder.watching(self._clients()):
            begun = time.process_time()
            answer: Tree = self.module.lambda_handler(event, Context(millis=millis))
            self.cpu_seconds = time.process_time() - begun
        forbidden = forbidden_calls(self.folder, self.recorder.calls)
        assert not forbidden, forbidden
        if "resource" in event:
            faults = faults_of_route(event["httpMethod"], event["resource"], answer)
            assert not faults, faults
            unclear = faults_of_event(event, answer)
            assert not unclear, unclear
        return answer

    def _clients(self) -> list[BaseClient]:
        clients: list[BaseClient] = [connect().dynamodb, connect().events]
        if self.folder in {"relay_triggers", "record_history"}:
            use_case = relay_triggers() if self.folder == "relay_triggers" else record_history()
            parking = use_case.parking
            assert isinstance(parking, SqsParking)
            clients.append(parking.client)
        if self.folder in {"split_import_file", "import_chunk", "finish_import_job"}:
            clients.append(job_files(connect()).client)
        if self.folder == "manage_import_jobs":
            stores = job_stores(connect())
            clients += [stores.files.client, stores.engine.client]
        return clients

    def stored(self, external_id: str, account: str = "demo") -> Order | None:
        orders = DynamoOrders(self.client, self.table)
        return orders.find_by_external_ids(account, [external_id], FixedDeadline()).orders.get(
            external_id
        )


@contextmanager
def deployed(
    dynamodb: DynamoDBClient,
    monkeypatch: pytest.MonkeyPatch,
    settings: Mapping[str, Any],
    tenants: tuple[Tenant, ...],
    *,
    stream: bool = False,
) -> Iterator[Callable[[str], Function]]:
    """Deploy the functions on one table; what is yielded gives one by its name."""
    table = create_table(dynamodb, stream=stream)
    for variable, value in {
        "TABLE_NAME": table,
        "EVENT_BUS_NAME": "triggers",
        "WRITER_TIMEOUT_SECONDS": "27",
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb.meta.endpoint_url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }.items():
        monkeypatch.setenv(variable, value)
    accounts = DynamoAccounts(dynamodb, table)
    for number, tenant in enumerate(tenants):
        document = SettingsDocument.model_validate(tenant.settings or settings)
        accounts.create_account(tenant.account, document.settings(), utc_now())
        client_id = tenant.client_id or f"client-{number}"
        create_client(accounts, tenant.account, client_id, tenant.roles, utc_now)
        client = Client(tenant.account, client_id, frozenset())
        accounts.add_token(client, tenant.token, utc_now())
        WATCH.know(tenant.token)
    _wait_longer(monkeypatch)
    _forget()
    with mock_aws():
        _client("events").create_event_bus(Name="triggers")
        queue = _client("sqs").create_queue(QueueName="parked")
        monkeypatch.setenv("PARKED_TRIGGERS_QUEUE_URL", queue["QueueUrl"])
        monkeypatch.setenv("PARKED_RECORDS_QUEUE_URL", queue["QueueUrl"])
        _client("s3").create_bucket(Bucket="import-files")
        monkeypatch.setenv("IMPORT_FILES_BUCKET", "import-files")
        monkeypatch.setenv("IMPORT_FILES_STATE_MACHINE_ARN", _state_machine())
        yield lambda each: Function(
            importlib.import_module(f"functions.{each}.handler"), dynamodb, table
        )
    _forget()


def _state_machine() -> str:
    """Create a state machine that does nothing, and return its ARN."""
    definition = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
    created = _client("stepfunctions").create_state_machine(
        name="import-files",
        definition=json.dumps(definition),
        roleArn="arn:aws:iam::123456789012:role/import-files",
    )
    arn: str = created["stateMachineArn"]
    return arn


@cache
def _client(service: str) -> Any:  # noqa: ANN401 - boto3 creates its classes at run time
    """Return a client of moto. One serves all tests, because its creation takes long."""
    create: Any = boto3.client
    return create(service)


def _wait_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let real calls take longer than in production: the engine shares a busy machine."""
    patient = aws_clients.CLIENT_CONFIG.merge(Config(read_timeout=60))
    monkeypatch.setattr(aws_clients, "CLIENT_CONFIG", patient)
    monkeypatch.setattr(aws_clients, "CALL_SECONDS", 61)


def count_order_ids(monkeypatch: pytest.MonkeyPatch, first: int = 1) -> None:
    """Give the order ids that samples and recorded answers contain.

    The first function that creates orders counts from `first`, the second from 1000 more.
    """
    counters: dict[int, FakeOrderIds] = {}

    def take(own: TakeOrderIds, account: str, count: int, deadline: Deadline) -> Sequence[int]:
        counter = counters.setdefault(id(own), FakeOrderIds(first - 1 + 1000 * len(counters)))
        return counter.take(account, count, deadline)

    monkeypatch.setattr(TakeOrderIds, "take", take)


def sample(function: str, name: str) -> Tree:
    """Return a sample event of `events/`."""
    event: Tree = json.loads((EVENTS / function / f"{name}.json").read_text(encoding="utf-8"))
    return event


def _forget() -> None:
    """Let the next request build everything anew, as a fresh environment does."""
    connect.cache_clear()
    relay_triggers.cache_clear()
    record_history.cache_clear()
