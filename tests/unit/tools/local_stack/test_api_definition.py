"""The built template is adapted to what the embedded AWS supports."""

import json
from pathlib import Path

from tools.local_stack.api_definition import convert_state_machines, name_bucket

DEFINITION = """\
# The embedded AWS reads neither YAML nor comments.
StartAt: Work
States:
  Work:
    Type: Map
    MaxConcurrency: ${Concurrency}
    ResultPath: null
    End: true
"""


def built(folder: Path) -> Path:
    """Write a built template, and return its path."""
    (folder / "source.asl.yaml").write_text(DEFINITION)
    template = folder / "build" / "template.yaml"
    template.parent.mkdir()
    machine = {
        "Type": "AWS::Serverless::StateMachine",
        "Properties": {"DefinitionUri": "../source.asl.yaml"},
    }
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {}}
    resources = {"Machine": machine, "ImportFilesBucket": bucket}
    template.write_text(json.dumps({"Resources": resources}))
    return template


def test_the_definition_of_a_state_machine_becomes_json(tmp_path: Path) -> None:
    template = built(tmp_path)
    convert_state_machines(template)
    properties = json.loads(template.read_text())["Resources"]["Machine"]["Properties"]
    # The SAM CLI reads the path relative to the template.
    text = (template.parent / properties["DefinitionUri"]).read_text()
    assert json.loads(text.replace("${Concurrency}", "2")) == {
        "StartAt": "Work",
        "States": {"Work": {"Type": "Map", "MaxConcurrency": "2", "ResultPath": None, "End": True}},
    }
    assert (tmp_path / "source.asl.yaml").read_text() == DEFINITION


def test_the_bucket_has_the_same_name_at_each_start(tmp_path: Path) -> None:
    template = built(tmp_path)
    name_bucket(template)
    resources = json.loads(template.read_text())["Resources"]
    name = {"Fn::Sub": "${AWS::StackName}-import-files"}
    assert resources["ImportFilesBucket"]["Properties"] == {"BucketName": name}
