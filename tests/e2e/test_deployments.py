"""`make deploy` with the SAM CLI: a first deployment that fails, its repetition, and later ones.

The build is replaced by the one of the running stack, because the embedded AWS does not support
every resource of the template.
"""

import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.contract.test_rollout import FUNCTIONS
from tests.e2e.conftest import STATES
from tests.support.template_tables import load_template
from tools.deployment.answers import FILE, Answers
from tools.local_stack.environment import sam_environment
from tools.local_stack.settings import PROJECT, StackSettings
from tools.local_stack.stack import LocalStack

# The profile of the operator has another Region than the one that the Makefile's linters use.
REGION = "eu-central-1"
NAME = "shop"
GIVEN = {
    "Architecture": "x86_64",
    "LogLevel": "DEBUG",
    "ApiGatewayLogRole": "existing",
    # The embedded AWS has no firewall.
    "FirewallTokenRequestsPerAddress": "0",
    "AlarmEmail": "alarms@example.com",
}
PARAMETERS: dict[str, dict[str, Any]] = load_template()["Parameters"]
EXPECTED = {name: GIVEN.get(name, str(each["Default"])) for name, each in PARAMETERS.items()}
# They follow the parameters: whether to confirm the changes, and so on. Enter takes the default.
LAST_QUESTIONS = 6

type Json = dict[str, Any]


@dataclass(frozen=True)
class Ended:
    """A run of the command."""

    code: int
    output: str


