"""The answer of an import returns its failed orders exactly as they were sent."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from orders.protocols.altcraft import json_codec, json_slices, xml_codec, xml_slices
from orders.protocols.altcraft.requests import IMPORT_SHAPE
from orders.protocols.altcraft.slices import Slices
from orders.protocols.http import MAX_ANSWER_BYTES, sent_size
from tests.support.altcraft import JSON, XML, Shop, read_json
from tests.support.samples import order, request, to_xml

BAD = frozenset({0, 7, 8, 23, 31, 48, 49})

JSON_ORDER = """ {"external_id" : "%d", "status":"%s", "matching":"email",
   "email":"j\\u00f6@example.com", "endpoint":"website","total_price":1000.10,"currency":"USD",
   "note":[1.10, 1E+2, -0.0, {"a":null}],
   "text": "\\/ é \\ud83d\\ude00 , ] }", "rate": 0.1000000000000000055511151231257827,
   "lines":[{"external_id":"1","product":"p","final_price_per_item":1000.10,"count":1}] }"""

XML_ORDER = """
  <!-- order --><data>
    <external_id>%d</external_id><status>%s</status><email><![CDATA[j<&>@example.com]]></email>
    <!-- <data> in a comment --><note x="a>b"><data>1.10</data>&lt;&#8364;</note><?keep me?>
    <endpoint>website</endpoint><total_price>1000.10</total_price><currency>USD</currency>
    <lines><external_id>1</external_id><product>p</product
     ><final_price_per_item>1000.10</final_price_per_item><count>1</count></lines>
  </data >"""


def _json(positions: object, members: str = "") -> str:
    orders = ",".join(_json_order(number) for number in _numbers(positions))
    data = f'"data" :[{orders}\n ]'
    return f'{{{members}"failed_only":true,\n "odd": 1.50,\n {data}, "later": [ 1e5 ]}}\n'


def _json_order(number: int) -> str:
    return JSON_ORDER % (number, "shipped" if number in BAD else "new")


def _xml(positions: object, members: str = "") -> str:
    """Return a request. The comment before an order is not a part of it, so it stays."""
    before, _, order_text = XML_ORDER.partition("<data>")
    orders = "".join(
        before + (f"<data>{order_text}" % (n, "shipped" if n in BAD else "new"))
        if n in _numbers(positions)
        else before
        for n in range(50)
    )
    root = '<xml xmlns:n="urn:n">'
    return f"<?xml version='1.0'?>\n{root}{members}\n  <failed_only>1</failed_only>{orders}\n</xml>"


def _numbers(positions: object) -> list[int]:
    return sorted(positions)  # type: ignore[call-overload, no-any-return]


def test_the_failed_orders_of_json_come_back_byte_for_byte() -> None:
    answer = Shop().post(_json(range(50), '"t\\u006fken" : "token",'), authorization="")
    assert read_json(answer)["error_text"] == "7 of 50 orders failed; see result"
    assert read_json(answer)["failed_document"] == _json(BAD)
    assert "failed_document_omits" not in read_json(answer)


def test_the_failed_orders_of_xml_come_back_byte_for_byte() -> None:
    body = _xml(range(50), "\n  <token>token</token>")
    answer = Shop().post(body, XML, authorization="")
    assert "7 of 50 orders failed" in _member(answer.body, "error_text")
    assert _member(answer.body, "failed_document") == _xml(BAD)
    assert b"failed_document_omits" not in answer.body


def _member(body: bytes, name: str) -> str:
    return etree.fromstring(body).findtext(name, "")


@pytest.mark.parametrize("kind", [JSON, XML])
def test_sending_the_corrected_document_completes_the_import(kind: str) -> None:
    shop = Shop()
    fields = [
        {
            "external_id": "gift",
            "name": "Gift",
            "entity_type": "order",
            "required": False,
            "value_type": "int",
            "default_value": 1,
        }
    ]
    orders = [
        order(external_id=str(n), status="x" if n in BAD else "new", custom_fields={"gift": n})
        for n in range(50)
    ]
    sent = request(*orders, custom_fields=fields, failed_only=True, skip_triggers=True)
    body = json.dumps(sent) if kind == JSON else to_xml(sent).decode()
    answer = shop.post(body, kind, query={"format": "json"})
    assert len(shop.documents()) == 43
    document = read_json(answer)["failed_document"]
    mended = document.replace('"x"', '"new"').replace(">x<", ">new<")
    again = read_json(shop.post(mended, kind, query={"format": "json"}))
    assert (again["error"], len(again["result"])) == (0, 7)
    assert len(shop.documents()) == 50
    assert not shop.publisher.sent
    assert "failed_document" not in again


def test_the_format_of_the_document_is_that_of_the_request() -> None:
    sent = request(order(status="x", note="a\ufffeb\r\n<"), failed_only=True)
    body = json.dumps(sent, ensure_ascii=False)
    answer = Shop().post(body, JSON, query={"format": "xml"})
    document = _member(answer.body, "failed_document")
    # XML cannot hold this character.
    assert document == body.replace("\ufffe", "\\ufffe")
    answer = Shop().post(to_xml(sent | {"data": [order(status="x")]}), XML, accept=JSON)
    assert read_json(answer)["failed_document"].startswith("<xml>")


@pytest.mark.parametrize("kind", [JSON, XML])
def test_orders_that_failed_for_a_fault_are_in_the_document(kind: str) -> None:
    shop = Shop()
    shop.orders.unread = {"B"}
    sent = request(*(order(external_id=name) for name in "ABC"), failed_only="1")
    body = json.dumps(sent) if kind == JSON else to_xml(sent).decode()
    document = read_json(shop.post(body, kind, query={"format": "json"}))["failed_document"]
    assert document == (
        json.dumps(request(order(external_id="B"), failed_only="1"))
        if kind == JSON
        else to_xml(request(order(external_id="B"), failed_only="1")).decode()
    )


@pytest.mark.parametrize("root", [{}, {"failed_only": False}, {"failed_only": ""}])
def test_without_failed_only_the_answer_has_no_document(root: dict[str, Any]) -> None:
    tree = read_json(Shop().post(request(order(status="x"), **root)))
    assert tree.keys() == {"error", "error_text", "result"}


def test_a_request_that_is_rejected_as_a_whole_has_no_document() -> None:
    answer = Shop().post(request(order(), failed_only=True, custom_fields=5))
    assert answer.status == 400
    assert "failed_document" not in read_json(answer)


def test_a_request_that_could_not_be_stored_at_all_has_a_document_of_all_orders() -> None:
    shop = Shop()
    shop.orders.unread = {"1234000"}
    sent = json.dumps(request(failed_only=True))
    answer = shop.post(sent)
    assert (answer.status, read_json(answer)["failed_document"]) == (503, sent)


@pytest.mark.parametrize(
    ("charset", "declaration", "expected"),
    [
        ("cp1251", '<?xml version="1.0" encoding="windows-1251"?>', ""),
        ("utf-16", '<?xml version="1.0" encoding="UTF-16"?>', ""),
        ("utf-8-sig", '<?xml version="1.0" encoding="UTF-8"?>', None),
        ("utf-8", "<?xml version='1.0' standalone='yes'?>", None),
    ],
)
def test_the_document_is_text_whatever_the_encoding_was(
    charset: str, declaration: str, expected: str | None
) -> None:
    sent = to_xml(request(order(status="x", note="Имя"), failed_only=True)).decode()
    answer = Shop().post((declaration + sent).encode(charset), XML, accept=JSON)
    kept = declaration if expected is None else expected
    assert read_json(answer)["failed_document"] == kept + sent


def test_the_charset_of_the_header_counts() -> None:
    sent = to_xml(request(order(status="x", note="Имя"), failed_only=True)).decode()
    kind = "application/xml; charset=koi8-r"
    answer = Shop().post(sent.encode("koi8-r"), kind, accept=JSON)
    assert read_json(answer)["failed_document"] == sent


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "<xml><token/><data>\n<row>A</row><row/> <row>B</row></data><data>C</data></xml>",
            "<xml><data><row/> <row>B</row></data></xml>",
        ),
        ("<xml> <row>A</row>\n <row>B</row> </xml>", "<xml>\n <row>B</row> </xml>"),
        (
            "<xml><data/><data> </data><n:token xmlns:n='u'/><data>A</data><data >B</data ></xml>",
            "<xml><data/><data> </data><data >B</data ></xml>",
        ),
        ("<xml><data>A</data>x<token/>y<data>B</data></xml>", "<xml>xy<data>B</data></xml>"),
    ],
)
def test_every_form_of_the_orders_in_xml_is_sliced(body: str, expected: str) -> None:
    assert xml_slices.slices_of(body.encode(), None).document([1]) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("[1, 2 ,3]", "[2]"),
        ('\ufeff {"data":[1,2], "token":"t"}', ' {"data":[2]}'),
        ('{"token":"t", "data":[1,2]}', '{"data":[2]}'),
        ('{ "token":"t","a":1,\t"token":"t",\n"data":[1,2],"b":2}', '{ "a":1,\n"data":[2],"b":2}'),
        ('{"a":1,"token":"t", "data":[ 1,2 ] }', '{"a":1, "data":[ 2 ] }'),
        ('{"\\u0064ata":[{"data":[1]},[{"token":1}]]}', '{"\\u0064ata":[[{"token":1}]]}'),
        ('{"data":[1,' + "9" * 5000 + "]}", '{"data":[' + "9" * 5000 + "]}"),
    ],
)
def test_every_form_of_the_orders_in_json_is_sliced(body: str, expected: str) -> None:
    assert json_slices.slices_of(body.encode()).document([1]) == expected


@pytest.mark.parametrize("kind", [JSON, XML])
def test_what_the_answer_has_no_room_for_is_named(kind: str) -> None:
    note = '"' * 300_000 if kind == JSON else "<" * 300_000
    orders = [order(external_id=str(n), status="x") for n in range(5)]
    for number in (0, 2, 3):
        orders[number]["note"] = note
    sent = request(*orders, failed_only=True)
    body = json.dumps(sent) if kind == JSON else to_xml(sent).decode()
    answer = Shop().post(body, kind)
    assert sent_size(answer.body) <= MAX_ANSWER_BYTES
    if kind == JSON:
        document, omitted = read_json(answer)["failed_document"], read_json(answer)
        kept = [each["external_id"] for each in json.loads(document)["data"]]
        positions = omitted["failed_document_omits"]
    else:
        root = etree.fromstring(answer.body)
        document = etree.fromstring(root.findtext("failed_document", "").encode())
        kept = [each.findtext("external_id") for each in document.iter("data")]
        positions = [int(each.text or "") for each in root.iter("failed_document_omits")]
    assert len(positions) in {1, 2}
    assert kept == [str(n) for n in range(5) if n not in positions]
    assert {"1", "4"} <= set(kept)


def test_without_room_for_any_order_the_answer_has_no_document() -> None:
    sent = request(order(status="x", note='"' * 1_900_000), failed_only=True)
    tree = read_json(Shop().post(sent))
    assert tree["failed_document_omits"] == [0]
    assert "failed_document" not in tree


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        st.sampled_from(["]", "}", '"', "\\", ",", "data", "token"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
spaces = st.text(" \t\r\n", max_size=3)


@st.composite
def json_elements(draw: st.DrawFn) -> str:
    written = json.dumps(draw(json_values), ensure_ascii=draw(st.booleans()), indent=draw(indents))
    repeated = f'{{"a":{written},"a" :{written}}}'
    number = draw(
        st.from_regex(r"\A-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?\Z")
    )
    return draw(st.sampled_from([written, repeated, number]))


indents = st.sampled_from([None, 0, 2])


@given(st.lists(st.tuples(spaces, json_elements(), spaces), max_size=6), st.data())
def test_slices_of_json_are_what_was_sent(
    elements: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    kept = data.draw(st.sets(st.sampled_from(range(len(elements)))) if elements else st.just(set()))
    before, after = data.draw(spaces), data.draw(spaces)
    data_text = ",".join("".join(each) for each in elements)
    body = (
        f'{before}{{{after}"x":1,"data"{before}:[{data_text}]{after}, "token":"t"{before}}}{after}'
    ).encode()
    slices = json_slices.slices_of(body)
    assert slices.elements == [each for _, each, _ in elements]
    _expect_elements(slices, kept, json_codec.decode(body).tree["data"], json_codec.decode)


def _expect_elements(slices: Slices, kept: set[int], sent: list[Any], decode: Any) -> None:  # noqa: ANN401
    tree = decode(slices.document(kept).encode()).tree
    assert tree.get("data", []) == [each for n, each in enumerate(sent) if n in kept]
    assert "token" not in tree


xml_texts = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff]>"
    ),
    max_size=6,
)


@st.composite
def xml_contents(draw: st.DrawFn, depth: int = 2) -> str:
    text = draw(xml_texts)
    plain = text.replace("&", "&amp;").replace("<", "&lt;")
    forms = [plain, f"<![CDATA[{text}<data>]]>", "&#10;&gt;]]&gt;", "<?p <data> ?>", "\r\n "]
    if "-" not in text:
        forms.append(f"<!--{text}</data>-->")
    name = draw(st.sampled_from(["data", "row", "token", "n:data", "x"]))
    attribute = draw(st.sampled_from(["", " a='>'", ' a="/data>"', "\n"]))
    if depth:
        inner = draw(xml_contents(depth - 1))
        forms += [f"<{name}{attribute}>{inner}</{name} >", f"<{name}{attribute}/>"]
    return "".join(draw(st.lists(st.sampled_from(forms), max_size=4)))


@given(
    st.lists(st.tuples(st.sampled_from(["data", "n:data", "rows"]), xml_contents()), max_size=5),
    st.data(),
)
def test_slices_of_xml_are_what_was_sent(
    elements: list[tuple[str, str]], data: st.DataObject
) -> None:
    written = [
        f"<data> <row>{content}</row><!-- --></data>"
        if name == "rows"
        else f"<{name}>{content}</{name}>"
        for name, content in elements
    ]
    body = f"<xml xmlns:n='u'><token>t</token>{''.join(written)}<y/></xml>".encode()
    sent = xml_codec.decode(body, IMPORT_SHAPE).tree.get("data", [])
    slices = xml_slices.slices_of(body, None)
    assert len(slices.elements) == len(sent)
    kept = data.draw(st.sets(st.sampled_from(range(len(sent)))) if sent else st.just(set()))
    _expect_elements(slices, kept, sent, lambda each: xml_codec.decode(each, IMPORT_SHAPE))
    everything = slices.document(range(len(sent)))
    assert everything == body.decode().replace("<token>t</token>", "")
