"""The whole description, put together from what each protocol adds."""

import json

from orders.protocols.commercetools.issue_token import DEFAULT_SCOPES
from tools.api_contract import altcraft, commercetools, description, yandex_market
from tools.api_contract.examples import add_examples
from tools.api_contract.operations import Operation, Tree

# Of the contract, not of the code: it rises with what clients can see.
VERSION = "1.0.0"
# Stands for the hub's address; the deployed description names its own in this place.
BASE_URL = "https://orders.example.com"
_ABOUT = """\
Shops send orders in the protocol that their client already speaks; each protocol has its own
answers and errors. Unknown paths and methods are answered with 404 and a GatewayError. Bodies
may be 4 MB after inflation. Amounts are never rounded.
"""


def document() -> Tree:
    """Return the description of every route (OpenAPI 3.1)."""
    sections = [each.section() for each in (altcraft, commercetools, yandex_market, description)]
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
    # Operations share parts, and each is to get examples of its own.
    unshared: Tree = json.loads(json.dumps(tree))
    add_examples(unshared)
    return unshared


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
            "description": "A client's token, as `orders token create` prints it",
        },
        "apiKey": {
            "type": "apiKey",
            "in": "header",
            "name": "Api-Key",
            "description": "The same token in the Partner API's header",
        },
        "clientCredentials": {
            "type": "http",
            "scheme": "basic",
            "description": "A client's id and its token as the secret",
        },
        "commercetoolsOAuth": {
            "type": "oauth2",
            "description": "Scopes are followed by `:` and the project's key",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": f"{BASE_URL}/oauth/token",
                    "scopes": {scope.name: _SCOPES[scope.name] for scope in DEFAULT_SCOPES},
                }
            },
        },
    }


_SCOPES = {
    "manage_project": "Everything",
    "manage_orders": "Import, read and delete orders",
    "view_orders": "Read orders",
    "view_messages": "Read messages",
}
