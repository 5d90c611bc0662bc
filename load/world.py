"""The accounts that the shops belong to."""

import base64
import json
import secrets
from pathlib import Path

import yaml

from local_stack.settings import PROJECT
from local_stack.stack import LocalStack
from operator_cli.clients import client_record
from operator_cli.composition import CommandDeadline, Connection, connected
from orders.adapters.settings_document import SettingsDocument
from orders.application.apply_settings import apply_settings
from orders.application.create_account import create_account
from orders.application.create_client import create_client
from orders.domain.clients import Role
from orders.runtime.composition import utc_now

ACCOUNTS = ("north", "south", "east", "west")
CLIENT = "shops"


def create_accounts(stack: LocalStack) -> Path:
    """Create the accounts; return the file that tells the shops how to get in."""
    stack_name = stack.deployment.table_name.removesuffix("-orders")
    settings = yaml.safe_load((PROJECT / "demo" / "settings.yaml").read_text(encoding="utf-8"))
    settings["policies"] = {**settings["policies"], "total_check": "off"}
    declaration = SettingsDocument.model_validate(settings).declaration()
    accounts = []
    with connected(Connection(stack.endpoint.aws_endpoint, stack_name), environment={}) as operator:
        for account in ACCOUNTS:
            create_account(operator.accounts, account, utc_now)
            create_client(operator.accounts, account, CLIENT, (Role.ADMIN,), utc_now)
            client = client_record(operator, account, CLIENT).client
            apply_settings(operator.settings, account, declaration, CommandDeadline.from_now())
            token = secrets.token_urlsafe(32)
            operator.accounts.add_token(client, token, utc_now())
            basic = base64.b64encode(f"{CLIENT}:{token}".encode()).decode()
            accounts.append(
                {
                    "account": account,
                    "token": token,
                    "basic": f"Basic {basic}",
                    "campaign_id": stack.endpoint.campaign_id,
                }
            )
    path = Path(stack.endpoint.events_log).parent / "world.json"
    path.write_text(json.dumps({"accounts": accounts}), encoding="utf-8")
    return path
