"""What SAM's own transform makes of the template, and which changes reach the callers by it."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any, Self

import pytest

from tests.contract.test_build import PROJECT, SAM, environment
from tests.support.template_tables import load_template

type Tree = dict[str, Any]

# Runs in the SAM CLI's environment. As `sam package` does, it names what is shipped by its content.
TRANSFORM = """
import json
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

source, name, content, parameters = sys.argv[1:]


class NoPolicies:
    def load(self):
        return {}


with open(source) as file:
    template = yaml_parse(file.read())
for each, resource in template["Resources"].items():
    for member in ("CodeUri", "ContentUri"):
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
    """What CloudFormation is given."""

    resources: dict[str, Tree]

    def served(self) -> dict[str, str]:
        """Return the logical id of the version that each function's alias serves."""
        return {
            each["Properties"]["FunctionName"]["Ref"]: each["Properties"]["FunctionVersion"][
                "Fn::GetAtt"
            ][0]
            for each in self.resources.values()
            if each["Type"] == "AWS::Lambda::Alias"
        }

    def changed(self, before: Self) -> set[str]:
        """Return the functions whose alias moves on from what it served before."""
        earlier = before.served()
        return {name for name, version in self.served().items() if earlier[name] != version}


def transformed(name: str = "", **parameters: str) -> Stack:
    """Return the stack, with the code of one function or layer changed."""
    finished = subprocess.run(  # noqa: S603 - a program of this file's
        [
            *(str(SAM.parent / "python"), "-c", TRANSFORM),
            *(str(PROJECT / "template.yaml"), name, "second", json.dumps(parameters)),
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


def test_alarms_are_deployed_whole(first: Stack) -> None:
    """CloudFormation has no merge keys: SAM expands them."""
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


def test_every_function_is_served_by_its_alias(first: Stack) -> None:
    assert set(first.served()) == FUNCTIONS
    assert first.changed(transformed()) == set()


@pytest.mark.parametrize("layer", LAYERS)
def test_a_change_of_a_layer_reaches_the_callers_of_every_function(
    first: Stack, layer: str
) -> None:
    assert transformed(layer).changed(first) == FUNCTIONS


def test_a_change_of_a_function_reaches_its_callers_alone(first: Stack) -> None:
    assert transformed("IssueTokenFunction").changed(first) == {"IssueTokenFunction"}


def test_a_parameter_alone_reaches_no_caller(first: Stack) -> None:
    """SAM names versions by what the template says, not by what parameters stand for."""
    assert transformed(LogLevel="DEBUG", MemorySize="2048").changed(first) == set()
