"""The page about personal data agrees with the template and the code."""

import re
from pathlib import Path
from typing import Any

import pytest

from orders.adapters import dynamodb_receipts
from orders.adapters.order_items import TOMBSTONE_KEPT
from orders.domain.deletions import DELETIONS_KEPT
from orders.domain.settings import Policies
from orders.domain.triggers import TriggerPayload
from orders.protocols.altcraft import personal_data as altcraft
from orders.protocols.commercetools import personal_data as commercetools
from tests.support.template_tables import load_template

PAGE = (Path(__file__).parents[2] / "docs" / "personal-data.md").read_text(encoding="utf-8")
STACK = load_template()
DAY = 24 * 60 * 60
# What a resource keeps, and its property for how long.
RETENTIONS = {
    "AWS::DynamoDB::Table": ("PointInTimeRecoverySpecification", "RecoveryPeriodInDays"),
    "AWS::Events::Archive": ("RetentionDays",),
    "AWS::SQS::Queue": ("MessageRetentionPeriod",),
    "AWS::Logs::LogGroup": ("RetentionInDays",),
}


def _rows() -> list[list[str]]:
    table = PAGE.partition("## Where it is")[2].partition("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


ROWS = {row[0]: row for row in _rows()}


def _parameter_of(name: str) -> str:
    """Return the parameter that says how long a resource keeps what it has."""
    resource = STACK["Resources"][name]
    value: Any = resource["Properties"]
    for step in RETENTIONS[resource["Type"]]:
        value = value[step]
    return str(value["Ref"])


def _resources() -> list[str]:
    return [name for name, each in STACK["Resources"].items() if each["Type"] in RETENTIONS]


@pytest.mark.parametrize("name", _resources())
def test_every_place_that_keeps_data_is_listed_with_its_parameter(name: str) -> None:
    """Every retention can be shortened by a parameter, whose default the page has."""
    parameter = _parameter_of(name)
    of_resource = [row for row in ROWS.values() if row[1] == f"`{name}`"]
    rows = of_resource or [row for row in ROWS.values() if row[1] == "all other log groups"]
    [row] = [row for row in rows if f"`{parameter}`" in row[4]]
    default = STACK["Parameters"][parameter]["Default"]
    days = default // DAY if parameter.endswith("Seconds") else default
    assert row[3] == f"{days} days"


def test_each_row_names_a_resource_that_exists() -> None:
    names = {row[1] for row in ROWS.values()} - {"all other log groups"}
    assert {name.strip("`") for name in names} <= set(STACK["Resources"])
    assert len(ROWS) > 10
    parameters = re.findall(r"the parameter `(\w+)`", PAGE)
    assert set(parameters) <= set(STACK["Parameters"])


@pytest.mark.parametrize(
    ("place", "days"),
    [
        ("history of an order", Policies().history_days),
        ("tombstone of a permanent deletion, for the relay", TOMBSTONE_KEPT.days),
        ("marker of a deletion, for readers of changes", DELETIONS_KEPT.days),
        ("receipts of requests", dynamodb_receipts.KEPT_SECONDS // DAY),
    ],
)
def test_the_page_has_the_times_of_the_code(place: str, days: int) -> None:
    assert ROWS[place][3] == f"{days} days"


def test_a_deleted_order_stays_deleted_for_longer_than_any_backup() -> None:
    """A restore skips orders that have a marker."""
    assert DELETIONS_KEPT.days > STACK["Parameters"]["RecoveryDays"]["MaxValue"]


def test_the_page_lists_every_payload_and_personal_member() -> None:
    assert [each for each in TriggerPayload if f"| `{each}`" not in PAGE] == []
    altcraft_row, project_row = re.findall(
        r"^\| (?:Altcraft|commercetools) \| (.*) \|$", PAGE, re.MULTILINE
    )
    for path in altcraft.MEMBERS:
        assert f"`{path[-1]}`" in altcraft_row
    shown_as = {
        "external_user_id": "createdBy.externalUserId",
        "updated_by": "lastModifiedBy.externalUserId",
    }
    in_words = {path[-1] for path in commercetools.ADDRESSES}
    assert "all addresses" in project_row
    for path in commercetools.MEMBERS:
        name = shown_as.get(path[-1], path[-1])
        assert name in in_words or f"`{name}`" in project_row
