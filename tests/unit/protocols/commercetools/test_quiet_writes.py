"""Imports, updates and deletions with `X-Skip-Triggers`."""

from collections.abc import Callable

import pytest

from orders.domain.triggers import TriggerKind
from tests.support.commercetools import draft
from tests.support.project_orders import Answer, ProjectOrders

ACTION = {"action": "changeOrderState", "orderState": "Confirmed"}
type Send = Callable[..., Answer]


def _import(project: ProjectOrders, **headers: str) -> Answer:
    return project.import_draft(draft(orderNumber="CT-2"), **headers)


def _update(project: ProjectOrders, **headers: str) -> Answer:
    return project.send({"version": 1, "actions": [ACTION]}, **headers)


def _delete(project: ProjectOrders, **headers: str) -> Answer:
    return project.delete(1, **headers)


WRITES = {
    _import: TriggerKind.ORDER_CREATED,
    _update: TriggerKind.ORDER_STATUS_CHANGED,
    _delete: TriggerKind.ORDER_DELETED,
}


@pytest.fixture
def project() -> ProjectOrders:
    made = ProjectOrders()
    # The ids of the fake are those of one project: the second order has the id 2.
    made.create()
    made.publisher.sent.clear()
    return made


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("value", ["true", " true ", "false", None])
def test_a_quiet_write_has_no_trigger(
    project: ProjectOrders, write: Send, value: str | None
) -> None:
    headers = {} if value is None else {"X_Skip_Triggers": value}
    answer = write(project, **headers)
    assert answer.status in {200, 201}, answer.tree
    is_quiet = (value or "").strip() == "true"
    sent = [] if is_quiet else [WRITES[write]]
    assert [each.kind for each in project.publisher.sent] == sent


@pytest.mark.parametrize("write", WRITES)
def test_a_quiet_write_has_the_same_effect(write: Send) -> None:
    def effect(**headers: str) -> object:
        project = ProjectOrders()
        project.create()
        answer = write(project, **headers)
        return answer.tree, project.orders.orders, project.orders.deleted

    assert effect(X_Skip_Triggers="true") == effect()


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("value", ["True", "1", "yes", "", "true,true", "0"])
def test_another_value_of_the_header_changes_nothing(
    project: ProjectOrders, write: Send, value: str
) -> None:
    before = dict(project.orders.orders)
    answer = write(project, X_Skip_Triggers=value)
    assert answer.status == 400
    [error] = answer.errors
    assert error["code"] == "InvalidInput"
    assert error["message"].startswith("X-Skip-Triggers must be true or false; got ")
    assert project.orders.orders == before


@pytest.mark.parametrize("write", WRITES)
def test_the_header_needs_the_scope_of_the_write(project: ProjectOrders, write: Send) -> None:
    answer = write(project, X_Skip_Triggers="x", authorization="Bearer stranger")
    assert answer.status == 403