@dataclass(frozen=True)
class Operator:
    """Runs the commands in a folder that stands for a clone of the project."""

    folder: Path
    environment: Mapping[str, str]
    endpoint: str

    def run(self, command: str, answers: str = "") -> Ended:
        ended = subprocess.run(  # noqa: S603  # the tests define the commands
            [sys.executable, "-m", "tools.deployment", command],
            cwd=self.folder,
            env=self.environment,
            input=answers,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout + ended.stderr)

    def client(self, service: str) -> Any:  # noqa: ANN401  # boto3 creates its classes at run time
        create: Any = boto3.client
        return create(
            service,
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    def deployed(self) -> dict[str, str]:
        """Return the parameters of the stack."""
        [stack] = self.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
        return {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}

    def stack_exists(self) -> bool:
        try:
            self.client("cloudformation").describe_stacks(StackName=NAME)
        except ClientError:
            return False
        return True

    def table(self) -> Json | None:
        dynamodb = self.client("dynamodb")
        if f"{NAME}-orders" not in dynamodb.list_tables()["TableNames"]:
            return None
        described: Json = dynamodb.describe_table(TableName=f"{NAME}-orders")["Table"]
        return described

    def live(self) -> dict[str, tuple[str, str]]:
        """Return the version and the log level that the callers of each function reach."""
        functions = self.client("lambda")
        found = {}
        for name in FUNCTIONS:
            function = PROJECT_NAMES[name].replace("${AWS::StackName}", NAME)
            live = functions.get_function_configuration(FunctionName=f"{function}:live")
            found[name] = (live["Version"], live["Environment"]["Variables"]["LOG_LEVEL"])
        return found


PROJECT_NAMES = {
    name: str(load_template()["Resources"][name]["Properties"]["FunctionName"]["Sub"])
    for name in FUNCTIONS
}


@pytest.fixture(scope="module")
def operator(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Operator:
    folder = tmp_path_factory.mktemp("clone")
    settings = StackSettings(state=STATES / "stack")
    (folder / "template.yaml").write_bytes((PROJECT / "template.yaml").read_bytes())
    (folder / "aws-config").write_text(f"[default]\nregion = {REGION}\n")
    programs = folder / "programs"
    programs.mkdir()
    (programs / "make").write_text(
        f'#!/bin/sh\necho "$*" >> built\nmkdir -p .aws-sam\n'
        f'rm -rf .aws-sam/build\ncp -R "{settings.build}" .aws-sam/build\n'
    )
    (programs / "make").chmod(0o755)
    environment = {
        name: value
        for name, value in sam_environment(settings).items()
        if name not in {"AWS_REGION", "AWS_DEFAULT_REGION", "TMPDIR"}
    }
    endpoint = stack.endpoint.aws_endpoint
    return Operator(
        folder,
        environment
        | {
            "PATH": f"{programs}:{environment['PATH']}",
            "PYTHONPATH": str(PROJECT),
            "AWS_CONFIG_FILE": str(folder / "aws-config"),
            "AWS_ENDPOINT_URL": endpoint,
            "__SAM_CLI_APP_DIR": str(folder / "sam"),
        },
        endpoint,
    )


@dataclass(frozen=True)
class Story:
    """What an operator has seen, deployment by deployment."""

    failed: Ended
    table_after_failure: Json | None
    stack_after_failure: bool
    repeated: Ended
    after_repetition: dict[str, str]
    live_after_repetition: dict[str, tuple[str, str]]
    changed: Ended
    after_change: dict[str, str]
    live_after_change: dict[str, tuple[str, str]]
    table: Json | None


@pytest.fixture(scope="module")
def story(operator: Operator) -> Story:
    """Fail to create a stack, repeat it, and change one parameter."""
    bus = operator.client("events")
    bus.create_event_bus(Name=f"{NAME}-triggers")
    given = [NAME, "", *(GIVEN.get(name, "") for name in PARAMETERS), *[""] * LAST_QUESTIONS]
    failed = operator.run("deploy", "".join(f"{line}\n" for line in given))
    table_after_failure, stack_after_failure = operator.table(), operator.stack_exists()
    bus.delete_event_bus(Name=f"{NAME}-triggers")
    repeated = operator.run("deploy")
    after_repetition, live_after_repetition = operator.deployed(), operator.live()
    saved = operator.folder / FILE
    saved.write_text(saved.read_text().replace("DEBUG", "ERROR"))
    return Story(
        failed=failed,
        table_after_failure=table_after_failure,
        stack_after_failure=stack_after_failure,
        repeated=repeated,
        after_repetition=after_repetition,
        live_after_repetition=live_after_repetition,
        changed=operator.run("deploy"),
        after_change=operator.deployed(),
        live_after_change=operator.live(),
        table=operator.table(),
    )


def test_the_first_deployment_asks_for_each_parameter_and_saves_the_answers(
    story: Story, operator: Operator
) -> None:
    asked = story.failed.output
    for name in PARAMETERS:
        assert asked.count(f"Parameter {name} ") == 1
    assert f"AWS Region [{REGION}]" in asked.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert "has no authentication" not in asked
    answers = Answers.read(operator.folder)
    assert answers is not None
    assert (answers.stack_name, answers.region) == (NAME, REGION)
    assert answers.parameters == EXPECTED | {"LogLevel": "ERROR"}


def test_the_layers_are_built_for_the_processor_of_the_functions(
    story: Story, operator: Operator
) -> None:
    built = (operator.folder / "built").read_text().splitlines()
    assert story.repeated.code == 0
    assert built[0].endswith("ARCHITECTURE=arm64")
    assert {line.rpartition(" ")[2] for line in built[1:]} == {"ARCHITECTURE=x86_64"}


def test_a_first_deployment_that_fails_leaves_nothing_that_blocks_the_next(story: Story) -> None:
    assert story.failed.code == 1
    assert "End the cause, then run `make deploy` again." in story.failed.output
    assert story.table_after_failure is None
    assert not story.stack_after_failure
    assert story.repeated.code == 0, story.repeated.output


def test_a_later_deployment_asks_nothing_and_keeps_every_parameter(story: Story) -> None:
    assert story.after_repetition == EXPECTED
    assert "Stack Name" not in story.repeated.output
    assert "has no authentication" not in story.repeated.output
    assert story.changed.code == 0, story.changed.output
    assert story.after_change == EXPECTED | {"LogLevel": "ERROR"}


def test_a_changed_parameter_alone_reaches_the_callers(story: Story) -> None:
    assert story.live_after_repetition == dict.fromkeys(FUNCTIONS, ("1", "DEBUG"))
    assert story.live_after_change == dict.fromkeys(FUNCTIONS, ("2", "ERROR"))


def test_the_table_is_protected_after_the_first_deployment(story: Story) -> None:
    assert story.table is not None
    assert story.table["DeletionProtectionEnabled"] is True


@pytest.mark.usefixtures("story")
def test_a_table_that_outlived_its_stack_is_used_again(operator: Operator) -> None:
    operator.client("cloudformation").delete_stack(StackName=NAME)
    while operator.stack_exists():
        time.sleep(0.1)
    refused = operator.run("deploy")
    assert refused.code == 1
    assert "run `make import-table`" in refused.output
    imported = operator.run("import-table")
    assert imported.code == 0, imported.output
    resources = operator.client("cloudformation").describe_stack_resources(StackName=NAME)
    [table] = resources["StackResources"]
    assert (table["LogicalResourceId"], table["PhysicalResourceId"]) == (
        "OrdersTable",
        f"{NAME}-orders",
    )
