"""Sends requests that Schemathesis generates from the API description to a running hub."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import urllib3

from tests.support.samples import IMPORT_RESOURCE, order, request
from tools.api_contract.files import DESCRIPTION

PROJECT = Path(__file__).parents[2]
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
# These operations are other paths of the same routes.
OTHER_PATHS = ("Json", "V2")


@dataclass(frozen=True)
class DescribedHub:
    """A running hub, and a client of one of its accounts. `basic` is its header for a token."""

    base_url: str
    token_url: str
    account: str
    client_id: str
    token: str
    basic: str


def expect_described_behaviour(
    hub: DescribedHub, findings: Path, *options: str, without: Sequence[str] = ()
) -> None:
    """Fail if an answer differs from the description, or if an operation was not tested.

    `without` are the ids of operations that the hub does not have.

    Failed requests are kept with their tokens in a folder, which must stay out of the repository.
    """
    # Schemathesis reads the findings of earlier runs, and each run must be independent.
    shutil.rmtree(findings, ignore_errors=True)
    ended = subprocess.run(  # noqa: S603 - a program of the virtual environment
        [
            str(SCHEMATHESIS),
            *("--config-file", str(CONFIGURATION), "--no-color"),
            *("run", str(DESCRIPTION)),
            *("--exclude-operation-id-regex", f"({'|'.join((*OTHER_PATHS, *without))})$"),
            *options,
        ],
        env={
            **os.environ,
            **_variables(hub),
            "FINDINGS": str(findings.relative_to(PROJECT)),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(findings / "hypothesis"),
        },
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-20_000:]
    described = json.loads(DESCRIPTION.read_text(encoding="utf-8"))["paths"]
    operations = [each["operationId"] for path in described.values() for each in path.values()]
    expected = [each for each in operations if not each.endswith((*OTHER_PATHS, *without))]
    assert f"Tested: {len(expected)}\n" in ended.stdout
    assert findings.is_dir()
    assert not (PROJECT / ".schemathesis").exists()


def _variables(hub: DescribedHub) -> dict[str, str]:
    """Return the variables that the configuration names. The account gets an order."""
    http = urllib3.PoolManager(timeout=urllib3.Timeout(total=60), retries=False)
    imported = http.request(
        "POST",
        f"{hub.base_url}{IMPORT_RESOURCE}",
        json=request(order(external_id="described"), token=hub.token, result_details=True),
    ).json()
    access_token = http.request(
        "POST",
        hub.token_url,
        fields={"grant_type": "client_credentials"},
        encode_multipart=False,
        headers={"Authorization": hub.basic},
    ).json()["access_token"]
    return {
        "BASE_URL": hub.base_url,
        "TOKEN": hub.token,
        "CLIENT_ID": hub.client_id,
        "PROJECT_KEY": hub.account,
        "ACCESS_TOKEN": access_token,
        "ORDER_ID": str(imported["result"][0]["order_id"]),
    }
