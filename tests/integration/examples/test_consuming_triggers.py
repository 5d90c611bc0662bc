"""The consumer's guide agrees with the published events and the templates."""

import json
import re
from pathlib import Path
from textwrap import dedent

import boto3
import pytest
from botocore import xform_name
from botocore.model import StructureShape
from jsonschema import Draft202012Validator
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.demo import TOKEN
from orders.adapters.eventbridge import MAX_BYTES, SOURCE
from orders.domain.clients import Role
from orders.domain.triggers import TriggerKind
from orders.runtime.composition import connect
from tests.support.functions import Tenant, Tree, count_order_ids, deployed
from tests.support.samples import api_event, request
from tests.support.template_tables import load_template

ROOT = Path(__file__).parents[3]
TEMPLATE = ROOT / "examples" / "trigger_consumer" / "template.yaml"
SCHEMAS = ROOT / "events" / "schemas"
GUIDE = (ROOT / "docs" / "consuming-triggers.md").read_text(encoding="utf-8")
KINDS = {*map(str, TriggerKind)}
EVENT, NARROW_PATTERN = (
    json.loads(text) for text in re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
)
ORDER: Tree = {
    "external_id": "1001",
    "email": "johndoe@example.com",
    "endpoint": "website",
    "delivery_cost": "100",
    "total_price": "1900.50",
    "currency": "USD",
    "lines": [{"external_id": "1", "sku": "mug", "final_price_per_item": "900.25", "count": 2}],
}


def _matches(pattern: Tree, event: Tree) -> bool:
    """Return whether a pattern that holds only exact values matches an event."""
    return all(
        name in event
        and (_matches(wanted, event[name]) if isinstance(wanted, dict) else event[name] in wanted)
        for name, wanted in pattern.items()
    )


def _schema(kind: str) -> Tree:
    schema: Tree = json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"))
    return schema


def test_the_event_of_the_guide_is_the_published_one(
    dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    Draft202012Validator(_schema(EVENT["detail-type"])).validate(EVENT["detail"])
    settings = {"currencies": ["USD"], "endpoints": [{"external_id": "website"}]}
    tenants = (Tenant("shop", TOKEN, (Role.ORDERS_WRITE,)),)
    entries: list[Tree] = []
    with deployed(dynamodb, monkeypatch, settings, tenants) as get:
        count_order_ids(monkeypatch, first=EVENT["detail"]["order_id"])
        connect().events.meta.events.register(
            "provide-client-params.events.PutEvents",
            lambda params, **_rest: entries.extend(params["Entries"]),
        )
        for status in ("new", "paid"):
            event = api_event(request({**ORDER, "status": status}, token=TOKEN))
            answer = get("import_orders").invoke(event)
            assert json.loads(answer["body"])["error"] == 0
    sent = entries[-1]
    detail = json.loads(sent["Detail"])
    assert (EVENT["source"], EVENT["detail-type"]) == (sent["Source"], sent["DetailType"])
    assert EVENT["detail"] == {**detail, "occurred_at": EVENT["detail"]["occurred_at"]}
    assert f"{sent['Time']:%Y-%m-%dT%H:%M:%S}" == detail["occurred_at"][:19]
    assert EVENT["time"][:19] == EVENT["detail"]["occurred_at"][:19]


def test_the_rule_matches_every_kind_of_its_account_and_nothing_else() -> None:
    function = load_template(TEMPLATE)["Resources"]["ConsumerFunction"]["Properties"]
    pattern = function["Events"]["Triggers"]["Properties"]["Pattern"]
    assert pattern["detail"] == {"account": [{"Ref": "Account"}]}
    pattern["detail"] = {"account": ["shop"]}
    assert set(pattern["detail-type"]) == KINDS
    for kind in (path.stem for path in SCHEMAS.glob("*.json")):
        event = {"source": SOURCE, "detail-type": kind, "detail": {"account": "shop"}}
        # The end of an import job has no order that the consumer could store.
        assert _matches(pattern, event) is (kind in KINDS)
        assert not _matches(pattern, {**event, "detail": {"account": "other"}})
        assert not _matches(pattern, {**event, "source": "other"})


def test_the_narrow_pattern_matches_the_event_of_the_guide() -> None:
    assert _matches(NARROW_PATTERN, EVENT)
    assert not _matches(NARROW_PATTERN, {**EVENT, "detail-type": "OrderUpdated"})


def test_the_rule_of_the_guide_is_that_of_the_template() -> None:
    [shown] = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    lines = TEMPLATE.read_text(encoding="utf-8").splitlines(keepends=True)
    uncommented = "".join(line for line in lines if not line.lstrip().startswith("#"))
    assert shown in dedent(
        uncommented[uncommented.index("      Events:\n") :].split("\n\n")[0] + "\n"
    )


def test_the_guide_explains_every_kind_and_member() -> None:
    assert [kind for kind in KINDS if f"| `{kind}` |" not in GUIDE] == []
    members = {name for kind in TriggerKind for name in _schema(kind)["properties"]}
    assert [name for name in members if f"| `detail.{name}` |" not in GUIDE] == []


def test_the_guide_agrees_with_the_stack() -> None:
    stack = load_template()
    relay = stack["Resources"]["RelayTriggersFunction"]["Properties"]["Events"]["TableStream"]
    assert relay["Properties"]["MaximumRecordAgeInSeconds"] == 6 * 60 * 60
    assert relay["Properties"]["MaximumRetryAttempts"] == 10_000
    assert "retries for at most six hours" in " ".join(GUIDE.split())
    assert MAX_BYTES == 250_000
    assert "250 KB" in GUIDE
    for resource, name in (("TriggersBus", "Name"), ("TriggersArchive", "ArchiveName")):
        properties = stack["Resources"][resource]["Properties"]
        assert properties[name] == {"Sub": "${AWS::StackName}-triggers"}
    assert stack["Parameters"]["ArchiveRetentionDays"]["Default"] == 30
    assert "`ArchiveRetentionDays` (30)" in GUIDE
    assert "EventBusName" in stack["Outputs"]


def test_the_replay_command_is_valid() -> None:
    [command] = re.findall(r"aws events start-replay (.*?)```", GUIDE, re.DOTALL)
    service = boto3.client("events").meta.service_model
    replay, target = map(service.shape_for, ("StartReplayRequest", "ReplayDestination"))
    assert isinstance(replay, StructureShape)
    assert isinstance(target, StructureShape)
    options = {f"--{xform_name(name, '-')}" for name in replay.required_members}
    assert set(re.findall(r"--[a-z-]+", command)) == options
    destination = json.loads(command.split("--destination ")[1].strip()[1:-1].replace("\\", ""))
    assert destination.keys() == target.members.keys()
