"""The state machine of import jobs follows rules of AWS that the embedded AWS does not enforce."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import yaml

from orders.adapters.step_functions_engine import INTERRUPTED, StepFunctionsEngine
from orders.domain.relaying import WriterLifetime
from orders.runtime.composition.import_files import PATIENT_ATTEMPTS
from tests.support.functions import sample
from tests.support.import_jobs import import_job
from tests.support.template_tables import load_template

type Tree = dict[str, Any]

RESOURCES: dict[str, Tree] = load_template()["Resources"]
MACHINE: Tree = RESOURCES["ImportFilesStateMachine"]["Properties"]
PATH = Path(__file__).parents[2] / MACHINE["DefinitionUri"]
TEXT = PATH.read_text(encoding="utf-8")
VALUES = {
    "Partition": "aws",
    "ImportConcurrency": "2",
    **{
        name: f"arn:aws:lambda:us-east-1:123456789012:function:{name}:live"
        for name in ("SplitImportFileFunction", "ImportChunkFunction", "FinishImportJobFunction")
    },
}


def definition() -> Tree:
    """Return the definition as CloudFormation reads it: first the placeholders, then the YAML."""
    text = re.sub(r"\$\{(\w+)\}", lambda found: VALUES[found[1]], TEXT)
    read: Tree = yaml.safe_load(text)
    return read


DEFINITION = definition()
MAP: Tree = DEFINITION["States"]["ImportChunks"]


def states(machine: Tree) -> Iterator[tuple[str, Tree]]:
    """Yield all states of a machine, including those of its maps."""
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


TASKS = {name: each for name, each in states(DEFINITION) if each["Type"] == "Task"}


def errors_of(machine: Tree) -> list[str]:
    """Return what is wrong with a definition, by the schema of the States Language in cfn-lint."""
    properties = {"RoleArn": "arn:aws:iam::123456789012:role/machine", "Definition": machine}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    # cfn-lint has no types.
    lint: Any = import_module("cfnlint.api")
    found = lint.lint_all(yaml.safe_dump({"Resources": {"Machine": resource}}))
    return [each.message for each in found if each.rule.id.startswith("E")]


def test_the_definition_follows_the_states_language() -> None:
    assert errors_of(DEFINITION) == []
    assert errors_of({**DEFINITION, "TimeoutSeconds": "a week"})


def test_every_state_leads_to_a_state() -> None:
    for machine in (DEFINITION, MAP["ItemProcessor"]):
        names = set(machine["States"])
        led_to = {machine["StartAt"]}
        for state in machine["States"].values():
            led_to |= {each["Next"] for each in (state, *state.get("Catch", ())) if "Next" in each}
            led_to |= {each["Next"] for each in state.get("Choices", ())}
            led_to |= {state["Default"]} if state["Type"] == "Choice" else set()
        assert led_to == names


def test_the_template_fills_every_placeholder() -> None:
    assert set(re.findall(r"\$\{(\w+)\}", TEXT)) == set(MACHINE["DefinitionSubstitutions"])
    for task in TASKS.values():
        function = task["Parameters"]["FunctionName"].split(":")[-2]
        assert MACHINE["DefinitionSubstitutions"][function] == {"Ref": f"{function}.Alias"}


def test_cloudformation_reads_the_text_without_aliases() -> None:
    tokens = [type(each) for each in yaml.scan(TEXT)]
    assert yaml.AliasToken not in tokens
    assert yaml.AnchorToken not in tokens


def test_a_parameter_limits_the_chunks_at_the_same_time() -> None:
    assert MACHINE["DefinitionSubstitutions"]["ImportConcurrency"] == {"Ref": "ImportConcurrency"}
    assert MAP["MaxConcurrency"] == 2
    parameter = load_template()["Parameters"]["ImportConcurrency"]
    assert (parameter["Default"], parameter["MinValue"]) == (2, 1)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_repeated_with_growing_waits(name: str) -> None:
    [retry] = TASKS[name]["Retry"]
    assert retry["ErrorEquals"] == ["States.ALL"]
    assert (retry["MaxAttempts"], retry["BackoffRate"]) == (6, 2)
    assert retry["JitterStrategy"] == ("NONE" if name == "ImportChunk" else "FULL")


def test_a_chunk_is_repeated_until_the_time_of_a_crashed_attempt_is_over() -> None:
    variables = load_template()["Globals"]["Function"]["Environment"]["Variables"]
    writer = timedelta(seconds=int(variables["WRITER_TIMEOUT_SECONDS"]))
    began = datetime(2026, 1, 1, tzinfo=UTC)
    lifetime = WriterLifetime(writer).ends_at(began) - began
    [retry] = TASKS["ImportChunk"]["Retry"]
    assert sum(_waits(retry)[:PATIENT_ATTEMPTS]) > lifetime.total_seconds()


def _waits(retry: Tree) -> list[int]:
    """Return the seconds between the attempts of a task."""
    return [
        min(retry["IntervalSeconds"] * retry["BackoffRate"] ** each, retry["MaxDelaySeconds"])
        for each in range(retry["MaxAttempts"])
    ]


@pytest.mark.parametrize("name", TASKS)
def test_attempts_do_not_overlap(name: str) -> None:
    function = TASKS[name]["Parameters"]["FunctionName"].split(":")[-2]
    shared = load_template()["Globals"]["Function"]["Timeout"]
    timeout = RESOURCES[function]["Properties"].get("Timeout", shared)
    assert TASKS[name]["TimeoutSeconds"] > timeout


def test_all_attempts_of_a_chunk_fit_in_an_express_execution() -> None:
    chunk = TASKS["ImportChunk"]
    waits = _waits(*chunk["Retry"])
    assert sum(waits) + (len(waits) + 1) * chunk["TimeoutSeconds"] < 300
    assert MAP["ItemProcessor"]["ProcessorConfig"] == {
        "Mode": "DISTRIBUTED",
        "ExecutionType": "EXPRESS",
    }
    assert MACHINE["Type"] == "STANDARD"


def test_a_fault_of_every_step_leads_to_the_end_of_the_job() -> None:
    for state in (TASKS["Split"], MAP):
        [catch] = state["Catch"]
        assert catch == {
            "ErrorEquals": ["States.ALL"],
            "ResultPath": "$.fault",
            "Next": "Finish",
        }
    payload = TASKS["Finish"]["Parameters"]["Payload"]
    # The cause of an error may contain customer data.
    assert payload["error.$"] == "$.fault.Error"
    assert "Cause" not in str(payload)
    assert DEFINITION["States"]["Begin"]["Parameters"]["fault"] == {"Error": ""}


def test_an_execution_with_a_fault_fails_after_the_job_is_finished() -> None:
    assert TASKS["Finish"]["Next"] == "HasFault"
    choice = DEFINITION["States"]["HasFault"]
    assert choice["Choices"] == [
        {"Variable": "$.fault.Error", "StringEquals": error, "Next": "Finished"}
        for error in ("", INTERRUPTED)
    ]
    assert DEFINITION["States"][choice["Default"]]["Type"] == "Fail"


def test_an_execution_with_a_fault_in_its_input_only_finishes_the_job() -> None:
    begin = DEFINITION["States"][DEFINITION["StartAt"]]
    assert begin["Choices"] == [{"Variable": "$.fault", "IsPresent": True, "Next": "Finish"}]
    assert begin["Default"] == "Begin"
    used = set(TASKS["Finish"]["Parameters"]["Payload"].values())
    client = Mock()
    StepFunctionsEngine(client, "arn:aws:states:x:1:stateMachine:files", "b").finish(import_job())
    sent = json.loads(client.start_execution.call_args.kwargs["input"])
    assert sent["fault"] == {"Error": INTERRUPTED}
    assert used == {"$.account", "$.job_id", "$.run", "$.fault.Error"}
    assert sent.keys() == {"account", "job_id", "run", "fault"}


def test_each_execution_that_does_not_succeed_makes_the_job_end() -> None:
    [event] = RESOURCES["FinishImportJobFunction"]["Properties"]["Events"].values()
    assert event["Type"] == "EventBridgeRule"
    assert event["Properties"]["Pattern"] == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "stateMachineArn": [{"Ref": "ImportFilesStateMachine"}],
            "status": ["ABORTED", "FAILED", "TIMED_OUT"],
        },
    }
    sent = sample("finish_import_job", "aborted")
    for name in ("source", "detail-type"):
        assert sent[name] in event["Properties"]["Pattern"][name]
    assert sent["detail"]["status"] in event["Properties"]["Pattern"]["detail"]["status"]


def test_each_execution_that_does_not_succeed_has_an_alarm() -> None:
    watched = {
        each["Properties"]["MetricName"]
        for each in RESOURCES.values()
        if each["Type"] == "AWS::CloudWatch::Alarm"
        and each["Properties"]["Namespace"] == "AWS/States"
    }
    assert watched == {"ExecutionsAborted", "ExecutionsFailed", "ExecutionsTimedOut"}


def test_no_state_passes_on_the_results_of_chunks() -> None:
    """A state has at most 256 KB, and a file may have 50,000 chunks."""
    assert MAP["ResultPath"] is None
    assert TASKS["Finish"]["ResultPath"] is None
    # The map collects the outputs of all chunks before it drops them: here each is `{}`.
    assert TASKS["ImportChunk"]["OutputPath"] is None
    assert TASKS["Split"]["ResultSelector"].keys() == {"state.$", "chunks.$"}


def test_failed_chunks_do_not_end_the_job() -> None:
    assert MAP["ToleratedFailurePercentage"] == 100


def test_the_log_of_the_state_machine_has_no_customer_data() -> None:
    logging = MACHINE["Logging"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", False)
    assert "Tracing" not in MACHINE


def test_the_role_permits_the_executions_of_the_map() -> None:
    assert MAP["Label"] == "Chunks"
    name = MACHINE["Name"]["Sub"]
    policies = str(RESOURCES["ImportFilesStateMachineRole"])
    for part in (f"stateMachine:{name}'", f"execution:{name}:*", f"execution:{name}/Chunks:*"):
        assert part in policies
