"""`orders settings`: applies and shows the settings of an account."""

from collections.abc import Iterable
from difflib import unified_diff
from typing import Annotated

import typer

from operator_cli.accounts import chosen_account
from operator_cli.arguments import EPILOG, AccountName, connection_of
from operator_cli.composition import CommandDeadline, Operator, connected
from operator_cli.errors import OperatorError, refusals
from operator_cli.printing import print_difference
from operator_cli.settings_file import SettingsFile, read_settings_file, settings_yaml
from orders.application.apply_settings import SettingsChange
from orders.application.errors import DefinitionsRefusedError, SettingsTooLargeError

app = typer.Typer(help="Apply and show the settings of an account.", no_args_is_help=True)


@app.command(epilog=EPILOG)
def apply(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="A YAML file, or - for standard input.")],
    account: AccountName = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the changes without writing them.")
    ] = False,
) -> None:
    """Apply a settings file to an account, and show the changes.

    A section of the file replaces the stored section; other sections do not change.
    Custom fields and line statuses are added or updated but never removed, because stored orders
    may use them.
    """
    declared = read_settings_file(file)
    with connected(connection_of(context)) as operator, refusals():
        owner = chosen_account(operator, account)
        change = applied(operator, owner, declared, dry_run=dry_run)
    if change.before == change.after:
        typer.echo(f"Nothing to change: account {owner} already has these settings.")
        return
    print_difference(_difference(change, declared.name))
    typer.echo(
        "Dry run: nothing was written." if dry_run else f"Changed the settings of account {owner}."
    )


@app.command(epilog=EPILOG)
def show(context: typer.Context, account: AccountName = None) -> None:
    """Print the settings as YAML that `orders settings apply` accepts."""
    with connected(connection_of(context)) as operator, refusals():
        stored = operator.settings.load(
            chosen_account(operator, account), CommandDeadline.from_now(), fresh=True
        )
    typer.echo(settings_yaml(stored.settings), nl=False)


def applied(
    operator: Operator, account: str, declared: SettingsFile, *, dry_run: bool = False
) -> SettingsChange:
    """Apply a settings file to an account; raise OperatorError if the settings are rejected."""
    declaration = declared.document.declaration()
    try:
        return operator.apply_settings(
            account, declaration, CommandDeadline.from_now(), dry_run=dry_run
        )
    except SettingsTooLargeError as error:
        raise OperatorError(f"{error}.") from error
    except DefinitionsRefusedError as error:
        raise OperatorError(
            declared.refusal((problem.path, problem.message) for problem in error.problems)
        ) from error


def _difference(change: SettingsChange, name: str) -> Iterable[str]:
    before, after = (
        settings_yaml(settings).splitlines() for settings in (change.before, change.after)
    )
    return unified_diff(before, after, fromfile="stored settings", tofile=name, lineterm="")
