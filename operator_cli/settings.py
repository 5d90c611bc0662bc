"""`orders settings`: applies and shows the settings of an account."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import unified_diff
from typing import TYPE_CHECKING, Annotated

import typer

from operator_cli.accounts import chosen_account
from operator_cli.arguments import EPILOG, AccountName, connection_of
from operator_cli.composition import CommandDeadline, Operator, connected
from operator_cli.counted import counted
from operator_cli.errors import OperatorError, UsageError, refusals
from operator_cli.printing import print_difference
from orders.application.apply_settings import SettingsChange
from orders.application.errors import (
    DefinitionsInUseError,
    DefinitionsRefusedError,
    SettingsTooLargeError,
)
from orders.domain.custom_fields import EntityType
from orders.domain.definition_names import DefinitionNames
from orders.domain.settings import FieldKey

if TYPE_CHECKING:
    from operator_cli.settings_file import SettingsFile

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

    A section of the file replaces the stored section; other sections do not change. In `policies`,
    only the keys of the file change; `policies: {}` resets them all.
    Custom fields and line statuses are added or updated but not removed, because stored orders
    may use them: use `orders settings remove`.
    """
    from operator_cli.settings_file import read_settings_file

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
    from operator_cli.settings_file import settings_yaml

    with connected(connection_of(context)) as operator, refusals():
        stored = operator.settings.load(
            chosen_account(operator, account), CommandDeadline.from_now(), fresh=True
        )
    typer.echo(settings_yaml(stored.settings), nl=False)


@app.command(epilog=EPILOG)
def remove(
    context: typer.Context,
    custom_field: Annotated[
        list[str] | None,
        typer.Option(
            "--custom-field",
            metavar="ENTITY:ID",
            help="A custom field, such as order:gift or line_order:shelf; repeatable.",
        ),
    ] = None,
    line_status: Annotated[
        list[str] | None,
        typer.Option("--line-status", metavar="ID", help="A custom line status; repeatable."),
    ] = None,
    account: AccountName = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Do not look whether recent orders use them.")
    ] = False,
) -> None:
    """Remove custom fields and line statuses.

    The command reads the newest 1,000 orders and refuses to remove what one of them uses. Orders
    keep the values that they hold. An import that still sends a removed field or status fails.
    """
    names = DefinitionNames(
        frozenset(map(_field_key, custom_field or ())), frozenset(line_status or ())
    )
    if not names:
        raise UsageError("Name at least one --custom-field or --line-status.")
    with connected(connection_of(context)) as operator, refusals():
        owner = chosen_account(operator, account)
        try:
            removal = operator.remove_definitions(
                owner, names, CommandDeadline.from_now(), force=force
            )
        except DefinitionsInUseError as error:
            raise OperatorError(_in_use(error)) from error
    print_difference(_difference(removal.change, "settings after the removal"))
    if not force:
        typer.echo(
            f"None of the newest orders uses them; read {counted(removal.searched, 'order')}."
        )
    typer.echo(f"Changed account {owner}.")


def _field_key(text: str) -> FieldKey:
    entity, colon, name = text.partition(":")
    if not colon or entity not in set(EntityType):
        entities = ", ".join(EntityType)
        raise UsageError(
            f"--custom-field must be ENTITY:ID, where ENTITY is one of {entities}; got {text!r}."
        )
    return EntityType(entity), name


def _in_use(error: DefinitionsInUseError) -> str:
    uses = "; ".join(f"{name}: {count}" for name, count in error.uses.items())
    return (
        f"Nothing was removed. Some of the newest orders use what you want to remove ({uses}; read "
        f"{counted(error.searched, 'order')}). Use --force to remove it nevertheless."
    )


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
    from operator_cli.settings_file import settings_yaml

    before, after = (
        settings_yaml(settings).splitlines() for settings in (change.before, change.after)
    )
    return unified_diff(before, after, fromfile="stored settings", tofile=name, lineterm="")
