"""The statements of the hub on moto, whose PartiQL parser rejects them.

moto reads neither `?` in an INSERT, nor several SET clauses, nor a condition beside the key, and
its INSERT replaces an existing item. Its PutItem, UpdateItem and DeleteItem with conditions are
truthful, so each statement becomes one of them. Statements of another form raise ValueError.
"""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

type Tree = dict[str, Any]

_INSERT = re.compile(r"""INSERT INTO "(?P<table>[^"]+)" VALUE \{(?P<members>'.+': \?)\}""")
_UPDATE = re.compile(r"""UPDATE "(?P<table>[^"]+)" (?P<clauses>.+) WHERE (?P<where>.+)""")
_DELETE = re.compile(r"""DELETE FROM "(?P<table>[^"]+)" WHERE (?P<where>.+)""")
_MEMBER = re.compile(r"'([^']+)': \?(?:, |$)")
_CLAUSE = re.compile(r"""(?:SET "(?P<set>[^"]+)" = \?|REMOVE "(?P<removed>[^"]+)")(?: |$)""")
_CONDITION = re.compile(r'"(?P<name>[^"]+)" (?P<test>= \?|IS MISSING)(?: AND |$)')
_KEY = ("pk", "sk")


@dataclass
class _Expression:
    """Names and values of a call, as placeholders."""

    names: dict[str, str] = field(default_factory=dict)
    values: Tree = field(default_factory=dict)

    def name(self, name: str) -> str:
        placeholder = f"#n{len(self.names)}"
        self.names[placeholder] = name
        return placeholder

    def value(self, value: object) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = value
        return placeholder

    def members(self) -> Tree:
        values = {"ExpressionAttributeValues": self.values} if self.values else {}
        return {"ExpressionAttributeNames": self.names, **values}


@dataclass
class MotoStatements:
    """Replaces `batch_execute_statement` of a client of moto."""

    client: Any
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, *, Statements: Sequence[Mapping[str, Any]]) -> Tree:  # noqa: N803 - botocore's name
        """Execute each statement, and return its error instead of raising it."""
        with self._one_at_a_time:
            return {"Responses": [self._execute(each) for each in Statements]}

    def _execute(self, statement: Mapping[str, Any]) -> Tree:
        text, parameters = statement["Statement"], iter(statement["Parameters"])
        failed = "ConditionalCheckFailed"
        if match := _INSERT.fullmatch(text):
            call, request, failed = self.client.put_item, _put(match, parameters), "DuplicateItem"
        elif match := _UPDATE.fullmatch(text):
            call, request = self.client.update_item, _update(match, parameters)
        elif match := _DELETE.fullmatch(text):
            call, request = self.client.delete_item, _delete(match, parameters)
        else:
            raise ValueError(f"this statement has no equivalent: {text}")
        try:
            call(TableName=match["table"], **request)
        except ClientError as error:
            code = error.response["Error"]["Code"].removesuffix("Exception")
            code = failed if code == "ConditionalCheckFailed" else code
            return {"Error": {"Code": code, "Message": error.response["Error"]["Message"]}}
        return {"TableName": match["table"]}


def _put(match: re.Match[str], parameters: Iterator[object]) -> Tree:
    names = _all(_MEMBER, match["members"])
    item = {each[1]: value for each, value in zip(names, parameters, strict=True)}
    return {"Item": item, "ConditionExpression": "attribute_not_exists(pk)"}


def _update(match: re.Match[str], parameters: Iterator[object]) -> Tree:
    expression = _Expression()
    clauses = _all(_CLAUSE, match["clauses"])
    changed = [
        f"{expression.name(each['set'])} = {expression.value(next(parameters))}"
        for each in clauses
        if each["set"]
    ]
    removed = [expression.name(each["removed"]) for each in clauses if each["removed"]]
    parts = [
        *(["SET " + ", ".join(changed)] if changed else []),
        *(["REMOVE " + ", ".join(removed)] if removed else []),
    ]
    key, conditions = _where(match["where"], parameters, expression)
    exists = f"attribute_exists({expression.name('pk')})"
    return {
        "UpdateExpression": " ".join(parts),
        "Key": key,
        "ConditionExpression": " AND ".join([*conditions, exists]),
        **expression.members(),
    }


def _delete(match: re.Match[str], parameters: Iterator[object]) -> Tree:
    """Return the deletion. An item that does not exist is no error, as in PartiQL."""
    expression = _Expression()
    key, conditions = _where(match["where"], parameters, expression)
    if not conditions:
        return {"Key": key}
    missing = f"attribute_not_exists({expression.name('pk')})"
    return {
        "Key": key,
        "ConditionExpression": f"{missing} OR ({' AND '.join(conditions)})",
        **expression.members(),
    }


def _where(
    text: str, parameters: Iterator[object], expression: _Expression
) -> tuple[Tree, list[str]]:
    """Return the key and the other conditions."""
    key: Tree = {}
    conditions = []
    for each in _all(_CONDITION, text):
        if each["test"] == "IS MISSING":
            conditions.append(f"attribute_not_exists({expression.name(each['name'])})")
        elif each["name"] in _KEY:
            key[each["name"]] = next(parameters)
        else:
            name, value = expression.name(each["name"]), expression.value(next(parameters))
            conditions.append(f"{name} = {value}")
    if key.keys() != set(_KEY):
        raise ValueError(f"the condition does not contain the key: {text}")
    return key, conditions


def _all(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """Return the matches that follow each other. Raises ValueError if they leave something out."""
    matches = list(pattern.finditer(text))
    if "".join(each[0] for each in matches) != text:
        raise ValueError(f"this part of a statement has no equivalent: {text}")
    return matches
