"""The whole OpenAPI description, composed of the protocols' parts."""

import json
from dataclasses import replace

from orders.protocols.commercetools.issue_token import DEFAULT_SCOPES
from tools.api_contract import altcraft, commercetools, description, hub, yandex_market
from tools.api_contract.examples import add_examples
from tools.api_contract.keys import with_keys
from tools.api_contract.operations import Operation, Section, Tree
from tools.api_contract.previews import add_previews

# The version of the contract, not of the code. Increase it with every change that clients see.
VERSION = "1.0.0"
# A placeholder. The deployed description has the URL of its own API here.
BASE_URL = "https://orders.example.com"
_ABOUT = """\
Shops send orders in the protocol of their existing client. Each protocol has its own answers and
errors. Unknown paths return 404 with a GatewayError. A body may have at most 4 MB
after inflation. Amounts are never rounded.
"""


def document() -> Tree:
    """Return the description of every route (OpenAPI 3.1)."""
    protocols = [each.section() for each in (altcraft, commercetools, yandex_market, hub)]
    sections = [with_keys(_with_request_ids(each)) for each in protocols]
    sections.append(description.section())
    tree: Tree = {
        "openapi": "3.1.0",
        "info": {
            "title": "market-orders",
            "version": VERSION,
            "summary": "A serverless order hub",
            "description": _ABOUT.replace("\n", " ").strip(),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": BASE_URL}],
        "tags": [each.tag for each in sections],
        "paths": _paths([each for section in sections for each in section.operations]),
        "components": {
            "securitySchemes": _security_schemes(),
            "responses": {k: v for section in sections for k, v in section.responses.items()},
            "schemas": {k: v for section in sections for k, v in section.schemas.items()},
        },
    }
    # Operations share parts of the tree. A deep copy lets each have its own examples.
    unshared: Tree = json.loads(json.dumps(tree))
    add_previews(unshared)
    add_examples(unshared)
    return unshared


def _with_request_ids(section: Section) -> Section:
    """Return the section with the header of every answer that a function gives."""
    responses = {
        name: response if name.startswith("Gateway") else _with_request_id(response)
        for name, response in section.responses.items()
    }
    return replace(section, responses=responses)


def _with_request_id(response: Tree) -> Tree:
    return {**response, "headers": {**response.get("headers", {}), **_REQUEST_ID}}


_REQUEST_ID: Tree = {
    "X-Request-Id": {
        "description": "The id of the request, in the history of the orders that it changed",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    }
}


def _paths(operations: list[Operation]) -> Tree:
    paths: dict[str, Tree] = {}
    for operation in operations:
        for path, suffix in {operation.path: "", **operation.aliases}.items():
            paths.setdefault(path, {})[operation.method] = operation.at(operation.id + suffix)
    return paths


def _security_schemes() -> Tree:
    return {
        "bearerToken": {
            "type": "http",
            "scheme": "bearer",
            "description": "The token that `orders token create` prints",
        },
        "apiKey": {
            "type": "apiKey",
            "in": "header",
            "name": "Api-Key",
            "description": "The same token in the header of the Partner API",
        },
        "clientCredentials": {
            "type": "http",
            "scheme": "basic",
            "description": "The client's id as user name and its token as password",
        },
        "commercetoolsOAuth": {
            "type": "oauth2",
            "description": "Append `:` and the project key to each scope",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": f"{BASE_URL}/oauth/token",
                    "scopes": {scope.name: _SCOPES[scope.name] for scope in DEFAULT_SCOPES},
                }
            },
        },
    }


_SCOPES = {
    "manage_project": "All operations of the project",
    "manage_orders": "Import, read and delete orders",
    "view_orders": "Read orders",
    "view_messages": "Read messages",
}
