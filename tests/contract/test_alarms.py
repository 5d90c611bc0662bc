"""Each alarm watches what its name says. No emulator evaluates alarms.

Another metric of the same service also exists, and an alarm on it would never fire, or at the wrong
time.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from tests.support.template_tables import load_template

type Tree = dict[str, Any]

RESOURCES: dict[str, Tree] = load_template()["Resources"]
# By the end of the alarm's name: the metric and the dimension that names the source.
WATCHED = {
    "-parked-triggers-queue": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"),
    "-parked-records-queue": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"),
    "-table-write-throttles": ("AWS/DynamoDB", "WriteThrottleEvents", "TableName"),
    "-table-read-throttles": ("AWS/DynamoDB", "ReadThrottleEvents", "TableName"),
    "-api-server-errors": ("AWS/ApiGateway", "5XXError", "ApiName"),
    "-triggers-unpublished": ("MarketOrders", "TriggersUnpublished", "service"),
    "-triggers-parked": ("MarketOrders", "TriggersParked", "service"),
    "-age": ("AWS/Lambda", "IteratorAge", "FunctionName"),
    "-throttles": ("AWS/Lambda", "Throttles", "FunctionName"),
    "-faults": ("MarketOrders", "Faults", "service"),
    "-errors": ("AWS/Lambda", "Errors", "FunctionName"),
    "-aborted": ("AWS/States", "ExecutionsAborted", "StateMachineArn"),
    "-timed-out": ("AWS/States", "ExecutionsTimedOut", "StateMachineArn"),
    "-failed": ("AWS/States", "ExecutionsFailed", "StateMachineArn"),
}
# Values at a point in time are not added up.
LEVELS = {"ApproximateNumberOfMessagesVisible", "IteratorAge"}
TEN_MINUTES = 600_000


def faults(resources: Mapping[str, Tree]) -> list[str]:
    """Return what is wrong with the alarms of a template."""
    alarms = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    return [fault for each in alarms for fault in _faults_of(each)]


def _faults_of(alarm: Tree) -> list[str]:
    name = alarm["AlarmName"]["Sub"]
    end = next((end for end in WATCHED if name.endswith(end)), None)
    if end is None:
        return [f"{name} is unknown"]
    namespace, metric, dimension = WATCHED[end]
    expected = {
        "Namespace": namespace,
        "MetricName": metric,
        # The runbook: an alarm covers one minute and fires at the first occurrence.
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "Statistic": "Maximum" if metric in LEVELS else "Sum",
        "Threshold": TEN_MINUTES if metric == "IteratorAge" else 1,
    }
    found = [
        f"{name} has {member} {alarm.get(member)}"
        for member, value in expected.items()
        if alarm.get(member) != value
    ]
    if alarm["Dimensions"][0]["Name"] != dimension:
        found.append(f"{name} has another dimension")
    return found


def test_every_alarm_watches_what_its_name_says() -> None:
    assert faults(RESOURCES) == []


@pytest.mark.parametrize(
    ("alarm", "member", "value"),
    [
        ("ApiServerErrorsAlarm", "MetricName", "4XXError"),
        ("TableWriteThrottlesAlarm", "MetricName", "ReadThrottleEvents"),
        ("TriggersUnpublishedAlarm", "MetricName", "TriggersRelayed"),
        ("TriggersParkedAlarm", "MetricName", "TriggersRelayed"),
        ("ParkedTriggersQueueAlarm", "MetricName", "NumberOfMessagesSent"),
        ("RelayTriggersAgeAlarm", "Threshold", 600),
        ("ImportFilesFailedAlarm", "MetricName", "ExecutionsAborted"),
        ("ImportFilesTimedOutAlarm", "MetricName", "ExecutionsFailed"),
        ("ImportFaultsAlarm", "Threshold", 1000),
        ("ImportFaultsAlarm", "Statistic", "Average"),
        ("ImportFaultsAlarm", "Period", 86400),
        ("ImportFaultsAlarm", "EvaluationPeriods", 5),
        ("ImportFaultsAlarm", "ComparisonOperator", "LessThanThreshold"),
        ("ImportFaultsAlarm", "TreatMissingData", "breaching"),
    ],
)
def test_an_alarm_on_something_else_is_found(alarm: str, member: str, value: object) -> None:
    resources = deepcopy(RESOURCES)
    resources[alarm]["Properties"][member] = value
    assert len(faults(resources)) == 1


def test_an_alarm_names_the_source_of_its_name() -> None:
    """The name of an alarm begins with the function or queue that it watches."""
    for resource in RESOURCES.values():
        if resource["Type"] != "AWS::CloudWatch::Alarm":
            continue
        alarm = resource["Properties"]
        name = alarm["AlarmName"]["Sub"].removeprefix("${AWS::StackName}-")
        value = alarm["Dimensions"][0]["Value"]
        if alarm["Namespace"] == "AWS/Lambda":
            source = RESOURCES[value["Ref"]]["Properties"]["CodeUri"].strip("/").split("/")[-1]
            assert name.startswith(source.replace("_", "-"))
        elif alarm["MetricName"] == "Faults":
            assert name == f"{value}-faults"
        elif alarm["Namespace"] == "AWS/States":
            machine = RESOURCES[value["Ref"]]["Properties"]["Name"]["Sub"]
            assert name.startswith(machine.removeprefix("${AWS::StackName}-"))
        elif alarm["Namespace"] == "AWS/SQS":
            assert value["GetAtt"] == f"{_camel(name.removesuffix('-queue'))}Queue.QueueName"


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))
