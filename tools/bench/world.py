"""Runs the import's handler with DynamoDB Local or with the stubbed AWS."""

import io
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from types import ModuleType
from typing import Any

from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_accounts import DynamoAccounts
from orders.application.create_client import create_client
from orders.domain.clients import Client, Role
from orders.protocols.settings_document import SettingsDocument
from orders.runtime.composition import Aws, connect, utc_now
from tests.support.dynamodb_local import LONG_RUN, local_client, running_engine
from tests.support.lambda_context import Context
from tests.support.template_tables import create_table
from tools.bench.handlers import connect_plainly
from tools.bench.requests import SETTINGS, TOKEN
from tools.bench.stubbed_aws import StubbedAws

ACCOUNT = "bench"
# The letters in the partition keys of orders and of index entries.
_ORDERS = {"O", "I"}
type Tree = dict[str, Any]


@dataclass
class World:
    """One environment of the import function."""

    module: ModuleType
    hub: Aws
    dynamodb: DynamoDBClient
    table: str
    aws: StubbedAws

    def handle(self, event: Tree, _context: object = None) -> Tree:
        """Handle a request; discard its log lines."""
        return handle(self.module, event)

    @contextmanager
    def counting(self) -> Iterator[Counter[str]]:
        """Count the AWS calls by operation inside the context."""
        calls: Counter[str] = Counter()

        def count(model: Any, **_rest: object) -> None:  # noqa: ANN401 - botocore's
            calls[model.name] += 1

        with self.aws.watched(count):
            yield calls

    def store(self, event: Tree) -> None:
        """Store the orders of a request, so that the stub returns them."""
        with self.aws.without_bus():
            self.handle(event)
        self.remember()

    def remember(self) -> None:
        """Copy the items of DynamoDB Local to the stub."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table)
        items = [item for page in pages for item in page["Items"]]
        self.aws.items = {(each["pk"]["S"], each["sk"]["S"]): json.dumps(each) for each in items}

    def forget_orders(self) -> None:
        """Remove the stored orders and their index entries, also from DynamoDB Local.

        The orders that reads are measured with have the same external ids.
        """
        kept = {
            key: item for key, item in self.aws.items.items() if not _ORDERS & {*key[0].split("#")}
        }
        gone = [
            {"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in self.aws.items.keys() - kept.keys()
        ]
        for part in batched(gone, 25, strict=False):
            requests: Any = [{"DeleteRequest": {"Key": key}} for key in part]
            self.dynamodb.batch_write_item(RequestItems={self.table: requests})
        self.aws.items = kept


def handle(module: ModuleType, event: Tree, context: Context | None = None) -> Tree:
    """Handle a request with a function; discard its log lines."""
    with redirect_stdout(io.StringIO()):
        answer: Tree = module.lambda_handler(event, context or Context())
    return answer


@contextmanager
def opened() -> Iterator[World]:
    """Start DynamoDB Local, create an account and load the handler, for the time of the context."""
    with ExitStack() as stack:
        endpoint = stack.enter_context(running_engine(LONG_RUN))
        dynamodb = local_client(endpoint)
        table = create_table(dynamodb)
        os.environ |= variables(table, endpoint)
        create_account(dynamodb, table)
        # The logger writes to the standard output that it finds when it is created.
        nowhere = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        with redirect_stdout(nowhere):
            from functions.import_orders import handler  # noqa: PLC0415 - reads the environment
        hub, plain = connect(), connect_plainly()
        aws = StubbedAws(table, hub.dynamodb, hub.events, plain.dynamodb, plain.events)
        world = World(handler, hub, dynamodb, table, aws)
        world.remember()
        yield world


def variables(table: str, endpoint: str) -> dict[str, str]:
    """Return the environment variables of the functions, with the endpoint of DynamoDB."""
    return {
        "TABLE_NAME": table,
        "EVENT_BUS_NAME": "triggers",
        "WRITER_TIMEOUT_SECONDS": "27",
        "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "POWERTOOLS_SERVICE_NAME": "import-orders",
        "POWERTOOLS_METRICS_NAMESPACE": "MarketOrders",
    }


def create_account(dynamodb: DynamoDBClient, table: str) -> None:
    """Create the account of the benchmark, and a client with the token of its requests."""
    accounts = DynamoAccounts(dynamodb, table)
    settings = SettingsDocument.model_validate(SETTINGS).settings()
    accounts.create_account(ACCOUNT, settings, utc_now())
    create_client(accounts, ACCOUNT, "shop", (Role.ORDERS_WRITE,), utc_now)
    accounts.add_token(Client(ACCOUNT, "shop", frozenset()), TOKEN, utc_now())
