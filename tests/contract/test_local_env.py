"""The sample events and the variables for `sam local` match the stack that `make run` deploys."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.support.routes import functions_of_routes
from tests.support.template_tables import load_template
from tools.local_stack.settings import DEFAULT_PORT, REGION, STACK_NAME
from tools.sam_local.command import function_of

EVENTS = Path(__file__).parents[2] / "events"
VARIABLES = json.loads((EVENTS / "local-env.json").read_text())["Parameters"]
TEMPLATE = load_template()
FUNCTIONS = {
    name: each["Properties"]
    for name, each in TEMPLATE["Resources"].items()
    if each["Type"] == "AWS::Serverless::Function"
}
SAMPLES = {
    f"{path.parent.name}/{path.stem}": json.loads(path.read_text(encoding="utf-8"))
    for path in EVENTS.glob("*/*.json")
    if path.parent.name != "schemas"
}
REQUESTS = {name: each for name, each in SAMPLES.items() if "httpMethod" in each}


def test_the_template_declares_every_variable_for_sam_local() -> None:
    declared = set(TEMPLATE["Globals"]["Function"]["Environment"]["Variables"])
    for each in FUNCTIONS.values():
        declared |= set(each["Environment"]["Variables"])
    assert set(VARIABLES) <= declared


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_every_variable_that_names_a_resource(name: str) -> None:
    """`sam local` cannot find out the name or the URL of a resource."""
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    own = FUNCTIONS[name]["Environment"]["Variables"]
    named = {
        variable
        for variable, value in (variables | own).items()
        if isinstance(value, dict) and value.get("Ref") in TEMPLATE["Resources"]
    }
    assert named <= set(VARIABLES)


def test_containers_use_the_embedded_aws() -> None:
    assert VARIABLES["AWS_ENDPOINT_URL"] == f"http://host.docker.internal:{DEFAULT_PORT}"
    assert VARIABLES["TABLE_NAME"] == f"{STACK_NAME}-orders"
    assert VARIABLES["EVENT_BUS_NAME"] == f"{STACK_NAME}-triggers"
    assert VARIABLES["IMPORT_FILES_BUCKET"] == f"{STACK_NAME}-import-files"
    machine = TEMPLATE["Resources"]["ImportFilesStateMachine"]["Properties"]["Name"]["Sub"]
    name = machine.replace("${AWS::StackName}", STACK_NAME)
    assert VARIABLES["IMPORT_FILES_STATE_MACHINE_ARN"] == (
        f"arn:aws:states:{REGION}:000000000000:stateMachine:{name}"
    )
    for kind in ("triggers", "records"):
        url = VARIABLES[f"PARKED_{kind.upper()}_QUEUE_URL"]
        queue = TEMPLATE["Resources"][f"Parked{kind.capitalize()}Queue"]["Properties"]["QueueName"]
        name = queue["Sub"].replace("${AWS::StackName}", STACK_NAME)
        assert url == f"{VARIABLES['AWS_ENDPOINT_URL']}/000000000000/{name}"


def test_every_route_has_a_sample_event() -> None:
    assert {(each["httpMethod"], each["resource"]) for each in REQUESTS.values()} >= set(
        functions_of_routes()
    )


def test_every_function_that_reads_bodies_has_samples_with_text_and_with_base64() -> None:
    """API Gateway sends base64, and the console's test and other tools send text."""
    sent = defaultdict(set)
    for name, each in REQUESTS.items():
        if each["body"]:
            sent[name.partition("/")[0]].add(each["isBase64Encoded"])
    assert len(sent) >= 5
    assert [name for name, forms in sent.items() if len(forms) != 2] == []


@pytest.mark.parametrize("name", REQUESTS)
def test_a_sample_event_has_the_form_of_the_gateway(name: str) -> None:
    event: dict[str, Any] = REQUESTS[name]
    context = event["requestContext"]
    stage = TEMPLATE["Resources"]["OrdersApi"]["Properties"]["StageName"]
    assert context["stage"] == stage
    assert (context["httpMethod"], context["resourcePath"]) == (
        event["httpMethod"],
        event["resource"],
    )
    # `sam local start-api` has no stage in its paths.
    assert context["path"] in {f"/{stage}{event['path']}", event["path"]}
    assert {n: v[-1] for n, v in event["multiValueHeaders"].items()} == event["headers"]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_event_is_in_the_folder_of_its_function(name: str) -> None:
    assert function_of(EVENTS / f"{name}.json") in FUNCTIONS
