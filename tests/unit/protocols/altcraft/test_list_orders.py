"""Altcraft's list of orders, in JSON and XML."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from orders.domain.creation_times import ids_taken_before
from orders.domain.fulfilment import Fulfilment
from orders.domain.order_numbers import MAX_ORDER_ID
from orders.domain.problems import Code
from orders.domain.reading_progress import Passed
from orders.domain.settings import ListAmounts, UnknownMembers
from orders.protocols.altcraft import list_orders
from orders.protocols.altcraft.errors import RequestRefusedError
from orders.protocols.altcraft.from_ids import read_from_id, write_from_id
from orders.protocols.cursors import write_cursor
from tests.support.altcraft_reads import GET_STATUS, LIST, Reader
from tests.support.altcraft_reads import START as NOW

type Tree = dict[str, Any]


def refusal(reader: Reader, **body: object) -> Tree:
    answer = reader.ask(LIST, body)
    tree: Tree = json.loads(answer.body)
    assert (answer.status, tree["error"], tree["result"]) == (400, 400, [])
    return tree


def test_an_order_has_the_members_of_the_documentation() -> None:
    reader = Reader()
    order = reader.create(
        matching="email",
        email="johndoe@example.com",
        tags=["one", "two"],
        region="north",
        custom_fields={"gift": True},
        create_time="2022-01-02T15:04:05.141Z",
        update_time="2022-01-03T00:00:00Z",
    )
    assert reader.call(LIST)["result"] == [
        {
            "id": order.order_id,
            "profile": {},
            "external_id": "A",
            "endpoint": "website",
            "status": "new",
            "matching": "email",
            "email": "johndoe@example.com",
            "tags": ["one", "two"],
            "delivery_cost": "100",
            "total_price": "1900.5",
            "currency": "USD",
            "custom_fields": {"gift": True},
            "region": "north",
            "lines": [
                {
                    "external_id": "1",
                    "status": "new",
                    "product": "cup",
                    "sku": "mug",
                    "count": 2,
                    "base_price_per_item": "950.5",
                    "final_price_per_item": "900.25",
                    "custom_fields": {},
                    "currency": "USD",
                }
            ],
            "create_time": "2022-01-02T15:04:05.141Z",
            "update_time": "2022-01-03T00:00:00Z",
        }
    ]


def test_what_an_order_does_not_have_is_left_out_or_neutral() -> None:
    reader = Reader()
    reader.create(delivery_cost="0", profile_id="61c9")
    [order] = reader.call(LIST)["result"]
    assert order.keys().isdisjoint({"tags", "region", "email"})
    assert order["custom_fields"] == {}
    assert order["profile"] == {"profile_id": "61c9"}
    assert order["create_time"] == order["update_time"] == "2026-01-02T03:04:05Z"


def test_an_order_without_delivery_costs_nothing_to_deliver() -> None:
    reader = Reader()
    order = reader.create()
    document = {
        name: each for name, each in json.loads(order.document).items() if name != "delivery_cost"
    }
    reader.create(order={"document": json.dumps(document)})
    assert reader.call(LIST)["result"][0]["delivery_cost"] == "0"


def test_defaults_of_custom_fields_are_shown() -> None:
    reader = Reader()
    defaults = {"custom_fields": {"gift": False}, "lines": {"0": {"custom_fields": {"box": 3}}}}
    reader.create(order={"defaults": json.dumps(defaults)})
    [order] = reader.call(LIST)["result"]
    assert order["custom_fields"] == {"gift": False}
    assert order["lines"][0]["custom_fields"] == {"box": 3}


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [
        ("USD", "900.25", "90025"),
        ("RUB", "44990", "4499000"),
        ("JPY", "900", "900"),
        ("KWD", "1.5", "1500"),
        ("USD", "0.12345678", "12.345678"),
        ("XQQ", "1", "100"),
        ("USD", "999999999999999.99999999", "99999999999999999.999999"),
    ],
)
def test_the_account_chooses_minor_units(currency: str, amount: str, shown: str) -> None:
    reader = Reader()
    reader.create(currency=currency, total_price=amount, delivery_cost=amount)
    [order] = reader.call(LIST)["result"]
    assert (order["total_price"], order["delivery_cost"]) == (amount, amount)
    reader.declare(ListAmounts.MINOR)
    [order] = reader.call(LIST)["result"]
    assert (order["total_price"], order["delivery_cost"]) == (shown, shown)
    assert Decimal(order["lines"][0]["final_price_per_item"]) > 0


def test_an_order_of_another_protocol_is_shown_mapped() -> None:
    reader = Reader()
    draft = reader.create_draft(orderNumber=None, customerEmail="jane@example.com")
    [order] = reader.call(LIST)["result"]
    assert order["id"] == draft.order_id
    assert order["external_id"] == draft.external_id
    assert (order["endpoint"], order["status"]) == ("website", "new")
    assert order["email"] == "jane@example.com"
    assert order["custom_fields"] == order["profile"] == {}
    [line] = order["lines"]
    assert line["currency"] == order["currency"]
    assert line.keys() >= {"external_id", "product", "count", "final_price_per_item"}
    assert "status" not in line


def test_the_oldest_orders_come_first() -> None:
    reader = Reader()
    for place, name in enumerate("CAB"):
        reader.create(name, place)
    assert reader.pages(limit=2) == [["C", "A"], ["B"]]


def test_a_page_has_a_hundred_orders_by_default() -> None:
    reader = Reader()
    for number in range(101):
        reader.create(str(number), number)
    assert list(map(len, reader.pages())) == [100, 1]
    assert list(map(len, reader.pages(limit=1000))) == [101]


def test_the_last_next_from_id_finds_what_is_created_later() -> None:
    reader = Reader()
    empty = reader.call(LIST)
    assert empty["result"] == []
    assert empty["next_from_id"]
    reader.create("A")
    first = reader.call(LIST, from_id=empty["next_from_id"])
    assert [each["external_id"] for each in first["result"]] == ["A"]
    reader.wait(3600)
    reader.create("B")
    second = reader.call(LIST, from_id=first["next_from_id"])
    assert [each["external_id"] for each in second["result"]] == ["B"]


def test_orders_that_arrive_meanwhile_are_neither_lost_nor_repeated() -> None:
    reader = Reader()
    reader.create("late second", 20)
    first = reader.call(LIST, limit=1)
    reader.create("slow first", 10)
    reader.create("third", 30)
    second = reader.call(LIST, from_id=first["next_from_id"])
    assert [each["external_id"] for each in second["result"]] == ["slow first", "third"]
    assert reader.call(LIST, from_id=second["next_from_id"])["result"] == []


@pytest.mark.parametrize("limit", [0, -1, 1001, "x", 1.5, True, [1], {}])
def test_a_limit_outside_of_its_range_is_rejected(limit: object) -> None:
    tree = refusal(Reader(), limit=limit)
    assert tree["error_text"].startswith("limit must be a whole number from 1 to 1000; got ")
    assert tree["errors"][0]["path"] == "/limit"


@pytest.mark.parametrize("limit", [2, "2", " 2 ", "2.0"])
def test_a_limit_is_a_number_or_text(limit: object) -> None:
    reader = Reader()
    for number in range(3):
        reader.create(str(number), number)
    assert len(reader.call(LIST, limit=limit)["result"]) == 2


@pytest.mark.parametrize("blank", ["", " ", None])
def test_blank_parameters_count_as_absent(blank: str | None) -> None:
    reader = Reader()
    reader.create()
    assert len(reader.call(LIST, from_id=blank, limit=blank, endpoint=blank)["result"]) == 1


def test_orders_of_one_endpoint() -> None:
    reader = Reader()
    reader.create("A", 1, endpoint="website")
    reader.create("B", 2, endpoint="couriers")
    assert reader.pages(endpoint=" couriers ") == [["B"]]
    assert reader.pages(endpoint="nowhere") == []


def test_a_list_shows_only_the_orders_of_its_account() -> None:
    reader = Reader()
    reader.create("A", account="other")
    assert reader.call(LIST)["result"] == []


def test_a_from_id_belongs_to_one_list() -> None:
    reader = Reader()
    reader.create()
    from_id = reader.call(LIST)["next_from_id"]
    for body in ({"from_id": f"{from_id}x"}, {"from_id": from_id, "endpoint": "website"}):
        tree = refusal(reader, **body)
        assert tree["error_text"].startswith("from_id must be the next_from_id of an earlier")
        assert tree["errors"][0]["path"] == "/from_id"
    answer = reader.ask(LIST, {"from_id": from_id}, authorization="Bearer stranger")
    assert answer.status == 400


@pytest.mark.parametrize("from_id", [5, "5", "1.x", "2.AAAA", "x" * 100_000, True, ["1"], {}])
def test_any_other_from_id_is_rejected(from_id: object) -> None:
    assert refusal(Reader(), from_id=from_id)["errors"][0]["path"] == "/from_id"


@pytest.mark.parametrize(
    "parts", [[], [None], [1, 2], [1, 0, 0], [1, 1, 1, 0, 1], [1, None, 1], [2**53, 1, 1]]
)
def test_a_forged_from_id_is_rejected(parts: list[int | None]) -> None:
    forged = write_cursor("altcraft orders\ndemo\n", parts)
    assert refusal(Reader(), from_id=forged)["errors"][0]["path"] == "/from_id"


@given(
    st.integers(0, 2**52),
    st.lists(st.tuples(st.integers(1, 2**40), st.integers(1, 2**12)), max_size=20),
)
def test_a_from_id_is_read_as_it_was_written(start: int, gaps: list[tuple[int, int]]) -> None:
    runs, end = [], start
    for gap, length in gaps:
        runs.append(range(end + gap, end + gap + length))
        end = runs[-1].stop
    passed = Passed(start, tuple(runs))
    if end <= MAX_ORDER_ID + 1:
        assert read_from_id(write_from_id("list", passed), "list") == passed
    with pytest.raises(RequestRefusedError):
        read_from_id(write_from_id("list", passed), "another list")


def test_the_longest_from_id_is_accepted() -> None:
    first = ids_taken_before(datetime(2090, 1, 1, tzinfo=UTC)).end or 0
    runs = tuple(range(first + n * 10**9, first + n * 10**9 + 5000) for n in range(1000))
    assert read_from_id(write_from_id("list", Passed(first, runs)), "list") == Passed(first, runs)


def test_a_page_ends_before_the_answer_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader()
    for number in range(5):
        reader.create(str(number), number, tags=["x" * 100_000])
    monkeypatch.setattr(list_orders, "MAX_ANSWER_BYTES", 350_000)
    assert list(map(len, reader.pages())) == [2, 2, 1]
    monkeypatch.setattr(list_orders, "MAX_SHOWN_CHARACTERS", 1)
    assert list(map(len, reader.pages())) == [1] * 5


def test_the_list_in_xml() -> None:
    reader = Reader()
    order = reader.create(
        tags=["one", "two"], custom_fields={"note": "a < b", "1234": True, "a b": 1.5}
    )
    reader.create("B", 1)
    text = reader.call_xml(LIST, limit=1, from_id="", endpoint="website")
    root = etree.fromstring(text)
    assert [each.tag for each in root] == ["error", "error_text", "next_from_id", "result"]
    assert [root.findtext(name) for name in ("error", "error_text")] == ["0", ""]
    [result] = root.findall("result")
    assert result.findtext("id") == str(order.order_id)
    assert [each.text for each in result.findall("tags")] == ["one", "two"]
    assert result.findtext("lines/final_price_per_item") == "900.25"
    assert "<custom_fields/><currency>" in text
    fields = result.iterfind("custom_fields/*")
    assert [(each.tag, each.get("external_id"), each.text) for each in fields] == [
        ("note", None, "a < b"),
        ("field", "1234", "true"),
        ("field", "a b", "1.5"),
    ]
    rest = reader.call_xml(LIST, from_id=root.findtext("next_from_id"), endpoint="website")
    assert [each.text for each in etree.fromstring(rest).findall("result/external_id")] == ["B"]


def test_both_formats_return_the_same_orders() -> None:
    reader = Reader()
    reader.create()
    [order] = etree.fromstring(reader.call_xml(LIST)).findall("result")
    [tree] = reader.call(LIST)["result"]
    assert [each.tag for each in order] == list(tree)
    assert [each.tag for each in order.iterfind("lines/*")] == list(tree["lines"][0])


@pytest.mark.parametrize("name", ["{x}y", "a:b", "-a", "1", "поле", "\ufffe", "x" * 255, '&<>"'])
def test_every_custom_field_has_a_name_in_xml(name: str) -> None:
    reader = Reader()
    reader.create(custom_fields={name: "v"})
    [field] = etree.fromstring(reader.call_xml(LIST)).iterfind("result/custom_fields/*")
    expected = name.replace("\ufffe", "\ufffd")
    assert (field.get("external_id") or field.tag, field.text) == (expected, "v")


def test_the_format_of_the_answer_can_be_chosen() -> None:
    reader = Reader()
    answer = reader.ask(LIST, {"format": "xml"})
    assert answer.body.startswith(b"<xml><error>0</error>")
    assert reader.ask(LIST, {}, query={"format": "xml"}).body.startswith(b"<xml>")
    assert reader.ask(LIST, {}, accept="application/xml").body.startswith(b"<xml>")
    assert reader.ask(LIST, b"<xml/>", "application/xml", accept="application/json").body[0] == 123
    assert reader.ask(LIST, {"format": "yaml"}).status == 400
    refused = reader.ask(LIST, {"format": "xml", "limit": 0})
    assert refused.body.startswith(b"<xml><error>400</error>")


def test_an_empty_body_asks_for_the_first_page() -> None:
    reader = Reader()
    reader.create()
    assert len(json.loads(reader.ask(LIST, b"").body)["result"]) == 1
    assert reader.ask(LIST, b" \n", authorization="").status == 401


@pytest.mark.parametrize("call", [LIST, GET_STATUS])
def test_the_token_is_sent_in_the_header_or_in_the_body(call: str) -> None:
    reader = Reader()
    reader.create()
    body = {"external_id": "A"} if call == GET_STATUS else {}
    for token, status in (("reader", 200), ("writer", 403), ("nobody", 401), ("", 401)):
        assert reader.ask(call, {**body, "token": token}, authorization="").status == status
        xml = "".join(f"<{name}>{each}</{name}>" for name, each in body.items())
        sent = f"<xml><token>{token}</token>{xml}</xml>".encode()
        assert reader.ask(call, sent, "application/xml", authorization="").status == status
        header = f"Bearer {token}" if token else ""
        assert reader.ask(call, {**body, "token": "x"}, authorization=header).status == (
            status if token else 401
        )


@pytest.mark.parametrize("call", [LIST, GET_STATUS])
@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, None),
        (b'{"limit": 1, "limit": 2}', "application/json", 400, Code.DUPLICATE_MEMBER),
        (b'{"endpoint": "a\\u0000b"}', "application/json", 400, Code.ILLEGAL_CHARACTER),
        (b"5", "application/json", 400, None),
        (b"<xml>", "application/xml", 400, None),
        (b"<xml><format/><format/></xml>", "application/xml", 400, Code.DUPLICATE_MEMBER),
        (b"<xml><format a='b'/></xml>", "application/xml", 400, Code.MALFORMED),
        (b"a: b", "application/yaml", 415, None),
    ],
)
def test_a_body_that_cannot_be_read_is_rejected(
    call: str, body: bytes, content_type: str, status: int, code: str | None
) -> None:
    answer = Reader().ask(call, body, content_type)
    assert answer.status == status, answer.body
    assert code is None or str(code).encode() in answer.body


@pytest.mark.parametrize(("call", "known"), [(LIST, {}), (GET_STATUS, {"external_id": "A"})])
def test_unknown_members_are_reported_as_the_account_wishes(call: str, known: Tree) -> None:
    reader = Reader()
    reader.create()
    body = {**known, "formatt": "xml", "color": 1}
    [near] = reader.call(call, **body)["warnings"]
    assert near["message"] == 'Unknown member "formatt" was ignored; did you mean format?'
    reader.declare(unknown_members=UnknownMembers.WARN)
    assert len(reader.call(call, **body)["warnings"]) == 2
    reader.declare(unknown_members=UnknownMembers.IGNORE)
    assert "warnings" not in reader.call(call, **body)
    reader.declare(unknown_members=UnknownMembers.REJECT)
    answer = reader.ask(call, body)
    assert answer.status == 400
    assert {each["path"] for each in json.loads(answer.body)["errors"]} == {"/color", "/formatt"}
    assert reader.call(call, **known)["error"] == 0


def test_a_list_whose_next_order_is_not_found_in_time_can_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = Reader()
    for place in range(5):
        reader.create(str(place), place, endpoint="other")
    reader.create("A", 5, endpoint="website")
    with monkeypatch.context() as late:
        late.setattr("orders.application.follow_orders._SECONDS_OF_A_CHUNK", 1e9)
        answer = reader.ask(LIST, {"endpoint": "website"})
    tree = json.loads(answer.body)
    assert (answer.status, tree["error"], tree["result"]) == (503, 503, [])
    assert answer.headers["Retry-After"]
    rest = reader.call(LIST, endpoint="website", from_id=tree["next_from_id"])
    assert [each["external_id"] for each in rest["result"]] == ["A"]


@pytest.mark.parametrize(
    ("status", "fulfilment", "through", "shown"),
    [
        ("paid", Fulfilment.STARTED, "", "paid"),
        ("paid", Fulfilment.SHIPPED, "yandex_market", "paid"),
        ("new", Fulfilment.DELIVERED, "yandex_market", "delivered"),
        ("new", Fulfilment.SHOP_FAILED, "yandex_market", "canceled"),
        ("new", Fulfilment.SHOP_FAILED, "", "canceled"),
        ("new", Fulfilment.CANCELLED, "", "new"),
        ("paid", Fulfilment.DELIVERED, "", "paid"),
        ("part_refunded", Fulfilment.PARTIALLY_RETURNED, "yandex_market", "part_refunded"),
    ],
)
def test_the_status_is_the_imported_one_unless_another_protocol_finished_the_order(
    status: str, fulfilment: Fulfilment, through: str, shown: str
) -> None:
    reader = Reader()
    reader.create(status=status, order={"fulfilment": fulfilment, "through": through})
    assert reader.call(LIST)["result"][0]["status"] == shown
    result = reader.call(GET_STATUS, external_id="A")["result"]
    assert result == {"endpoint": "website", "status": shown}


def test_the_hub_s_time_is_that_of_the_last_change() -> None:
    reader = Reader()
    changed = NOW.replace(microsecond=500_000)
    reader.create(order={"updated_at": changed})
    assert reader.call(LIST)["result"][0]["update_time"] == "2026-01-02T03:04:05.5Z"
