"""Follows the changes of the shops' accounts while they write, and compares what was gathered."""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import urllib3

from orders.application.read_changes import SETTLED_AFTER
from orders.domain.order import Order
from tools.load.audit import Difference
from tools.load.lists import ListReader, UnreadableListError
from tools.load.table import Contents

type Tree = dict[str, Any]
# Ids are compared by whole seconds, so the last creation is listed up to a second later.
_SECOND = timedelta(seconds=1)
_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Version:
    """What a reader of changes knows of an order."""

    external_id: str
    version: int
    digest: str


@dataclass(slots=True)
class Gathered:
    """The orders of an account as a reader of changes has them, and what was wrong on the way.

    `seen` has the last version of each order that was listed, also of deleted ones.
    """

    account: str
    orders: dict[int, Version] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)
    faults: list[Difference] = field(default_factory=list)

    def apply(self, change: Tree) -> None:
        """Apply one change. The versions of an order must rise."""
        number, version = change["order_id"], change["version"]
        last = self.seen.get(number, 0)
        if version <= last:
            self._note(change, f"version {version} is listed after {last}")
        self.seen[number] = version
        if change["kind"] == "deleted":
            self.orders.pop(number, None)
            return
        self.orders[number] = Version(change["external_id"], version, change["digest"])
        order = change["order"]
        shown = Version(order["external_id"], order["version"], order["digest"])
        if (order["order_id"], shown) != (number, self.orders[number]):
            self._note(change, f"its order is {order['order_id']} {shown}")

    def differences(self, orders: Iterable[Order]) -> Iterator[Difference]:
        """Return what was wrong on the way, and where the orders are not those of the table."""
        yield from self.faults
        stored = {
            each.order_id: Version(each.external_id, each.version, each.digest) for each in orders
        }
        for number in sorted(stored.keys() | self.orders.keys()):
            expected, found = stored.get(number), self.orders.get(number)
            if expected != found:
                detail = f"a reader of changes has {found} instead of {expected}"
                yield Difference("followed", self.account, f"order id {number}", detail)

    def _note(self, change: Tree, detail: str) -> None:
        self.faults.append(Difference("followed", self.account, change["external_id"], detail))


@dataclass(slots=True)
class ChangeFollower:
    """A client that keeps in step with one account through its changes."""

    reader: ListReader
    gathered: Gathered = field(init=False)
    pages: int = field(default=0, init=False)
    _after: str | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Begin without orders."""
        self.gathered = Gathered(self.reader.shop.account)

    def read_page(self) -> bool:
        """Read and apply the next page. Return whether more follow. Raises UnreadableListError."""
        page = self.reader.changes(self._after)
        for change in page["changes"]:
            self.gathered.apply(change)
        self._after = page["next"]
        self.pages += 1
        has_more: bool = page["has_more"]
        return has_more

    def follow(self, stopped: threading.Event) -> None:
        """Read pages until the event. A page that fails is read again with the same cursor."""
        while not stopped.is_set():
            try:
                has_more = self.read_page()
            except (UnreadableListError, urllib3.exceptions.HTTPError):
                has_more = False
            if not has_more:
                stopped.wait(_PAUSE_SECONDS)

    def catch_up(self, contents: Contents) -> list[Difference]:
        """Read the last changes when they are settled. Return how the orders differ."""
        try:
            while self.read_page():
                pass
        except (UnreadableListError, urllib3.exceptions.HTTPError) as error:
            return [Difference("unreadable", self.gathered.account, "", str(error))]
        return list(self.gathered.differences(contents.orders))


@contextmanager
def following(followers: Sequence[ChangeFollower]) -> Iterator[None]:
    """Let the clients follow their accounts for the time of the context."""
    stopped = threading.Event()
    threads = [threading.Thread(target=each.follow, args=(stopped,)) for each in followers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def wait_until_settled(contents: Contents) -> None:
    """Wait until the last change of the contents is listed."""
    changed = [each.updated_at for each in contents.orders]
    changed += [each.place.changed_at for each in contents.markers]
    if changed:
        settled = max(changed) + SETTLED_AFTER + _SECOND
        time.sleep(max(0.0, (settled - datetime.now(UTC)).total_seconds()))
