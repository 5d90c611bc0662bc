import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from orders.runtime.description import PLACEHOLDER, Description

type Tree = dict[str, Any]

DOMAIN = "abc.execute-api.eu-central-1.amazonaws.com"
FILES = {
    "openapi.json": b'{"servers": [{"url": "%b"}], "tokenUrl": "%b/oauth/token"}'
    % (PLACEHOLDER, PLACEHOLDER),
    "page.html": b"<html></html>",
    "page.js": b"start();",
    "swagger-ui-bundle.js": b"x" * 2000,
    "swagger-ui.css": b"p {}",
    "handler.py": b"secret",
}


@pytest.fixture
def describe(tmp_path: Path) -> Description:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    return Description(tmp_path)


def event(resource: str, **changes: object) -> Tree:
    return {
        "resource": resource,
        "headers": {"Host": DOMAIN},
        "pathParameters": None,
        "requestContext": {"domainName": DOMAIN, "path": f"/prod{resource}"},
    } | changes


def asset(name: str) -> Tree:
    return event("/docs/{asset}", pathParameters={"asset": name})


def body_of(answer: Tree) -> bytes:
    text: str = answer["body"]
    return base64.b64decode(text) if answer["isBase64Encoded"] else text.encode()


def test_the_description_has_the_url_of_the_deployed_api(describe: Description) -> None:
    answer = describe(event("/openapi.json"))
    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "application/json; charset=utf-8"
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
    assert json.loads(body_of(answer)) == {
        "servers": [{"url": f"https://{DOMAIN}/prod"}],
        "tokenUrl": f"https://{DOMAIN}/prod/oauth/token",
    }


def test_a_custom_domain_has_no_stage_in_the_url(describe: Description) -> None:
    context = {"domainName": "orders.shop", "path": "/openapi.json"}
    asked = event("/openapi.json", headers={"host": "orders.shop"}, requestContext=context)
    assert json.loads(body_of(describe(asked)))["servers"] == [{"url": "https://orders.shop"}]


@pytest.mark.parametrize(
    ("scheme", "shown"), [("http", "http"), ("https", "https"), ("ftp", "https"), ("", "https")]
)
def test_the_url_has_the_scheme_of_the_request(
    describe: Description, scheme: str, shown: str
) -> None:
    host = "localhost:3000"
    asked = event(
        "/openapi.json",
        headers={"Host": host, "X-Forwarded-Proto": scheme},
        requestContext={"domainName": host, "path": "/openapi.json"},
    )
    assert json.loads(body_of(describe(asked)))["servers"] == [{"url": f"{shown}://{host}"}]


@pytest.mark.parametrize("headers", [{"Host": "proxy.example"}, {}, None])
def test_the_url_is_relative_behind_another_host(
    describe: Description, headers: Tree | None
) -> None:
    answer = describe(event("/openapi.json", headers=headers))
    assert json.loads(body_of(answer)) == {
        "servers": [{"url": "."}],
        "tokenUrl": "./oauth/token",
    }


def test_the_page_may_use_only_its_own_origin(describe: Description) -> None:
    answer = describe(event("/docs"))
    assert body_of(answer) == FILES["page.html"]
    policy = answer["headers"]["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "connect-src 'self'" in policy
    assert answer["headers"]["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["page.js", "swagger-ui-bundle.js", "swagger-ui.css"])
def test_each_asset_of_the_page_is_returned(describe: Description, name: str) -> None:
    answer = describe(asset(name))
    assert (answer["statusCode"], body_of(answer)) == (200, FILES[name])
    kind = "css" if name.endswith("css") else "javascript"
    assert answer["headers"]["Content-Type"] == f"text/{kind}; charset=utf-8"


@pytest.mark.parametrize("name", ["handler.py", "../handler.py", "page.html", "", "%2e%2e"])
def test_other_files_of_the_folder_are_not_found(describe: Description, name: str) -> None:
    answer = describe(asset(name))
    assert answer["statusCode"] == 404
    assert json.loads(body_of(answer))["errors"][0]["code"] == "NOT_FOUND"


def test_a_client_that_accepts_gzip_gets_gzip(describe: Description) -> None:
    headers = {"accept-encoding": "br, gzip", "accept": "*/*"}
    answer = describe({**asset("swagger-ui-bundle.js"), "headers": headers})
    assert answer["isBase64Encoded"] is True
    assert answer["headers"]["Content-Encoding"] == "gzip"
    assert answer["headers"]["Vary"] == "Accept-Encoding"
    assert gzip.decompress(body_of(answer)) == FILES["swagger-ui-bundle.js"]


@pytest.mark.parametrize("headers", [{}, {"accept-encoding": "gzip"}, {"accept": "*/*"}])
def test_every_other_client_gets_text(describe: Description, headers: Tree) -> None:
    answer = describe({**asset("swagger-ui.css"), "headers": headers})
    assert (answer["body"], answer["isBase64Encoded"]) == ("p {}", False)
    assert "Content-Encoding" not in answer["headers"]


@pytest.mark.parametrize("resource", ["/openapi.json", "/docs", "/docs/{asset}"])
def test_other_methods_than_get_and_head_are_not_allowed(
    describe: Description, resource: str
) -> None:
    sent = asset("page.js") | {"resource": resource}
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = describe(sent | {"httpMethod": method})
        tree = json.loads(answer["body"])
        assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, "GET, HEAD")
        assert (tree["error"], tree["status"], tree["statusCode"]) == (405, "ERROR", 405)
        assert tree["errors"][0]["code"] == "METHOD_NOT_ALLOWED"
    head, get = (describe(sent | {"httpMethod": method}) for method in ("HEAD", "GET"))
    assert head == get | {"body": ""}


PROJECT = Path(__file__).parents[3]
# The expected answer to each file of events/describe_api.
ANSWERS = {
    "description": (200, b'"openapi"'),
    "description_by_http": (200, b'"http://localhost:3000'),
    "page": (200, b"<html"),
    "asset": (200, b"SwaggerUIBundle"),
    "unknown_asset": (404, b"NOT_FOUND"),
    "other_method": (405, b"405"),
}


def test_every_sample_event_gets_its_answer() -> None:
    own = Description(PROJECT / "functions" / "describe_api")
    samples = {path.stem: path for path in (PROJECT / "events" / "describe_api").glob("*")}
    assert set(samples) == set(ANSWERS)
    for name, (status, text) in ANSWERS.items():
        answer = own(json.loads(samples[name].read_text(encoding="utf-8")))
        assert answer["statusCode"] == status, name
        assert text in body_of(answer), name
