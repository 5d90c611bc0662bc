"""Parts of an OpenAPI description that every protocol's routes have in common."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

type Tree = dict[str, Any]

JSON = "application/json"
XML = "application/xml"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Operation:
    """A route: what it takes and what it answers.

    `answers` maps a status to the reference of a response. `aliases` are other paths to the same
    route, by the suffix that tells their operation ids apart.
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
        """Return the operation object under one of its ids."""
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
    """What one protocol adds to the description."""

    tag: Tree
    operations: tuple[Operation, ...]
    schemas: Tree
    responses: Tree


def reference(name: str, kind: str = "schemas") -> Tree:
    """Refer to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def response(name: str) -> Tree:
    """Refer to a response."""
    return reference(name, "responses")


def strings(*allowed: str, **more: object) -> Tree:
    """Return the schema of one of these strings."""
    return {"type": "string", "enum": list(allowed), **more}


def constant(value: str) -> Tree:
    """Return the schema of one string."""
    return {"type": "string", "const": value}


def array(items: Tree, **more: object) -> Tree:
    """Return the schema of an array."""
    return {"type": "array", "items": items, **more}


def record(
    members: Mapping[str, Tree], optional: Iterable[str] = (), description: str = ""
) -> Tree:
    """Return the schema of an object; members are required unless they are said to be optional."""
    left_out = set(optional)
    return {
        "type": "object",
        **({"description": description} if description else {}),
        "required": [name for name in members if name not in left_out],
        "properties": dict(members),
    }


def parameter(location: str, name: str, schema: Tree, description: str, **more: object) -> Tree:
    """Return a parameter; those of the path are required."""
    return {
        "name": name,
        "in": location,
        **({"required": True} if location == "path" else {}),
        "description": description,
        "schema": schema,
        **more,
    }


def answer(description: str, content: Mapping[str, Tree], **headers: str) -> Tree:
    """Return a response; a header's name is written with `_` for `-`."""
    return {
        "description": description,
        **(
            {
                "headers": {
                    name.replace("_", "-"): {"description": told, "schema": {"type": "string"}}
                    for name, told in headers.items()
                }
            }
            if headers
            else {}
        ),
        "content": {media: {"schema": each} for media, each in content.items()},
    }
