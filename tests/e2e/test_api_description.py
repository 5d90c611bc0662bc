"""The deployed API description: the document, its page in a browser, and the described routes."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.support.described_routes import DescribedHub, expect_described_behaviour
from tools.api_contract.document import BASE_URL
from tools.api_contract.files import DESCRIPTION
from tools.local_stack.accounts import create_local_account
from tools.local_stack.settings import PROJECT
from tools.local_stack.stack import LocalStack

FOLDER = Path(__file__).parent

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


def test_the_deployed_routes_behave_as_described(stack: LocalStack) -> None:
    # The imported orders define custom fields: a separate account keeps them out of other tests.
    endpoint, account = stack.endpoint, create_local_account(stack, "described")
    hub = DescribedHub(
        endpoint.base_url,
        endpoint.token_url,
        account.name,
        account.client_id,
        account.token,
        account.basic,
    )
    # The test of the functions sends the many other requests to them without the stack.
    few = ("--phases", "examples,fuzzing", "--max-examples", "3")
    expect_described_behaviour(hub, PROJECT / ".local" / "schemathesis" / "deployed", *few)
