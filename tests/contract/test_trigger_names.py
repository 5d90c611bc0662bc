"""The `orders triggers` commands find what the template creates."""

from datetime import timedelta

from operator_cli.composition import Connection
from operator_cli.trigger_log import row_of
from operator_cli.triggers import WRITER_TIMEOUT
from orders.adapters.eventbridge import SOURCE
from orders.domain.import_jobs import FINISHED
from tests.support.template_tables import load_template

TEMPLATE = load_template()
RESOURCES = TEMPLATE["Resources"]


def test_the_names_are_those_of_the_template() -> None:
    stack = Connection(stack="${AWS::StackName}")
    for resource, member, name in (
        ("OrdersTable", "TableName", stack.table),
        ("TriggersBus", "Name", stack.triggers),
        ("TriggersArchive", "ArchiveName", stack.triggers),
        ("TriggersLogGroup", "LogGroupName", stack.triggers_log),
        ("ParkedTriggersQueue", "QueueName", stack.parked_triggers),
    ):
        assert RESOURCES[resource]["Properties"][member] == {"Sub": name}


def test_the_timeout_of_writers_is_that_of_the_template() -> None:
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    assert timedelta(seconds=int(variables["WRITER_TIMEOUT_SECONDS"])) == WRITER_TIMEOUT


def _row_of(rule: str, values: dict[str, str]) -> dict[str, object]:
    [target] = RESOURCES[rule]["Properties"]["Targets"]
    transformer = target["InputTransformer"]
    assert transformer["InputPathsMap"].keys() == {"time", *values}
    message = transformer["InputTemplate"].partition('"message":"')[2].removesuffix('"}')
    for name, value in values.items():
        message = message.replace(f"<{name}>", value)
    return row_of({"timestamp": 0, "message": message})


def test_the_command_reads_the_lines_that_the_rules_write() -> None:
    of_order = {"kind": "OrderCreated", "id": "a1", "order": "7", "version": "2"}
    assert _row_of("TriggersLogRule", of_order) == {
        "at": "1970-01-01T00:00:00Z",
        "kind": "OrderCreated",
        "trigger_id": "a1",
        "order_id": 7,
        "version": 2,
    }
    of_job = {"kind": FINISHED, "id": "b2", "job": "j-1", "state": "completed"}
    assert _row_of("JobsLogRule", of_job) == {
        "at": "1970-01-01T00:00:00Z",
        "kind": FINISHED,
        "trigger_id": "b2",
        "job_id": "j-1",
        "state": "completed",
    }


def test_each_event_is_logged_by_one_rule() -> None:
    patterns = [
        RESOURCES[name]["Properties"]["EventPattern"] for name in ("TriggersLogRule", "JobsLogRule")
    ]
    assert [each["source"] for each in patterns] == [[SOURCE], [SOURCE]]
    assert [each["detail-type"] for each in patterns] == [
        [{"anything-but": [FINISHED]}],
        [FINISHED],
    ]
