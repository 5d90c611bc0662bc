"""A lost answer of any AWS call changes no answer of a request and loses no trigger.

The module starts its own engine, because DynamoDB Local slows down with every item ever written.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from threading import get_ident

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from tests.integration.functions.test_triggers_survive import (
    CALLS,
    PATHS,
    World,
    _watching,
    running_world,
)
from tests.support.aws_faults import LOST_ANSWERS
from tests.support.functions import Tree
from tests.support.samples import order


@pytest.fixture
def world(own_dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with running_world(own_dynamodb, monkeypatch) as world:
        yield world


@dataclass
class LostAnswer:
    """Loses the answer of AWS call number `at` with `error`, after the call took effect."""

    at: int
    error: Exception
    calls: int = 0
    lost: bool = False
    thread: int | None = None

    def before_call(self, **_rest: object) -> None:
        self.calls += 1
        if self.calls == self.at:
            self.thread = get_ident()

    def after_call(self, **_rest: object) -> None:
        if self.thread == get_ident():
            self.thread, self.lost = None, True
            raise self.error


def _outcomes_of(answer: Tree) -> tuple[int, object]:
    """Return the outcomes of the orders in an answer."""
    tree = json.loads(answer["body"] or "{}")
    moved = tree.get("result") if isinstance(tree.get("result"), dict) else {}
    statuses = [each["updateStatus"] for each in moved.get("orders", ())]
    return answer["statusCode"], tree.get("counts") or statuses


# The first kind for every call, because it was once mistaken for a call that never began.
KINDS = {
    "SSLError": [LOST_ANSWERS["SSLError"]],
    "others": [error for name, error in LOST_ANSWERS.items() if name != "SSLError"],
}
# The large import makes the same kinds of calls as the small one, only more of them.
CASES = [(path, "SSLError") for path in PATHS] + [
    (path, "others") for path in PATHS if path != "large import"
]


@pytest.mark.parametrize(("path", "kinds"), CASES)
def test_a_lost_answer_of_any_call_changes_no_outcome_and_loses_no_trigger(
    world: World, path: str, kinds: str
) -> None:
    errors = KINDS[kinds]
    world.send(order(external_id="same"))
    PATHS[path](world, "order 0", world.new_order("order 0"))
    expected = _outcomes_of(world.answers[-1])
    for at in range(1, 60):
        number = world.new_order(f"order {at}")
        lost = LostAnswer(at, errors[at % len(errors)])
        with _watching(lost.before_call, lost.after_call):
            PATHS[path](world, f"order {at}", number)
        if not lost.lost:
            break
        assert _outcomes_of(world.answers[-1]) == expected
        # A receipt that lists unsent triggers as sent would keep the relay from publishing them.
        world.send(order(external_id=f"order {at}", tags=["later"]))
        world.relay()
        world.check_triggers()
    else:
        pytest.fail("the path makes more calls than were tried")
    world.check()
    assert lost.calls >= CALLS[path]
