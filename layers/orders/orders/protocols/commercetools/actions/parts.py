"""What all actions share: their result, the context of an order, and the parts that they name."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orders.domain.problems import shown
from orders.protocols.commercetools.errors import ApiError, invalid_input, invalid_operation
from orders.protocols.commercetools.representation import Maker
from orders.protocols.commercetools.shapes import Member, Record, Tree, optional, record, text


class ActionRefusedError(Exception):
    """The order does not permit an action, for this reason."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True, slots=True)
class Context:
    """The order that an action is applied to: its account, its next version and the time of it.

    `position` is that of the action in the request.
    """

    account: str
    maker: Maker
    version: int
    now: str
    position: int

    def new_id(self, *steps: str | int) -> str:
        """Return the id of a part that this action adds. No other part of the order has it."""
        return self.maker.id_of("version", self.version, "action", self.position, *steps)


# Returns the order with the effect of an action. Raises ActionRefusedError.
type Apply = Callable[[Tree, Tree, Context], Tree]


@dataclass(frozen=True, slots=True)
class Action:
    """An action: the shape of its members, and its effect on an order."""

    shape: Record
    apply: Apply


def action(apply: Apply, *members: Member) -> Action:
    """Declare an action with these members."""
    return Action(record(*members), apply)


def refuse(message: str) -> ActionRefusedError:
    """Return the error of an action that the order does not permit."""
    return ActionRefusedError(invalid_operation(message))


def with_member(tree: Tree, name: str, value: object) -> Tree:
    """Return the object with this member, without it if the value is absent or empty."""
    if value is None or not (value or isinstance(value, bool | int)):
        return {member: each for member, each in tree.items() if member != name}
    return {**tree, name: value}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of parts: how actions name one of them, by id or by key, and how messages call it."""

    name: str
    text: str

    @property
    def members(self) -> tuple[Member, ...]:
        """Return the members of actions that name a part of this kind."""
        return optional(f"{self.name}Id", text), optional(f"{self.name}Key", text)

    def find(self, parts: Sequence[Mapping[str, Any]], named: Tree) -> int:
        """Return the position of the part that an action names. Raises ActionRefusedError."""
        sent = {name: named.get(f"{self.name}{name.capitalize()}") for name in ("id", "key")}
        wanted = {name: value for name, value in sent.items() if value is not None}
        if not wanted:
            message = f"Either {self.name}Id or {self.name}Key is required."
            raise ActionRefusedError(invalid_input(message))
        for position, part in enumerate(parts):
            # Plain loops: an order has thousands of lines, and an update hundreds of actions.
            for name, value in wanted.items():
                if part.get(name) != value:
                    break
            else:
                return position
        names = " and ".join(f"the {name} {shown(value)}" for name, value in wanted.items())
        raise refuse(f"The order has no {self.text} with {names}.")


LINE_ITEM = Kind("lineItem", "line item")
CUSTOM_LINE_ITEM = Kind("customLineItem", "custom line item")
DELIVERY = Kind("delivery", "delivery")
PARCEL = Kind("parcel", "parcel")
RETURN_ITEM = Kind("returnItem", "return item")


def with_part(parts: Iterable[Tree], position: int, part: Tree) -> list[Tree]:
    """Return parts with another one at this position."""
    return [part if n == position else each for n, each in enumerate(parts)]


def without_part(parts: Iterable[Tree], position: int) -> list[Tree]:
    """Return parts without the one at this position."""
    return [each for n, each in enumerate(parts) if n != position]


# Changes a part of an order.
type Change = Callable[[Tree], Tree]
# Returns the order in which the part that an action names is changed.
type ChangePart = Callable[[Tree, Tree, Change], Tree]


def part_of(member: str, kind: Kind) -> ChangePart:
    """Return the function that changes a part in the array `member` of an order."""

    def change_part(order: Tree, named: Tree, change: Change) -> Tree:
        position = kind.find(order[member], named)
        part = change(order[member][position])
        return {**order, member: with_part(order[member], position, part)}

    return change_part
