"""Decoding of XML requests: arrays by shape, and a clear error for everything invalid."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.problems import Code, Steps
from orders.protocols.altcraft.decoded import Decoded
from orders.protocols.altcraft.errors import RequestRefusedError
from orders.protocols.altcraft.requests import IMPORT_SHAPE
from orders.protocols.altcraft.xml_codec import decode, encode


def _decode(body: bytes | str, charset: str | None = None) -> Decoded:
    return decode(body.encode() if isinstance(body, str) else body, IMPORT_SHAPE, charset)


def _data(inner: str) -> Decoded:
    return _decode(f"<xml><data>{inner}</data></xml>")


def test_single_and_repeated_elements_are_arrays() -> None:
    assert _data("<tags>one</tags><tags>two</tags><lines><sku>s</sku></lines>").tree == {
        "data": [{"tags": ["one", "two"], "lines": [{"sku": "s"}]}]
    }


@pytest.mark.parametrize(
    "inner",
    [
        "<tags>one</tags><tags>two</tags>",
        "<tags array='true'>one</tags><tags array='true'>two</tags>",
        "<tags><row>one</row><row>two</row></tags>",
        "<tags array='true'><row>one</row><row>two</row></tags>",
        "<tags><row>one</row></tags><tags>two</tags>",
        "<!-- c --><tags>o<!-- c -->ne</tags><?pi?><tags><![CDATA[two]]></tags>",
    ],
)
def test_each_accepted_form_of_an_array_is_read(inner: str) -> None:
    decoded = _data(inner)
    assert decoded.tree == {"data": [{"tags": ["one", "two"]}]}
    assert decoded.faults == ()


@pytest.mark.parametrize("inner", ["<lines/>", "<lines></lines>", "<lines>\n</lines>"])
def test_an_empty_element_is_an_empty_array(inner: str) -> None:
    assert _data(inner).tree == {"data": [{"lines": []}]}
    assert _data("<tags/><tags></tags>").tree == {"data": [{"tags": []}]}
    assert _decode("<xml><data></data></xml>").tree == {"data": []}


@pytest.mark.parametrize(
    "inner",
    [
        "<tags>\n</tags><tags>a</tags>",
        "<tags><row> </row><row>a</row></tags>",
        "<tags>a</tags><tags><![CDATA[ ]]></tags>",
    ],
)
def test_an_element_of_white_space_is_no_element_of_an_array(inner: str) -> None:
    decoded = _data(inner)
    assert decoded.tree == {"data": [{"tags": ["a"]}]}
    assert decoded.faults == ()


def test_rows_at_the_root_are_the_data() -> None:
    assert _decode("<xml><row><status>new</status></row><row/></xml>").tree == {
        "data": [{"status": "new"}]
    }


def test_rows_of_data_are_orders() -> None:
    body = "<xml><data><row><status>a</status></row><row><status>b</status></row></data></xml>"
    assert _decode(body).tree == {"data": [{"status": "a"}, {"status": "b"}]}


def test_names_of_free_members_are_element_names_or_an_attribute() -> None:
    decoded = _data(
        "<custom_fields><colour>red</colour>"
        "<field external_id='1234'>v</field><field external_id='a b'/></custom_fields>"
    )
    assert decoded.tree == {"data": [{"custom_fields": {"colour": "red", "1234": "v", "a b": ""}}]}
    assert decoded.faults == ()


def test_a_definition_may_hold_enum_values_as_elements() -> None:
    body = (
        "<xml><custom_fields><default_value><red>1</red></default_value>"
        "<enum_values><v external_id='1'>7</v></enum_values></custom_fields>"
        "<custom_fields><default_value>x</default_value></custom_fields></xml>"
    )
    assert _decode(body).tree == {
        "custom_fields": [
            {"default_value": {"red": "1"}, "enum_values": {"1": "7"}},
            {"default_value": "x"},
        ]
    }


def test_texts_are_never_trimmed() -> None:
    assert _data("<external_id> 1 </external_id>").tree == {"data": [{"external_id": " 1 "}]}


XSI = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"


def _typed(inner: str) -> Decoded:
    return _decode(f"<xml {XSI}><data>{inner}</data></xml>")


@pytest.mark.parametrize("nil", ["true", "1", " true "])
@pytest.mark.parametrize("content", ["", " \n", "<!-- none -->"])
def test_an_element_that_is_nil_is_absent(nil: str, content: str) -> None:
    attribute = f"xsi:nil='{nil}'"
    decoded = _typed(
        f"<region {attribute}>{content}</region><tags {attribute}>{content}</tags>"
        f"<tags>a</tags><tags><row {attribute}/><row>b</row></tags>"
        f"<custom_fields><f {attribute}>{content}</f><g>1</g></custom_fields>"
        f"<lines {attribute}>{content}</lines>"
        f"<lines><status {attribute}/><custom_fields {attribute}>{content}</custom_fields></lines>"
    )
    assert decoded.faults == ()
    assert decoded.tree == {
        "data": [
            {
                "region": None,
                "tags": ["a", "b"],
                "custom_fields": {"f": None, "g": "1"},
                "lines": [{"status": None, "custom_fields": None}],
            }
        ]
    }


@pytest.mark.parametrize("nil", ["false", "0"])
def test_an_element_that_is_not_nil_has_its_value(nil: str) -> None:
    assert _typed(f"<status xsi:nil='{nil}'>new</status>").tree == {"data": [{"status": "new"}]}


@pytest.mark.parametrize(
    ("inner", "path"),
    [
        ("<status xsi:nil='true'>new</status>", "/data/0/status"),
        ("<status xsi:nil='maybe'/>", "/data/0/status"),
        ("<lines xsi:nil='true'><sku>s</sku></lines>", "/data/0/lines/0"),
        ("<custom_fields><f xsi:nil='true'>1</f></custom_fields>", "/data/0/custom_fields/f"),
        ("<status xsi:kind='x'>new</status>", "/data/0/status"),
        ("<status nil='true'/>", "/data/0/status"),
        ("<status type='x'>new</status>", "/data/0/status"),
        ("<status xml:id='x'>new</status>", "/data/0/status"),
    ],
)
def test_other_attributes_and_a_nil_with_content_are_malformed(inner: str, path: str) -> None:
    assert [(fault.code, fault.pointer) for fault in _typed(inner).faults] == [
        (Code.MALFORMED, path)
    ]


def test_attributes_without_data_are_ignored() -> None:
    decoded = _decode(
        f"<xml {XSI} xmlns:xs='http://www.w3.org/2001/XMLSchema' "
        "xsi:noNamespaceSchemaLocation='a.xsd' xsi:schemaLocation='urn:a a.xsd' xml:lang='en'>"
        "<data xsi:type='Order' xml:space='preserve' xmlns:n='urn:n'>"
        "<status xsi:type='xs:string' xml:lang='en'>new</status>"
        "<lines xsi:type='Line'><sku xsi:nil='false' xml:space='default'>s</sku></lines>"
        "<custom_fields xsi:type='Fields'><f xsi:type='xs:int'>1</f>"
        "<x external_id='a b' xml:lang='en'>2</x></custom_fields>"
        "<tags xml:lang='en'>a</tags></data></xml>"
    )
    assert decoded.faults == ()
    assert decoded.tree == {
        "data": [
            {
                "status": "new",
                "lines": [{"sku": "s"}],
                "custom_fields": {"f": "1", "a b": "2"},
                "tags": ["a"],
            }
        ]
    }


def test_namespaces_are_ignored() -> None:
    body = "<xml xmlns='urn:x'><p:data xmlns:p='urn:y'><status>new</status></p:data></xml>"
    assert _decode(body).tree == {"data": [{"status": "new"}]}


@pytest.mark.parametrize(
    ("inner", "code", "path"),
    [
        ("<status>a</status><status>b</status>", Code.DUPLICATE_MEMBER, "/data/0/status"),
        ("<status><a/></status>", Code.MALFORMED, "/data/0/status"),
        ("<status kind='x'>new</status>", Code.MALFORMED, "/data/0/status"),
        ("text<status>new</status>", Code.MALFORMED, "/data/0"),
        ("<status>new</status>text", Code.MALFORMED, "/data/0"),
        ("<lines id='5'><sku>s</sku></lines>", Code.MALFORMED, "/data/0/lines/0"),
        ("<custom_fields>text</custom_fields>", Code.MALFORMED, "/data/0/custom_fields"),
        ("<custom_fields><a><b/></a></custom_fields>", Code.MALFORMED, "/data/0/custom_fields/a"),
        (
            "<custom_fields><a>1</a><f external_id='a'>2</f></custom_fields>",
            Code.DUPLICATE_MEMBER,
            "/data/0/custom_fields/a",
        ),
    ],
)
def test_malformed_elements_are_reported_with_their_path(inner: str, code: Code, path: str) -> None:
    assert [(fault.code, fault.pointer) for fault in _data(inner).faults] == [(code, path)]


def test_the_content_of_an_unknown_element_is_not_read() -> None:
    decoded = _data("<payment><card/></payment><status>new</status>")
    assert decoded.tree == {"data": [{"payment": "", "status": "new"}]}
    assert decoded.faults == ()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"<xml>", "line 1, column"),
        (b"<xml>\n<a></b></xml>", "line 2, column"),
        (b"<orders/>", "root element must be <xml>"),
        (b"<!DOCTYPE xml><xml/>", "DOCTYPE"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><xml><token>&a;</token></xml>', "DOCTYPE"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml/>', "DOCTYPE"),
        (b"<xml>&undefined;</xml>", "not valid XML"),
        (b"<xml>\x01</xml>", "not valid XML"),
        (b'<?xml version="1.0" encoding="nonsense"?><xml/>', "not valid XML"),
        (b"<a>" * 300, "not valid XML"),
        (b"<xml>" + b"<a>" * 300 + b"</a>" * 300 + b"</xml>", "not valid XML"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><xml/>".encode("utf-16"), "DOCTYPE"),
        (b"{}", "not valid XML"),
    ],
)
def test_invalid_xml_is_rejected_with_the_place(body: bytes, reason: str) -> None:
    with pytest.raises(RequestRefusedError) as refusal:
        _decode(body)
    assert refusal.value.status == 400
    assert reason in refusal.value.text


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE xml [<!ENTITY f SYSTEM "{url}">]><xml><token>&f;</token></xml>',
        '<!DOCTYPE xml [<!ENTITY % f SYSTEM "{url}"> %f;]><xml/>',
        '<!DOCTYPE xml SYSTEM "{url}"><xml/>',
    ],
)
def test_an_external_entity_is_not_read(body: str, tmp_path: Path) -> None:
    # If the parser read this file, it would report an error of its content. Since it reads no
    # external entity at all, it also calls no network: `no_network` is a second lock.
    file = tmp_path / "entity"
    file.write_text("<not<valid")
    with pytest.raises(RequestRefusedError) as refusal:
        _decode(body.format(url=file.as_uri()).encode())
    assert "DOCTYPE" in refusal.value.text


PAID = "<xml><data><status>оплачен</status></data></xml>"


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (PAID.encode(), None),
        (PAID.encode("utf-8-sig"), None),
        (PAID.encode("utf-16"), None),
        (b'<?xml version="1.0" encoding="windows-1251"?>' + PAID.encode("cp1251"), None),
        (PAID.encode("cp1251"), "windows-1251"),
        (PAID.encode("koi8-r"), "koi8-r"),
        (PAID.encode("utf-8-sig"), "windows-1251"),
    ],
)
def test_the_encoding_comes_from_the_mark_the_header_or_the_declaration(
    body: bytes, charset: str | None
) -> None:
    assert _decode(body, charset).tree == {"data": [{"status": "оплачен"}]}


def test_an_unknown_charset_is_rejected() -> None:
    with pytest.raises(RequestRefusedError) as refusal:
        _decode(b"<xml/>", "nonsense")
    assert refusal.value.status == 415


def test_a_path_has_the_line_of_its_element() -> None:
    decoded = _decode(
        "<xml>\n<data>\n<status>new</status>\n</data>\n<data><row>\n<lines>\n<sku>s</sku></lines>\n"
        "<lines>\n<count>5</count>\n<custom_fields>\n<f external_id='a/b'>x</f></custom_fields>"
        "</lines></row></data>\n</xml>"
    )
    assert [
        decoded.line_of(path)
        for path in (
            (),
            ("data", 0),
            ("data", 0, "status"),
            ("data", 1, "lines", 0, "sku"),
            ("data", 1, "lines", 1, "count"),
            ("data", 1, "lines", 1, "custom_fields", "a/b"),
            ("data", 1, "lines", 1, "missing"),
            ("data", 9),
            ("data", "x"),
            ("nowhere",),
        )
    ] == [1, 2, 3, 7, 9, 11, 8, 1, 1, 1]


def test_lines_beyond_65535_are_counted() -> None:
    assert (
        _decode("<xml>" + "\n" * 70_000 + "<data><status>x</status></data></xml>").line_of(
            ("data", 0, "status")
        )
        == 70_001
    )


LONG = (
    "<xml>\n<!-- <a>\n</a> -->{gap}<data>\n<status>\n\nnew\n</status>\n<region/>\n"
    "<unknown>\n<a>\n</a></unknown>\n<tags>\n<row>a</row>\n<row>b</row></tags>\n"
    "<lines\narray='true'\n>\n<sku><![CDATA[<x>\n]]></sku>\n<custom_fields>\n"
    "<field external_id='&gt;>/'>\n\n</field>\n<g/></custom_fields>\n</lines>\n"
    "<?pi <a>\n?><lines>\n<count>1</count></lines></data>\r\n<data>\n<lines/></data></xml>"
)
PATHS: tuple[Steps, ...] = (
    (),
    ("data", 0),
    ("data", 0, "status"),
    ("data", 0, "region"),
    ("data", 0, "unknown"),
    ("data", 0, "tags", 0),
    ("data", 0, "tags", 1),
    ("data", 0, "lines", 0),
    ("data", 0, "lines", 0, "sku"),
    ("data", 0, "lines", 0, "custom_fields"),
    ("data", 0, "lines", 0, "custom_fields", ">>/"),
    ("data", 0, "lines", 0, "custom_fields", "g"),
    ("data", 0, "lines", 1),
    ("data", 0, "lines", 1, "count"),
    ("data", 1),
    ("data", 1, "missing"),
)


@pytest.mark.parametrize("gap", [65_490, 65_532, 65_533, 65_534, 65_535, 200_000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251", "iso-2022-jp"])
def test_the_lines_of_a_long_body_are_exact(gap: int, encoding: str) -> None:
    charset = None if encoding.startswith("utf") else encoding
    short = _decode(LONG.format(gap="").encode(encoding), charset)
    long = _decode(LONG.format(gap="\n" * gap).encode(encoding), charset)
    first, *others = [short.line_of(path) for path in PATHS]
    assert [long.line_of(path) for path in PATHS] == [
        first,
        *(line + gap for line in others if line is not None),
    ]


@given(st.binary())
def test_any_bytes_are_decoded_or_rejected(body: bytes) -> None:
    try:
        assert isinstance(_decode(body).tree, dict)
    except RequestRefusedError as refusal:
        assert refusal.status == 400  # noqa: PT017 - no other error is allowed


@given(st.text(alphabet="<>/ax'= \n&;!-[]?", max_size=60), st.sampled_from([None, "utf-8"]))
def test_anything_like_xml_is_decoded_or_rejected(inner: str, charset: str | None) -> None:
    try:
        assert isinstance(_decode(f"<xml><data>{inner}</data></xml>", charset).tree, dict)
    except RequestRefusedError as refusal:
        assert refusal.status == 400  # noqa: PT017 - no other error is allowed


def test_an_answer_has_repeated_elements_and_no_illegal_characters() -> None:
    answer = encode(
        {"error": 0, "text": "", "result": [{"id": "a\x01<"}, {"ok": True, "no": None}]}
    )
    assert answer == (
        b"<xml><error>0</error><text></text><result><id>a\xef\xbf\xbd&lt;</id></result>"
        b"<result><ok>true</ok><no></no></result></xml>"
    )
