"""The `orders triggers` commands find what the template creates."""

from datetime import timedelta

from operator_cli.composition import Connection
from operator_cli.trigger_log import row_of
from operator_cli.triggers import WRITER_TIMEOUT
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


def test_the_command_reads_the_lines_that_the_rule_writes() -> None:
    [target] = RESOURCES["TriggersLogRule"]["Properties"]["Targets"]
    template = target["InputTransformer"]["InputTemplate"]
    message = template.partition('"message":"')[2].removesuffix('"}')
    for name, value in (("kind", "OrderCreated"), ("id", "a1"), ("order", "7"), ("version", "2")):
        message = message.replace(f"<{name}>", value)
    row = row_of({"timestamp": 0, "message": message})
    assert row == {
        "at": "1970-01-01T00:00:00Z",
        "kind": "OrderCreated",
        "trigger_id": "a1",
        "order_id": 7,
        "version": 2,
    }
