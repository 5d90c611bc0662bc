"""The routes of the hub, and API Gateway events of requests to them.

The template has the paths, each with its function. The API description has their methods.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote

from market_orders_testing.stack import functions_of_paths
from tools.api_contract.files import DESCRIPTION

type Tree = dict[str, Any]
# A method in upper case, and a path of the template.
type Route = tuple[str, str]


# The paths of all unknown calls of Altcraft. They have no methods of their own.
UNKNOWN_CALLS = tuple(
    f"/api/v1.1/market{folder}/{{call+}}" for folder in ("/orders", "", "/products", "/sku")
)


@cache
def functions_of_routes() -> Mapping[Route, str]:
    """Return the folder of the function behind each method of each path."""
    described = json.loads(DESCRIPTION.read_text(encoding="utf-8"))["paths"]
    return {
        (method.upper(), path): function
        for path, function in functions_of_paths().items()
        for method in described.get(path.replace("+}", "}"), ())
    }


@dataclass(frozen=True)
class RouteRequest:
    """A request to a route. `body` is text, or a value that is sent as JSON."""

    route: Route
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None

    def event(self) -> Tree:
        """Return the API Gateway event. Variables of the path are not decoded."""
        method, resource = self.route
        is_text = self.body is None or isinstance(self.body, str)
        return {
            "resource": resource,
            "path": resource,
            "httpMethod": method,
            "headers": {"Content-Type": "application/json", **self.headers},
            "pathParameters": {name: quote(each, safe="=") for name, each in self.path.items()},
            "queryStringParameters": dict(self.query) or None,
            "multiValueQueryStringParameters": {n: [each] for n, each in self.query.items()},
            "requestContext": {"requestId": "request", "path": resource},
            "body": self.body if is_text else json.dumps(self.body),
            "isBase64Encoded": False,
        }
