"""The payments of an order."""

from orders.domain.problems import shown
from orders.protocols.commercetools.actions.parts import Context, action, refuse, with_member
from orders.protocols.commercetools.references import Reference
from orders.protocols.commercetools.shapes import Tree, required

_PAYMENT = required("payment", Reference("payment"))


def _payments_of(order: Tree) -> list[Tree]:
    return list(order.get("paymentInfo", {}).get("payments", ()))


def _add(order: Tree, sent: Tree, _context: Context) -> Tree:
    payments, payment = _payments_of(order), sent["payment"]
    if any(each["id"] == payment["id"] for each in payments):
        return order
    return {**order, "paymentInfo": {"payments": [*payments, payment]}}


def _remove(order: Tree, sent: Tree, _context: Context) -> Tree:
    payments, payment = _payments_of(order), sent["payment"]
    left = [each for each in payments if each["id"] != payment["id"]]
    if len(left) == len(payments):
        name = payment.get("key", payment["id"])
        raise refuse(f"The payment {shown(name)} is not assigned to the order.")
    return with_member(order, "paymentInfo", {"payments": left} if left else None)


ACTIONS = {"addPayment": action(_add, _PAYMENT), "removePayment": action(_remove, _PAYMENT)}
