"""Separate accounts on a running stack, for tests and tools that leave data behind."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from operator_cli.clients import client_record
from operator_cli.composition import CommandDeadline, Connection, connected
from operator_cli.demo import SETTINGS_FILE
from orders.application.create_account import create_account
from orders.application.create_client import create_client
from orders.domain.clients import Role
from orders.protocols.settings_document import SettingsDocument
from orders.runtime.composition import utc_now
from tools.local_stack.stack import LocalStack


@dataclass(frozen=True)
class LocalAccount:
    """An account with the settings of the demo account and one client with the admin role."""

    name: str
    client_id: str
    token: str

    @property
    def basic(self) -> str:
        """The client's HTTP Basic credentials."""
        return "Basic " + base64.b64encode(f"{self.client_id}:{self.token}".encode()).decode()


def create_local_account(
    stack: LocalStack, name: str, policies: Mapping[str, object] | None = None
) -> LocalAccount:
    """Create an account on a running stack; `policies` replace those of the demo settings."""
    created = LocalAccount(name, "tester", secrets.token_urlsafe(32))
    settings = yaml.safe_load(SETTINGS_FILE.read_text(encoding="utf-8"))
    settings["policies"] |= policies or {}
    declaration = SettingsDocument.model_validate(settings).declaration()
    connection = Connection(
        stack.endpoint.aws_endpoint, stack.deployment.table_name.removesuffix("-orders")
    )
    with connected(connection, environment={}) as operator:
        create_account(operator.accounts, name, utc_now)
        create_client(operator.accounts, name, created.client_id, (Role.ADMIN,), utc_now)
        operator.apply_settings(name, declaration, CommandDeadline.from_now())
        client = client_record(operator, name, created.client_id).client
        operator.accounts.add_token(client, created.token, utc_now())
    return created
