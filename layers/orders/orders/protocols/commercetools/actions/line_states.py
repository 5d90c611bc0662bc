"""The states of the lines of an order: how many items of a line are in which state."""

from orders.domain.problems import shown
from orders.protocols.commercetools.actions.parts import (
    CUSTOM_LINE_ITEM,
    LINE_ITEM,
    Action,
    ActionRefusedError,
    Context,
    Kind,
    action,
    part_of,
    refuse,
)
from orders.protocols.commercetools.errors import invalid_field
from orders.protocols.commercetools.references import Reference, initial_state
from orders.protocols.commercetools.requests import STATES, moment
from orders.protocols.commercetools.shapes import MAX_LONG, Tree, long, optional, required

_state = Reference("state")


def _states_of(line: Tree, account: str) -> list[Tree]:
    return line.get("state") or [{"quantity": line["quantity"], "state": initial_state(account)}]


def _moved(states: list[Tree], sent: Tree) -> list[Tree]:
    """Return states after `quantity` items moved from one to another."""
    quantity, source, target = sent["quantity"], sent["fromState"], sent["toState"]
    available = sum(each["quantity"] for each in states if each["state"]["id"] == source["id"])
    if available < quantity:
        name = shown(source.get("key", source["id"]))
        raise refuse(f"Only {available} items of the line are in the state {name}; got {quantity}.")
    amounts: dict[str, int] = {}
    references: dict[str, Tree] = {}
    for each in (*states, {"quantity": quantity, "state": target}):
        name = each["state"]["id"]
        references.setdefault(name, each["state"])
        amounts[name] = amounts.get(name, 0) + each["quantity"]
    amounts[source["id"]] -= quantity
    if amounts.get(target["id"], 0) > MAX_LONG:
        raise refuse("The quantity in the target state exceeds the range of a 64-bit number.")
    return [
        {"quantity": amount, "state": references[name]}
        for name, amount in amounts.items()
        if amount
    ]


def _transition(member: str, kind: Kind) -> Action:
    change_part = part_of(member, kind)

    def apply(order: Tree, sent: Tree, context: Context) -> Tree:
        if sent["quantity"] < 1:
            why = "It must be at least 1."
            raise ActionRefusedError(invalid_field("quantity", sent["quantity"], why=why))

        def change(line: Tree) -> Tree:
            return {**line, "state": _moved(_states_of(line, context.account), sent)}

        return change_part(order, sent, change)

    return action(
        apply,
        *kind.members,
        required("quantity", long),
        required("fromState", _state),
        required("toState", _state),
        # Only the protocol's message of a transition has it.
        optional("actualTransitionDate", moment),
    )


def _import(member: str, kind: Kind) -> Action:
    change_part = part_of(member, kind)

    def apply(order: Tree, sent: Tree, context: Context) -> Tree:
        total = _total(sent["state"])

        def change(line: Tree) -> Tree:
            expected = _total(_states_of(line, context.account))
            if total != expected:
                raise refuse(
                    f"The quantities of the states must add up to that of the line's states, "
                    f"{expected}; got {total}."
                )
            return {**line, "state": sent["state"]}

        return change_part(order, sent, change)

    return action(apply, *kind.members, required("state", STATES))


def _total(states: list[Tree]) -> int:
    return sum(each["quantity"] for each in states)


ACTIONS = {
    "transitionLineItemState": _transition("lineItems", LINE_ITEM),
    "transitionCustomLineItemState": _transition("customLineItems", CUSTOM_LINE_ITEM),
    "importLineItemState": _import("lineItems", LINE_ITEM),
    "importCustomLineItemState": _import("customLineItems", CUSTOM_LINE_ITEM),
}
