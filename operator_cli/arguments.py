"""The options that every command accepts, in any position on the command line."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

import typer

from operator_cli.composition import DEFAULT_STACK, Connection
from operator_cli.errors import UsageError
from orders.domain.problems import shown

PANEL = "Connection (accepted in any position on the command line)"
EPILOG = "`orders --help` lists the options that choose the stack."
MAIN_EPILOG = (
    "For the local stack, run `. .local/endpoint.env`: it sets ORDERS_ENDPOINT_URL and "
    "ORDERS_ACCOUNT. For AWS, give --profile and --region."
)
GLOBAL_OPTIONS = ("--endpoint-url", "--stack", "--profile", "--region")


def _checked_url(url: str | None) -> str | None:
    if url is not None:
        from botocore.utils import is_valid_endpoint_url, is_valid_ipv6_endpoint_url

        try:
            parts = urlsplit(url)
            # For an invalid host the AWS client would raise a ValueError without an explanation.
            is_host = is_valid_endpoint_url(url) or is_valid_ipv6_endpoint_url(url)
            is_url = is_host and parts.scheme in {"http", "https"} and parts.port != 0
        except ValueError:
            is_url = False
        if not is_url:
            raise typer.BadParameter(
                f"must be a URL such as http://127.0.0.1:4566; got {shown(url)}"
            )
    return url


EndpointUrl = Annotated[
    str | None,
    typer.Option(
        "--endpoint-url",
        envvar="ORDERS_ENDPOINT_URL",
        callback=_checked_url,
        metavar="URL",
        rich_help_panel=PANEL,
        help="URL of the AWS endpoint, such as http://127.0.0.1:4566 for the local stack.",
    ),
]
Stack = Annotated[
    str,
    typer.Option(
        "--stack",
        envvar="ORDERS_STACK",
        metavar="NAME",
        rich_help_panel=PANEL,
        help="Name of the CloudFormation stack.",
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        rich_help_panel=PANEL,
        help="Profile of your AWS configuration; AWS_PROFILE by default.",
    ),
]
Region = Annotated[
    str | None,
    # Without this name, Typer would derive it from the metavar, as `--REGION`.
    typer.Option(
        "--region",
        metavar="REGION",
        rich_help_panel=PANEL,
        help="AWS Region; the Region of your AWS configuration by default.",
    ),
]
AccountName = Annotated[
    str | None,
    typer.Option(
        "--account",
        "-a",
        envvar="ORDERS_ACCOUNT",
        metavar="ACCOUNT",
        help="Name of the account; required if the hub has several accounts.",
    ),
]


def _print_version(*, asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"orders {version('market-orders')}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def remember_connection(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    endpoint_url: EndpointUrl = None,
    stack: Stack = DEFAULT_STACK,
    profile: Profile = None,
    region: Region = None,
    *,
    version: Version = False,
) -> None:
    """Manage the order hub: accounts, API clients and their tokens, settings, orders."""
    del version
    context.obj = Connection(endpoint_url, stack, region, profile)


def connection_of(context: typer.Context) -> Connection:
    """Return the connection that `remember_connection` stored."""
    connection = context.obj
    if not isinstance(connection, Connection):
        raise TypeError("a command was called outside of its application")
    return connection


def global_options_first(line: Sequence[str]) -> list[str]:
    """Move the global options and their values before the command's name, as Typer requires.

    Raises UsageError for an option without a value: Typer would take the command's name for it.
    """
    moved: list[str] = []
    left: list[str] = []
    words = iter(line)
    for word in words:
        name, equals, _ = word.partition("=")
        if word == "--":
            left += [word, *words]
        elif name not in GLOBAL_OPTIONS:
            left.append(word)
        elif equals:
            moved.append(word)
        else:
            moved += [word, _value(word, next(words, "--"))]
    return [*moved, *left]


def _value(option: str, word: str) -> str:
    if word.startswith("-"):
        raise UsageError(f"Option {option} requires a value.")
    return word
