"""The runbook describes every alarm of the template, and no others."""

import re
from pathlib import Path

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
