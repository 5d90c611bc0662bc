"""Who may use the stack besides its functions. No emulator enforces these policies.

The rules are functions, so that the tests can apply them to weaker templates too.
"""

import json
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from string import Template
from typing import Any

import pytest

from tests.support.aws_actions import statements_of
from tests.support.template_tables import load_template

type Tree = dict[str, Any]

TEMPLATE = load_template()
BUS = {"GetAtt": "TriggersBus.Arn"}
EVENTS = {"events.amazonaws.com", "delivery.logs.amazonaws.com"}
RULES_OF_THE_BUS = (
    "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/${TriggersBus}/*"
)
LOG_GROUP = "${TriggersLogGroup.Arn}"


def faults(resources: Mapping[str, Tree]) -> list[str]:
    """Return what the policies of the bus and of its log permit beyond the rules."""
    return [*_faults_of_bus(resources), *_faults_of_log(resources)]


def _faults_of_bus(resources: Mapping[str, Tree]) -> list[str]:
    found = []
    policies = {
        each["Properties"]["StatementId"]: each["Properties"]
        for each in resources.values()
        if each["Type"] == "AWS::Events::EventBusPolicy"
    }
    denied = {"Effect": "Deny", "Principal": "*", "Action": "events:PutEvents", "Resource": BUS}
    wanted = {
        "OnlyMarketOrders": {"StringNotEquals": {"events:source": "market.orders"}},
        "OnlyPublishers": {
            "ArnNotLike": {"aws:PrincipalArn": _publishers(resources)},
            "Bool": {"aws:PrincipalIsAWSService": "false"},
        },
    }
    if policies.keys() != wanted.keys():
        found.append("the bus has other policies")
    for name, condition in wanted.items():
        policy = policies.get(name, {})
        if policy.get("EventBusName") != {"Ref": "TriggersBus"}:
            found.append(f"{name} is not a policy of the bus")
        if policy.get("Statement") != {**denied, "Condition": condition}:
            found.append(f"{name} denies something else")
    return found


def _publishers(resources: Mapping[str, Tree]) -> list[object]:
    """Return the roles of the functions that publish triggers, and the operator's choice."""
    functions = [
        name for name, each in resources.items() if each["Type"] == "AWS::Serverless::Function"
    ]
    roles: list[object] = [
        resources[name]["Properties"]["Role"]
        for name in functions
        if any(each["Action"] == "events:PutEvents" for each in statements_of(name, resources))
    ]
    chosen = {"Ref": "TriggersPublisherArn"}
    return [*roles, {"If": ["HasTriggersPublisher", chosen, {"Ref": "AWS::NoValue"}]}]


def _faults_of_log(resources: Mapping[str, Tree]) -> list[str]:
    text = resources["TriggersLogPolicy"]["Properties"]["PolicyDocument"]["Sub"]
    by_action = {each["Action"]: each for each in json.loads(text)["Statement"]}
    found = []
    if by_action.keys() != {"logs:CreateLogStream", "logs:PutLogEvents"}:
        found.append("the policy of the log has other actions")
    for each in by_action.values():
        if set(each["Principal"]) != {"Service"} or set(each["Principal"]["Service"]) != EVENTS:
            found.append(f"others than EventBridge may use {each['Action']}")
        if (each["Effect"], each["Resource"]) != ("Allow", LOG_GROUP):
            found.append(f"{each['Action']} is permitted on other logs")
    writing = by_action.get("logs:PutLogEvents", {})
    if writing.get("Condition") != {"ArnLike": {"aws:SourceArn": RULES_OF_THE_BUS}}:
        found.append("other rules may write to the log")
    return found


def test_only_the_functions_publish_and_only_the_rules_of_the_bus_log() -> None:
    assert faults(TEMPLATE["Resources"]) == []
    # Each function that writes orders, the one that finishes import jobs, and the relay.
    assert len(_publishers(TEMPLATE["Resources"])) == 8


def _statement(resources: Tree, name: str) -> Tree:
    statement: Tree = resources[name]["Properties"]["Statement"]
    return statement


def _replace_in_log(resources: Tree, old: str, new: str) -> None:
    document = resources["TriggersLogPolicy"]["Properties"]["PolicyDocument"]
    assert old in document["Sub"]
    document["Sub"] = document["Sub"].replace(old, new)


PUBLISHERS = "TriggersPublishersPolicy"
WEAKER: dict[str, Callable[[Tree], object]] = {
    "every publisher": lambda r: r.pop(PUBLISHERS),
    "every source": lambda r: r.pop("TriggersBusPolicy"),
    "one more publisher": lambda r: _statement(r, PUBLISHERS)["Condition"]["ArnNotLike"][
        "aws:PrincipalArn"
    ].append("*"),
    "a publisher less": lambda r: _statement(r, PUBLISHERS)["Condition"]["ArnNotLike"][
        "aws:PrincipalArn"
    ].pop(0),
    "no service": lambda r: _statement(r, PUBLISHERS)["Condition"].pop("Bool"),
    "an allowed publisher": lambda r: _statement(r, PUBLISHERS).update(Effect="Allow"),
    "another bus": lambda r: _statement(r, PUBLISHERS).update(Resource="*"),
    "a third policy": lambda r: r.update(
        Other={
            "Type": "AWS::Events::EventBusPolicy",
            "Properties": {"StatementId": "Other", "Statement": {"Effect": "Allow"}},
        }
    ),
    "rules of other buses": lambda r: _replace_in_log(r, "${TriggersBus}/*", "*"),
    "every log": lambda r: _replace_in_log(r, LOG_GROUP, "*"),
    "every service": lambda r: _replace_in_log(r, "events.amazonaws.com", "ec2.amazonaws.com"),
    "every action": lambda r: _replace_in_log(r, "logs:PutLogEvents", "logs:*"),
}


