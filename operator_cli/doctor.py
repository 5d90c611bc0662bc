"""`orders doctor`: repairs a stack after an incident."""

from collections import Counter
from typing import Annotated
from uuid import uuid4

import typer

from operator_cli.arguments import EPILOG, connection_of
from operator_cli.composition import Connection, Operator, connected
from operator_cli.counted import counted
from operator_cli.errors import OperatorError, UsageError
from operator_cli.printing import print_exact_json

app = typer.Typer(help="Repair a stack after an incident.", no_args_is_help=True)

_QUIET = frozenset({"exists"})


@app.command(epilog=EPILOG)
def restore(
    context: typer.Context,
    source: Annotated[
        str, typer.Option("--from", metavar="TABLE", help="The restored table, as AWS made it.")
    ],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what would be restored, and write nothing.")
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print a JSON line for each order that does not exist."),
    ] = False,
) -> None:
    """Copy lost orders from a restored table back, without publishing their old triggers.

    Nothing is replaced: only orders that the stack's table lacks are copied, with their aliases and
    their history, as new versions. Deleted orders stay deleted. Exit code 1 means that there are
    conflicts.
    """
    connection = connection_of(context)
    if source == connection.table:
        raise UsageError("--from must be another table than that of the stack.")
    with connected(connection) as operator:
        _require_table(operator, source, connection)
        counts = _restore(operator, source, is_trial=dry_run, as_json=as_json)
    verb = "Would restore" if dry_run else "Restored"
    typer.echo(
        f"{verb} {counted(counts['restored'], 'order')} (exist already: {counts['exists']:,}, "
        f"deleted: {counts['deleted']:,}, in conflict: {counts['conflict']:,}).",
        err=as_json,
    )
    if counts["conflict"]:
        raise OperatorError(
            "Orders that were renamed after the restored time are lost: see docs/operations.md."
        )


def _restore(operator: Operator, source: str, *, is_trial: bool, as_json: bool) -> Counter[str]:
    from operator_cli.restore import RestoreOrders

    restoring = RestoreOrders(
        operator.client, source, operator.table, f"restore-{uuid4()}", operator.clock
    )
    counts: Counter[str] = Counter()
    for each in restoring(is_trial=is_trial):
        counts[each.outcome] += 1
        if each.outcome in _QUIET:
            continue
        order = each.order
        row = {"outcome": each.outcome, "account": order.account, "order_id": order.order_id}
        row |= {"external_id": order.external_id, "version": order.version}
        if as_json:
            print_exact_json(row)
        elif each.outcome == "conflict":
            typer.echo(f"Conflict: order {order.order_id} of account {order.account}.")
    return counts


def _require_table(operator: Operator, source: str, connection: Connection) -> None:
    """Raise OperatorError if the restored table does not exist, which AWS reports as any other."""
    from botocore.exceptions import ClientError

    try:
        operator.client.describe_table(TableName=source)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
            raise
        where = f" at {connection.endpoint_url}" if connection.endpoint_url else ""
        raise OperatorError(f"Table {source} does not exist{where}: correct --from.") from error
