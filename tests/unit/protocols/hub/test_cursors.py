"""Cursors of the hub's own API."""

import base64
import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orders.protocols.cursors import Part, write_cursor
from orders.protocols.hub.cursors import read_cursor
from orders.protocols.hub.errors import RequestRefusedError
from tests.support.hub import CHANGES, ORDERS, Hub, problem

PARTS = st.lists(st.none() | st.integers(0, 2**57), min_size=1, max_size=4)


@given(PARTS, st.text(max_size=50))
@example([None, None], "\ud800")
def test_a_cursor_is_read_as_it_was_written(parts: list[Part], of: str) -> None:
    assert list(read_cursor(write_cursor(of, parts), of, len(parts))) == parts


@given(PARTS, st.data())
def test_a_changed_cursor_is_rejected(parts: list[Part], data: st.DataObject) -> None:
    cursor = write_cursor("list", parts)
    place = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.characters().filter(lambda each: each != cursor[place]))
    for changed in (cursor[:place] + other + cursor[place + 1 :], cursor[:place], cursor + other):
        with pytest.raises(RequestRefusedError):
            read_cursor(changed, "list", len(parts))


def forged(payload: bytes) -> str:
    check = hashlib.sha256(b"changes\ndemo\n" + payload).digest()[:9]
    return "1." + base64.urlsafe_b64encode(check + payload).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"x",
        b"{}",
        b"null",
        b"[1]",
        b"[1,2,3,true]",
        b"[1,2,3,-4]",
        b"[1.0,2,3,4]",
        b'[1,2,3,"4"]',
        b"[1, 2, 3, 4]",
        b"[1,2,3," + b"9" * 200 + b"]",
        b"[" * 250,
    ],
)
def test_a_forged_cursor_is_rejected(payload: bytes) -> None:
    answer = Hub().ask(CHANGES, {"after": forged(payload)})
    assert answer.status == 400
    assert problem(answer)["errors"][0]["parameter"] == "after"


@pytest.mark.parametrize("sent", ["", "1.", "x", "0", "2.AAAA", "1.A", "1.é", "1." + "A" * 500])
def test_what_is_not_a_cursor_is_rejected(sent: str) -> None:
    for route in (CHANGES, ORDERS):
        answer = Hub().ask(route, {"after": sent})
        assert answer.status == 400
        assert problem(answer)["errors"][0]["parameter"] == "after"


def test_a_cursor_of_another_list_is_rejected() -> None:
    hub = Hub()
    hub.create("A")
    hub.create("B", 1)
    hub.wait(100)
    changes = hub.get(CHANGES, limit=1)["next"]
    orders = hub.get(ORDERS, limit=1)["next"]
    for route, query in (
        (ORDERS, {"after": changes}),
        (CHANGES, {"after": orders}),
        (ORDERS, {"after": orders, "status": "new"}),
        (ORDERS, {"after": orders, "direction": "asc"}),
    ):
        assert hub.ask(route, query).status == 400
    # Another size of the page is no other list.
    assert hub.ask(ORDERS, {"after": orders, "limit": "7"}).status == 200
    stranger = {"authorization": "Bearer stranger"}
    assert hub.ask(CHANGES, {"after": changes}, headers=stranger).status == 400
