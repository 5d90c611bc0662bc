"""The entry point of the `orders` command."""

import sys
from collections.abc import Sequence

import typer

from operator_cli import (
    accounts,
    catalogue,
    clients,
    doctor,
    jobs,
    mapping,
    order_changes,
    orders,
    persons,
    settings,
    tokens,
    triggers,
    undo,
)
from operator_cli.arguments import MAIN_EPILOG, global_options_first, remember_connection
from operator_cli.changes import changes
from operator_cli.errors import EXIT_CODES, OperatorError
from operator_cli.hub_access import HUB_EPILOG
from operator_cli.import_file import EPILOG as IMPORT_EPILOG
from operator_cli.import_file import import_file
from operator_cli.reconcile import reconcile

app = typer.Typer(
    name="orders",
    callback=remember_connection,
    epilog=f"{MAIN_EPILOG}\n\n{EXIT_CODES}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(accounts.app, name="account")
app.add_typer(clients.app, name="client")
app.add_typer(tokens.app, name="token")
app.add_typer(settings.app, name="settings")
order_changes.add_to(orders.app)
undo.add_to(app, orders.app)
app.add_typer(orders.app, name="order")
app.add_typer(persons.app, name="person")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(triggers.app, name="triggers")
app.add_typer(doctor.app, name="doctor")
app.command("import", epilog=IMPORT_EPILOG)(import_file)
app.add_typer(jobs.app, name="jobs")
app.add_typer(mapping.app, name="mapping")
app.command("changes", epilog=HUB_EPILOG)(changes)
app.command("reconcile", epilog=HUB_EPILOG)(reconcile)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with one of the documented exit codes."""
    try:
        app(global_options_first(sys.argv[1:] if arguments is None else arguments))
    except OperatorError as error:
        typer.echo(str(error), err=True)
        sys.exit(error.exit_code)
