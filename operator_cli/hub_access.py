"""The options that choose a hub: a base URL with a token, or a stack with AWS credentials."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from operator_cli.accounts import chosen_account
from operator_cli.arguments import GLOBAL_OPTIONS, connection_of
from operator_cli.composition import connected
from operator_cli.errors import EXIT_CODES, OperatorError, UnavailableError, UsageError

if TYPE_CHECKING:
    from operator_cli.hub_reads import HubReads

PANEL = "Hub"
HUB_EPILOG = (
    "With a base URL and a token, the command calls the hub's API, as a shop does. Otherwise it "
    "reads the table of a stack with AWS credentials (`orders --help`). Options have priority over "
    f"variables, and the API over the table.\n\n{EXIT_CODES}"
)
BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        envvar="BASE_URL",
        metavar="URL",
        rich_help_panel=PANEL,
        help="Base URL of the hub's API, such as https://orders.example.com.",
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="TOKEN",
        metavar="TOKEN",
        rich_help_panel=PANEL,
        help="Token with the role orders:read; better in the variable, which other users of the "
        "machine cannot see.",
    ),
]
HubAccount = Annotated[
    str | None,
    typer.Option(
        "--account",
        "-a",
        envvar="ORDERS_ACCOUNT",
        metavar="ACCOUNT",
        rich_help_panel=PANEL,
        help="Name of the account, if the command reads the table and the hub has several.",
    ),
]


@dataclass(frozen=True, slots=True)
class HubChoice:
    """The options of a command that choose a hub."""

    base_url: str | None
    token: str | None
    account: str | None


@contextmanager
def hub_of(context: typer.Context, choice: HubChoice) -> Iterator["HubReads"]:
    """Connect to the hub. A failure to connect is an UnavailableError or a UsageError."""
    from operator_cli.hub_reads import HubReads

    if calls_api(context, choice):
        from operator_cli.hub_over_http import HubOverHttp

        yield HubReads(HubOverHttp(choice.base_url or "", choice.token or ""))
        return
    from operator_cli.hub_on_table import HubOnTable

    connection = connection_of(context)
    try:
        with connected(connection) as operator:
            account = chosen_account(operator, choice.account)
    except OperatorError as error:
        if type(error) is not OperatorError:
            raise
        # The exit code 1 has a meaning of its own in commands that compare.
        raise UnavailableError(str(error)) from error
    yield HubReads(HubOnTable(operator, connection, account))


def calls_api(context: typer.Context, choice: HubChoice) -> bool:
    """Return whether a command calls the API. Raises UsageError for options that contradict."""
    url_given, token_given = _is_option(context, "base_url"), _is_option(context, "token")
    of_table = _options_of_table(context)
    if url_given or token_given:
        if of_table:
            raise UsageError(
                f"{of_table[0]} chooses a stack, and cannot be combined with --base-url or --token."
            )
        if not choice.base_url or not choice.token:
            missing = "--token or TOKEN" if choice.base_url else "--base-url or BASE_URL"
            raise UsageError(f"{missing} is required to call the hub's API.")
        return True
    return bool(choice.base_url and choice.token) and not of_table


def _options_of_table(context: typer.Context) -> list[str]:
    """Return the options on the command line that choose a stack or an account."""
    root = context.find_root()
    names = {option: option[2:].replace("-", "_") for option in GLOBAL_OPTIONS}
    given = [option for option, name in names.items() if _is_given(root.get_parameter_source(name))]
    return [*given, *(["--account"] if _is_option(context, "account") else [])]


def _is_option(context: typer.Context, name: str) -> bool:
    return _is_given(context.get_parameter_source(name))


def _is_given(source: Enum | None) -> bool:
    """Return whether a value comes from the command line."""
    return source is not None and source.name == "COMMANDLINE"
