"""The demo account of the local stack."""

from dataclasses import dataclass
from pathlib import Path

from operator_cli.clients import client_record
from operator_cli.composition import Connection, Operator, connected
from operator_cli.errors import OperatorError, refusals
from operator_cli.settings import applied
from operator_cli.settings_file import read_settings_file
from orders.adapters.dynamodb_accounts import token_id_of
from orders.application.create_account import create_account
from orders.application.create_client import create_client
from orders.domain.clients import Role
from orders.domain.settings import Settings
from orders.runtime.composition import utc_now

ACCOUNT = "demo"
CLIENT_ID = "demo-shop"
ROLES = (Role.ORDERS_WRITE, Role.ORDERS_READ)
# A fixed demonstration token, which exists only in the local store. The sample events and the
# README use it.
TOKEN = "demo-token-for-local-use-only"  # noqa: S105 - valid in a local stack only
SETTINGS_FILE = Path(__file__).parents[1] / "examples" / "demo" / "settings.yaml"


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """The demo account's credentials for each protocol; all secrets are the same token."""

    account: str
    project_key: str
    token: str
    client_id: str
    client_secret: str
    campaign_id: int
    api_key: str


def load_demo(endpoint_url: str, stack: str) -> DemoAccess:
    """Create the demo account, or add what is missing.

    Raises OperatorError if the stack is not on this machine, because the token is public.
    """
    connection = Connection(endpoint_url, stack)
    if not connection.is_local():
        raise OperatorError(
            f"The demo account requires a local stack; {endpoint_url} is not on this machine."
        )
    # Without the credentials of the developer's shell: the table must be that of the functions.
    with connected(connection, environment={}) as operator, refusals():
        return create_demo(operator)


def create_demo(operator: Operator, settings_file: Path = SETTINGS_FILE) -> DemoAccess:
    """Create the demo account in a table, or add what is missing. The table must be a local one."""
    create_account(operator.accounts, ACCOUNT, utc_now)
    create_client(operator.accounts, ACCOUNT, CLIENT_ID, ROLES, utc_now)
    settings = applied(operator, ACCOUNT, read_settings_file(str(settings_file))).after
    _add_token(operator)
    return DemoAccess(
        account=ACCOUNT,
        project_key=ACCOUNT,
        token=TOKEN,
        client_id=CLIENT_ID,
        client_secret=TOKEN,
        campaign_id=_campaign_id(settings),
        api_key=TOKEN,
    )


def _add_token(operator: Operator) -> None:
    record = client_record(operator, ACCOUNT, CLIENT_ID)
    if token_id_of(TOKEN) not in {token.token_id for token in record.tokens}:
        operator.accounts.add_token(record.client, TOKEN, utc_now())


def _campaign_id(settings: Settings) -> int:
    for endpoint in settings.endpoints.values():
        if endpoint.campaign_id is not None:
            return endpoint.campaign_id
    raise OperatorError(f"An endpoint in {SETTINGS_FILE.name} must have a campaign_id.")
