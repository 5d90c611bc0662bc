"""Adds the examples of the story to the description."""

import json
from collections.abc import Mapping

from tools.api_contract.operations import Tree
from tools.api_contract.story import STORY, Example, Recorded, recorded_answers

_OF_RESPONSES = "#/components/responses/"


def add_examples(description: Tree) -> None:
    """Add the request, the parameters and the answer of every example to the description."""
    operations = {
        operation["operationId"]: operation
        for path in description["paths"].values()
        for operation in path.values()
    }
    responses = description["components"]["responses"]
    answers = recorded_answers()
    for example in STORY:
        operation = operations[example.operation]
        _add_request(operation, example)
        _add_parameters(operation, {**example.path, **example.query, **example.headers})
        answer = answers.get(example.key)
        if answer:
            name = operation["responses"][str(answer.status)]["$ref"].removeprefix(_OF_RESPONSES)
            _add_answer(responses[name], example, answer)


def _add_request(operation: Tree, example: Example) -> None:
    if "requestBody" not in operation:
        return
    content = operation["requestBody"]["content"][example.media]
    shown = {"summary": example.summary, "value": example.body}
    content.setdefault("examples", {})[example.name] = shown


def _add_parameters(operation: Tree, sent: Mapping[str, str]) -> None:
    """Give each parameter without an example the first value that the story sends."""
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in sent and "example" not in parameter:
            is_text = parameter["schema"].get("type") not in ("integer", "boolean")
            text = sent[parameter["name"]]
            parameter["example"] = text if is_text else json.loads(text)


def _add_answer(response: Tree, example: Example, answer: Recorded) -> None:
    content = response["content"][answer.media]
    key = f"{example.operation}_{example.name}"
    content.setdefault("examples", {})[key] = {"summary": example.summary, "value": answer.body}
