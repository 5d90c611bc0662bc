"""The deployed API description: the document, its page in a browser, and the described routes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.support.samples import IMPORT_RESOURCE, order, request
from tools.api_contract.document import BASE_URL
from tools.api_contract.files import DESCRIPTION
from tools.local_stack.accounts import create_local_account
from tools.local_stack.settings import PROJECT
from tools.local_stack.stack import LocalStack

FOLDER = Path(__file__).parent
# Where schemathesis.toml keeps failed requests.
FINDINGS = PROJECT / ".local" / "schemathesis"
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")

type Tree = dict[str, Any]


@pytest.fixture(scope="module")
def http() -> urllib3.PoolManager:
    return urllib3.PoolManager(timeout=urllib3.Timeout(total=60), retries=False)


def test_the_deployed_description_equals_the_published_one(
    http: urllib3.PoolManager, stack: LocalStack
) -> None:
    answer = http.request("GET", f"{stack.endpoint.base_url}/openapi.json")
    assert answer.status == 200
    published = DESCRIPTION.read_text(encoding="utf-8").replace(BASE_URL, ".")
    assert answer.data.decode() == published


def test_the_page_shows_every_route_and_sends_requests(stack: LocalStack, tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node, "node is missing: install Node.js 18 or later"
    page = f"{stack.endpoint.base_url}/docs"
    script = str(FOLDER / "browser_page.mjs")
    command = [node, script, page, stack.endpoint.api_key, str(tmp_path / "page.png")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)  # noqa: S603, PLW1510  # the script is part of the suite
    assert ended.returncode == 0, ended.stderr
    seen: Tree = json.loads(ended.stdout)
    paths = json.loads(DESCRIPTION.read_text(encoding="utf-8"))["paths"]
    assert seen["title"].startswith("market-orders")
    assert seen["operations"] == sum(map(len, paths.values()))
    assert (seen["status"], seen["errors"]) == ("200", [])
    assert seen["sent"].startswith(f"{stack.endpoint.base_url}/campaigns/1001/orders?")
    # The page loads nothing from other origins.
    assert all(url.startswith(stack.endpoint.base_url) for url in seen["requests"])


def test_the_deployed_routes_behave_as_described(
    http: urllib3.PoolManager, stack: LocalStack
) -> None:
    described = json.loads(DESCRIPTION.read_text(encoding="utf-8"))["paths"]
    # Schemathesis reads the findings of earlier runs, and each run must be independent.
    shutil.rmtree(FINDINGS, ignore_errors=True)
    # The imported orders define custom fields: a separate account keeps them out of other tests.
    endpoint, account = stack.endpoint, create_local_account(stack, "described")
    imported = http.request(
        "POST",
        f"{endpoint.base_url}{IMPORT_RESOURCE}",
        json=request(order(external_id="described"), token=account.token, result_details=True),
    ).json()
    token = http.request(
        "POST",
        endpoint.token_url,
        fields={"grant_type": "client_credentials"},
        encode_multipart=False,
        headers={"Authorization": account.basic},
    ).json()["access_token"]
    ended = subprocess.run(  # noqa: S603 - a program of the virtual environment
        [
            str(SCHEMATHESIS),
            *("--config-file", str(FOLDER / "schemathesis.toml"), "--no-color"),
            *("run", str(DESCRIPTION)),
            # These operations are other paths of the same routes.
            *("--exclude-operation-id-regex", "(Json|V2)$"),
        ],
        env={
            **os.environ,
            "BASE_URL": endpoint.base_url,
            "TOKEN": account.token,
            "CLIENT_ID": account.client_id,
            "PROJECT_KEY": account.name,
            "ACCESS_TOKEN": token,
            "ORDER_ID": str(imported["result"][0]["order_id"]),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(FINDINGS / "hypothesis"),
        },
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-20_000:]
    operations = [each["operationId"] for path in described.values() for each in path.values()]
    expected = [each for each in operations if not each.endswith(("Json", "V2"))]
    assert f"Tested: {len(expected)}\n" in ended.stdout
    assert FINDINGS.is_dir()
    assert not (PROJECT / ".schemathesis").exists()
