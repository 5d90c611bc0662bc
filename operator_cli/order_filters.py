"""The options that select orders. They have the names of the hub's API."""

from typing import Annotated

import typer
from typer.models import OptionInfo

from orders.domain.problems import shown
from orders.domain.times import parse_time

PANEL = "Filters"


def _checked_time(text: str | None) -> str | None:
    if text is not None:
        try:
            parse_time(text)
        except ValueError as error:
            raise typer.BadParameter(f"must be {error}; got {shown(text)}") from None
    return text


def _time(name: str, text: str) -> OptionInfo:
    """Return the option of a time that selects orders."""
    option: OptionInfo = typer.Option(
        name, callback=_checked_time, metavar="TIME", rich_help_panel=PANEL, help=text
    )
    return option


CreatedFrom = Annotated[
    str | None, _time("--created-from", "Orders created at this time or later.")
]
CreatedTo = Annotated[str | None, _time("--created-to", "Orders created before this time.")]
ChangedFrom = Annotated[
    str | None, _time("--changed-from", "Orders whose last change was at this time or later.")
]
ChangedTo = Annotated[
    str | None, _time("--changed-to", "Orders whose last change was before this time.")
]
Statuses = Annotated[
    list[str] | None,
    typer.Option("--status", metavar="STATUS", rich_help_panel=PANEL, help="Orders in it."),
]
EndpointNames = Annotated[
    list[str] | None,
    typer.Option("--endpoint", metavar="NAME", rich_help_panel=PANEL, help="Orders of it."),
]
ProtocolNames = Annotated[
    list[str] | None,
    typer.Option(
        "--protocol", metavar="NAME", rich_help_panel=PANEL, help="Orders that it imported."
    ),
]
NewestFirst = Annotated[
    bool,
    typer.Option(
        "--newest-first/--oldest-first", rich_help_panel=PANEL, help="The sequence of the list."
    ),
]
