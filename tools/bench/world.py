"""The import's handler, with DynamoDB's own engine behind it or the stub."""

import io
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_accounts import DynamoAccounts
from orders.application.create_client import create_client
from orders.domain.clients import Client, Role
from orders.protocols.settings_document import SettingsDocument
from tests.support.dynamodb_local import local_client, running_engine
from tests.support.lambda_context import Context
from tests.support.template_tables import create_table
from tools.bench.handlers import connect_plainly
from tools.bench.requests import SETTINGS, TOKEN
from tools.bench.stubbed_aws import StubbedAws

ACCOUNT = "bench"
type Tree = dict[str, Any]


@dataclass
class World:
    """One environment of the import's Lambda."""

    module: ModuleType
    dynamodb: DynamoDBClient
    table: str
    aws: StubbedAws

    def handle(self, event: Tree, _context: object = None) -> Tree:
        """Handle a request; its log lines go nowhere."""
        with redirect_stdout(io.StringIO()):
            answer: Tree = self.module.lambda_handler(event, Context())
        return answer

    @contextmanager
    def counting(self) -> Iterator[Counter[str]]:
        """Count the calls that go through, by operation."""
        calls: Counter[str] = Counter()

        def count(model: Any, **_rest: object) -> None:  # noqa: ANN401 - botocore's
            calls[model.name] += 1

        with self.aws.watched(count):
            yield calls

    def store(self, event: Tree) -> None:
        """Store the orders of a request, so that the stub answers with them."""
        with self.aws.without_bus():
            self.handle(event)
        self.remember()

    def remember(self) -> None:
        """Let the stub answer with what the engine holds."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table)
        items = [item for page in pages for item in page["Items"]]
        self.aws.items = {(each["pk"]["S"], each["sk"]["S"]): json.dumps(each) for each in items}

    def forget_orders(self) -> None:
        """Let the stub answer as if no order were stored."""
        self.aws.items = {key: item for key, item in self.aws.items.items() if "#O#" not in key[0]}


@contextmanager
def opened() -> Iterator[World]:
    """Open the world: an engine, an account, the handler."""
    with ExitStack() as stack:
        endpoint = stack.enter_context(running_engine())
        dynamodb = local_client(endpoint)
        table = create_table(dynamodb)
        os.environ |= {
            "TABLE_NAME": table,
            "EVENT_BUS_NAME": "triggers",
            "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "us-east-1",
            "POWERTOOLS_SERVICE_NAME": "import-orders",
            "POWERTOOLS_METRICS_NAMESPACE": "MarketOrders",
        }
        _create_account(dynamodb, table)
        # The logger keeps the standard output that it finds.
        nowhere = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        with redirect_stdout(nowhere):
            from functions.import_orders import handler  # noqa: PLC0415 - reads the environment
        from orders.runtime.composition import connect  # noqa: PLC0415

        ours, plain = connect(), connect_plainly()
        aws = StubbedAws(table, ours.dynamodb, ours.events, plain.dynamodb, plain.events)
        world = World(handler, dynamodb, table, aws)
        world.remember()
        yield world


def _create_account(dynamodb: DynamoDBClient, table: str) -> None:
    from orders.runtime.composition import utc_now  # noqa: PLC0415

    accounts = DynamoAccounts(dynamodb, table)
    settings = SettingsDocument.model_validate(SETTINGS).settings()
    accounts.create_account(ACCOUNT, settings, utc_now())
    create_client(accounts, ACCOUNT, "shop", (Role.ORDERS_WRITE,), utc_now)
    accounts.add_token(Client(ACCOUNT, "shop", frozenset()), TOKEN, utc_now())
