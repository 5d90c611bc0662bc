"""The format of a request and of its answer."""

import json

import pytest

from orders.protocols.http import HttpAnswer
from tests.support.altcraft import JSON, XML, Shop, read_json
from tests.support.http import request as http_request
from tests.support.samples import order, request, to_xml


def _is_xml(answer: HttpAnswer) -> bool:
    assert answer.body.startswith(b"<xml>") is answer.headers["Content-Type"].startswith(XML)
    return answer.body.startswith(b"<xml>")


@pytest.mark.parametrize(
    "content_type",
    [
        JSON,
        "application/json; charset=utf-8",
        "text/json",
        "application/vnd.shop+json",
        "APPLICATION/JSON",
        None,
    ],
)
def test_json_is_accepted(content_type: str | None) -> None:
    answer = Shop().post(request(), content_type)
    assert answer.status == 200
    assert not _is_xml(answer)


@pytest.mark.parametrize(
    "content_type", [XML, "text/xml", "application/xml;charset=UTF-8", "application/soap+xml", None]
)
def test_xml_is_accepted_and_answered_in_xml(content_type: str | None) -> None:
    answer = Shop().post(b"\n" + to_xml(request()), content_type)
    assert answer.status == 200
    assert _is_xml(answer)


def test_the_charset_of_the_content_type_is_used() -> None:
    shop = Shop()
    body = to_xml(request(order(tags=["тег"]))).decode().encode("cp1251")
    assert shop.post(body, 'text/xml; charset="windows-1251"').status == 200
    assert shop.documents()["1234000"]["tags"] == ["тег"]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
def test_other_media_types_are_rejected(content_type: str) -> None:
    answer = Shop().post(request(), content_type)
    assert (answer.status, read_json(answer)["error"]) == (415, 415)
    assert "send application/json or application/xml" in read_json(answer)["error_text"]


@pytest.mark.parametrize(
    ("accept", "xml"),
    [
        ("application/xml", True),
        ("text/xml", True),
        ("application/json", False),
        ("*/*", False),
        ("", False),
        ("text/html, application/xml;q=0.9, application/json;q=0.8", True),
        ("application/xml;q=0.1, application/json", False),
        ("application/xml;q=0", False),
        ("application/xml;q=x, application/json;q=0.1", False),
    ],
)
def test_accept_chooses_the_format_of_the_answer(accept: str, *, xml: bool) -> None:
    assert _is_xml(Shop().post(request(), accept=accept)) is xml


def test_the_format_parameter_takes_precedence_over_accept() -> None:
    shop = Shop()
    assert _is_xml(shop.post(request(format="xml"), accept=JSON))
    assert _is_xml(shop.post(request(), query={"format": "XML"}, accept=JSON))
    assert not _is_xml(shop.post(to_xml(request(format="json")), XML))
    assert not _is_xml(shop.post(to_xml(request()), XML, query={"format": "json"}))
    assert not _is_xml(shop.post(request(format="json"), query={"format": "xml"}))


def test_an_unknown_format_parameter_is_rejected() -> None:
    answer = Shop().post(request(format="csv"))
    assert (answer.status, read_json(answer)["error_text"]) == (400, "format must be json or xml")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"<xml>", XML, 400),
        (to_xml({"token": "wrong", "data": []}), XML, 401),
        (b"<xml/>", XML, 401),
    ],
)
def test_errors_are_answered_in_the_format_of_the_request(
    body: bytes, content_type: str, status: int
) -> None:
    answer = Shop().post(body, content_type, authorization="")
    assert answer.status == status
    assert _is_xml(answer)
    assert f"<error>{status}</error>".encode() in answer.body


def test_a_problem_in_xml_has_its_line() -> None:
    body = b"<xml>\n<data>\n<external_id>7</external_id>\n<status>x</status>\n</data>\n</xml>"
    answer = Shop().post(body, XML, accept=JSON)
    [entry] = read_json(answer)["result"]
    lines = {error["path"]: error["line"] for error in entry["errors"]}
    assert lines["/data/0/currency"] == 2
    assert entry["external_id"] == "7"
    assert b"<line>2</line>" in Shop().post(body, XML).body


def test_a_problem_in_json_has_no_line() -> None:
    answer = Shop().post(json.dumps({"data": [{}]}, indent=1))
    assert "line" not in read_json(answer)["result"][0]["errors"][0]


@pytest.mark.parametrize("charset", ["\ud800", "ütf-8", "\x00"])
def test_a_charset_that_is_not_ascii_is_unsupported(charset: str) -> None:
    sent = http_request(b"{}", {"content-type": f"application/json; charset={charset}"})
    assert sent.charset not in {None, "utf-8"}
