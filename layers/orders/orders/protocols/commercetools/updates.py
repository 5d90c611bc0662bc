"""The update of an order as a request has it (commercetools, OrderUpdate), and its effect."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from orders.domain.fulfilment import Fulfilment
from orders.domain.order import Order
from orders.domain.order_updates import Revision, revised
from orders.domain.patches import difference
from orders.domain.problems import listed
from orders.domain.settings import Settings
from orders.protocols.commercetools import PROTOCOL
from orders.protocols.commercetools.actions.parts import ActionRefusedError, Context, with_member
from orders.protocols.commercetools.actions.table import ACTIONS, UNSUPPORTED
from orders.protocols.commercetools.checks import check_draft
from orders.protocols.commercetools.documents import (
    STATES_OF,
    UPDATED_BY,
    draft_of,
    revised_document,
)
from orders.protocols.commercetools.errors import (
    ApiError,
    RequestRefusedError,
    bad_request,
    invalid_input,
    invalid_json_input,
    invalid_operation,
    reference_not_found,
    size_limit_exceeded,
)
from orders.protocols.commercetools.representation import (
    Maker,
    number_of,
    read_imported,
    read_stored,
    with_states,
)
from orders.protocols.commercetools.requests import TOO_LARGE, read_body
from orders.protocols.commercetools.shapes import (
    MAX_FAULTS,
    Array,
    EnoughFaultsError,
    Findings,
    Location,
    Member,
    Record,
    Tagged,
    TooManyPartsError,
    Tree,
    long,
    record,
    required,
    text,
)
from orders.protocols.commercetools.states import fulfilment_after, states_of
from orders.protocols.commercetools.submissions import UNREADABLE, fits_every_answer
from orders.protocols.commercetools.times import wire_time
from orders.protocols.json_text import write_json

MAX_ACTIONS = 500
_NAME = required("action", text)
_STATES = ("orderState", "shipmentState")
# What an update can change in an order of another protocol.
_OF_FOREIGN = ("changeOrderState", "changeShipmentState", "setOrderNumber")


def _named(members: Sequence[Member] = ()) -> Record:
    return record(_NAME, *members)


_SUPPORTED = {name: _named(each.shape.members) for name, each in sorted(ACTIONS.items())}
_ACTION = Tagged("action", {**_SUPPORTED, **{name: _named() for name in sorted(UNSUPPORTED)}})
ORDER_UPDATE = record(
    required("version", long), required("actions", Array(Tagged("action", _SUPPORTED)))
)


@dataclass(frozen=True, slots=True)
class SentAction:
    """An action of a request: its position, its name and its other members."""

    position: int
    name: str
    members: Tree


@dataclass(frozen=True, slots=True)
class OrderUpdate:
    """An update of the right shape. Amounts are Money. `sent` is the update as it was sent."""

    version: int
    actions: tuple[SentAction, ...]
    sent: Tree

    @property
    def stores(self) -> tuple[tuple[int, Tree], ...]:
        """Return the stores that actions name, with the positions of the actions."""
        named = ((each.position, each.members.get("store")) for each in self.actions)
        return tuple((position, store) for position, store in named if store)

    @property
    def order_number(self) -> str | None:
        """Return the number that the last setOrderNumber names, None without one."""
        numbers = [each.members.get("orderNumber") for each in self.actions]
        return next((number for number in reversed(numbers) if number is not None), None)

    def last(self, *names: str) -> int:
        """Return the position of the last action with one of these names."""
        return max(each.position for each in self.actions if each.name in names)


def read_update(body: bytes, charset: str | None, account: str) -> OrderUpdate:
    """Read an update from a request body.

    Raises RequestRefusedError (400): one InvalidJsonInput with every fault of the shape; else one
    InvalidField for every invalid value; else one InvalidOperation for every action that the hub
    does not have. Errors of an action have its place in the request as `path`.
    """
    sent = read_body(body, charset)
    head = Findings()
    try:
        tree = _HEAD(sent, Location(account, head))
    except EnoughFaultsError:
        tree = None
    if tree is None or head.faults or not isinstance(sent, dict):
        raise bad_request(invalid_json_input(*head.faults))
    if len(tree["actions"]) > MAX_ACTIONS:
        message = f"actions must have at most {MAX_ACTIONS} entries; got {len(tree['actions'])}."
        raise bad_request(invalid_input(message))
    actions = _Actions(account)
    try:
        read = [actions.read(position, each) for position, each in enumerate(tree["actions"])]
    except EnoughFaultsError:
        read = []
    except TooManyPartsError:
        raise bad_request(size_limit_exceeded(TOO_LARGE)) from None
    actions.check()
    return OrderUpdate(tree["version"], tuple(read), sent)


def _any_array(value: object, location: Location) -> list[object] | None:
    if isinstance(value, list):
        return value
    location.fault("JSON Array expected.")
    return None


_HEAD = record(required("version", long), required("actions", _any_array))


class _Actions:
    """Reads the actions of a request, and collects their faults and errors."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._faults: list[str] = []
        self._first_fault = 0
        self._errors: list[ApiError] = []
        self._least_bytes = 0

    def read(self, position: int, sent: object) -> SentAction:
        """Read one action. Raises EnoughFaultsError and TooManyPartsError."""
        found = Findings(least_bytes=self._least_bytes)
        try:
            tree: Tree = _ACTION(sent, Location(self._account, found, ("actions",))) or {}
        finally:
            self._least_bytes = found.least_bytes
            if found.faults and not self._faults:
                self._first_fault = position
            self._faults += found.faults
        name = tree.pop("action", "")
        if name in UNSUPPORTED:
            found.errors.append(invalid_operation(f"The action {name} is not supported."))
        self._errors += (_at(position, error) for error in found.errors)
        if len(self._faults) >= MAX_FAULTS:
            raise EnoughFaultsError
        return SentAction(position, name, tree)

    def check(self) -> None:
        """Raise RequestRefusedError if there are faults or errors."""
        if self._faults:
            error = invalid_json_input(*self._faults[:MAX_FAULTS])
            raise bad_request(_at(self._first_fault, error))
        if self._errors:
            raise bad_request(*self._errors[:MAX_FAULTS])


