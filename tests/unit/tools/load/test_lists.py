"""The lists of a stack are read to their end, through faults."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from orders.domain.identifiers import uuid_of
from tests.support.order_changes import NOW
from tools.load import lists
from tools.load.audit_lists import Row
from tools.load.lists import ListReader, Shop, UnreadableListError

SHOP = Shop("north", "secret", "website", 1001, 2001)
NUMBERS = range(1, 6)


@dataclass
class Answer:
    status: int
    tree: Any = None

    @property
    def data(self) -> bytes:
        return json.dumps(self.tree).encode()


@dataclass
class FakeHub:
    """Answers lists of five orders in pages. The first answers are `faults`."""

    faults: list[int] = field(default_factory=list)
    asked: list[Mapping[str, list[str]]] = field(default_factory=list)

    def request(self, method: str, url: str, **more: Any) -> Answer:  # noqa: ANN401 - urllib3's
        if self.faults:
            return Answer(self.faults.pop(0), {"message": "busy"})
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append(parse_qs(parts.query))
        if parts.path == "/hub/v1/changes":
            return Answer(200, {"changes": [], "next": "cursor 2", "has_more": False})
        if parts.path.endswith("/market/orders/list"):
            return Answer(200, self._altcraft(json.loads(more["body"])))
        if "/north/" in parts.path:
            return Answer(200, self._project(query))
        return Answer(200, self._partner(query, "id" if method == "GET" else "orderId"))

    def _project(self, query: Mapping[str, str]) -> Any:  # noqa: ANN401
        numbers = list(NUMBERS)
        if query.get("where", "").startswith("id > "):
            last = query["where"].removeprefix('id > "').removesuffix('"')
            numbers = [n for n in numbers if uuid_of("north", n) > last]
        total, start = len(numbers), int(query.get("offset", 0))
        orders = [
            {"id": uuid_of("north", n), "orderNumber": f"order {n}", "version": n}
            for n in numbers[start : start + int(query["limit"])]
        ]
        return {"results": orders, "total": total}

    def _altcraft(self, body: Mapping[str, Any]) -> Any:  # noqa: ANN401
        start = int(body["from_id"] or 0)
        ids = NUMBERS[start : start + body["limit"]]
        orders = [{"id": n, "external_id": f"order {n}"} for n in ids]
        return {"result": orders, "next_from_id": str(start + len(orders))}

    def _partner(self, query: Mapping[str, str], member: str) -> Any:  # noqa: ANN401
        start = int(query.get("page_token", 0))
        orders = [{member: n, "externalOrderId": f"order {n}"} for n in NUMBERS[start : start + 2]]
        more = {"nextPageToken": str(start + 2)} if start + 2 < len(NUMBERS) else {}
        return {"orders": orders, "paging": more}


def reader_of(hub: FakeHub) -> ListReader:
    return ListReader("http://hub", SHOP, hub, limit=2)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "_PAUSE_SECONDS", 0)


def test_a_list_is_read_by_cursor_with_the_total_of_the_whole_list() -> None:
    read = reader_of(FakeHub()).orders_by_id()
    assert read.rows == [Row(n, f"order {n}", n) for n in NUMBERS]
    assert [len(page.rows) for page in read.pages] == [2, 2, 1]
    assert {page.total for page in read.pages} == {5}


def test_a_list_is_read_by_offset_to_its_total() -> None:
    hub = FakeHub()
    read = reader_of(hub).orders_by_creation(NOW)
    assert [row.order_id for row in read.rows] == list(NUMBERS)
    assert [asked["offset"] for asked in hub.asked] == [["0"], ["2"], ["4"]]


def test_a_list_is_read_by_page_tokens() -> None:
    reader = reader_of(FakeHub())
    for read in (reader.campaign_orders(), reader.business_orders()):
        assert read.rows == [Row(n, f"order {n}") for n in NUMBERS]
        assert len(read.pages) == 3


def test_altcrafts_list_is_read_to_its_empty_page() -> None:
    read = reader_of(FakeHub()).altcraft_orders()
    assert read.rows == [Row(n, f"order {n}") for n in NUMBERS]
    assert [len(page.rows) for page in read.pages] == [2, 2, 1]


def test_changes_are_read_with_their_orders_from_a_cursor_on() -> None:
    hub = FakeHub([503])
    assert reader_of(hub).changes(None)["next"] == "cursor 2"
    reader_of(hub).changes("cursor 2")
    [first, second] = hub.asked
    assert "after" not in first
    assert (second["after"], second["include"]) == (["cursor 2"], ["order"])


def test_a_read_is_repeated_after_a_fault() -> None:
    assert len(reader_of(FakeHub([503, 500, 429])).orders_by_id().rows) == 5


@pytest.mark.parametrize("faults", [[400], [503] * 100])
def test_a_rejected_or_failing_read_is_an_error(faults: list[int]) -> None:
    with pytest.raises(UnreadableListError, match=f"{faults[0]}"):
        reader_of(FakeHub(faults)).orders_by_id()
