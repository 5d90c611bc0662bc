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
# Always the same, so that the sample events and the README's lines work as they stand.
TOKEN = "demo-token-for-local-use-only"  # noqa: S105 - it opens nothing but a local stack
SETTINGS_FILE = Path(__file__).parents[1] / "examples" / "demo" / "settings.yaml"


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """How to call the demo account in each protocol; the secrets are one and the same token."""

    account: str
    project_key: str
    token: str
    client_id: str
    client_secret: str
    campaign_id: int
    api_key: str


def load_demo(endpoint_url: str, stack: str) -> DemoAccess:
    """Create the demo account, or complete it.

    Only on this machine, since its token is no secret. Raises OperatorError.
    """
    connection = Connection(endpoint_url, stack)
    if not connection.is_local():
        raise OperatorError(f"The demo account is for a local stack, not for {endpoint_url}.")
    # No variables of the developer's shell: the data must be where the stack's functions look.
    with connected(connection, environment={}) as operator, refusals():
        create_account(operator.accounts, ACCOUNT, utc_now)
        create_client(operator.accounts, ACCOUNT, CLIENT_ID, ROLES, utc_now)
        settings = applied(operator, ACCOUNT, read_settings_file(str(SETTINGS_FILE))).after
        _let_token_in(operator)
    return DemoAccess(
        account=ACCOUNT,
        project_key=ACCOUNT,
        token=TOKEN,
        client_id=CLIENT_ID,
        client_secret=TOKEN,
        campaign_id=_campaign_id(settings),
        api_key=TOKEN,
    )


def _let_token_in(operator: Operator) -> None:
    record = client_record(operator, ACCOUNT, CLIENT_ID)
    if token_id_of(TOKEN) not in {token.token_id for token in record.tokens}:
        operator.accounts.add_token(record.client, TOKEN, utc_now())


def _campaign_id(settings: Settings) -> int:
    for endpoint in settings.endpoints.values():
        if endpoint.campaign_id is not None:
            return endpoint.campaign_id
    raise OperatorError(f"{SETTINGS_FILE.name} names no campaign_id.")
