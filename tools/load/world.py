"""The accounts of the shops."""

import json
from pathlib import Path

from tools.local_stack.accounts import create_local_account
from tools.local_stack.private_files import private_file
from tools.local_stack.stack import LocalStack

ACCOUNTS = ("north", "south", "east", "west")
# The totals of the orders are random, so they do not equal the sum of the lines.
POLICIES = {"total_check": "off"}


def create_accounts(stack: LocalStack) -> Path:
    """Create the accounts; return the path of a file with their credentials."""
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
    return path
