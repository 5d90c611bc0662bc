"""Keeps a copy of an account's orders in SQLite, even if events are lost, late or repeated.

Each event and each change names an order, its version and its state, and only a newer version
replaces what is stored. So it does not matter in which order they arrive, how often, or whether an
event arrives at all: `catch_up` reads the missing ones from the hub.

    python mirror.py orders.sqlite < events.jsonl    # with BASE_URL and TOKEN in the environment
"""

import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterable
from contextlib import closing
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

type Tree = dict[str, Any]

# The hub lists a change a minute after it was made. An order that was stored longer ago than this
# must be listed, if it exists.
SURELY_LISTED_SECONDS = 600
GONE = 410
SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    order_id INTEGER PRIMARY KEY, version INTEGER NOT NULL, external_id TEXT NOT NULL,
    deleted INTEGER NOT NULL, protocol TEXT, document TEXT, seen_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS progress (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
# A change without its order, such as a deletion, keeps the last known document.
STORE = """
INSERT INTO orders VALUES (:order_id, :version, :external_id, :deleted, :protocol, :document, :now)
ON CONFLICT (order_id) DO UPDATE SET
    version = :version, external_id = :external_id, deleted = :deleted, seen_at = :now,
    protocol = coalesce(:protocol, protocol), document = coalesce(:document, document)
WHERE version < :version
"""
SEEN = "UPDATE orders SET seen_at = ? WHERE order_id = ?"


class Hub:
    """The API of the hub."""

    def __init__(self, base_url: str, token: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def changes(self, after: str | None) -> Tree:
        """Return a page of changes. Raises HTTPError, with the code 410 for an old cursor."""
        query = {"include": "order", "limit": "200"} | ({"after": after} if after else {})
        url = f"{self._base_url}/hub/v1/changes?{urlencode(query)}"
        request = Request(url, headers=self._headers)  # noqa: S310 - the URL is the operator's
        with urlopen(request, timeout=35) as answer:  # noqa: S310 - same
            page: Tree = json.load(answer)
        return page


class Mirror:
    """The copy of the orders. Deleted orders stay, so that a late event cannot restore them."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.executescript(SCHEMA)

    def take_event(self, kind: str, detail: Tree) -> None:
        """Store what a trigger event says. `kind` is its detail-type."""
        if detail.get("order_omitted") and kind != "OrderDeleted":
            return  # The event is too large to have its order; catch_up reads it.
        with self._database:
            self._store(detail, detail.get("order"), deleted=kind == "OrderDeleted")

    def catch_up(self, hub: Hub) -> None:
        """Store all that changed since the last call. It is safe to end at any place."""
        try:
            while self._take_page(hub.changes(self._progress("cursor"))):
                pass
        except HTTPError as error:
            if error.code != GONE:
                raise
            # Deletions may be missing from the list. Read all orders again, and see which are left.
            with self._database:
                self._database.execute("DELETE FROM progress")
                self._note("reading_since", str(time.time()))
            self.catch_up(hub)

    def orders(self) -> dict[str, Tree]:
        """Return the documents of the orders that exist by their external ids."""
        found = self._database.execute("SELECT external_id, document FROM orders WHERE NOT deleted")
        return {external_id: json.loads(document) for external_id, document in found}

    def _take_page(self, page: Tree) -> bool:
        """Store a page of changes together with its cursor; return whether there is more."""
        with self._database:
            for change in page["changes"]:
                order = change["order"] or {}
                self._store(
                    {**change, "protocol": order.get("protocol")},
                    order.get("document"),
                    deleted=change["kind"] == "deleted",
                )
                self._database.execute(SEEN, (time.time(), change["order_id"]))
            self._note("cursor", page["next"])
            if not page["has_more"]:
                self._delete_unlisted()
        return bool(page["has_more"])

    def _store(self, names: Tree, document: Tree | None, *, deleted: bool) -> None:
        self._database.execute(
            STORE,
            {
                **{name: names[name] for name in ("order_id", "version", "external_id")},
                "protocol": names.get("protocol"),
                "deleted": deleted,
                "document": None if document is None else json.dumps(document),
                "now": time.time(),
            },
        )

    def _delete_unlisted(self) -> None:
        """After everything was read again, delete the orders that were not listed."""
        since = self._progress("reading_since")
        if since is not None:
            self._database.execute(
                "UPDATE orders SET deleted = 1 WHERE seen_at < ?",
                (float(since) - SURELY_LISTED_SECONDS,),
            )
            self._database.execute("DELETE FROM progress WHERE name = 'reading_since'")

    def _progress(self, name: str) -> str | None:
        query = "SELECT value FROM progress WHERE name = ?"
        found = self._database.execute(query, (name,)).fetchone()
        return found and str(found[0])

    def _note(self, name: str, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO progress VALUES (?, ?)", (name, value))


def run(path: str, events: Iterable[str], hub: Hub) -> None:
    """Take events, one JSON text a line, and catch up afterwards."""
    with closing(sqlite3.connect(path)) as database:
        mirror = Mirror(database)
        for line in events:
            event = json.loads(line)
            mirror.take_event(event["detail-type"], event["detail"])
        mirror.catch_up(hub)


if __name__ == "__main__":
    run(sys.argv[1], sys.stdin, Hub(os.environ["BASE_URL"], os.environ["TOKEN"]))
