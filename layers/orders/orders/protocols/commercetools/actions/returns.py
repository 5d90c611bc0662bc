"""The returns of an order."""

from orders.protocols.commercetools.actions.parts import (
    CUSTOM_LINE_ITEM,
    LINE_ITEM,
    RETURN_ITEM,
    ActionRefusedError,
    Change,
    Context,
    action,
    refuse,
    with_part,
)
from orders.protocols.commercetools.errors import invalid_input
from orders.protocols.commercetools.requests import CUSTOM_MEMBER, KEY_MEMBER, moment
from orders.protocols.commercetools.shapes import (
    Array,
    Tree,
    long,
    one_of,
    optional,
    record,
    required,
    text,
)

_ADVISED, _RETURNED = "Advised", "Returned"
# The payment state of an item that is not returned yet, and that of a returned one.
_NOT_REFUNDABLE, _INITIAL = "NonRefundable", "Initial"
_ITEM_DRAFT = record(
    KEY_MEMBER,
    required("quantity", long),
    optional("lineItemId", text),
    optional("customLineItemId", text),
    optional("comment", text),
    required("shipmentState", one_of(_ADVISED, _RETURNED)),
    CUSTOM_MEMBER,
)


def change_item(order: Tree, named: Tree, change: Change) -> Tree:
    """Return the order in which the return item that an action names is changed."""
    returns = order["returnInfo"]
    places = [(n, m) for n, each in enumerate(returns) for m in range(len(each["items"]))]
    items = [item for each in returns for item in each["items"]]
    number, position = places[RETURN_ITEM.find(items, named)]
    info = returns[number]
    changed = with_part(info["items"], position, change(info["items"][position]))
    return {**order, "returnInfo": with_part(returns, number, {**info, "items": changed})}


def _add(order: Tree, sent: Tree, context: Context) -> Tree:
    if not sent["items"]:
        raise ActionRefusedError(invalid_input("A return must have at least one item."))
    items = [_item(order, draft, context, n) for n, draft in enumerate(sent["items"])]
    info = {"returnDate": context.now, **sent, "items": items}
    return {**order, "returnInfo": [*order["returnInfo"], info]}


def _item(order: Tree, draft: Tree, context: Context, number: int) -> Tree:
    """Return a return item, which must name a line or a custom line of the order."""
    is_line, is_custom = "lineItemId" in draft, "customLineItemId" in draft
    if is_line == is_custom:
        raise ActionRefusedError(
            invalid_input("A return item must have either lineItemId or customLineItemId.")
        )
    kind, member = (LINE_ITEM, "lineItems") if is_line else (CUSTOM_LINE_ITEM, "customLineItems")
    kind.find(order[member], draft)
    is_returned = draft["shipmentState"] == _RETURNED
    return {
        "id": context.new_id("item", number),
        "type": "LineItemReturnItem" if is_line else "CustomLineItemReturnItem",
        **draft,
        "paymentState": _INITIAL if is_returned else _NOT_REFUNDABLE,
        "lastModifiedAt": context.now,
        "createdAt": context.now,
    }


def _set_shipment_state(order: Tree, sent: Tree, context: Context) -> Tree:
    wanted = sent["shipmentState"]

    def change(item: Tree) -> Tree:
        if item["shipmentState"] == wanted:
            return item
        payment = item["paymentState"]
        if wanted == _ADVISED:
            payment = _NOT_REFUNDABLE
        elif payment == _NOT_REFUNDABLE:
            payment = _INITIAL
        states = {"shipmentState": wanted, "paymentState": payment}
        return {**item, **states, "lastModifiedAt": context.now}

    return change_item(order, sent, change)


def _set_payment_state(order: Tree, sent: Tree, context: Context) -> Tree:
    wanted = sent["paymentState"]

    def change(item: Tree) -> Tree:
        if item["paymentState"] == wanted:
            return item
        if item["shipmentState"] == _ADVISED:
            raise refuse(
                "An item that is not returned yet is NonRefundable; set its shipmentState first."
            )
        return {**item, "paymentState": wanted, "lastModifiedAt": context.now}

    return change_item(order, sent, change)


ACTIONS = {
    "addReturnInfo": action(
        _add,
        required("items", Array(_ITEM_DRAFT)),
        optional("returnTrackingId", text),
        optional("returnDate", moment),
    ),
    "setReturnShipmentState": action(
        _set_shipment_state,
        *RETURN_ITEM.members,
        required("shipmentState", one_of(_ADVISED, _RETURNED, "BackInStock", "Unusable")),
    ),
    "setReturnPaymentState": action(
        _set_payment_state,
        *RETURN_ITEM.members,
        required("paymentState", one_of(_NOT_REFUNDABLE, _INITIAL, "Refunded", "NotRefunded")),
    ),
}
