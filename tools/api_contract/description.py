"""The contract of the API's own description, and of API Gateway's own errors."""

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
    """Return the part of the description that is about the description itself."""
    return Section(
        tag={"name": TAG, "description": "This description, as OpenAPI and as a page"},
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
                    "type": constant("about:blank"),
                    "code": _TEXT,
                    "detail": _TEXT,
                },
                # Always present, but a release before did not promise them.
                ["type", "code", "detail"],
                description="An error of API Gateway itself, readable by clients of every protocol",
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
            "Return a page that shows this description and sends requests",
            {"200": {"description": "The page", **page}, **_FAULTS},
        ),
        Operation(
            "get",
            "/docs/{asset}",
            "getDocsAsset",
            TAG,
            "Return a script or a style sheet of the page",
            {
                "200": answer("The file", {"text/javascript": _TEXT, "text/css": _TEXT}),
                "404": answer("The file does not exist", {JSON: reference("GatewayError")}),
                **_FAULTS,
            },
            parameters=(parameter("path", "asset", _TEXT, "Name of the file"),),
        ),
    )


def _responses() -> Tree:
    def error(description: str, **headers: str) -> Tree:
        return answer(description, {JSON: reference("GatewayError")}, **headers)

    return {
        "Gateway403": error("API Gateway rejected the request"),
        "Gateway429": error(
            "Too many requests",
            Retry_After="Seconds to wait before a retry",
            X_Request_Id="The id of the request, if a function has answered it",
        ),
        "Gateway502": error("The function failed"),
        "Gateway504": error("The function did not answer in time"),
    }
