"""The hub in the process of the tests: its functions behind HTTP, on moto or DynamoDB Local."""

import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
from botocore.config import Config

from market_orders_testing.gateway import Gateway, LambdaContext
from market_orders_testing.http_server import Answer, Asked, Given, served
from market_orders_testing.moto_statements import MotoStatements
from market_orders_testing.stack import ROOT, Tree, load_handler, table_schema
from market_orders_testing.triggers import Subscription, TriggerBus

if TYPE_CHECKING:
    from operator_cli.demo import DemoAccess

REGION = "us-east-1"
# Powertools reads its variables at imports and at requests.
_POWERTOOLS = {
    "POWERTOOLS_SERVICE_NAME": "market-orders-testing",
    "POWERTOOLS_METRICS_NAMESPACE": "MarketOrders",
    "POWERTOOLS_LOG_LEVEL": "WARNING",
    "POWERTOOLS_METRICS_DISABLED": "true",
}
_IMPORT_JOBS = "/hub/v1/import_jobs"
_START = re.compile(rf"{_IMPORT_JOBS}/[^/]+/start")
_READS = frozenset({"BatchGetItem", "DescribeTable", "GetItem", "Query", "Scan"})


@dataclass(frozen=True)
class Hub:
    """A running hub with a demo account. The members are those of `.local/endpoint.json`."""

    base_url: str
    account: str
    project_key: str
    token: str
    token_url: str
    client_id: str
    client_secret: str
    campaign_id: int
    api_key: str
    bus: TriggerBus = field(repr=False)
    _all: Subscription = field(repr=False)

    def triggers(self) -> list[Tree]:
        """Return the triggers that were published since the last call, as a function gets them."""
        return self._all.received()


@dataclass
class _Requests:
    """Answers one request at a time: moto is not safe for threads that write."""

    gateway: Gateway
    stream: "_Stream"
    jobs: "_ImportJobs"
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, asked: Asked) -> Given:
        if asked.method == "POST" and _START.fullmatch(urlsplit(asked.target).path):
            return _no_jobs()
        with self._one_at_a_time, patch.dict(os.environ, _POWERTOOLS | self.jobs.variables(asked)):
            given = self.gateway.answer(asked)
            if asked.method not in {"GET", "HEAD"}:
                self.stream.deliver()
        return given


@dataclass
class _ImportJobs:
    """What import jobs need, created at the first request about them: few tests send one.

    Jobs can be created, listed and cancelled. Nothing runs them, so a start is refused.
    """

    _variables: dict[str, str] = field(default_factory=dict)

    def variables(self, asked: Asked) -> dict[str, str]:
        """Return the variables that a request needs."""
        if not asked.target.startswith(_IMPORT_JOBS):
            return {}
        if not self._variables:
            name = f"import-files-{uuid4().hex}"
            create: Any = boto3.client
            create("s3").create_bucket(Bucket=name)
            definition = '{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}'
            role = "arn:aws:iam::123456789012:role/import-files"
            machine = create("stepfunctions").create_state_machine(
                name=name, definition=definition, roleArn=role
            )
            arn = machine["stateMachineArn"]
            self._variables |= {
                "IMPORT_FILES_BUCKET": name,
                "IMPORT_FILES_STATE_MACHINE_ARN": arn,
            }
        return self._variables


