"""The template gives no more permissions on AWS than the functions need.

The rules are one function, so that the tests can apply it to templates with weaker roles too.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest

from orders.adapters.dynamodb_tokens import hash_of
from orders.adapters.table_keys import client_key, listed_token_key, token_key
from tests.support.aws_actions import (
    RESOURCES,
    Call,
    leading_keys,
    permissions_of,
    role_of,
    statements_of,
)
from tests.support.template_tables import load_template

type Tree = dict[str, Any]

TEMPLATE = load_template()
TABLE = {"GetAtt": "OrdersTable.Arn"}
LOG_GROUP = (
    "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}"
    ":log-group:/aws/lambda/${AWS::StackName}-${!aws:PrincipalTag/function}:*"
)
# The resources to which the roles of the functions may give access, by the service of the actions.
# The queue of what a function on the stream cannot process.
QUEUES = {
    "RelayTriggersFunction": "ParkedTriggersQueue",
    "RecordHistoryFunction": "ParkedRecordsQueue",
}
NAMED_RESOURCES: dict[str, object] = {
    "dynamodb": TABLE,
    "events": {"GetAtt": "TriggersBus.Arn"},
    "logs": {"Sub": LOG_GROUP},
    # X-Ray does not support resource permissions.
    "xray": "*",
}
BUCKET = {"GetAtt": "ImportFilesBucket.Arn"}
# The beginning of the objects of any job: see orders.application.import_job_ports.
JOB = "${ImportFilesBucket.Arn}/*/*/"
# What of a job each function writes.
WRITTEN_OBJECTS = {
    "ManageImportJobsFunction": {"file", "manifests/*"},
    "SplitImportFileFunction": {"frame", "chunks/*", "manifests/*"},
    "ImportChunkFunction": {"runs/*/results/*"},
    "FinishImportJobFunction": {"runs/*"},
}
READ_OBJECTS = {"file", "frame", "chunks/*", "runs/*", "runs/*/results/*"}
MACHINE = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}"
EXECUTIONS = {"Sub": f"{MACHINE}:execution:${{ImportFilesStateMachine.Name}}:*"}
# Who may use the state machine.
STARTS = {"ManageImportJobsFunction"}
READS_STREAM = {
    *("dynamodb:DescribeStream", "dynamodb:GetRecords"),
    *("dynamodb:GetShardIterator", "dynamodb:ListStreams"),
}
READS = {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"}
# What each letter of a partition key stands for: see orders.adapters.table_keys. No function may
# use the clients (C).
READABLE = {"A": "accounts and orders", "T": "tokens"}
WRITABLE_BY: dict[str, set[str]] = {"IssueTokenFunction": {"T", "N"}}
WRITABLE = {"A"}
ONLY_OWN_SOURCE = {"StringEquals": {"events:source": "market.orders"}}
GATEWAY_POLICY = (
    "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
)


ALIASES = [
    {"Ref": f"{function}.Alias"}
    for function in ("SplitImportFileFunction", "ImportChunkFunction", "FinishImportJobFunction")
]
# A distributed map starts its chunks as executions of its own state machine.
ROLE_OF_MACHINE = {
    "AssumeRolePolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "states.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
            }
        ],
    },
    "Policies": [
        {
            "PolicyName": "import-files",
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "InvokeFunctions",
                        "Effect": "Allow",
                        "Action": "lambda:InvokeFunction",
                        "Resource": ALIASES,
                    },
                    {
                        "Sid": "ReadManifests",
                        "Effect": "Allow",
                        "Action": "s3:GetObject",
                        "Resource": {"Sub": f"{JOB}manifests/*"},
                    },
                    {
                        "Sid": "StartChunks",
                        "Effect": "Allow",
                        "Action": "states:StartExecution",
                        "Resource": {
                            "Sub": f"{MACHINE}:stateMachine:${{AWS::StackName}}-import-files"
                        },
                    },
                    {
                        "Sid": "ControlChunks",
                        "Effect": "Allow",
                        "Action": [
                            *("states:DescribeExecution", "states:RedriveExecution"),
                            "states:StopExecution",
                        ],
                        "Resource": [
                            {
                                "Sub": f"{MACHINE}:execution:${{AWS::StackName}}-import-files"
                                f"{separator}*"
                            }
                            for separator in (":", "/Chunks:")
                        ],
                    },
                    {
                        "Sid": "DeliverLog",
                        "Effect": "Allow",
                        "Action": [
                            *("logs:CreateLogDelivery", "logs:DeleteLogDelivery"),
                            *("logs:DescribeLogGroups", "logs:DescribeResourcePolicies"),
                            *("logs:GetLogDelivery", "logs:ListLogDeliveries"),
                            *("logs:PutResourcePolicy", "logs:UpdateLogDelivery"),
                        ],
                        "Resource": "*",
                    },
                ],
            },
        }
    ],
}


def faults(template: Tree) -> list[str]:
    """Return what a template permits beyond the rules."""
    resources: Mapping[str, Tree] = template["Resources"]
    functions = [
        name for name, each in resources.items() if each["Type"] == "AWS::Serverless::Function"
    ]
    return [
        *(fault for name in functions for fault in _faults_of_function(resources, name)),
        *_faults_of_other_resources(template, functions),
    ]


def _faults_of_function(resources: Mapping[str, Tree], function: str) -> Iterator[str]:
    role = role_of(function, resources)
    if "Policies" in resources[function]["Properties"]:
        # SAM would add them to the role.
        yield f"{function} has policies of its own"
    if role["AssumeRolePolicyDocument"] != _trust("lambda.amazonaws.com"):
        yield f"the role of {function} trusts others than Lambda"
    if role["ManagedPolicyArns"] != [{"Ref": "LogsAndTracesPolicy"}]:
        yield f"the role of {function} has other managed policies"
        return
    if not set(role) <= {"AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies", "Tags"}:
        yield f"the role of {function} has other properties"
    for statement in statements_of(function, resources):
        for fault in _faults_of_statement(statement, function):
            yield f"{function}, {statement.get('Sid')}: {fault}"


def _faults_of_statement(statement: Tree, function: str) -> Iterator[str]:
    if not {"Effect", "Action", "Resource"} <= set(statement) or not set(statement) <= {
        *("Sid", "Effect", "Action", "Resource", "Condition"),
    }:
        yield "it has other members"
        return
    actions = set(_listed(statement["Action"]))
    services = {action.partition(":")[0] for action in actions}
    if statement["Effect"] != "Allow" or len(services) != 1 or any("*" in each for each in actions):
        yield "it does not allow listed actions of one service"
        return
    [service] = services
    if service in {"s3", "states"}:
        yield from _faults_of_files(statement, function, actions)
        return
    if actions <= READS_STREAM:
        named: list[object] = [{"Sub": "${OrdersTable.Arn}/stream/*"}]
    elif service == "sqs":
        named = [{"GetAtt": f"{QUEUES.get(function)}.Arn"}]
    else:
        named = [NAMED_RESOURCES.get(service)]
    if actions == {"dynamodb:Query"}:
        named.append({"Sub": "${OrdersTable.Arn}/index/changes"})
    if statement["Resource"] not in named:
        yield "it gives access to another resource"
    if service == "events" and statement.get("Condition") != ONLY_OWN_SOURCE:
        yield "it permits events of other sources"
    if statement["Resource"] == TABLE:
        yield from _faults_of_keys(statement, function, actions)


def _faults_of_files(statement: Tree, function: str, actions: set[str]) -> Iterator[str]:
    """Return what a statement permits of the bucket and the state machine of import jobs."""
    resource = statement["Resource"]
    if "Condition" in statement:
        yield "it has a condition that the rules do not know"
    if actions & {"states:StartExecution"}:
        fits = actions == {"states:StartExecution"} and resource == {
            "Ref": "ImportFilesStateMachine"
        }
        fits = fits and function in STARTS
    elif actions <= {"states:DescribeExecution", "states:StopExecution"}:
        fits = resource == EXECUTIONS and function in STARTS
    elif actions == {"s3:ListBucket"}:
        fits = resource == BUCKET and function in WRITTEN_OBJECTS
    else:
        parts = {
            str(each["Sub"]).partition(JOB)[2] if isinstance(each, dict) else ""
            for each in (resource if isinstance(resource, list) else [resource])
        }
        permitted = WRITTEN_OBJECTS.get(function, set())
        if actions == {"s3:GetObject"} and permitted:
            permitted = READ_OBJECTS
        known = {"AbortMultipartUpload", "GetObject", "ListMultipartUploadParts", "PutObject"}
        fits = parts <= permitted and actions <= {f"s3:{each}" for each in known}
    if not fits:
        yield "it gives access to other files or runs"


def _faults_of_keys(statement: Tree, function: str, actions: set[str]) -> Iterator[str]:
    patterns = leading_keys(statement)
    if not patterns or set(statement["Condition"]) != {"ForAllValues:StringLike"}:
        yield "it permits all keys of the table"
        return
    permitted = set(READABLE) if actions <= READS else WRITABLE_BY.get(function, WRITABLE)
    for pattern in patterns:
        letter, separator, _ = pattern.partition("#")
        if not separator or letter not in permitted:
            yield f"it permits the keys {pattern}"


def _faults_of_other_resources(template: Tree, functions: list[str]) -> Iterator[str]:
    resources: Mapping[str, Tree] = template["Resources"]
    roles = [
        resources[each]["Properties"]["Role"]["GetAtt"].removesuffix(".Arn") for each in functions
    ]
    if len(set(roles)) != len(functions):
        yield "functions share a role"
    for name, resource in resources.items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind == "AWS::IAM::Role" and name not in {
            *(*roles, "ApiGatewayAccountRole", "ImportFilesStateMachineRole"),
        }:
            yield f"{name} is the role of no function"
        if kind.startswith("AWS::IAM::") and kind not in {
            *("AWS::IAM::Role", "AWS::IAM::ManagedPolicy"),
        }:
            yield f"{name} gives permissions"
        if kind == "AWS::IAM::ManagedPolicy" and (
            name != "LogsAndTracesPolicy" or set(properties) != {"Description", "PolicyDocument"}
        ):
            yield f"{name} is attached to others than the functions"
        if kind == "AWS::Lambda::Permission" or "ResourcePolicy" in properties:
            yield f"{name} permits others to use the stack"
    if "Policies" in template["Globals"]["Function"]:
        yield "every function has policies of its own"
    if resources["ImportFilesStateMachineRole"]["Properties"] != ROLE_OF_MACHINE:
        yield "the role of the state machine may do something else"
    gateway = resources["ApiGatewayAccountRole"]["Properties"]
    if gateway != {
        "AssumeRolePolicyDocument": _trust("apigateway.amazonaws.com"),
        "ManagedPolicyArns": [{"Sub": GATEWAY_POLICY}],
    }:
        yield "the role of the gateway may do more than write logs"


def _trust(service: str) -> Tree:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        ],
    }


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_the_template_gives_no_permission_beyond_the_rules() -> None:
    assert not faults(TEMPLATE)


FUNCTIONS = [
    name for name, each in RESOURCES.items() if each["Type"] == "AWS::Serverless::Function"
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_the_operator_uses_clients_and_one_function_writes_tokens(function: str) -> None:
    clients = {
        client_key("shop", "crm")["pk"]["S"],
        listed_token_key("shop", "crm", "1")["pk"]["S"],
    }
    tokens = {token_key(hash_of("token"))["pk"]["S"]}
    allowed = permissions_of(function)

    def may(keys: set[str]) -> set[str]:
        calls = [Call(each.action, frozenset({key})) for each in allowed for key in keys]
        of_table = [call for call in calls if call.action.startswith("dynamodb:")]
        named = {call.action for call in of_table if any(each.covers(call) for each in allowed)}
        return named - READS_STREAM

    writes = {"dynamodb:PutItem"} if function == "IssueTokenFunction" else set()
    assert may(clients) == set()
    assert may(tokens) - writes <= {"dynamodb:GetItem"}


type Change = Callable[[Tree], object]

WRITER = "ImportOrdersRole"
FILES = "ManageImportJobsRole"


def _role(resources: Tree, name: str = WRITER) -> Tree:
    role: Tree = resources[name]["Properties"]
    return role


def _statement(resources: Tree, sid: str, role: str = WRITER) -> Tree:
    [policy] = _role(resources, role)["Policies"]
    [statement] = [each for each in policy["PolicyDocument"]["Statement"] if each["Sid"] == sid]
    found: Tree = statement
    return found


def _keys(resources: Tree, sid: str, keys: object, role: str = WRITER) -> None:
    _statement(resources, sid, role)["Condition"] = {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}
    }


def _trusted(resources: Tree) -> Tree:
    [statement] = _role(resources)["AssumeRolePolicyDocument"]["Statement"]
    found: Tree = statement
    return found


WEAKER: dict[str, Change] = {
    "any table": lambda r: _statement(r, "StoreOrders").update(Resource="*"),
    "any index": lambda r: _statement(r, "StoreOrders").update(
        Resource=[TABLE, {"Sub": "${OrdersTable.Arn}/index/*"}]
    ),
    "any bus": lambda r: _statement(r, "PublishTriggers").update(Resource="*"),
    "any source": lambda r: _statement(r, "PublishTriggers").pop("Condition"),
    "any queue": lambda r: _statement(r, "ParkPoison", "RelayTriggersRole").update(Resource="*"),
    "any object": lambda r: _statement(r, "ReceiveFiles", FILES).update(Resource="*"),
    "any object of the bucket": lambda r: _statement(r, "ReceiveFiles", FILES).update(
        Resource={"Sub": "${ImportFilesBucket.Arn}/*"}
    ),
    "deleting files": lambda r: _statement(r, "ReceiveFiles", FILES)["Action"].append(
        "s3:DeleteObject"
    ),
    "writing results": lambda r: _statement(r, "ListChunks", FILES).update(
        Resource={"Sub": f"{JOB}runs/*"}
    ),
    "files of import_orders": lambda r: _role(r)["Policies"][0]["PolicyDocument"][
        "Statement"
    ].append(_statement(r, "ReadResults", FILES)),
    "any bucket": lambda r: _statement(r, "FindObjects", FILES).update(Resource="*"),
    "any state machine": lambda r: _statement(r, "StartRuns", FILES).update(Resource="*"),
    "runs of any state machine": lambda r: _statement(r, "FindRuns", FILES).update(Resource="*"),
    "runs of another function": lambda r: _role(r, "ImportChunkRole")["Policies"][0][
        "PolicyDocument"
    ]["Statement"].append(_statement(r, "StartRuns", FILES)),
    "any function of the state machine": lambda r: _statement(
        r, "InvokeFunctions", "ImportFilesStateMachineRole"
    ).update(Resource="*"),
    "a state machine of another account": lambda r: _role(r, "ImportFilesStateMachineRole")[
        "AssumeRolePolicyDocument"
    ]["Statement"][0].pop("Condition"),
    "any log": lambda r: r["LogsAndTracesPolicy"]["Properties"]["PolicyDocument"]["Statement"][
        0
    ].update(Resource="*"),
    "any action": lambda r: _statement(r, "StoreOrders").update(Action="dynamodb:*"),
    "all but one": lambda r: _statement(r, "StoreOrders").update(
        NotAction=_statement(r, "StoreOrders").pop("Action")
    ),
    "any key": lambda r: _statement(r, "UseAccount").pop("Condition"),
    "every pattern": lambda r: _keys(r, "UseAccount", ["A#*", "*"]),
    "a pattern without a letter": lambda r: _keys(r, "UseAccount", "A*"),
    "no pattern": lambda r: _keys(r, "UseAccount", []),
    "a second condition": lambda r: _statement(r, "UseAccount")["Condition"].update(
        StringLike={"dynamodb:LeadingKeys": "*"}
    ),
    "writing tokens": lambda r: _keys(r, "UseAccount", "T#*"),
    "writing tokens by a statement": lambda r: _keys(r, "StoreOrders", ["A#*", "T#*"]),
    "writing clients": lambda r: _keys(r, "UseAccount", "C#*"),
    "reading clients": lambda r: _keys(r, "ReadTokens", "C#*"),
    "clients of the token function": lambda r: _keys(r, "StoreTokens", "C#*", "IssueTokenRole"),
    "orders of the token function": lambda r: _keys(r, "StoreTokens", "A#*", "IssueTokenRole"),
    "a managed policy": lambda r: _role(r)["ManagedPolicyArns"].append(
        "arn:aws:iam::aws:policy/AdministratorAccess"
    ),
    "another managed policy": lambda r: _role(r).update(
        ManagedPolicyArns=["arn:aws:iam::aws:policy/PowerUserAccess"]
    ),
    "another trust": lambda r: _role(r)["AssumeRolePolicyDocument"]["Statement"].append(
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    ),
    "another service": lambda r: _trusted(r).update(Principal={"Service": "ec2.amazonaws.com"}),
    "everybody": lambda r: _trusted(r).update(Principal="*"),
    "a role of no function": lambda r: r.update(Other=deepcopy(r[WRITER])),
    "a shared role": lambda r: r["ManageOrdersFunction"]["Properties"].update(
        Role={"GetAtt": f"{WRITER}.Arn"}
    ),
    "a separate policy": lambda r: r.update(Other={"Type": "AWS::IAM::Policy", "Properties": {}}),
    "a user": lambda r: r.update(Other={"Type": "AWS::IAM::User", "Properties": {}}),
    "a policy of the function": lambda r: r["ImportOrdersFunction"]["Properties"].update(
        Policies="AdministratorAccess"
    ),
    "an attached policy": lambda r: r["LogsAndTracesPolicy"]["Properties"].update(
        Roles=[{"Ref": WRITER}]
    ),
    "a permission": lambda r: r.update(
        Other={"Type": "AWS::Lambda::Permission", "Properties": {"Principal": "*"}}
    ),
    "a policy of the table": lambda r: r["OrdersTable"]["Properties"].update(ResourcePolicy={}),
    "the gateway": lambda r: r["ApiGatewayAccountRole"]["Properties"]["ManagedPolicyArns"].append(
        "arn:aws:iam::aws:policy/AdministratorAccess"
    ),
}


@pytest.mark.parametrize("change", WEAKER)
def test_a_weaker_role_is_found(change: str) -> None:
    template = deepcopy(TEMPLATE)
    WEAKER[change](template["Resources"])
    assert faults(template)


def test_policies_of_all_functions_are_found() -> None:
    template = deepcopy(TEMPLATE)
    template["Globals"]["Function"]["Policies"] = "AdministratorAccess"
    assert faults(template)
