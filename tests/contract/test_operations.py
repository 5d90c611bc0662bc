"""The runbook describes every alarm of the template, and no others."""

import re
from pathlib import Path

import boto3
from botocore import xform_name
from botocore.model import StructureShape

from tests.support.template_tables import load_template

RUNBOOK = Path(__file__).parents[2] / "docs" / "operations.md"


def test_every_alarm_has_its_row() -> None:
    named = {
        str(alarm["Properties"]["AlarmName"]["Sub"]).removeprefix("${AWS::StackName}-")
        for alarm in load_template()["Resources"].values()
        if alarm["Type"] == "AWS::CloudWatch::Alarm"
    }
    rows = [line.split("|")[1] for line in RUNBOOK.read_text().splitlines() if line.startswith("|")]
    explained = re.findall(r"`([a-z-]+)`", " ".join(rows))
    assert sorted(explained) == sorted(named)


def test_the_commands_of_cloudformation_are_valid() -> None:
    text = RUNBOOK.read_text(encoding="utf-8").replace("\\\n", " ")
    client = boto3.client("cloudformation")
    operations = {
        xform_name(each, "-"): client.meta.service_model.operation_model(each).input_shape
        for each in client.meta.service_model.operation_names
    }
    commands = re.findall(r"aws cloudformation ([a-z-]+)( --[^`\n]*)?", text)
    named = {name for name, _options in commands if name != "wait"}
    assert {"continue-update-rollback", "describe-stack-events"} <= named <= operations.keys()
    of_cli = {"--query", "--output"}
    for name, words in commands:
        shape = operations.get(name)
        members = shape.members if isinstance(shape, StructureShape) else {"StackName": None}
        known = {f"--{xform_name(each, '-')}" for each in members}
        assert set(re.findall(r"--[a-z-]+", words)) <= known | of_cli


def test_the_alias_of_the_commands_exists() -> None:
    template = load_template()
    assert template["Globals"]["Function"]["AutoPublishAlias"] == "live"
    named = set(re.findall(r"\b([A-Z]\w+Function)Aliaslive", RUNBOOK.read_text(encoding="utf-8")))
    assert named
    assert named <= template["Resources"].keys()
