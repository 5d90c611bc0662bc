"""The output of SAM's transform, and the changes that create a new version of a function."""

import json
import re
import subprocess
from dataclasses import dataclass
from typing import Any, Self

import pytest

from tests.contract.test_build import PROJECT, SAM, environment
from tests.support.template_tables import load_template

type Tree = dict[str, Any]

# This program runs in the SAM CLI's environment. Like `sam package`, it sets code locations that
# depend on the content.
TRANSFORM = """
import json
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

source, name, content, without, parameters = sys.argv[1:]


class NoPolicies:
    def load(self):
        return {}


with open(source) as file:
    template = yaml_parse(file.read())
template["Resources"]["OrdersApi"]["Properties"].pop(without, None)
for each, resource in template["Resources"].items():
    for member in ("CodeUri", "ContentUri", "DefinitionUri"):
        if member in resource["Properties"]:
            version = content if each == name else "first"
            resource["Properties"][member] = f"s3://bucket/{each}-{version}"
print(json.dumps(transform(template, json.loads(parameters), NoPolicies())["Resources"]))
"""
RESOURCES: dict[str, Tree] = load_template()["Resources"]
LAYERS = [n for n, each in RESOURCES.items() if each["Type"] == "AWS::Serverless::LayerVersion"]
FUNCTIONS = {n for n, each in RESOURCES.items() if each["Type"] == "AWS::Serverless::Function"}


@dataclass(frozen=True)
class Stack:
    """The transformed template, as CloudFormation receives it."""

    resources: dict[str, Tree]

    def versions(self) -> dict[str, str]:
        """Return the logical id of the version of each function's alias."""
        return {
            each["Properties"]["FunctionName"]["Ref"]: each["Properties"]["FunctionVersion"][
                "Fn::GetAtt"
            ][0]
            for each in self.resources.values()
            if each["Type"] == "AWS::Lambda::Alias"
        }

    def changed(self, before: Self) -> set[str]:
        """Return the functions whose alias has another version than before."""
        earlier = before.versions()
        return {name for name, version in self.versions().items() if earlier[name] != version}


def transformed(name: str = "", without: str = "", **parameters: str) -> Stack:
    """Return the stack, with the code of one function or layer changed.

    `without` names a property of the API that is left out.
    """
    finished = subprocess.run(  # noqa: S603 - this file defines the program
        [
            *(str(SAM.parent / "python"), "-c", TRANSFORM),
            *(str(PROJECT / "template.yaml"), name, "second", without, json.dumps(parameters)),
        ],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return Stack(json.loads(finished.stdout))


@pytest.fixture(scope="module")
def first() -> Stack:
    return transformed()


def test_alarms_are_deployed_with_all_their_properties(first: Stack) -> None:
    """CloudFormation does not support merge keys, so SAM must expand them."""
    alarms = [
        each["Properties"]
        for each in first.resources.values()
        if each["Type"] == "AWS::CloudWatch::Alarm"
    ]
    assert len(alarms) == len(
        [each for each in RESOURCES.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    )
    for alarm in alarms:
        assert set(alarm) == {
            *("AlarmName", "AlarmDescription", "AlarmActions"),
            *("Namespace", "MetricName", "Dimensions", "Statistic", "Period"),
            *("EvaluationPeriods", "Threshold", "ComparisonOperator", "TreatMissingData"),
        }


def test_every_function_has_an_alias(first: Stack) -> None:
    assert set(first.versions()) == FUNCTIONS
    assert first.changed(transformed()) == set()


@pytest.mark.parametrize("layer", LAYERS)
def test_a_change_of_a_layer_reaches_the_callers_of_every_function(
    first: Stack, layer: str
) -> None:
    assert transformed(layer).changed(first) == FUNCTIONS


def test_a_change_of_a_function_reaches_only_its_callers(first: Stack) -> None:
    assert transformed("IssueTokenFunction").changed(first) == {"IssueTokenFunction"}


def parameters_of(tree: Any) -> set[str]:  # noqa: ANN401 - JSON
    """Return the parameters of the template that a transformed tree refers to."""
    if isinstance(tree, list):
        return {name for each in tree for name in parameters_of(each)}
    if not isinstance(tree, dict):
        return set()
    found = {name for each in tree.values() for name in parameters_of(each)}
    if isinstance(text := tree.get("Fn::Sub"), str):
        found |= set(re.findall(r"\$\{(\w+)\}", text))
    if isinstance(name := tree.get("Ref"), str):
        found.add(name)
    return found & set(load_template()["Parameters"])


def test_a_change_of_a_parameter_alone_reaches_the_callers(first: Stack) -> None:
    """The description of a version contains every parameter of its function, and nothing else.

    CloudFormation replaces a version whose description changes. It could not replace the version
    of an unchanged function: Lambda publishes no second version of the same configuration.
    """
    versions = first.versions()
    for name in FUNCTIONS:
        version = first.resources[versions[name]]["Properties"]
        function = first.resources[name]["Properties"]
        assert "LogLevel" in parameters_of(version["Description"])
        assert parameters_of(version["Description"]) == parameters_of(function)


def test_an_alarm_that_is_on_need_not_block_a_deployment(first: Stack) -> None:
    """CodeDeploy starts no deployment while an alarm of its group is on, so it is left out."""
    mending = transformed(RollbackOnAlarm="false")
    assert mending.changed(first) == set()
    watched = {name for name in first.resources if name not in mending.resources}
    assert {name for name in watched if name.endswith("DeploymentGroup")} == {
        f"{name}DeploymentGroup" for name in FUNCTIONS
    }
    assert all("CodeDeploy" in first.resources[name]["Type"] or "Role" in name for name in watched)
    for each in mending.resources.values():
        assert each["Type"] != "AWS::Lambda::Alias" or "UpdatePolicy" not in each


def test_the_setting_that_answers_the_questions_of_the_cli_changes_nothing(first: Stack) -> None:
    """Without it, the SAM CLI asks for each route whether it may have no authentication.

    The id of the API's deployment differs, because SAM hashes the paths in another order.
    """
    assert load_template()["Resources"]["OrdersApi"]["Properties"]["Auth"] == {
        "ApiKeyRequired": False
    }
    assert _without_deployment_id(transformed(without="Auth")) == _without_deployment_id(first)


def _without_deployment_id(stack: Stack) -> Tree:
    hashes = r"(?<=OrdersApiDeployment)[0-9a-f]{10}|(?<=RestApi deployment id: )[0-9a-f]{40}"
    resources: Tree = json.loads(re.sub(hashes, "", json.dumps(stack.resources)))
    return resources
