"""`orders order`: lists, shows and exports the orders of an account."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from operator_cli.counted import counted
from operator_cli.errors import INTERRUPTED, OperatorError, UsageError
from operator_cli.hub_access import HUB_EPILOG, BaseUrl, HubAccount, HubChoice, Token, hub_of
from operator_cli.order_filters import (
    ChangedFrom,
    ChangedTo,
    CreatedFrom,
    CreatedTo,
    EndpointNames,
    NewestFirst,
    ProtocolNames,
    Statuses,
)
from operator_cli.printing import print_exact_json, print_rows
from orders.domain.identifiers import is_external_id
from orders.domain.order_numbers import MAX_ORDER_ID
from orders.domain.problems import shown

if TYPE_CHECKING:
    from operator_cli.hub_reads import HubReads, Tree
    from operator_cli.order_export import Format

app = typer.Typer(help="List, show, export and change orders.", no_args_is_help=True)

COLUMNS = (
    "order_id",
    "external_id",
    "status",
    "endpoint",
    "protocol",
    "version",
    "total_price",
    "currency",
    "created_at",
    "updated_at",
)
Name = Annotated[
    str | None,
    typer.Argument(
        metavar="[ID]",
        help="The order's external id, or a former one; or its order_id, if no order has this "
        "external id.",
        show_default=False,
    ),
]
ExternalId = Annotated[
    str | None, typer.Option("--external-id", help="The order's external id, or a former one.")
]
OrderId = Annotated[
    int | None,
    typer.Option("--order-id", min=1, max=MAX_ORDER_ID, help="The hub's id of the order."),
]
AsJsonLines = Annotated[bool, typer.Option("--json", help="Print JSON Lines.")]


@app.command("list", epilog=HUB_EPILOG)
def list_orders(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    created_from: CreatedFrom = None,
    created_to: CreatedTo = None,
    changed_from: ChangedFrom = None,
    changed_to: ChangedTo = None,
    status: Statuses = None,
    endpoint: EndpointNames = None,
    protocol: ProtocolNames = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="The most orders to list.")] = 50,
    base_url: BaseUrl = None,
    token: Token = None,
    account: HubAccount = None,
    newest_first: NewestFirst = True,
    as_json: AsJsonLines = False,
) -> None:
    """List orders, sorted by creation. Options that are given more than once select any of them."""
    from operator_cli.hub_reads import OrderFilters

    filters = OrderFilters(
        created_from,
        created_to,
        changed_from,
        changed_to,
        tuple(status or ()),
        tuple(endpoint or ()),
        tuple(protocol or ()),
        newest_first,
    )
    with hub_of(context, HubChoice(base_url, token, account)) as hub:
        found = hub.first_orders(filters, limit)
        if as_json:
            for order in found:
                print_exact_json(order)
        else:
            print_rows(COLUMNS, list(found))


@app.command(epilog=HUB_EPILOG)
def show(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    name: Name = None,
    external_id: ExternalId = None,
    order_id: OrderId = None,
    base_url: BaseUrl = None,
    token: Token = None,
    account: HubAccount = None,
) -> None:
    """Print an order as JSON, with its document and the data that the hub adds."""
    expect_one(name, external_id, order_id)
    with hub_of(context, HubChoice(base_url, token, account)) as hub:
        order = found_order(hub, name, external_id, order_id)
    print_exact_json(order, indented=True)


@app.command(epilog=HUB_EPILOG)
def history(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    name: Name = None,
    external_id: ExternalId = None,
    order_id: OrderId = None,
    base_url: BaseUrl = None,
    token: Token = None,
    account: HubAccount = None,
    as_json: AsJsonLines = False,
) -> None:
    """Print the versions of an order and what changed in each, the newest first.

    An order that was deleted permanently can only be found by its order_id.
    """
    from operator_cli.history_text import history_lines

    expect_one(name, external_id, order_id)
    with hub_of(context, HubChoice(base_url, token, account)) as hub:
        versions = _history(hub, name, external_id, order_id)
    if as_json:
        for version in versions:
            print_exact_json(version)
    else:
        for line in history_lines(versions):
            typer.echo(line)


@app.command(epilog=HUB_EPILOG)
def export(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(help="The file to write, such as orders.csv.")],
    created_from: CreatedFrom = None,
    created_to: CreatedTo = None,
    changed_from: ChangedFrom = None,
    changed_to: ChangedTo = None,
    status: Statuses = None,
    endpoint: EndpointNames = None,
    protocol: ProtocolNames = None,
    file_format: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="jsonl or csv; by default the suffix."),
    ] = None,
    base_url: BaseUrl = None,
    token: Token = None,
    account: HubAccount = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Begin anew, even if the file exists.")
    ] = False,
) -> None:
    """Write orders to a file, the oldest first. The same command continues after an interruption.

    Without --created-to, the file has the orders that were created before the export began.
    """
    from operator_cli.hub_reads import OrderFilters
    from operator_cli.order_export import Export, ExportPlan
    from operator_cli.printing import export_progress

    filters = OrderFilters(
        created_from,
        created_to,
        changed_from,
        changed_to,
        tuple(status or ()),
        tuple(endpoint or ()),
        tuple(protocol or ()),
        newest_first=False,
    )
    chosen = _format(file, file_format)
    with hub_of(context, HubChoice(base_url, token, account)) as hub:
        plan = ExportPlan(hub.hub.name, chosen, filters)
        try:
            with export_progress() as progress:
                count = Export(hub, file, plan).run(progress, overwrite=overwrite)
        except KeyboardInterrupt:
            typer.echo("Interrupted. Repeat the command to continue.", err=True)
            raise typer.Exit(INTERRUPTED) from None
    typer.echo(f"Wrote {counted(count, 'order')} to {file}.", err=True)


def _format(file: Path, given: str | None) -> "Format":
    from operator_cli.order_export import Format

    name = file.suffix.removeprefix(".") if given is None else given
    try:
        return Format(name.lower())
    except ValueError:
        raise UsageError(
            f"--format must be jsonl or csv; got {shown(given)}."
            if given is not None
            else f"{file} must end with .jsonl or .csv, or --format is required."
        ) from None


def expect_one(*names: object) -> None:
    """Raise UsageError unless an order is named in one way."""
    if sum(name is not None for name in names) != 1:
        raise UsageError("Give one of ID, --external-id and --order-id.")


def found_order(
    hub: "HubReads", name: str | None, external_id: str | None, order_id: int | None
) -> "Tree":
    """Return the order; raise OperatorError if it does not exist."""
    if order_id is not None:
        found = hub.order(order_id)
        if found is None:
            raise _missing(hub, order_id)
        return found
    wanted = name if external_id is None else external_id
    found = _named(hub, wanted or "")
    if found is None and name is not None and (number := _number(name)) is not None:
        found = hub.order(number)
    if found is None:
        raise _missing(hub, wanted or "")
    return found


def number_of(
    hub: "HubReads", name: str | None, external_id: str | None, order_id: int | None
) -> int:
    """Return the order_id of an order that may be deleted; raise OperatorError without one."""
    if order_id is not None:
        return order_id
    wanted = name if external_id is None else external_id
    found = _named(hub, wanted or "")
    if found is not None:
        number: int = found["order_id"]
        return number
    as_number = None if name is None else _number(name)
    if as_number is None:
        raise _missing(hub, wanted or "")
    return as_number


def _history(
    hub: "HubReads", name: str | None, external_id: str | None, order_id: int | None
) -> "list[Tree]":
    versions = hub.history(number_of(hub, name, external_id, order_id))
    if versions is None:
        raise _missing(hub, order_id if order_id is not None else external_id or name or "")
    return versions


def _missing(hub: "HubReads", order: int | str) -> OperatorError:
    """Return the error of an order_id or an external id that no order has."""
    text = order if isinstance(order, int) else shown(order)
    return OperatorError(f"Order {text} does not exist{_in(hub)}.")


def _named(hub: "HubReads", external_id: str) -> "Tree | None":
    # The hub rejects what cannot be an external id.
    return hub.order_named(external_id) if is_external_id(external_id) else None


def _number(text: str) -> int | None:
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_ORDER_ID))
    return int(text) if is_number and 1 <= int(text) <= MAX_ORDER_ID else None


def _in(hub: "HubReads") -> str:
    account = hub.hub.account
    return "" if account is None else f" in account {shown(account)}"
