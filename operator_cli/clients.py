"""`orders client`: creates, lists and revokes API clients."""

from collections.abc import Sequence
from typing import Annotated

import typer

from operator_cli.accounts import chosen_account
from operator_cli.arguments import EPILOG, AccountName, AsJson, connection_of
from operator_cli.composition import Operator, connected
from operator_cli.errors import OperatorError, UsageError, refusals
from operator_cli.printing import print_json, print_rows, shown_time
from orders.application.create_client import create_client, create_scoped_client
from orders.domain.clients import ClientRecord, Role, Scope
from orders.domain.problems import listed, shown
from orders.runtime.scopes import SCOPES

app = typer.Typer(help="Create, list and revoke API clients.", no_args_is_help=True)

ClientId = Annotated[str, typer.Argument(help="The client's id.")]
Roles = Annotated[
    list[Role] | None,
    typer.Option("--role", help="A role of the client; repeat the option for several roles."),
]
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scope",
        help=f"A protocol's scope, instead of a role: {', '.join(SCOPES)}.",
    ),
]


@app.command(epilog=EPILOG)
def create(
    context: typer.Context,
    client_id: ClientId,
    role: Roles = None,
    scope: Scopes = None,
    account: AccountName = None,
) -> None:
    """Create a client. To give it a token, run `orders token create`."""
    with connected(connection_of(context)) as operator, refusals():
        owner = chosen_account(operator, account)
        if role and scope:
            raise UsageError("--role and --scope cannot be combined.")
        if not role and not scope:
            raise UsageError("At least one --role or --scope is required.")
        if scope:
            scopes = _scopes(scope)
            is_new = create_scoped_client(
                operator.accounts, owner, client_id, scopes, operator.clock
            )
        else:
            is_new = create_client(operator.accounts, owner, client_id, role or (), operator.clock)
        if not is_new:
            raise OperatorError(
                f"Client {shown(client_id)} already exists in account {shown(owner)}, "
                "or was revoked: choose another id."
            )
    typer.echo(f"Created client {client_id} in account {owner}.")


@app.command("list", epilog=EPILOG)
def list_clients(
    context: typer.Context, account: AccountName = None, *, as_json: AsJson = False
) -> None:
    """List the clients, including the revoked ones."""
    with connected(connection_of(context)) as operator, refusals():
        records = operator.accounts.clients(chosen_account(operator, account))
    rows = [_row(record) for record in records]
    if as_json:
        print_json(rows)
    else:
        print_rows(("client_id", "roles", "scopes", "tokens", "created_at", "revoked_at"), rows)


@app.command(epilog=EPILOG)
def revoke(context: typer.Context, client_id: ClientId, account: AccountName = None) -> None:
    """Revoke a client and all of its tokens. This cannot be undone."""
    with connected(connection_of(context)) as operator, refusals():
        client = client_record(operator, chosen_account(operator, account), client_id).client
        is_done = operator.accounts.revoke_client(client, operator.clock())
    if is_done:
        typer.echo(f"Revoked client {client_id}. Its tokens stop working within 30 seconds.")
    else:
        typer.echo(f"Client {client_id} was already revoked.")


def client_record(operator: Operator, account: str, client_id: str) -> ClientRecord:
    """Return a client with its tokens; raise OperatorError if the client does not exist."""
    records = {each.client.client_id: each for each in operator.accounts.clients(account)}
    if client_id not in records:
        raise OperatorError(
            f"Client {shown(client_id)} does not exist in account {shown(account)}; "
            f"the clients are: {listed(list(records))}."
        )
    return records[client_id]


def _scopes(names: Sequence[str]) -> list[Scope]:
    for name in names:
        if name not in SCOPES:
            raise OperatorError(
                f"Scope {shown(name)} does not exist; the scopes are: {listed(list(SCOPES))}."
            )
    return [SCOPES[name] for name in names]


def _row(record: ClientRecord) -> dict[str, object]:
    return {
        "client_id": record.client.client_id,
        "roles": sorted(record.client.roles),
        "scopes": sorted(record.client.scopes or ()),
        "tokens": sum(token.revoked_at is None for token in record.tokens),
        "created_at": shown_time(record.created_at),
        "revoked_at": shown_time(record.revoked_at),
    }
