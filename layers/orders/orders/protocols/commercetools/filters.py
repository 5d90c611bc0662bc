"""Predicates on orders and messages as a query of the order store."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from orders.application.list_orders import OrdersQuery
from orders.domain.changes import StoredOrder
from orders.domain.identifiers import (
    UUID_CHARACTERS,
    is_external_id,
    is_reserved_id,
    order_id_of,
    uuid_of,
)
from orders.domain.order_numbers import MAX_ORDER_ID
from orders.domain.problems import listed, shown
from orders.domain.ranges import Range
from orders.protocols.commercetools.predicates import (
    EQUAL,
    IN,
    RANGES,
    Comparison,
    PredicateError,
    read_predicate,
)
from orders.protocols.commercetools.queries import invalid
from orders.protocols.commercetools.times import read_time

EQUALITY = (EQUAL, IN)
_MILLISECOND = timedelta(milliseconds=1)

# Narrows a query by a comparison. Raises PredicateError.
type Narrow[Q: OrdersQuery] = Callable[[Q, Comparison], Q]
type MembersOf = Callable[[StoredOrder], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Member[Q: OrdersQuery]:
    """A member that predicates may compare, with these operators."""

    operators: tuple[str, ...]
    narrow: Narrow[Q]


def narrowed[Q: OrdersQuery](
    query: Q,
    predicates: Sequence[str],
    variables: Mapping[str, Sequence[str]],
    members: Mapping[str, Member[Q]],
) -> Q:
    """Return the query with only the orders for which all predicates are true.

    Raises RequestRefusedError (400 InvalidInput), which names what is not supported.
    """
    for predicate in predicates:
        try:
            for comparison in read_predicate(predicate, variables):
                query = _narrowed(query, comparison, members)
        except PredicateError as error:
            raise invalid(f"Malformed parameter: where: {error}.") from None
    return query


def _narrowed[Q: OrdersQuery](
    query: Q, comparison: Comparison, members: Mapping[str, Member[Q]]
) -> Q:
    member = members.get(comparison.member)
    if member is None:
        known = listed(list(members))
        raise PredicateError(f"{comparison.member} is not supported; supported members: {known}")
    if comparison.operator not in member.operators:
        known = listed(member.operators)
        raise PredicateError(
            f"operator {comparison.operator} of {comparison.member} is not supported; "
            f"supported operators: {known}"
        )
    return member.narrow(query, comparison)


def ids_of[Q: OrdersQuery](key: Callable[[str], str]) -> Member[Q]:
    """Return the member of an id that `uuid_of` makes of `key(account)` and the order id."""

    def narrow(query: Q, comparison: Comparison) -> Q:
        if comparison.operator in EQUALITY:
            found = {order_id_of(key(query.account), each) for each in comparison.values}
            return only_ids(query, {each for each in found if each is not None})
        [value] = comparison.values
        # The ids of an account differ only by the order id, and so compare as order ids do.
        number = _uuid(value).int - UUID(uuid_of(key(query.account), 0)).int
        return replace(query, ids=query.ids & _range(comparison.operator, number, 1))

    return Member((*EQUALITY, *RANGES), narrow)


def range_of_uuids(comparison: Comparison) -> Range[int]:
    """Return the range of the UUIDs, as numbers, for which the comparison is true."""
    [value] = comparison.values
    return _range(comparison.operator, _uuid(value).int, 1)


def only_ids[Q: OrdersQuery](query: Q, order_ids: set[int]) -> Q:
    """Return the query with only the orders that have these ids."""
    possible = frozenset(each for each in order_ids if 0 < each <= MAX_ORDER_ID)
    known = possible if query.only_ids is None else query.only_ids & possible
    return replace(query, only_ids=known)


def _order_number(query: OrdersQuery, comparison: Comparison) -> OrdersQuery:
    # An order without a number is stored under a generated id, which is not its number.
    possible = frozenset(
        each
        for each in comparison.values
        if is_external_id(each) and not is_reserved_id(query.account, each)
    )
    known = query.only_external_ids
    return replace(query, only_external_ids=possible if known is None else known & possible)


def _created[Q: OrdersQuery](query: Q, comparison: Comparison) -> Q:
    return replace(query, created=query.created & _times(comparison))


def _changed(query: OrdersQuery, comparison: Comparison) -> OrdersQuery:
    return replace(query, changed=query.changed & _times(comparison))


def created[Q: OrdersQuery]() -> Member[Q]:
    """Return the member of a time of creation."""
    return Member((*RANGES, EQUAL), _created)


def member_equals(name: str, members_of: MembersOf) -> Member[OrdersQuery]:
    """Return the member `name` of the members of an order."""

    def narrow(query: OrdersQuery, comparison: Comparison) -> OrdersQuery:
        values, before = frozenset(comparison.values), query.matches

        def matches(stored: StoredOrder) -> bool:
            return (before is None or before(stored)) and members_of(stored).get(name) in values

        return replace(query, matches=matches)

    return Member(EQUALITY, narrow)


SEARCHABLE = (
    "customerEmail",
    "customerId",
    "orderState",
    "paymentState",
    "shipmentState",
    "store(key)",
)


def members_of_orders(members_of: MembersOf) -> Mapping[str, Member[OrdersQuery]]:
    """Return the members of orders that predicates may compare.

    `members_of` returns those of SEARCHABLE that an order has.
    """
    return {
        "id": ids_of(lambda account: account),
        "orderNumber": Member(EQUALITY, _order_number),
        "createdAt": created(),
        "lastModifiedAt": Member((*RANGES, EQUAL), _changed),
        **{name: member_equals(name, members_of) for name in SEARCHABLE},
    }


def equals_constant[Q: OrdersQuery](constant: str) -> Member[Q]:
    """Return a member that has the same value in every resource of the list."""

    def narrow(query: Q, comparison: Comparison) -> Q:
        return query if constant in comparison.values else only_ids(query, set())

    return Member(EQUALITY, narrow)


def _times(comparison: Comparison) -> Range[datetime]:
    [value] = comparison.values
    try:
        moment = read_time(value)
    except ValueError:
        raise PredicateError(
            f"{comparison.member} must be compared with a time such as 2026-01-23T15:04:05.141Z; "
            f"got {shown(value)}"
        ) from None
    # Answers show times without the digits below the millisecond.
    return _range(comparison.operator, moment, _MILLISECOND)


def _range[T: (int, datetime)](operator: str, value: T, step: int | timedelta) -> Range[T]:
    """Return the range of the values that compare with `value`, which has the width `step`."""
    try:
        behind: T | None = value + step  # type: ignore[operator]
    except OverflowError:
        behind = None
    match operator:
        case ">":
            return Range(behind, None) if behind is not None else Range(value, value)
        case ">=":
            return Range(value, None)
        case "<":
            return Range(None, value)
        case "<=":
            return Range(None, behind)
        case _:
            return Range(value, behind)


def _uuid(text: str) -> UUID:
    try:
        if len(text) == UUID_CHARACTERS:
            return UUID(text)
    except ValueError:
        pass
    raise PredicateError(f"id must be compared with a UUID; got {shown(text)}")
