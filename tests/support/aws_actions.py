"""A function's AWS calls as IAM sees them, and what its role allows."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore.client import BaseClient
from botocore.model import OperationModel

from tests.support.template_tables import load_template

type Tree = dict[str, Any]

RESOURCES: Mapping[str, Tree] = load_template()["Resources"]
# Lambda itself uses these for a function: logs, traces and reading the stream.
OF_LAMBDA = frozenset(
    {
        *("logs:CreateLogStream", "logs:PutLogEvents"),
        *("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
        *("dynamodb:DescribeStream", "dynamodb:GetRecords"),
        *("dynamodb:GetShardIterator", "dynamodb:ListStreams"),
    }
)
_IN_TRANSACTIONS = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}
# The actions of S3 whose names differ from those of the operations.
_OF_S3 = {
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "HeadObject": "GetObject",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "UploadPart": "PutObject",
}
# The part of a statement before the value of the partition key.
_BEFORE_KEY = re.compile(r"""^(.*?)(?:'pk': |"pk" = )\?""", re.DOTALL)


@dataclass(frozen=True)
class Call:
    """A use of an IAM action. `keys` are the partition keys that it names: the leading keys of IAM.

    In S3, they are the key of the object. Other services have none.
    """

    action: str
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Permission:
    """What one statement of a role allows: an action, on items or objects with these keys.

    `patterns` are those of `StringLike`. None permits every key.
    """

    action: str
    patterns: frozenset[str] | None = None

    def covers(self, call: Call) -> bool:
        """Return whether it permits a call. All keys of the call must fit the same statement."""
        return self.action == call.action and (
            self.patterns is None or all(self._fitting(key) for key in call.keys)
        )

    def used_patterns(self, call: Call) -> set[str]:
        """Return the patterns that the keys of a call fit."""
        return {pattern for key in call.keys for pattern in self._fitting(key)}

    def _fitting(self, key: str) -> set[str]:
        return {each for each in self.patterns or () if is_like(key, each)}


@dataclass
class CallRecorder:
    """Records the calls of AWS clients, as IAM sees them."""

    calls: set[Call] = field(default_factory=set)

    @contextmanager
    def watching(self, clients: Sequence[BaseClient]) -> Iterator[None]:
        """Record the clients' calls inside the context. Other functions may share the clients."""
        for client in clients:
            client.meta.events.register("provide-client-params", self._note)
        try:
            yield
        finally:
            for client in clients:
                client.meta.events.unregister("provide-client-params", self._note)

    def _note(self, params: Tree, model: OperationModel, **_rest: object) -> None:
        service = model.service_model.signing_name
        self.calls.update(calls_of(service, model.name, params))


def calls_of(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Call]:
    """Yield the uses of IAM actions that an AWS call consists of."""
    match operation:
        case "BatchExecuteStatement":
            for each in params["Statements"]:
                verb = each["Statement"].split()[0].capitalize()
                yield Call(f"dynamodb:PartiQL{verb}", frozenset({_key_of_statement(each)}))
        case "TransactWriteItems":
            for each in params["TransactItems"]:
                for kind, part in each.items():
                    yield Call(_IN_TRANSACTIONS[kind], _key_of(part))
        case "BatchGetItem":
            keys = [key for asked in params["RequestItems"].values() for key in asked["Keys"]]
            yield Call(f"{service}:{operation}", frozenset(key["pk"]["S"] for key in keys))
        case "BatchWriteItem":
            requests = [each for asked in params["RequestItems"].values() for each in asked]
            parts = [part for each in requests for part in each.values()]
            yield Call(f"{service}:{operation}", frozenset().union(*map(_key_of, parts)))
        case "Query":
            [name] = re.findall(r"^(?:pk|changed_shard) = (:\w+)", params["KeyConditionExpression"])
            key = params["ExpressionAttributeValues"][name]["S"]
            yield Call(f"{service}:{operation}", frozenset({key}))
        case "SendMessageBatch":
            yield Call("sqs:SendMessage")
        case _:
            action = _OF_S3.get(operation, operation)
            yield Call(f"{service}:{action}", _key_of(params))


def _key_of(part: Mapping[str, Any]) -> frozenset[str]:
    item = part.get("Key") or part.get("Item")
    if isinstance(item, str):
        return frozenset({item})
    return frozenset({item["pk"]["S"]}) if item else frozenset()


def _key_of_statement(statement: Mapping[str, Any]) -> str:
    """Return the parameter of `pk`: its place follows from the parameters before it."""
    [before] = _BEFORE_KEY.findall(statement["Statement"])
    key: str = statement["Parameters"][before.count("?")]["S"]
    return key


def is_like(text: str, pattern: str) -> bool:
    """Return whether a text fits a pattern of the IAM operator `StringLike`."""
    wildcards = {"*": ".*", "?": "."}
    expression = "".join(wildcards.get(each) or re.escape(each) for each in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def role_of(function: str, resources: Mapping[str, Tree] = RESOURCES) -> Tree:
    """Return the properties of the role of a function, given its logical id."""
    name = resources[function]["Properties"]["Role"]["GetAtt"].removesuffix(".Arn")
    role: Tree = resources[name]["Properties"]
    return role


def statements_of(function: str, resources: Mapping[str, Tree] = RESOURCES) -> list[Tree]:
    """Return the policy statements of the role of a function, given its logical id.

    This includes attached policies of the stack. Any other attached policy raises an error.
    """
    role = role_of(function, resources)
    attached = [resources[each["Ref"]]["Properties"] for each in role.get("ManagedPolicyArns", [])]
    policies: Sequence[Tree] = [*role.get("Policies", []), *attached]
    return [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]


def permissions_of(function: str) -> frozenset[Permission]:
    """Return what the role of a function allows, given its logical id."""
    return frozenset(
        Permission(action, patterns)
        for statement in statements_of(function)
        for patterns in [leading_keys(statement) or object_keys(statement)]
        for action in _listed(statement["Action"])
    )


@cache
def allowed_to(folder: str) -> frozenset[Permission]:
    """Return what the role of a function allows its code, given its folder."""
    [function] = [
        name
        for name, resource in RESOURCES.items()
        if resource["Type"] == "AWS::Serverless::Function"
        and resource["Properties"]["CodeUri"] == f"functions/{folder}/"
    ]
    return frozenset(each for each in permissions_of(function) if each.action not in OF_LAMBDA)


def forbidden_calls(folder: str, calls: Iterable[Call]) -> list[Call]:
    """Return the calls that the role of a function does not allow."""
    allowed = allowed_to(folder)
    return [call for call in calls if not any(each.covers(call) for each in allowed)]


def leading_keys(statement: Tree) -> frozenset[str] | None:
    """Return the patterns of the partition keys that a statement permits, None without any."""
    condition = statement.get("Condition", {})
    keys = condition.get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys")
    return None if keys is None else frozenset(_listed(keys))


def object_keys(statement: Tree) -> frozenset[str] | None:
    """Return the patterns of the objects that a statement permits, None if it names no objects."""
    beginning = "${ImportFilesBucket.Arn}/"
    resource = statement["Resource"]
    named = resource if isinstance(resource, list) else [resource]
    texts = [each.get("Sub", "") for each in named if isinstance(each, dict)]
    return frozenset(each.removeprefix(beginning) for each in texts if beginning in each) or None


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value
