"""Converts Pydantic models to JSON Schemas of the contract."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from tools.api_contract.operations import Tree, reference

_PREFIX = "#/$defs/"


def schema_of_model(
    model: type[BaseModel], name: str, renamed: Mapping[str, str] | None = None
) -> Tree:
    """Return the components of a model and of the models inside it.

    `name` is the model's component name, `renamed` maps inner models to theirs. Raises LookupError
    for an inner model without a name.
    """
    names = dict(renamed or {})
    schema = model.model_json_schema()
    inner = schema.pop("$defs", {})
    return {
        name: _plain(schema, names),
        **{names[each]: _plain(definition, names) for each, definition in inner.items()},
    }


def _plain(node: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - any node of a schema
    """Remove generated titles and null defaults, and refer to the components."""
    if isinstance(node, list):
        return [_plain(each, names) for each in node]
    if not isinstance(node, dict):
        return node
    target = node.get("$ref")
    if isinstance(target, str):
        return reference(names[target.removeprefix(_PREFIX)])
    tree: Tree = {
        key: (
            {name: _plain(each, names) for name, each in value.items()}
            if key == "properties"
            else _plain(value, names)
        )
        for key, value in node.items()
        if key != "title" and not (key == "default" and value is None)
    }
    return _with_null(tree)


def _with_null(tree: Tree) -> Tree:
    """Write `anyOf` with null as a list of types, which more client generators support."""
    choices = tree.get("anyOf", ())
    if len(choices) != _TWO or choices[1] != {"type": "null"} or "enum" in choices[0]:
        return tree
    kind = choices[0].get("type")
    if kind is None:
        return tree
    kinds = [kind] if isinstance(kind, str) else kind
    others = {name: value for name, value in tree.items() if name != "anyOf"}
    return {**others, **choices[0], "type": [*kinds, "null"]}


_TWO = 2
