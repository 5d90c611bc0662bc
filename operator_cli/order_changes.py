"""`orders order delete`, `line-status` and `revive`: change one order of an account."""

from typing import TYPE_CHECKING, Annotated

import typer

from operator_cli.errors import EXIT_CODES, UsageError
from operator_cli.hub_access import BaseUrl, HubAccount, HubChoice, Token, hub_of
from operator_cli.orders import ExternalId, Name, OrderId, expect_one, found_order, number_of
from operator_cli.printing import print_exact_json
from orders.domain.order_numbers import MAX_ORDER_ID
from orders.domain.problems import shown

if TYPE_CHECKING:
    from operator_cli.hub_reads import Tree

EPILOG = (
    "With a base URL and a token with the roles orders:read and orders:write, the command calls "
    "the hub's API. Otherwise it writes to the table of a stack with AWS credentials "
    f"(`orders --help`), and publishes the trigger.\n\n{EXIT_CODES}"
)
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


def delete(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    name: Name = None,
    external_id: ExternalId = None,
    order_id: OrderId = None,
    permanently: Annotated[
        bool,
        typer.Option(
            "--permanent/--soft",
            help="Delete the order and its history for good, or hide it until it is revived.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the order, and delete nothing.")
    ] = False,
    base_url: BaseUrl = None,
    token: Token = None,
    account: HubAccount = None,
    as_json: AsJson = False,
) -> None:
    """Delete an order, softly by default.

    An order that is softly deleted can be deleted permanently too, by its order_id.
    """
    from operator_cli.hub_changes import HubChanges

    expect_one(name, external_id, order_id)
    with hub_of(context, HubChoice(base_url, token, account)) as hub:
        if dry_run:
            print_exact_json(found_order(hub, name, external_id, order_id), indented=True)
            typer.echo("Dry run: nothing was deleted.", err=True)
            return
        number = number_of(hub, name, external_id, order_id)
        deleted = HubChanges(hub.hub).delete(number, permanently=permanently)
    way = "permanently" if permanently else "softly"
    _print(deleted, f"Deleted {way}: {_shown(deleted)}.", as_json=as_json)


def line_status(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    name: Name = None,
    external_id: ExternalId = None,
    order_id: OrderId = None,
    line: Annotated[str, typer.Option("--line", help="The external id of the line.")],
    status: Annotated[
        str, typer.Option("--status", help="A status of lines, also one of the settings.")
    ],
    base_url: BaseUrl = None,
    token: Token = None,
    account: HubAccount = None,
    as_json: AsJson = False,
) -> None:
    """Give one line of an order another status."""
    from operator_cli.hub_changes import HubChanges

    expect_one(name, external_id, order_id)
    if not line:
        raise UsageError("--line must not be empty.")
    with hub_of(context, HubChoice(base_url, token, account)) as hub:
        number = number_of(hub, name, external_id, order_id)
        order = HubChanges(hub.hub).update_line_status(number, line, status)
    text = f"Line {shown(line)} has the status {shown(status)}: {_shown(order)}."
    _print(order, text, as_json=as_json)


def revive(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    order_id: Annotated[
        int,
        typer.Argument(
            metavar="ORDER_ID",
            min=1,
            max=MAX_ORDER_ID,
            help="The hub's id of the order; `orders changes` prints those of deleted orders.",
        ),
    ],
    *,
    base_url: BaseUrl = None,
    token: Token = None,
    account: HubAccount = None,
    as_json: AsJson = False,
) -> None:
    """End the soft deletion of an order. An order that is not deleted does not change."""
    from operator_cli.hub_changes import HubChanges

    with hub_of(context, HubChoice(base_url, token, account)) as hub:
        order = HubChanges(hub.hub).revive(order_id)
    _print(order, f"Revived: {_shown(order)}.", as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Add the commands to those that read orders."""
    app.command(epilog=EPILOG)(delete)
    app.command("line-status", epilog=EPILOG)(line_status)
    app.command(epilog=EPILOG)(revive)


def _print(answer: "Tree", text: str, *, as_json: bool) -> None:
    if as_json:
        print_exact_json(answer)
    else:
        typer.echo(text)


def _shown(order: "Tree") -> str:
    name = shown(order["external_id"])
    return f"order {order['order_id']}, external id {name}, version {order['version']}"
