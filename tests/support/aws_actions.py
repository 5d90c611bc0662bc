"""The IAM actions of a function's AWS calls, and the actions that its role allows."""

from collections.abc import Iterator, Mapping, Sequence
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


@dataclass
class ActionRecorder:
    """Records the IAM actions of the calls of AWS clients."""

    actions: set[str] = field(default_factory=set)

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
        self.actions.update(actions_of(service, model.name, params))


def actions_of(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[str]:
    """Yield the IAM actions that a call requires."""
    match operation:
        case "BatchExecuteStatement":
            for each in params["Statements"]:
                yield f"dynamodb:PartiQL{each['Statement'].split()[0].capitalize()}"
        case "TransactWriteItems":
            for each in params["TransactItems"]:
                yield from (_IN_TRANSACTIONS[kind] for kind in each)
        case "SendMessageBatch":
            yield "sqs:SendMessage"
        case _:
            yield f"{service}:{operation}"


def role_of(function: str) -> Tree:
    """Return the properties of the role of a function, given its logical id."""
    name = RESOURCES[function]["Properties"]["Role"]["GetAtt"].removesuffix(".Arn")
    role: Tree = RESOURCES[name]["Properties"]
    return role


def statements_of(function: str) -> list[Tree]:
    """Return the policy statements of the role of a function, given its logical id.

    This includes attached policies of the stack. Any other attached policy raises an error.
    """
    role = role_of(function)
    attached = [RESOURCES[each["Ref"]]["Properties"] for each in role.get("ManagedPolicyArns", [])]
    policies: Sequence[Tree] = [*role.get("Policies", []), *attached]
    return [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]


@cache
def allowed_actions(folder: str) -> frozenset[str]:
    """Return the actions that the role of a function allows its code, given its folder."""
    [function] = [
        name
        for name, resource in RESOURCES.items()
        if resource["Type"] == "AWS::Serverless::Function"
        and resource["Properties"]["CodeUri"] == f"functions/{folder}/"
    ]
    named = [each["Action"] for each in statements_of(function)]
    actions = {each for some in named for each in ([some] if isinstance(some, str) else some)}
    return frozenset(actions - OF_LAMBDA)
