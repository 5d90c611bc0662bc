"""The order that the sample events are about."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from operator_cli.composition import CommandDeadline
from operator_cli.demo import ACCOUNT, CLIENT_ID
from orders.application.delete_order import DeleteOrder, DeleteOrderCommand
from orders.application.get_order_by_id import OrderAddress
from orders.application.import_orders import ImportCommand
from orders.application.ports import Deadline
from orders.protocols.altcraft import PROTOCOL
from orders.protocols.altcraft.decoded import Decoded
from orders.protocols.altcraft.requests import read_import
from orders.protocols.altcraft.submissions import read_orders
from orders.runtime.composition import Aws, new_request_id, utc_now
from orders.runtime.composition.changing import change_order
from orders.runtime.composition.importing import import_orders

ORDER_ID = 1
EXTERNAL_ID = "A"
ORDER = {
    "external_id": EXTERNAL_ID,
    "email": "johndoe@example.com",
    "endpoint": "website",
    "status": "new",
    "delivery_cost": "100",
    "total_price": "1000",
    "currency": "USD",
    "lines": [
        {
            "external_id": "line_01",
            "product": "iphone_test_1",
            "final_price_per_item": "900",
            "count": 1,
        }
    ],
}


@dataclass(frozen=True, slots=True)
class _TheNumber:
    """Gives the order id that the sample events contain."""

    def take(self, _account: str, _count: int, _deadline: Deadline) -> Sequence[int]:
        return [ORDER_ID]

    def is_ready(self, _account: str) -> bool:
        return True

    def prepare(self, _account: str, _deadline: Deadline) -> None:
        return


def place_sample_order(aws: Aws) -> None:
    """Store order A with the id 1 in the demo account, as if no sample event had been sent yet."""
    deadline = CommandDeadline.from_now()
    address = OrderAddress(ACCOUNT, None, ORDER_ID)
    # A sample may have deleted the order softly: an import would then revive it.
    deletion = DeleteOrderCommand(
        address, None, new_request_id(), CLIENT_ID, PROTOCOL, of_hidden=True
    )
    DeleteOrder(change_order(aws), utc_now)(deletion, deadline)
    body = read_import(Decoded({"data": [ORDER], "skip_triggers": True}))
    importing = ImportCommand(ACCOUNT, CLIENT_ID, new_request_id(), read_orders(body, ()))
    replace(import_orders(aws), order_ids=_TheNumber())(importing, deadline)
