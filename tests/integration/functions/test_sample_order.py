"""Samples that are about order A get their answers in any sequence, after any other sample."""

from collections.abc import Callable, Iterator

import pytest
import yaml
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.demo import ROLES, SETTINGS_FILE, TOKEN
from orders.runtime.composition import connect
from tests.integration.functions.test_yandex_market import ANSWERS
from tests.support.functions import Function, Tenant, deployed, sample
from tools.sam_local.sample_order import place_sample_order

ABOUT_THE_ORDER = [
    ("update_external_id", "api_key"),
    ("update_external_id", "base64"),
    ("manage_orders", "ready_to_ship"),
    ("update_external_id", "bearer_token"),
    ("manage_orders", "get_order"),
    ("manage_orders", "project_order"),
    ("manage_orders", "list_orders"),
    ("manage_orders", "delete_project_order"),
    ("manage_orders", "business_orders"),
    ("manage_orders", "hub_delete"),
    ("manage_orders", "update_project_order"),
    ("manage_orders", "update_project_order_another_version"),
    ("manage_orders", "altcraft_delete_softly"),
    ("read_hub", "reconcile"),
    ("read_hub", "altcraft_status_by_id"),
    ("manage_orders", "altcraft_line_status"),
    ("manage_orders", "hub_line_status"),
    ("manage_orders", "hub_restore"),
    ("manage_orders", "hub_revive"),
    ("manage_orders", "status_update"),
    ("manage_orders", "altcraft_delete"),
    ("manage_orders", "hub_delete_permanently"),
]


@pytest.fixture
def get(
    dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Function]]:
    settings = yaml.safe_load(SETTINGS_FILE.read_text(encoding="utf-8"))
    tenants = (Tenant("demo", TOKEN, ROLES, "demo-shop"),)
    with deployed(dynamodb, monkeypatch, settings, tenants) as functions:
        yield functions


def test_a_sample_finds_the_order_in_its_first_state(get: Callable[[str], Function]) -> None:
    for function, name in (*ABOUT_THE_ORDER, *reversed(ABOUT_THE_ORDER)):
        place_sample_order(connect())
        status, text = ANSWERS[function][name]
        answer = get(function).invoke(sample(function, name))
        assert answer["statusCode"] == status, (name, answer)
        assert text in answer["body"], name
