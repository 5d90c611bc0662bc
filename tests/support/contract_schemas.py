"""Checks answers against the published description. Undeclared members are faults here."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError
from lxml import etree

from tools.api_contract.document import document
from tools.api_contract.operations import JSON

type Tree = dict[str, Any]

DESCRIPTION = document()


def faults_of_route(method: str, resource: str, answer: Mapping[str, Any]) -> list[str]:
    """Return the differences between an answer and the description of its route."""
    path = resource.replace("+}", "}")
    methods = DESCRIPTION["paths"].get(path, {})
    if method.lower() not in methods:
        return _faults_of_other_method(method, methods, answer)
    operation = methods[method.lower()]
    response = _resolved(operation["responses"].get(str(answer["statusCode"])))
    if response is None:
        return [f"status {answer['statusCode']} is not described"]
    if "content" not in response:
        return ["a body is not described"] if answer["body"] else []
    media = answer["headers"]["Content-Type"].partition(";")[0]
    if media not in response["content"]:
        return [f"media type {media} is not described"]
    unknown = _unknown_headers(response, answer["headers"])
    return unknown + _faults_of_body(media, response["content"][media]["schema"], answer["body"])


def _faults_of_other_method(
    method: str, methods: Iterable[str], answer: Mapping[str, Any]
) -> list[str]:
    """Return the faults of an answer to a method that is not described for the path.

    HEAD is answered as GET without a body, and every other method with 405.
    """
    described = {method.upper() for method in methods}
    allowed = described | ({"HEAD"} if "GET" in described else set())
    if method in allowed:
        return ["the answer to HEAD has a body"] if answer["body"] else []
    if not described and answer["statusCode"] == HTTPStatus.NOT_FOUND:
        return []
    if not described or answer["statusCode"] != HTTPStatus.METHOD_NOT_ALLOWED:
        return [f"{method} is not described"]
    is_right = set(answer["headers"].get("Allow", "").split(", ")) == allowed
    return [] if is_right else [f"Allow must name {sorted(allowed)}"]


def schema_faults(schema: Mapping[str, Any], value: object) -> list[str]:
    """Return the faults of a value by a schema of the description. Extra members are faults."""
    found = _validator(json.dumps(schema)).iter_errors(value)
    return [f"{_path(fault)}: {fault.message[:300]}" for fault in found]


def _faults_of_body(media: str, schema: Tree, body: str) -> list[str]:
    if media == JSON or media.endswith("+json"):
        return schema_faults(schema, json.loads(body))
    root = etree.fromstring(body.encode()) if media.endswith("xml") else None
    return [] if root is None or root.tag == "xml" else [f"the root is {root.tag}"]


# Headers of every answer, general HTTP headers, and headers for browsers.
_EVERYWHERE = frozenset(
    {
        *("content-type", "cache-control", "content-encoding", "vary", "x-correlation-id"),
        *("access-control-allow-origin", "content-security-policy", "x-content-type-options"),
    }
)


def _unknown_headers(response: Tree, sent: Mapping[str, str]) -> list[str]:
    known = {name.lower() for name in response.get("headers", {})} | _EVERYWHERE
    return [f"header {name} is not described" for name in sent if name.lower() not in known]


def _resolved(response: Tree | None) -> Tree | None:
    if response is None or "$ref" not in response:
        return response
    name = response["$ref"].removeprefix("#/components/responses/")
    resolved: Tree = DESCRIPTION["components"]["responses"][name]
    return resolved


@cache
def _validator(schema: str) -> Draft202012Validator:
    """Return a validator that is written in Rust: one in Python takes a hundred times as long."""
    return Draft202012Validator(
        {"components": {"schemas": _closed_schemas()}, **json.loads(schema)}
    )


def _path(fault: ValidationError) -> str:
    steps = (f"[{each}]" if isinstance(each, int) else f".{each}" for each in fault.instance_path)
    return "$" + "".join(steps)


@cache
def _closed_schemas() -> Tree:
    closed: Tree = _closed(DESCRIPTION["components"]["schemas"])
    return closed


def _closed(node: Any) -> Any:  # noqa: ANN401 - any node of a schema
    """Return the schemas with `additionalProperties: false` for every object."""
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    tree = {name: _closed(each) for name, each in node.items()}
    if isinstance(node.get("properties"), dict) and node.get("type") == "object":
        tree.setdefault("additionalProperties", False)
    return tree
