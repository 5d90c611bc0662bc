"""`orders order`: shows a stored order."""

import json
from typing import Annotated, Any

import typer

from operator_cli.accounts import chosen_account
from operator_cli.arguments import EPILOG, AccountName, connection_of
from operator_cli.composition import CommandDeadline, Operator, connected
from operator_cli.errors import OperatorError
from operator_cli.printing import print_json
from orders.domain.identifiers import is_external_id
from orders.domain.order import Order
from orders.domain.problems import shown
from orders.domain.times import format_time

app = typer.Typer(help="Show stored orders.", no_args_is_help=True)


@app.command(epilog=EPILOG)
def show(
    context: typer.Context,
    external_id: Annotated[str, typer.Argument(help="The order's external id, or a former one.")],
    account: AccountName = None,
) -> None:
    """Print an order as JSON, with its document and the data that the hub adds."""
    with connected(connection_of(context)) as operator:
        order = _found(operator, chosen_account(operator, account), external_id)
    print_json(
        {
            "account": order.account,
            "external_id": order.external_id,
            "order_id": order.order_id,
            "version": order.version,
            "status": order.status,
            "fulfilment": {
                "status": order.fulfilment.status,
                "substatus": order.fulfilment.substatus,
            },
            "protocol": order.protocol,
            "created_at": format_time(order.created_at),
            "updated_at": format_time(order.updated_at),
            "document": _document(order),
        }
    )


def _document(order: Order) -> dict[str, Any]:
    """Return the order in the shape of its protocol, without the external id."""
    from orders.runtime.composition.order_protocols import present

    tree: dict[str, Any] = json.loads(present(order))
    return {name: value for name, value in tree.items() if name != "external_id"}


def _found(operator: Operator, account: str, external_id: str) -> Order:
    ids = [external_id] if is_external_id(external_id) else []
    lookup = operator.orders.find_by_external_ids(account, ids, CommandDeadline.from_now())
    if lookup.unread:
        raise OperatorError("The table did not answer in time: try again.")
    if external_id not in lookup.orders:
        raise OperatorError(
            f"Order {shown(external_id)} does not exist in account {shown(account)}."
        )
    return lookup.orders[external_id]