@pytest.mark.parametrize("change", WEAKER)
def test_a_weaker_policy_is_found(change: str) -> None:
    resources = deepcopy(TEMPLATE["Resources"])
    WEAKER[change](resources)
    assert faults(resources)


@pytest.mark.parametrize(
    ("value", "is_permitted"),
    [
        ("", True),
        ("arn:aws:iam::123456789012:role/operator", True),
        ("arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_*", True),
        ("arn:aws-us-gov:iam::123456789012:user/operator", True),
        ("*", False),
        ("arn:aws:iam::*:role/operator", False),
        ("arn:aws:iam::123456789012:root", False),
        ("arn:aws:sts::123456789012:assumed-role/operator/me", False),
        ("operator", False),
    ],
)
def test_a_publisher_is_a_role_or_a_user_of_one_account(value: str, *, is_permitted: bool) -> None:
    parameter = TEMPLATE["Parameters"]["TriggersPublisherArn"]
    assert parameter["Default"] == ""
    assert bool(re.fullmatch(parameter["AllowedPattern"], value)) is is_permitted


def test_the_execute_api_address_closes_with_a_domain() -> None:
    api = TEMPLATE["Resources"]["OrdersApi"]["Properties"]
    assert api["DisableExecuteApiEndpoint"] == {"If": ["ClosesExecuteApi", True, False]}
    conditions = TEMPLATE["Conditions"]
    assert conditions["HasDomainName"] == {"Not": [{"Equals": [{"Ref": "DomainName"}, ""]}]}
    assert conditions["ClosesExecuteApi"] == {
        "And": [
            {"Condition": "HasDomainName"},
            {"Equals": [{"Ref": "ExecuteApiAddress"}, "closed"]},
        ]
    }
    assert TEMPLATE["Parameters"]["ExecuteApiAddress"]["Default"] == "closed"


@pytest.mark.parametrize("name", ["TokensPerAddress", "RequestsPerAddress"])
def test_the_firewall_answers_too_many_requests_as_the_gateway_does(name: str) -> None:
    firewall = TEMPLATE["Resources"]["Firewall"]["Properties"]
    rules = [each["If"][1] if "If" in each else each for each in firewall["Rules"]]
    [rule] = [each for each in rules if each["Name"] == name]
    response = rule["Action"]["Block"]["CustomResponse"]
    assert response["ResponseCode"] == 429
    assert response["ResponseHeaders"] == [{"Name": "Retry-After", "Value": "60"}]
    body = firewall["CustomResponseBodies"][response["CustomResponseBodyKey"]]
    assert body["ContentType"] == "APPLICATION_JSON"
    template, values = body["Content"]["Sub"]
    sent = json.loads(Template(template).substitute(values))
    gateway = TEMPLATE["Resources"]["OrdersApi"]["Properties"]["GatewayResponses"]["THROTTLED"]
    template, values = gateway["ResponseTemplates"]["application/json"]["Sub"]
    throttled = json.loads(Template(template).substitute(values))
    texts = {"error_text", "message", "detail", "errors"}
    assert sent.keys() == throttled.keys()
    assert {key: sent[key] for key in sent.keys() - texts} == {
        key: throttled[key] for key in throttled.keys() - texts
    }
    assert sent["errors"][0]["code"] == throttled["errors"][0]["code"]


def test_no_rule_of_the_firewall_blocks_without_an_answer_of_its_own() -> None:
    """API Gateway would answer 403, which clients do not repeat."""
    firewall = TEMPLATE["Resources"]["Firewall"]["Properties"]
    for each in firewall["Rules"]:
        rule = each["If"][1] if "If" in each else each
        assert set(rule["Action"]["Block"]) == {"CustomResponse"}


def test_the_firewall_lets_through_what_no_rule_blocks() -> None:
    assert TEMPLATE["Resources"]["Firewall"]["Properties"]["DefaultAction"] == {"Allow": {}}


def test_the_dashboard_shows_the_metrics_of_the_alarms_on_triggers() -> None:
    body = TEMPLATE["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Sub"]
    shown = {
        (name, service)
        for widget in json.loads(body)["widgets"]
        for namespace, name, _dimension, service, *_ in widget["properties"]["metrics"]
        if namespace == "MarketOrders"
    }
    watched = {
        (each["Properties"]["MetricName"], each["Properties"]["Dimensions"][0]["Value"])
        for each in TEMPLATE["Resources"].values()
        if each["Type"] == "AWS::CloudWatch::Alarm"
        and each["Properties"]["MetricName"].startswith("Triggers")
    }
    assert {name for name, _service in watched} == {"TriggersUnpublished", "TriggersParked"}
    assert len(watched) == 5
    assert watched <= shown
