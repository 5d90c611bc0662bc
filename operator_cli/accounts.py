"""`orders account`: creates and lists accounts."""

from collections.abc import Sequence
from typing import Annotated

import typer

from operator_cli.arguments import EPILOG, AsJson, connection_of
from operator_cli.composition import Operator, connected
from operator_cli.errors import OperatorError, refusals
from operator_cli.printing import print_json
from orders.application.create_account import create_account
from orders.domain.problems import listed, shown

app = typer.Typer(help="Create and list accounts.", no_args_is_help=True)


@app.command(epilog=EPILOG)
def create(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="The account's name and project key.")],
) -> None:
    """Create an account with empty settings."""
    with connected(connection_of(context)) as operator, refusals():
        is_new = create_account(operator.accounts, account, operator.clock)
    if not is_new:
        raise OperatorError(f"Account {shown(account)} already exists.")
    typer.echo(f"Created account {account}.")


@app.command("list", epilog=EPILOG)
def list_accounts(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the accounts."""
    with connected(connection_of(context)) as operator:
        names = operator.accounts.accounts()
    if as_json:
        print_json([{"account": name} for name in names])
    else:
        for name in names:
            typer.echo(name)


def chosen_account(operator: Operator, account: str | None) -> str:
    """Return the name of the account that a command uses.

    Without a name, that is the hub's only account. Raises OperatorError if the account does not
    exist, or if no name is given and the hub has several accounts.
    """
    names = operator.accounts.accounts()
    if not names:
        raise OperatorError("The hub has no accounts: create one with `orders account create`.")
    if account is None:
        return _only(names)
    if account not in names:
        raise OperatorError(
            f"Account {shown(account)} does not exist; the accounts are: {listed(names)}."
        )
    return account


def _only(names: Sequence[str]) -> str:
    if len(names) > 1:
        raise OperatorError(
            f"--account or ORDERS_ACCOUNT must name one of the accounts: {listed(names)}."
        )
    return names[0]
