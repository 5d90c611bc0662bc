"""`orders reconcile`: compares a file of a shop's orders with the hub."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from operator_cli.counted import counted
from operator_cli.errors import DIFFERENCES, UsageError
from operator_cli.hub_access import BaseUrl, HubAccount, HubChoice, Token, hub_of
from operator_cli.order_filters import CreatedFrom, CreatedTo
from orders.domain.problems import shown
from orders.domain.times import format_time

if TYPE_CHECKING:
    from operator_cli.comparison import Difference
    from operator_cli.reconcile_file import FileFormat


def reconcile(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    file: Annotated[
        str,
        typer.Argument(
            help="CSV with the columns external_id and digest, version or update_time, or JSON "
            "Lines with these members; `-` is standard input."
        ),
    ],
    created_from: CreatedFrom = None,
    created_to: CreatedTo = None,
    file_format: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="csv or jsonl; by default the suffix."),
    ] = None,
    base_url: BaseUrl = None,
    token: Token = None,
    account: HubAccount = None,
    one_way: Annotated[
        bool, typer.Option("--one-way", help="Do not look for orders that the file lacks.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines.")] = False,
) -> None:
    """Name the orders that differ between a file and the hub, in both directions.

    Orders are missing_in_hub, missing_in_file, different, or renamed in the hub. --created-from and
    --created-to say which orders the file covers; without --created-to, those that were created
    before the command began. The exit code is 0 if nothing differs, and 1 otherwise.
    """
    from operator_cli.comparison import Comparison
    from operator_cli.hub_reads import OrderFilters
    from operator_cli.printing import print_exact_json
    from operator_cli.reconcile_file import read_shop_orders

    until = created_to or format_time(datetime.now(UTC))
    covered = OrderFilters(created_from=created_from, created_to=until, newest_first=False)
    show: Callable[[Difference], None] = (
        (lambda each: print_exact_json(each.as_json())) if as_json else _print_difference
    )
    with read_shop_orders(file, _format(file_format)) as shop:
        with hub_of(context, HubChoice(base_url, token, account)) as hub:
            comparison = Comparison(hub, shop)
            of_hub = () if one_way else comparison.of_hub(covered)
            for difference in chain(comparison.of_file(), of_hub):
                show(difference)
        counts = ", ".join(f"{number} {result}" for result, number in comparison.counts.items())
        typer.echo(
            f"Compared {counted(shop.count(), 'order')} of the file: {counts or 'none'}.", err=True
        )
    if comparison.differences:
        raise typer.Exit(DIFFERENCES)


def _format(given: str | None) -> "FileFormat | None":
    from operator_cli.reconcile_file import FileFormat

    try:
        return None if given is None else FileFormat(given.lower())
    except ValueError:
        raise UsageError(f"--format must be csv or jsonl; got {shown(given)}.") from None


def _print_difference(difference: "Difference") -> None:
    from operator_cli.history_text import printable

    details = difference.details
    parts = [f"{difference.result:15}", printable(difference.external_id)]
    if "present_external_id" in details:
        same = "equal content" if details["content_agrees"] else "different content"
        parts.append(f"now {printable(details['present_external_id'])}, {same}")
    if "order_id" in details:
        parts.append(f"order {details['order_id']}, version {details['version']}")
    typer.echo("  ".join(parts))
