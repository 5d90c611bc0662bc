"""The routes of the template, and API Gateway events of requests to them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.support.template_tables import load_template

type Tree = dict[str, Any]
# A method in upper case, and a path of the template.
type Route = tuple[str, str]


# The method of the template for every method of a path that no other event names.
OTHERS = "ANY"
# The paths of all unknown calls of Altcraft. They have no other routes.
UNKNOWN_CALLS = tuple(
    f"/api/v1.1/market{folder}/{{call+}}" for folder in ("/orders", "", "/products", "/sku")
)


def functions_of_routes() -> dict[Route, str]:
    """Return the folder of the function behind each route, without OTHERS."""
    return {route: each for route, each in _functions().items() if route[0] != OTHERS}


def functions_of_other_methods() -> dict[str, str]:
    """Return the folder of the function that rejects the other methods of each path."""
    found = {path: each for (method, path), each in _functions().items() if method == OTHERS}
    return {path: each for path, each in found.items() if path not in UNKNOWN_CALLS}


def function_behind(route: Route) -> str:
    """Return the folder of the function that gets the requests of a method and a path."""
    functions = _functions()
    return functions.get(route) or functions[OTHERS, route[1]]


def _functions() -> dict[Route, str]:
    return {
        _route(event["Properties"]): resource["Properties"]["CodeUri"].strip("/").split("/")[-1]
        for resource in load_template()["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"]["Events"].values()
        if event["Type"] == "Api"
    }


def _route(properties: Mapping[str, str]) -> Route:
    return properties["Method"].upper(), properties["Path"]


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
