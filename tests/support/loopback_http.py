"""An HTTP server on loopback whose answers a test gives, and the hub's functions behind it."""

from urllib.parse import parse_qs, urlsplit

from market_orders_testing.http_server import Answer, Asked, Given, served
from tests.support.functions import Function
from tests.support.routes import functions_of_routes

__all__ = ["Answer", "Asked", "Given", "function_answers", "served"]


def function_answers(*functions: Function) -> Answer:
    """Return the answers of functions, as API Gateway gives them."""
    by_folder = {each.folder: each for each in functions}
    resources = [
        (method, resource, resource.split("/"), by_folder[folder])
        for (method, resource), folder in functions_of_routes().items()
        if folder in by_folder
    ]

    def answer(asked: Asked) -> Given:
        parts = urlsplit(asked.target)
        steps = parts.path.split("/")
        for method, resource, names, function in resources:
            path = _variables(names, steps)
            if method == asked.method and path is not None:
                event = _event(asked, resource, path, parse_qs(parts.query))
                found = function.invoke(event)
                return Given(found["statusCode"], found["body"].encode(), found["headers"])
        return Given(404, b'{"code":"not_found","detail":"This path does not exist"}')

    return answer


def _variables(names: list[str], steps: list[str]) -> dict[str, str] | None:
    if len(names) != len(steps):
        return None
    pairs = list(zip(names, steps, strict=True))
    if any(name != step for name, step in pairs if not name.startswith("{")):
        return None
    return {name[1:-1]: step for name, step in pairs if name.startswith("{")}


def _event(
    asked: Asked, resource: str, path: dict[str, str], query: dict[str, list[str]]
) -> dict[str, object]:
    # The test server does not decode base64, so the answer must not be compressed.
    headers = {name: value for name, value in asked.headers.items() if name != "accept-encoding"}
    return {
        "resource": resource,
        "path": asked.target,
        "httpMethod": asked.method,
        "headers": headers,
        "pathParameters": path,
        "queryStringParameters": {name: values[-1] for name, values in query.items()},
        "multiValueQueryStringParameters": query,
        "requestContext": {"requestId": "request", "path": asked.target},
        "body": asked.body.decode(),
        "isBase64Encoded": False,
    }
