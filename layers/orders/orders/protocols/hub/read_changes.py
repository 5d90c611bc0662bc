"""The changes of an account's orders, for readers that keep in step with the hub."""

from dataclasses import dataclass

from orders.application.ports import ChangePosition, Deadline
from orders.application.read_changes import ChangesQuery, ListedChange, ReadChanges, ReadUntil
from orders.protocols.cursors import microseconds, moment_of, write_cursor
from orders.protocols.http import EndpointResult, HttpRequest
from orders.protocols.hub.access import ReadAccess
from orders.protocols.hub.answers import answer_ok, fitting
from orders.protocols.hub.cursors import read_cursor
from orders.protocols.hub.queries import expect_only, read_choice, read_limit
from orders.protocols.hub.representation import OrderProtocols, change_of

_ORDER = "order"
_PARTS = 4


@dataclass(frozen=True, slots=True)
class ReadChangesEndpoint:
    """`GET /hub/v1/changes`."""

    access: ReadAccess
    read_changes: ReadChanges
    protocols: OrderProtocols

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return the changes after the cursor, the oldest first. There is always a next cursor."""
        client = self.access(request, deadline)
        expect_only(request, ("limit", "after", "include"))
        limit = read_limit(request)
        with_order = read_choice(request, "include", [_ORDER]) is not None
        list_name = f"changes\n{client.account}"
        after = request.query.get("after")
        query = ChangesQuery(
            client.account, limit, None if after is None else _read(after, list_name)
        )
        listed = self.read_changes(query, deadline)
        shown = fitting(
            listed.changes,
            lambda each: change_of(each, self.protocols, with_order=with_order),
            _size_of if with_order else _no_size,
        )
        is_whole = len(shown) == len(listed.changes)
        reached = listed.read_until if is_whole else listed.reached[len(shown) - 1]
        # Two indexes were merged. The one by creation is sorted by order id.
        in_time = sorted(zip(listed.changes, shown, strict=False), key=lambda pair: pair[0].at)
        tree = {
            "changes": [part for _, part in in_time],
            "next": _write(reached, list_name),
            "has_more": listed.has_more or not is_whole,
        }
        return EndpointResult(answer_ok(tree))


def _write(reached: ReadUntil, list_name: str) -> str:
    change = reached.change
    position = (
        (None, None) if change is None else (microseconds(change.changed_at), change.order_id)
    )
    complete = microseconds(reached.complete_until)
    return write_cursor(list_name, [complete, reached.order_id, *position])


def _read(after: str, list_name: str) -> ReadUntil | None:
    complete, order_id, at, changed_id = read_cursor(after, list_name, _PARTS)
    if complete is None:
        return None
    change = None if at is None or changed_id is None else ChangePosition(moment_of(at), changed_id)
    return ReadUntil(moment_of(complete), order_id, change)


def _size_of(change: ListedChange) -> int:
    return 0 if change.stored is None else len(change.stored.order.document)


def _no_size(_change: ListedChange) -> int:
    return 0
