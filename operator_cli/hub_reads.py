"""What commands read of a hub, through either adapter of the port `Hub`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from operator_cli.errors import CursorExpiredError, UnavailableError, UsageError
from operator_cli.hub import CHANGES, HISTORY, ORDER, ORDERS, RECONCILE, Hub, HubAnswer, HubRequest
from orders.protocols.json_text import NotJsonError, read_json, write_json

type Tree = dict[str, Any]

PAGE = 200


@dataclass(frozen=True, slots=True)
class OrderFilters:
    """Which orders to list, and in which sequence. None and () do not restrict."""

    created_from: str | None = None
    created_to: str | None = None
    changed_from: str | None = None
    changed_to: str | None = None
    status: tuple[str, ...] = ()
    endpoint: tuple[str, ...] = ()
    protocol: tuple[str, ...] = ()
    newest_first: bool = True

    def query(self) -> Mapping[str, tuple[str, ...]]:
        """Return the parameters of the query, without those that do not restrict."""
        times = ("created_from", "created_to", "changed_from", "changed_to")
        found: dict[str, tuple[str, ...]] = {
            "status": self.status,
            "endpoint": self.endpoint,
            "protocol": self.protocol,
            "direction": ("desc" if self.newest_first else "asc",),
        }
        for name in times:
            value = getattr(self, name)
            found[name] = () if value is None else (value,)
        return {name: values for name, values in found.items() if values}


@dataclass(frozen=True, slots=True)
class Page:
    """Entries of a list, and the cursor of what follows, None at the end of the list."""

    entries: Sequence[Tree]
    following: str | None


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes, and the cursor after them. A page without changes may have more."""

    entries: Sequence[Tree]
    following: str
    has_more: bool


class TooLargeError(UnavailableError):
    """The answer to a request does not fit."""


@dataclass(frozen=True, slots=True)
class HubReads:
    """Reads an account of a hub.

    Every method raises UnavailableError, and UsageError for what the hub rejects as invalid.
    """

    hub: Hub

    def page_of_orders(
        self, filters: OrderFilters, after: str | None = None, limit: int = PAGE
    ) -> Page:
        """Return one page of orders."""
        query = {**filters.query(), "limit": (str(limit),), **_after(after)}
        tree = self._get(ORDERS, query)
        return Page(tree["orders"], tree["next"])

    def orders(self, filters: OrderFilters) -> Iterator[Sequence[Tree]]:
        """Return all orders, page by page."""
        page = self.page_of_orders(filters)
        yield page.entries
        while page.following is not None:
            page = self.page_of_orders(filters, page.following)
            yield page.entries

    def ids_of_orders(self, filters: OrderFilters) -> Iterator[tuple[int, str]] | None:
        """Return the order ids and external ids of a list, None if the hub lists whole orders.

        An order may not exist any more.
        """
        query = {name: each for name, each in filters.query().items() if name != "direction"}
        if query.keys() - {"created_from", "created_to"}:
            return None
        return self.hub.ids_of_orders(query)

    def first_orders(self, filters: OrderFilters, limit: int) -> Iterator[Tree]:
        """Return the first orders of a list, at most `limit`."""
        after = None
        left = limit
        while left > 0:
            page = self.page_of_orders(filters, after, min(left, PAGE))
            yield from page.entries
            left -= len(page.entries)
            if page.following is None:
                return
            after = page.following

    def order(self, order_id: int) -> Tree | None:
        """Return the order with this id, None if it does not exist."""
        return self._found(ORDER, {"order_id": str(order_id)})

    def order_named(self, external_id: str) -> Tree | None:
        """Return the order that has or had this external id, None if it does not exist."""
        found = self._get(ORDERS, {"external_id": (external_id,)})["orders"]
        return found[0] if found else None

    def history(self, order_id: int) -> list[Tree] | None:
        """Return all versions of an order, the newest first, None if it does not exist."""
        versions: list[Tree] = []
        query: Mapping[str, tuple[str, ...]] = {}
        while True:
            tree = self._found(
                HISTORY, {"order_id": str(order_id)}, {"limit": (str(PAGE),), **query}
            )
            if tree is None:
                # The order was deleted between two pages.
                return versions or None
            versions += tree["versions"]
            if tree["next"] is None:
                return versions
            query = _after(tree["next"])

    def changes(self, after: str | None, *, with_orders: bool = False) -> Changes:
        """Return the changes after a cursor. Raises CursorExpiredError."""
        include: Mapping[str, tuple[str, ...]] = {"include": ("order",)} if with_orders else {}
        tree = self._get(CHANGES, {"limit": (str(PAGE),), **include, **_after(after)})
        return Changes(tree["changes"], tree["next"], tree["has_more"])

    def reconcile(self, entries: Sequence[Mapping[str, object]]) -> Sequence[Tree]:
        """Return the result for each entry, in the same order."""
        request = HubRequest("POST", RECONCILE, body=write_json({"orders": entries}))
        try:
            tree = accepted(self.hub.ask(request))
        except TooLargeError:
            if len(entries) == 1:
                raise
            middle = len(entries) // 2
            return [*self.reconcile(entries[:middle]), *self.reconcile(entries[middle:])]
        results: Sequence[Tree] = tree["results"]
        return results

    def _get(self, resource: str, query: Mapping[str, tuple[str, ...]]) -> Tree:
        return accepted(self.hub.ask(HubRequest("GET", resource, query=query)))

    def _found(
        self,
        resource: str,
        path: Mapping[str, str],
        query: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Tree | None:
        answer = self.hub.ask(HubRequest("GET", resource, path, query or {}))
        if answer.status == HTTPStatus.NOT_FOUND and tree_of(answer).get("code") == "not_found":
            return None
        return accepted(answer)


def _after(cursor: str | None) -> Mapping[str, tuple[str, ...]]:
    return {} if cursor is None else {"after": (cursor,)}


def accepted(answer: HubAnswer) -> Tree:
    """Return the body of a 200 answer; raise what another answer means."""
    if answer.status == HTTPStatus.OK:
        return tree_of(answer)
    detail = detail_of(answer)
    match answer.status:
        case HTTPStatus.BAD_REQUEST:
            raise UsageError(f"{detail}.")
        case HTTPStatus.GONE:
            raise CursorExpiredError(f"{detail}.")
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise TooLargeError(f"{detail}.")
        case status:
            raise UnavailableError(f"The hub answers {status}: {detail}.")


def detail_of(answer: HubAnswer) -> str:
    """Return the reason in an answer that is an error, without a full stop."""
    tree = tree_of(answer)
    return str(tree.get("detail") or tree.get("message") or "no reason was given").rstrip(".")


def tree_of(answer: HubAnswer) -> Tree:
    """Return the body of an answer. Raises UnavailableError unless it is an object."""
    try:
        tree = read_json(answer.body).tree
    except NotJsonError as error:
        raise UnavailableError(f"The hub's answer cannot be read: {error}.") from error
    if not isinstance(tree, dict):
        raise UnavailableError("The hub's answer is not an object.")
    return tree
