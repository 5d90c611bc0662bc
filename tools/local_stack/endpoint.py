"""The files `endpoint.json` and `endpoint.env`, which exist while a stack runs."""

import json
import os
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.local_stack.private_files import private_file

JSON_NAME = "endpoint.json"
ENV_NAME = "endpoint.env"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Addresses and credentials of a running stack."""

    base_url: str
    account: str
    token: str
    project_key: str
    token_url: str
    client_id: str
    client_secret: str
    campaign_id: int
    api_key: str
    events_log: str
    aws_endpoint: str


def write_endpoint(endpoint: Endpoint, folder: Path) -> None:
    """Write `endpoint.env`, then `endpoint.json`: once the JSON exists, the stack is ready."""
    assignments = {
        "BASE_URL": endpoint.base_url,
        "TOKEN": endpoint.token,
        "CAMPAIGN_ID": str(endpoint.campaign_id),
        "API_KEY": endpoint.api_key,
        "PROJECT_KEY": endpoint.project_key,
        "CLIENT_ID": endpoint.client_id,
        "CLIENT_SECRET": endpoint.client_secret,
        # The `orders` command reads these two.
        "ORDERS_ENDPOINT_URL": endpoint.aws_endpoint,
        "ORDERS_ACCOUNT": endpoint.account,
    }
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in assignments.items()]
    _replace(folder / ENV_NAME, "".join(lines))
    _replace(folder / JSON_NAME, json.dumps(asdict(endpoint), indent=2) + "\n")


def remove_endpoint(folder: Path) -> None:
    """Remove the files that `write_endpoint` wrote."""
    for name in (JSON_NAME, ENV_NAME):
        (folder / name).unlink(missing_ok=True)


def curl_line(base_url: str, token: str) -> str:
    """Return a shell command that imports one order."""
    order = {
        "external_id": "order-1",
        "matching": "email",
        "email": "johndoe@example.com",
        "endpoint": "website",
        "status": "new",
        "total_price": "19.90",
        "currency": "USD",
        "lines": [
            {
                "external_id": "line-1",
                "product": "mug",
                "base_price_per_item": "9.95",
                "final_price_per_item": "9.95",
                "count": 2,
            }
        ],
    }
    url = shlex.quote(f"{base_url}/api/v1.1/market/orders/import")
    body = shlex.quote(json.dumps({"token": token, "data": [order]}))
    return f"curl -sS {url} \\\n  -H 'Content-Type: application/json' \\\n  -d {body}"


def _replace(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with private_file(unfinished) as file:
        file.write(text.encode())
    unfinished.replace(path)
