"""The routes that describe the API itself, and what API Gateway answers in place of a function."""

from tools.api_contract.operations import (
    JSON,
    Operation,
    Section,
    Tree,
    answer,
    array,
    constant,
    parameter,
    record,
    reference,
    response,
)

TAG = "Description"
_TEXT: Tree = {"type": "string"}
_FAULTS = {status: response(f"Gateway{status}") for status in ("403", "429", "502", "504")}


def section() -> Section:
    """Return what the API's own routes add to the description."""
    return Section(
        tag={"name": TAG, "description": "This description, for programs and for people"},
        operations=_operations(),
        schemas={
            "GatewayError": record(
                {
                    "error": {"type": "integer"},
                    "error_text": _TEXT,
                    "result": array({}, maxItems=0),
                    "status": constant("ERROR"),
                    "statusCode": {"type": "integer"},
                    "message": _TEXT,
                    "errors": array(record({"code": _TEXT, "message": _TEXT}), minItems=1),
                },
                description="API Gateway's own answer, which clients of every protocol can read",
            )
        },
        responses=_responses(),
    )


def _operations() -> tuple[Operation, ...]:
    page = {"content": {"text/html": {"schema": _TEXT}}}
    return (
        Operation(
            "get",
            "/openapi.json",
            "describeApi",
            TAG,
            "Return this description",
            {
                "200": answer("The description", {JSON: {"type": "object"}}),
                **_FAULTS,
            },
        ),
        Operation(
            "get",
            "/docs",
            "showDocs",
            TAG,
            "Show this description as a page to try requests on",
            {"200": {"description": "The page", **page}, **_FAULTS},
        ),
        Operation(
            "get",
            "/docs/{asset}",
            "getDocsAsset",
            TAG,
            "Return a script or a style of the page",
            {
                "200": answer("The file", {"text/javascript": _TEXT, "text/css": _TEXT}),
                "404": answer("There is no such file", {JSON: reference("GatewayError")}),
                **_FAULTS,
            },
            parameters=(parameter("path", "asset", _TEXT, "Name of the file"),),
        ),
    )


def _responses() -> Tree:
    def told(description: str, **headers: str) -> Tree:
        return answer(description, {JSON: reference("GatewayError")}, **headers)

    return {
        "Gateway403": told("The firewall refused the request"),
        "Gateway429": told("Too many requests", Retry_After="Seconds to wait"),
        "Gateway502": told("The function failed to answer"),
        "Gateway504": told("The function took too long"),
    }