@dataclass
class _Stream:
    """Delivers the records of the table's stream to the history, before a write is answered."""

    client: Any
    arn: str
    record: Any = field(default_factory=lambda: load_handler("record_history"))
    # Most requests write nothing, and reading the stream takes as long as answering one.
    _has_news: bool = True
    _positions: dict[str, str] = field(default_factory=dict)

    def watch(self, table: Any) -> None:  # noqa: ANN401 - the stubs are not installed
        """Notice what a client of the table writes."""
        table.meta.events.register("before-call.dynamodb", self._notice)

    def _notice(self, model: Any, **_rest: object) -> None:  # noqa: ANN401 - botocore has no types
        self._has_news |= model.name not in _READS

    def deliver(self) -> None:
        if not self._has_news:
            return
        self._has_news = False
        shards = self.client.describe_stream(StreamArn=self.arn)["StreamDescription"]["Shards"]
        records = [record for shard in shards for record in self._read(shard["ShardId"])]
        if records:
            self.record({"Records": records}, LambdaContext("record_history"))

    def _read(self, shard: str) -> list[Tree]:
        start = {"StreamArn": self.arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
        position = (
            self._positions.get(shard) or (self.client.get_shard_iterator(**start)["ShardIterator"])
        )
        records: list[Tree] = []
        while position:
            page = self.client.get_records(ShardIterator=position)
            position = page.get("NextShardIterator", "")
            if not page["Records"]:
                break
            records += map(_as_lambda_gets_it, page["Records"])
        self._positions[shard] = position
        return records


def _no_jobs() -> Given:
    problem = {
        "type": "about:blank",
        "title": HTTPStatus.NOT_IMPLEMENTED.phrase,
        "status": HTTPStatus.NOT_IMPLEMENTED,
        "code": "jobs_do_not_run",
        "detail": (
            "The hub of market_orders_testing runs no import jobs; send the orders by requests, or "
            "test against `make run`"
        ),
    }
    headers = {"Content-Type": "application/problem+json"}
    return Given(HTTPStatus.NOT_IMPLEMENTED, json.dumps(problem).encode(), headers)


def _as_lambda_gets_it(record: Tree) -> Tree:
    data = record["dynamodb"]
    created = data["ApproximateCreationDateTime"].timestamp()
    return {**record, "dynamodb": {**data, "ApproximateCreationDateTime": created}}


@contextmanager
def running_hub(bus: TriggerBus, dynamodb_url: str | None = None) -> Iterator[Hub]:
    """Start a hub with an empty table, on DynamoDB Local if its URL is given, else on moto.

    This must happen inside of moto's `mock_aws`, which has the bus.
    """
    with ExitStack() as stack:
        requests, access = _opened(stack, bus, dynamodb_url)
        base_url = stack.enter_context(served(requests))
        members: Tree = asdict(access)
        yield Hub(
            base_url=base_url,
            token_url=f"{base_url}/oauth/token",
            bus=bus,
            _all=bus.subscribe(),
            **members,
        )


def _opened(
    stack: ExitStack, bus: TriggerBus, dynamodb_url: str | None
) -> tuple[Answer, "DemoAccess"]:
    """Create the table, the demo account and the functions.

    The variables of the functions do not stay: a consumer in the same test may have such names too.
    """
    table = f"orders-{uuid4().hex}"
    queue = bus.sqs.create_queue(QueueName=f"parked-{uuid4().hex}")["QueueUrl"]
    variables = {
        **_POWERTOOLS,
        "WRITER_TIMEOUT_SECONDS": "27",
        "TABLE_NAME": table,
        "EVENT_BUS_NAME": bus.name,
        "PARKED_RECORDS_QUEUE_URL": queue,
        **({"AWS_ENDPOINT_URL_DYNAMODB": dynamodb_url} if dynamodb_url else {}),
    }
    with patch.dict(os.environ, variables):
        from operator_cli.composition import Operator
        from operator_cli.demo import create_demo
        from orders.runtime.composition import connect
        from orders.runtime.composition.record_history import record_history

        stack.callback(connect.cache_clear)
        stack.callback(record_history.cache_clear)
        client: Any = connect().dynamodb
        record_history()
        client.create_table(TableName=table, **table_schema())
        if dynamodb_url is None:
            client.batch_execute_statement = MotoStatements(client)
        access = create_demo(Operator(client, table), ROOT / "examples" / "demo" / "settings.yaml")
        arn = client.describe_table(TableName=table)["Table"]["LatestStreamArn"]
        stream = _Stream(_streams_client(dynamodb_url), arn)
        stream.watch(client)
    if dynamodb_url is not None:
        stack.callback(client.delete_table, TableName=table)
    return _Requests(Gateway(), stream, _ImportJobs()), access


def _streams_client(dynamodb_url: str | None) -> Any:  # noqa: ANN401 - the stubs are not installed
    create: Any = boto3.client
    # moto does not know the endpoints that contain an account id.
    config = Config(account_id_endpoint_mode="disabled")
    return create("dynamodbstreams", endpoint_url=dynamodb_url, config=config)
