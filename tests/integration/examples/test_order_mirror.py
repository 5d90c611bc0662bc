"""The sample copy of the orders equals the hub, whatever happens to the events."""

import io
import json
import random
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.order_mirror import mirror as example
from orders.adapters.eventbridge import SOURCE, detail_of
from orders.runtime.composition.order_protocols import present
from tests.support import hub as api
from tests.support.hub_worlds import World, memory_hub, memory_world

type Tree = dict[str, Any]


class HubOfWorld(example.Hub):
    """The API of a world in memory. `answers` counts the pages; after `limit` it fails."""

    def __init__(self, world: World, limit: int = 1000) -> None:
        self._hub = memory_hub(world).hub
        self.limit = limit

    def changes(self, after: str | None) -> Tree:
        if self.limit == 0:
            raise _http_error(503)
        self.limit -= 1
        query = {"include": "order", "limit": "3"} | ({"after": after} if after else {})
        answer = self._hub.ask(api.CHANGES, query)
        if answer.status != 200:
            raise _http_error(answer.status)
        page: Tree = json.loads(answer.body)
        return page


def _http_error(status: int) -> HTTPError:
    return HTTPError("http://hub", status, "rejected", Message(), io.BytesIO())


def _events(world: World) -> list[Tree]:
    return [
        {
            "source": SOURCE,
            "detail-type": str(each.kind),
            "detail": json.loads(detail_of(each, present)),
        }
        for each in world.triggers
    ]


def _expected(world: World) -> dict[str, Tree]:
    listed = memory_hub(world).hub.pages(api.ORDERS)
    return {each["external_id"]: each["document"] for page in listed for each in page["orders"]}


def _lived() -> World:
    """Return a world in which orders were created, changed, renamed, deleted and created again."""
    world = memory_world()
    world.create_many(8)
    world.update("A-1", status="paid")
    world.update("A-2", comment="x")
    world.rename("A-2", "B-2")
    world.update("B-2", status="paid")
    world.delete("A-3")
    world.create("A-3")
    world.delete("A-4")
    world.rename("A-5", "B-5")
    world.delete("B-5")
    return world


LIVED = _lived()
EVENTS = _events(LIVED)
EXPECTED = _expected(LIVED)


def _take(mirror: example.Mirror, events: Iterable[Tree]) -> None:
    for event in events:
        mirror.take_event(event["detail-type"], event["detail"])


def test_events_alone_make_the_copy_if_none_is_lost() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        mirror = example.Mirror(database)
        _take(mirror, EVENTS)
        assert mirror.orders() == EXPECTED


@settings(max_examples=60)
@given(
    arrived=st.lists(st.sampled_from(range(len(EVENTS))), max_size=2 * len(EVENTS)),
    late=st.lists(st.sampled_from(range(len(EVENTS))), max_size=len(EVENTS)),
    pages=st.integers(0, 5),
)
def test_lost_repeated_and_late_events_lead_to_the_same_copy(
    arrived: list[int], late: list[int], pages: int
) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        mirror = example.Mirror(database)
        _take(mirror, (EVENTS[number] for number in arrived))
        with suppress(HTTPError):
            mirror.catch_up(HubOfWorld(LIVED, pages))
        _take(mirror, (EVENTS[number] for number in late))
        mirror.catch_up(HubOfWorld(LIVED))
        _take(mirror, (EVENTS[number] for number in arrived))
        assert mirror.orders() == EXPECTED


def test_an_event_without_its_order_leaves_it_to_the_changes() -> None:
    world = memory_world()
    world.create("A")
    world.update("A", status="paid")
    first, second = _events(world)
    del second["detail"]["order"]
    second["detail"]["order_omitted"] = True
    with closing(sqlite3.connect(":memory:")) as database:
        mirror = example.Mirror(database)
        _take(mirror, [first, second])
        assert mirror.orders()["A"]["status"] == "new"
        mirror.catch_up(HubOfWorld(world))
        assert mirror.orders() == _expected(world)


def test_an_expired_cursor_begins_anew_and_finds_deletions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = memory_world()
    world.create_many(8)
    with closing(sqlite3.connect(":memory:")) as database:
        mirror = example.Mirror(database)
        monkeypatch.setattr("examples.order_mirror.mirror.time.time", lambda: 0.0)
        mirror.catch_up(HubOfWorld(world))
        world.delete("A-1")
        memory_hub(world).hub.wait(200 * 86400)
        # The hub has forgotten the deletion.
        memory_hub(world).hub.orders.deleted.clear()
        monkeypatch.setattr("examples.order_mirror.mirror.time.time", lambda: 200 * 86400.0)
        # This order is too new to be listed, so it must not be taken for a deleted one.
        event = _events(memory_world_with("new"))[0]
        _take(mirror, [event])
        with pytest.raises(HTTPError):
            mirror.catch_up(HubOfWorld(world, 3))
        mirror.catch_up(HubOfWorld(world))
        assert mirror.orders().keys() == {*_expected(world), "new"}
        assert "A-1" not in mirror.orders()


def memory_world_with(external_id: str) -> World:
    world = memory_world()
    # Its order_id must not be one of another world.
    world.count = 1000
    world.create(external_id)
    return world


def test_the_program_takes_lines_of_events(tmp_path: Path) -> None:
    lines = [json.dumps(event) for event in EVENTS]
    random.Random(1).shuffle(lines)  # noqa: S311 - not a secret
    path = str(tmp_path / "orders.sqlite")
    for part in (lines[: len(lines) // 2], lines):
        example.run(path, part, HubOfWorld(LIVED))
    with closing(sqlite3.connect(path)) as database:
        assert example.Mirror(database).orders() == EXPECTED