def _at(position: int, error: ApiError) -> ApiError:
    """Return an error with the place of its action, a JSON pointer."""
    return replace(error, members={**error.members, "path": f"/actions/{position}"})


@dataclass(frozen=True, slots=True)
class Editor:
    """Applies an update to an order. `user` is the client's user on whose behalf it is."""

    update: OrderUpdate
    user: str | None = None

    def revise(self, order: Order, settings: Settings) -> Revision:
        """Return the revision of an order, which is given as its next version.

        All actions are applied, one after the other, or none. Raises RequestRefusedError (400),
        which names the first action that the order does not permit.
        """
        if order.protocol != PROTOCOL:
            return self._revise_foreign(order)
        self._check_stores(settings)
        before = opened(order)
        after = self._applied(order, before)
        errors = check_draft(after)
        if errors:
            raise bad_request(*errors)
        revision = self._revision(order, before, after, settings)
        if not fits_every_answer(revised(order, revision)):
            raise bad_request(size_limit_exceeded(UNREADABLE))
        return revision

    def _applied(self, order: Order, draft: Tree) -> Tree:
        maker, now = Maker(order), wire_time(order.updated_at)
        for action in self.update.actions:
            context = Context(order.account, maker, order.version, now, action.position)
            try:
                draft = ACTIONS[action.name].apply(draft, action.members, context)
            except ActionRefusedError as refused:
                raise bad_request(_at(action.position, refused.error)) from None
        return draft

    def _check_stores(self, settings: Settings) -> None:
        for position, store in self.update.stores:
            if store["key"] not in settings.endpoints:
                by = "identifier" if store.get("id") == store["key"] else "key"
                error = reference_not_found("store", by=by, value=store["key"])
                raise bad_request(_at(position, error))

    def _revision(self, order: Order, before: Tree, after: Tree, settings: Settings) -> Revision:
        fulfilment, status, endpoint = order.fulfilment, order.status, order.endpoint
        stored = read_stored(order)
        draft = _closed(order, after)
        added: Tree = {}
        if any(before.get(name) != after.get(name) for name in _STATES):
            fulfilment, status = fulfilment_after(after, fulfilment), after["orderState"]
            added = {STATES_OF: fulfilment.name}
        else:
            # The stored states may not be the present ones, which another protocol has set.
            draft = _with_members(draft, draft_of(stored, order.account), _STATES)
        if before.get("store") != after.get("store"):
            endpoint = after["store"]["key"] if "store" in after else settings.endpoint_of_none()
        document = revised_document(stored, draft, order.account) | added
        number = after.get("orderNumber", order.external_id)
        overrides = order.overrides
        if difference(stored, document) or number != order.external_id:
            overrides = self._overrides(order, document)
        return Revision(number, status, fulfilment, endpoint, overrides)

    def _overrides(self, order: Order, document: Tree) -> str:
        user = {"version": order.version, "user": self.user} if self.user else None
        patch = difference(read_imported(order), with_member(document, UPDATED_BY, user))
        return write_json(patch).decode() if patch else ""

    def _revise_foreign(self, order: Order) -> Revision:
        """Return the revision of an order that another protocol imported: its states, its id."""
        wanted: Tree = {}
        for action in self.update.actions:
            if action.name not in _OF_FOREIGN:
                raise bad_request(
                    _at(
                        action.position,
                        invalid_operation(
                            f"The order was imported through {order.protocol}: {action.name} "
                            f"cannot change it; supported actions: {listed(_OF_FOREIGN)}."
                        ),
                    )
                )
            wanted |= action.members
        number = wanted.pop("orderNumber", order.external_id)
        return Revision(
            number,
            order.status,
            self._fulfilment_of_foreign(order, wanted),
            order.endpoint,
            order.overrides,
        )

    def _fulfilment_of_foreign(self, order: Order, wanted: Tree) -> Fulfilment:
        """Return a state that the order can have, and that shows the wanted states."""
        current = order.fulfilment
        shown = states_of(current)
        if wanted.items() <= shown.items():
            return current
        reached = fulfilment_after(shown | wanted, current)
        is_shown = wanted.items() <= states_of(reached).items()
        if is_shown and current.after_import(reached) is reached:
            return reached
        names = " and ".join(f"{name} {value}" for name, value in wanted.items())
        message = (
            f"The order was imported through {order.protocol}: it cannot have {names}; it is "
            f"{current.status} / {current.substatus}."
        )
        position = self.update.last("changeOrderState", "changeShipmentState")
        raise bad_request(_at(position, invalid_operation(message)))


