"""The options that every command takes, wherever they stand on the line."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

import typer
from botocore.utils import is_valid_endpoint_url, is_valid_ipv6_endpoint_url

from operator_cli.composition import DEFAULT_STACK, Connection
from operator_cli.errors import UsageError

PANEL = "Connection (accepted anywhere on the line)"
EPILOG = "Which stack: --endpoint-url, --stack and --region, as `orders --help` says."
GLOBAL_OPTIONS = ("--endpoint-url", "--stack", "--region")


def _checked_url(url: str | None) -> str | None:
    if url is not None:
        try:
            parts = urlsplit(url)
            # The AWS client raises a bare ValueError for what it takes for no host.
            is_host = is_valid_endpoint_url(url) or is_valid_ipv6_endpoint_url(url)
            is_url = is_host and parts.scheme in {"http", "https"} and parts.port != 0
        except ValueError:
            is_url = False
        if not is_url:
            raise typer.BadParameter(f"{url!r} is no URL such as http://127.0.0.1:4566")
    return url


EndpointUrl = Annotated[
    str | None,
    typer.Option(
        envvar="ORDERS_ENDPOINT_URL",
        callback=_checked_url,
        metavar="URL",
        rich_help_panel=PANEL,
        help="Where AWS answers, such as http://127.0.0.1:4566 for the local one.",
    ),
]
Stack = Annotated[
    str,
    typer.Option(
        envvar="ORDERS_STACK",
        metavar="NAME",
        rich_help_panel=PANEL,
        help="Name under which the stack was deployed.",
    ),
]
Region = Annotated[
    str | None,
    typer.Option(
        metavar="REGION",
        rich_help_panel=PANEL,
        help="AWS Region, otherwise the one of your AWS configuration (us-east-1 if local).",
    ),
]
AccountName = Annotated[
    str | None,
    typer.Option(
        "--account",
        "-a",
        envvar="ORDERS_ACCOUNT",
        metavar="ACCOUNT",
        help="The account; not needed while there is only one.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def remember_connection(
    context: typer.Context,
    endpoint_url: EndpointUrl = None,
    stack: Stack = DEFAULT_STACK,
    region: Region = None,
) -> None:
    """Manage the order hub: accounts, API clients and their tokens, settings, orders."""
    context.obj = Connection(endpoint_url, stack, region)


def connection_of(context: typer.Context) -> Connection:
    """Return what `remember_connection` has put aside."""
    connection = context.obj
    if not isinstance(connection, Connection):
        raise TypeError("a command was called outside of its application")
    return connection


def global_options_first(line: Sequence[str]) -> list[str]:
    """Move the global options and their values before the command's name, where Typer wants them.

    Raises UsageError for one without a value, which would swallow the command's name there.
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
        raise UsageError(f"Option {option} needs a value.")
    return word
