"""The accounts of the shops."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from operator_cli.demo import SETTINGS_FILE
from orders.protocols.settings_document import SettingsDocument
from tools.load.lists import Shop
from tools.local_stack.accounts import LocalAccount, create_local_account
from tools.local_stack.private_files import private_file
from tools.local_stack.stack import LocalStack

ACCOUNTS = ("north", "south", "east", "west")
# The totals of the orders are random, so they do not equal the sum of the lines.
POLICIES = {"total_check": "off"}
# The endpoint of all orders.
ENDPOINT = "website"


@dataclass(frozen=True, slots=True)
class LoadWorld:
    """The shops' accounts. `file` has their credentials, for the processes of the shops."""

    file: Path
    shops: Sequence[Shop]


def create_accounts(stack: LocalStack) -> LoadWorld:
    """Create the accounts, and write the file with their credentials."""
    created = [create_local_account(stack, name, POLICIES) for name in ACCOUNTS]
    accounts = [
        {
            "account": account.name,
            "token": account.token,
            "basic": account.basic,
            "campaign_id": stack.endpoint.campaign_id,
        }
        for account in created
    ]
    path = Path(stack.endpoint.events_log).parent / "world.json"
    with private_file(path) as file:
        file.write(json.dumps({"accounts": accounts}).encode())
    return LoadWorld(path, [shop_of(account) for account in created])


def shop_of(account: LocalAccount) -> Shop:
    """Return what reads the account, which has the settings of the demo account."""
    tree = yaml.safe_load(SETTINGS_FILE.read_text(encoding="utf-8"))
    settings = SettingsDocument.model_validate(tree).settings()
    campaigns = {endpoint.external_id: number for number, endpoint in settings.campaigns()}
    return Shop(
        account.name, account.token, ENDPOINT, campaigns[ENDPOINT], settings.business_id or 0
    )