def opened(order: Order) -> Tree:
    """Return an order as actions change it: its draft with its number, states and ids."""
    stored = read_stored(order)
    draft = draft_of(stored, order.account)
    states = with_states({STATES_OF: stored[STATES_OF]} if STATES_OF in stored else {}, order)
    maker = Maker(order)
    return {
        **draft,
        **{name: states[name] for name in _STATES if name in states},
        **number_of(order),
        **maker.shipping_info(draft),
        **{
            member: [{**line, "id": maker.id_of(step, n)} for n, line in enumerate(draft[member])]
            for member, step in (("lineItems", "line"), ("customLineItems", "custom-line"))
        },
    }


def _closed(order: Order, draft: Tree) -> Tree:
    """Return the draft without what `opened` added and the stored form keeps."""
    closed = {name: value for name, value in draft.items() if name != "orderNumber"}
    info = draft.get("shippingInfo")
    if info is None:
        return closed
    deliveries = list(Maker(order).without_ids(info["deliveries"]))
    return {**closed, "shippingInfo": {**info, "deliveries": deliveries}}


def _with_members(tree: Tree, other: Tree, names: Iterable[str]) -> Tree:
    """Return an object with these members as the other one has them."""
    for name in names:
        tree = with_member(tree, name, other.get(name))
    return tree


def rename_refused(update: OrderUpdate, error: ApiError) -> RequestRefusedError:
    """Return the 400 error of an order number that the order must not get."""
    return bad_request(_at(update.last("setOrderNumber"), error))
