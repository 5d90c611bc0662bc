"""Reads the lists of an account through the hub's routes, as clients of each protocol do."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from orders.domain.identifiers import order_id_of
from tools.load.audit_lists import Page, ReadList, Row

type Tree = dict[str, Any]
type ShowRow = Callable[[Tree], Row]

# The embedded AWS injects faults into reads, too. Each of them is answered with a 5xx.
_TRIES, _PAUSE_SECONDS = 20, 0.2
_OK, _TOO_MANY, _SERVER_ERROR = 200, 429, 500
_ALTCRAFT_LIST = "/api/v1.1/market/orders/list"
_PARTNER_LIMIT = 50
# Changes of orders have messages too, which the audit does not know.
_OF_IMPORTS = 'type = "OrderImported"'
_CHANGES_LIMIT = 50


class UnreadableListError(Exception):
    """A list was rejected, or could not be read with many tries."""


@dataclass(frozen=True, slots=True)
class Shop:
    """An account, its token, and the campaign and the business of its orders."""

    account: str
    token: str
    endpoint: str
    campaign_id: int
    business_id: int


@dataclass(frozen=True, slots=True)
class ListReader:
    """Reads lists of one account, each to its end, in pages of at most `limit` orders."""

    base_url: str
    shop: Shop
    http: urllib3.PoolManager
    limit: int = 100

    def orders_by_id(self) -> ReadList:
        """Read the commercetools orders as the vendor's `process()` does."""
        return self._by_cursor("orders")

    def messages_by_id(self) -> ReadList:
        """Read the messages of imports in the sequence of their ids."""
        return self._by_cursor("messages", _OF_IMPORTS)

    def orders_by_creation(self, since: datetime) -> ReadList:
        """Read the commercetools orders of a time by offset."""
        where = f'createdAt >= "{since.isoformat()}"'
        return self._by_offset("orders", sort="createdAt asc", where=where)

    def orders_by_change(self, since: datetime) -> ReadList:
        """Read the commercetools orders that were changed since a time, by offset."""
        where = f'lastModifiedAt >= "{since.isoformat()}"'
        return self._by_offset("orders", sort="lastModifiedAt asc", where=where)

    def newest_messages(self) -> ReadList:
        """Read the messages of imports in their default sequence, by offset."""
        return self._by_offset("messages", where=_OF_IMPORTS)

    def campaign_orders(self, since: datetime | None = None) -> ReadList:
        """Read the orders of the campaign by page tokens, or those changed since a time."""
        filters = {} if since is None else {"updatedAtFrom": since.isoformat()}
        name = "Yandex Market campaign" + (f" {filters}" if filters else "")

        def read(token: str | None) -> Tree:
            more = {} if token is None else {"page_token": token}
            return self._partner("GET", self._campaign(filters | more))

        return self._by_token(name, read, _campaign_row)

    def numbered_campaign_orders(self) -> ReadList:
        """Read the orders of the campaign by page numbers."""
        pages = []
        for number in count(1):
            asked = {"page": str(number), "pageSize": str(_PARTNER_LIMIT)}
            tree = self._partner("GET", self._campaign(asked))
            rows = [_campaign_row(each) for each in tree["orders"]]
            pages.append(Page(_PARTNER_LIMIT, rows, tree["pager"].get("total")))
            if _is_last(pages[-1], number * _PARTNER_LIMIT):
                break
        return self._read("Yandex Market campaign by page numbers", pages)

    def business_orders(self, since: datetime | None = None) -> ReadList:
        """Read the orders of the business by page tokens, or those changed since a time."""
        body = {} if since is None else {"dates": {"updateDateFrom": since.isoformat()}}
        name = "Yandex Market business" + (f" {body}" if body else "")

        def read(token: str | None) -> Tree:
            asked = {"limit": str(_PARTNER_LIMIT)}
            asked |= {} if token is None else {"page_token": token}
            path = f"/v1/businesses/{self.shop.business_id}/orders?{urlencode(asked)}"
            return self._partner("POST", path, body)

        return self._by_token(name, read, _business_row)

    def altcraft_orders(self) -> ReadList:
        """Read Altcraft's list of the account. Only an empty page ends it."""
        pages: list[Page] = []
        from_id = ""
        while True:
            body = {"from_id": from_id, "limit": self.limit}
            tree = self._answer("POST", _ALTCRAFT_LIST, self._bearer(), body)
            rows = [Row(each["id"], each["external_id"]) for each in tree["result"]]
            if not rows:
                return self._read("Altcraft", pages)
            pages.append(Page(self.limit, rows))
            from_id = tree["next_from_id"]

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.shop.token}"}

    def changes(self, after: str | None) -> Tree:
        """Read one page of the changes, with their orders, after a cursor or from the first on."""
        asked = {"include": "order", "limit": str(_CHANGES_LIMIT)}
        asked |= {} if after is None else {"after": after}
        return self._answer("GET", f"/hub/v1/changes?{urlencode(asked)}", self._bearer())

    def _by_cursor(self, resource: str, only: str = "") -> ReadList:
        """Read pages by the id of the last entry. `only` is a predicate for all entries."""
        pages: list[Page] = []
        read, last = 0, ""
        while True:
            asked = {"sort": "id asc", "limit": str(self.limit), "withTotal": "true"}
            conditions = [*([only] if only else []), *([f'id > "{last}"'] if last else [])]
            asked |= {"where": " and ".join(conditions)} if conditions else {}
            tree = self._project(resource, asked)
            page = self._page(resource, tree, read)
            pages.append(page)
            read += len(page.rows)
            if not page.rows or len(page.rows) < self.limit:
                return self._read(f"commercetools {resource} by id", pages)
            last = tree["results"][-1]["id"]

    def _by_offset(self, resource: str, **asked: str) -> ReadList:
        pages: list[Page] = []
        for offset in count(0, self.limit):
            more = {"limit": str(self.limit), "offset": str(offset), "withTotal": "true"}
            page = self._page(resource, self._project(resource, asked | more))
            pages.append(page)
            if _is_last(page, offset + self.limit):
                break
        return self._read(f"commercetools {resource} {asked}", pages)

    def _by_token(self, name: str, read: Callable[[str | None], Tree], row_of: ShowRow) -> ReadList:
        pages = []
        token: str | None = None
        while True:
            tree = read(token)
            pages.append(Page(_PARTNER_LIMIT, [row_of(each) for each in tree["orders"]]))
            token = tree["paging"].get("nextPageToken")
            if token is None:
                return self._read(name, pages)

    def _read(self, name: str, pages: list[Page]) -> ReadList:
        return ReadList(self.shop.account, name, pages)

    def _page(self, resource: str, tree: Tree, before: int = 0) -> Page:
        """Return a page. A list by id counts the orders behind its cursor, so `before` is added."""
        row_of = self._order_row if resource == "orders" else self._message_row
        total = tree.get("total")
        rows = [row_of(each) for each in tree["results"]]
        return Page(self.limit, rows, None if total is None else total + before)

    def _order_row(self, order: Tree) -> Row:
        number = order_id_of(self.shop.account, order["id"]) or 0
        return Row(number, order.get("orderNumber", ""), order["version"])

    def _message_row(self, message: Tree) -> Row:
        number = order_id_of(self.shop.account, message["resource"]["id"]) or 0
        order = message["order"]
        is_same = order["id"] == message["resource"]["id"]
        return Row(number, order.get("orderNumber", ""), order["version"] if is_same else -1)

    def _campaign(self, asked: Mapping[str, str]) -> str:
        query = urlencode({"limit": str(_PARTNER_LIMIT), **asked})
        return f"/campaigns/{self.shop.campaign_id}/orders?{query}"

    def _project(self, resource: str, asked: Mapping[str, str]) -> Tree:
        path = f"/{self.shop.account}/{resource}?{urlencode(asked, quote_via=quote)}"
        return self._answer("GET", path, self._bearer())

    def _partner(self, method: str, path: str, body: Tree | None = None) -> Tree:
        return self._answer(method, path, {"Api-Key": self.shop.token}, body)

    def _answer(
        self, method: str, path: str, headers: dict[str, str], body: Tree | None = None
    ) -> Tree:
        """Send a request until it is answered. Raises UnreadableListError."""
        sent = None if body is None else json.dumps(body).encode()
        more = {} if body is None else {"Content-Type": "application/json"}
        status, text = 0, ""
        for _ in range(_TRIES):
            answer = self.http.request(
                method, self.base_url + path, body=sent, headers=headers | more
            )
            status, text = answer.status, answer.data.decode()
            if status == _OK:
                tree: Tree = json.loads(text)
                return tree
            if status != _TOO_MANY and status < _SERVER_ERROR:
                break
            time.sleep(_PAUSE_SECONDS)
        raise UnreadableListError(f"{method} {path}: {status} {text[:300]}")


def _is_last(page: Page, read: int) -> bool:
    """Return whether no page follows, after so many orders."""
    return len(page.rows) < page.limit or (page.total is not None and read >= page.total)


def _campaign_row(order: Tree) -> Row:
    return Row(order["id"], order.get("externalOrderId", ""))


def _business_row(order: Tree) -> Row:
    return Row(order["orderId"], order.get("externalOrderId", ""))
