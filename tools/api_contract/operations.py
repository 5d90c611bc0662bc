"""Building blocks of an OpenAPI description that all protocols use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

type Tree = dict[str, Any]

JSON = "application/json"
XML = "application/xml"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Operation:
    """A route with its parameters, body and answers.

    `answers` maps a status to the reference of a response. `aliases` maps other paths of the route
    to the suffix of their operation id.
    """

    method: str
    path: str
    id: str
    tag: str
    summary: str
    answers: Mapping[str, Tree]
    description: str = ""
    parameters: tuple[Tree, ...] = ()
    body: Tree | None = None
    security: tuple[Tree, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)

    def at(self, operation_id: str) -> Tree:
        """Return the OpenAPI operation object with this operation id."""
        return {
            "operationId": operation_id,
            "tags": [self.tag],
            "summary": self.summary,
            **({"description": self.description} if self.description else {}),
            **({"parameters": list(self.parameters)} if self.parameters else {}),
            **({"requestBody": self.body} if self.body else {}),
            "responses": dict(self.answers),
            "security": list(self.security),
        }


@dataclass(frozen=True, slots=True)
class Section:
    """One protocol's part of the description."""

    tag: Tree
    operations: tuple[Operation, ...]
    schemas: Tree
    responses: Tree


def reference(name: str, kind: str = "schemas") -> Tree:
    """Return a reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def response(name: str) -> Tree:
    """Return a reference to a response."""
    return reference(name, "responses")


def strings(*allowed: str, **more: object) -> Tree:
    """Return the schema of a string enum."""
    return {"type": "string", "enum": list(allowed), **more}


def constant(value: str) -> Tree:
    """Return the schema of a constant string."""
    return {"type": "string", "const": value}


def array(items: Tree, **more: object) -> Tree:
    """Return the schema of an array."""
    return {"type": "array", "items": items, **more}


def record(
    members: Mapping[str, Tree], optional: Iterable[str] = (), description: str = ""
) -> Tree:
    """Return the schema of an object. All members are required except those in `optional`."""
    left_out = set(optional)
    return {
        "type": "object",
        **({"description": description} if description else {}),
        "required": [name for name in members if name not in left_out],
        "properties": dict(members),
    }


def parameter(location: str, name: str, schema: Tree, description: str, **more: object) -> Tree:
    """Return a parameter. Path parameters are required."""
    return {
        "name": name,
        "in": location,
        **({"required": True} if location == "path" else {}),
        "description": description,
        "schema": schema,
        **more,
    }


# The header of a 401. API Gateway renames it to `x-amzn-Remapped-WWW-Authenticate`.
CHALLENGE = {"WWW_Authenticate": "The authentication scheme"}


def answer(description: str, content: Mapping[str, Tree], **headers: str) -> Tree:
    """Return a response. Header names have `_` in place of `-`."""
    return {
        "description": description,
        **(
            {
                "headers": {
                    name.replace("_", "-"): {"description": text, "schema": {"type": "string"}}
                    for name, text in headers.items()
                }
            }
            if headers
            else {}
        ),
        "content": {media: {"schema": each} for media, each in content.items()},
    }
