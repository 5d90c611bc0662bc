"""The commands `orders catalogue import` and `list`, with AWS credentials and with a token."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.composition import Connection
from orders.domain.clients import Role
from tests.integration.operator_cli.conftest import Ended, Run
from tests.support.catalogue import product, sku
from tests.support.functions import Tenant, deployed
from tests.support.loopback_http import function_answers, served

TENANTS = (Tenant("demo", "shop-token", (Role.ADMIN,)),)


@pytest.fixture(params=["table", "api"])
def catalogue(
    request: pytest.FixtureRequest,
    run_bare: Run,
    monkeypatch: pytest.MonkeyPatch,
    dynamodb: DynamoDBClient,
) -> Iterator[Run]:
    """Yield a function that runs `orders catalogue` with an account of a hub."""
    if request.param == "table":
        connection: Connection = request.getfixturevalue("connection")
        request.getfixturevalue("demo_account")
        where = ["--endpoint-url", str(connection.endpoint_url), "--stack", connection.stack]
        yield lambda verb, *words: run_bare("catalogue", verb, *words, *where)
        return
    with (
        deployed(dynamodb, monkeypatch, {}, TENANTS) as function,
        served(function_answers(function("manage_catalogue"))) as url,
    ):
        where = ["--base-url", url, "--token", "shop-token"]
        yield lambda verb, *words: run_bare("catalogue", verb, *words, *where)


def _written(path: Path, content: object) -> str:
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return str(path)


def _lines(ended: Ended) -> list[str]:
    """Return what the command printed, without the metrics of the function behind the API."""
    return [each for each in ended.out.splitlines() if not each.startswith('{"_aws"')]


def _listed(ended: Ended) -> list[dict[str, Any]]:
    assert ended.code == 0, ended.err
    return [json.loads(each) for each in _lines(ended)]


def test_what_was_imported_is_listed(
    catalogue: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operator_cli.catalogue.MAX_BATCH", 2)
    monkeypatch.setattr("operator_cli.catalogue.PAGE", 2)
    body = {
        "categories": [{"external_id": "c", "name": "C"}],
        "data": [product(f"p{number}", url="https://example.com") for number in range(5)],
    }
    ended = catalogue("import", _written(tmp_path / "a.json", body))
    assert (ended.code, _lines(ended), ended.err) == (0, [], "Imported 5 of 5 products.\n")
    lines = "\n".join(json.dumps(sku(f"s{number}", "p1")) for number in range(3))
    ended = catalogue("import", _written(tmp_path / "a.jsonl", lines), "--kind", "sku")
    assert (ended.code, ended.err) == (0, "Imported 3 of 3 SKUs.\n")
    products = _listed(catalogue("list", "--json"))
    assert {each["external_id"]: len(each.get("sku", [])) for each in products} == {
        **{f"p{number}": 0 for number in range(5)},
        "p1": 3,
    }
    assert products[0]["url"] == "https://example.com"
    assert len(_listed(catalogue("list", "--json", "--limit", "3"))) == 3
    table = catalogue("list", "--kind", "sku").out
    assert "external id" in table
    assert "The s2" in table


def test_failed_products_are_named(catalogue: Run, tmp_path: Path) -> None:
    data = [product("good"), product("bad", currency="DOGE"), {"name": "nameless"}]
    ended = catalogue("import", _written(tmp_path / "a.json", data))
    assert ended.code == 1
    first, second = _lines(ended)
    assert first.startswith("bad: Unknown currency")
    assert second.startswith("number 3: external_id is required")
    assert ended.err == "Imported 1 of 3 products.\n"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("{", "cannot be read"),
        ("7", "must be a JSON object or an array"),
        ('{"data": {}}', "must be an array"),
        ('{"a": 1}\n{"b"', "Line 2 of"),
        ({"data": [], "categories": [{}]}, "external_id is required"),
    ],
)
def test_an_invalid_file_ends_with_code_2(
    catalogue: Run, tmp_path: Path, content: object, text: str
) -> None:
    ended = catalogue("import", _written(tmp_path / "a.json", content))
    assert ended.code == 2
    assert text in ended.err


def test_a_missing_file_ends_with_code_2(run: Run) -> None:
    assert run("catalogue", "import", "no-such-file.json").code == 2


def test_a_token_without_the_role_ends_with_code_3(
    run_bare: Run, dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reader = (Tenant("demo", "reader-token", (Role.ORDERS_READ,)),)
    file = _written(tmp_path / "a.json", [product("p")])
    with (
        deployed(dynamodb, monkeypatch, {}, reader) as function,
        served(function_answers(function("manage_catalogue"))) as url,
    ):
        where = ("--base-url", url, "--token", "reader-token")
        ended = run_bare("catalogue", "import", file, *where)
        assert ended.code == 3
        assert "403" in ended.err
