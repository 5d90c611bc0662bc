"""`orders token`: creates, lists and revokes the tokens of API clients."""

from typing import Annotated

import typer

from operator_cli.accounts import chosen_account
from operator_cli.arguments import EPILOG, AccountName, AsJson, connection_of
from operator_cli.clients import ClientId, client_record
from operator_cli.composition import connected
from operator_cli.errors import OperatorError, refusals
from operator_cli.printing import print_json, print_rows, shown_time
from orders.application.create_token import create_token
from orders.domain.clients import ClientRecord, Token
from orders.domain.problems import shown

app = typer.Typer(help="Create, list and revoke tokens of API clients.", no_args_is_help=True)


@app.command(epilog=EPILOG)
def create(
    context: typer.Context,
    client_id: ClientId,
    account: AccountName = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Create a token and print it. The token cannot be shown again: only its hash is stored.

    Standard output receives only the token; the token's id goes to standard error.
    """
    with connected(connection_of(context)) as operator, refusals():
        client = client_record(operator, chosen_account(operator, account), client_id).client
        secret, token = create_token(operator.accounts, client, operator.clock)
    if as_json:
        names = {"account": client.account, "client_id": client_id}
        print_json({**names, "token": secret, **_row(token)})
    else:
        typer.echo(
            f"Created token {token.token_id} of client {client_id}. It is shown only once:",
            err=True,
        )
        typer.echo(secret)


@app.command("list", epilog=EPILOG)
def list_tokens(
    context: typer.Context,
    client_id: Annotated[str | None, typer.Argument(help="List only this client's tokens.")] = None,
    account: AccountName = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the ids and dates of tokens. The tokens themselves cannot be shown."""
    with connected(connection_of(context)) as operator, refusals():
        owner = chosen_account(operator, account)
        if client_id is None:
            records = operator.accounts.clients(owner)
        else:
            records = [client_record(operator, owner, client_id)]
    rows = [
        {"client_id": record.client.client_id, **_row(token)}
        for record in records
        for token in record.tokens
    ]
    if as_json:
        print_json(rows)
    else:
        print_rows(("client_id", "token_id", "created_at", "revoked_at"), rows)


@app.command(epilog=EPILOG)
def revoke(
    context: typer.Context,
    client_id: ClientId,
    token_id: Annotated[str, typer.Argument(help="The id that `orders token list` shows.")],
    account: AccountName = None,
) -> None:
    """Revoke one token."""
    with connected(connection_of(context)) as operator, refusals():
        record = client_record(operator, chosen_account(operator, account), client_id)
        _expect_token(record, token_id)
        is_done = operator.accounts.revoke_token(record.client, token_id, operator.clock())
    if is_done:
        typer.echo(
            f"Revoked token {token_id} of client {client_id}. It stops working within 30 seconds."
        )
    else:
        typer.echo(f"Token {token_id} was already revoked.")


def _expect_token(record: ClientRecord, token_id: str) -> None:
    if token_id not in {token.token_id for token in record.tokens}:
        client_id = record.client.client_id
        raise OperatorError(
            f"Client {shown(client_id)} has no token {shown(token_id)}: see `orders token list`."
        )


def _row(token: Token) -> dict[str, object]:
    return {
        "token_id": token.token_id,
        "created_at": shown_time(token.created_at),
        "revoked_at": shown_time(token.revoked_at),
    }
