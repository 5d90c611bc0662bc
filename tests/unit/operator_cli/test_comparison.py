"""A comparison names exactly the orders that differ, in both directions."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operator_cli import comparison
from operator_cli.comparison import Comparison, Result
from operator_cli.hub import ORDER, HubAnswer, HubRequest
from operator_cli.hub_reads import HubReads, OrderFilters, TooLargeError
from operator_cli.reconcile_file import read_shop_orders
from orders.domain.times import format_time
from tests.support.hub_worlds import World, memory_hub, memory_world

ALL = OrderFilters(newest_first=False)


def _compared(
    world: World, path: Path, entries: list[dict[str, object]], covered: OrderFilters = ALL
) -> tuple[dict[str, Result], Counter[Result]]:
    path.write_text("\n".join(map(json.dumps, entries)))
    with read_shop_orders(str(path), None) as shop:
        compared = Comparison(world.reads, shop)
        found = [*compared.of_file(), *compared.of_hub(covered)]
    names = {each.external_id: each.result for each in found}
    assert len(names) == len(found) == compared.differences
    return names, compared.counts


def test_every_kind_of_difference_is_named(tmp_path: Path) -> None:
    world = memory_world()
    world.create("equal", "different", "old", "only in the hub")
    world.rename("old", "new")
    entries: list[dict[str, object]] = [
        {"external_id": "equal", "digest": world.named("equal").digest},
        {"external_id": "different", "version": 2},
        {"external_id": "old", "version": 2},
        {"external_id": "only in the file", "version": 1},
    ]
    names, counts = _compared(world, tmp_path / "a.jsonl", entries)
    assert names == {
        "different": Result.DIFFERENT,
        "old": Result.RENAMED,
        "only in the file": Result.MISSING_IN_HUB,
        "only in the hub": Result.MISSING_IN_FILE,
    }
    assert counts[Result.EQUAL] == 1


@pytest.mark.parametrize("lists_ids", [False, True])
def test_only_orders_that_the_file_covers_can_be_missing_in_it(
    tmp_path: Path, *, lists_ids: bool
) -> None:
    world = memory_world()
    memory_hub(world).lists_ids = lists_ids
    _, b, c, _ = world.create_many(4)
    covered = OrderFilters(
        created_from=format_time(b.created_at),
        created_to=format_time(c.created_at),
        newest_first=False,
    )
    names, _ = _compared(world, tmp_path / "a.jsonl", [], covered)
    assert names == {"A-1": Result.MISSING_IN_FILE}


FATES = st.sampled_from(
    ["equal", "changed", "renamed", "deleted", "only in the file", "only in the hub"]
)
EXPECTED = {
    "changed": Result.DIFFERENT,
    "renamed": Result.RENAMED,
    "deleted": Result.MISSING_IN_HUB,
    "only in the file": Result.MISSING_IN_HUB,
    "only in the hub": Result.MISSING_IN_FILE,
}
COMPARED = st.sampled_from(["digest", "version"])


@settings(max_examples=40)
@given(fates=st.lists(st.tuples(FATES, COMPARED), max_size=12), lists_ids=st.booleans())
def test_the_named_orders_are_those_that_differ(
    tmp_path_factory: pytest.TempPathFactory, fates: list[tuple[str, str]], *, lists_ids: bool
) -> None:
    world = memory_world()
    memory_hub(world).lists_ids = lists_ids
    entries: list[dict[str, object]] = []
    expected = {}
    for number, (fate, compared) in enumerate(fates):
        name = f"{number} {fate}"
        entry: dict[str, object] = {"external_id": name, "version": 1}
        if fate != "only in the file":
            order = world.create(name)
            if compared == "digest":
                entry = {"external_id": name, "digest": order.digest}
        if fate != "only in the hub":
            entries.append(entry)
        if fate == "changed":
            world.update(name, comment="changed")
        elif fate == "renamed":
            world.rename(name, f"new {name}")
        elif fate == "deleted":
            world.delete(name)
        if fate in EXPECTED:
            expected[name] = EXPECTED[fate]
    names, counts = _compared(world, tmp_path_factory.getbasetemp() / "any.jsonl", entries)
    assert names == expected
    assert counts.total() == len(fates)


def test_orders_that_the_file_has_are_not_read_again(tmp_path: Path) -> None:
    world = memory_world()
    hub = memory_hub(world)
    hub.lists_ids = True
    world.create("in both", "only in the hub")
    names, _ = _compared(world, tmp_path / "a.jsonl", [{"external_id": "in both", "version": 1}])
    assert names == {"only in the hub": Result.MISSING_IN_FILE}
    [read] = [each for each in hub.requests if each.resource == ORDER]
    assert read.path == {"order_id": str(world.named("only in the hub").order_id)}


def test_many_orders_that_the_file_lacks_are_read_in_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "FEW", 2)
    for count in (2, 3):
        world = memory_world()
        hub = memory_hub(world)
        hub.lists_ids = True
        orders = world.create_many(count)
        names, _ = _compared(world, tmp_path / "a.jsonl", [])
        assert names.keys() == {order.external_id for order in orders}
        assert (ORDER in {each.resource for each in hub.requests}) == (count == 2)


def test_an_order_that_is_deleted_meanwhile_is_not_missing(tmp_path: Path) -> None:
    world = memory_world()
    hub = memory_hub(world)
    hub.lists_ids = True
    world.create("A")

    def delete(request: HubRequest) -> None:
        if request.resource == ORDER:
            world.delete("A")

    hub.before = delete
    names, _ = _compared(world, tmp_path / "a.jsonl", [])
    assert names == {}


class _SmallHub:
    """A hub whose answers have room for three results."""

    name = "small"
    account = None

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def ids_of_orders(self, created: Mapping[str, tuple[str, ...]]) -> None:
        del created

    def ask(self, request: HubRequest) -> HubAnswer:
        orders = json.loads(request.body)["orders"]
        self.sizes.append(len(orders))
        if len(orders) > 3:
            return HubAnswer(413, b'{"code":"too_large","detail":"It does not fit"}')
        results = [{"external_id": each["external_id"], "result": "equal"} for each in orders]
        return HubAnswer(200, json.dumps({"results": results}).encode())


def test_a_comparison_whose_answer_does_not_fit_is_made_in_parts() -> None:
    hub = _SmallHub()
    entries = [{"external_id": str(number), "version": 1} for number in range(10)]
    results = HubReads(hub).reconcile(entries)
    assert [each["external_id"] for each in results] == [str(number) for number in range(10)]
    assert hub.sizes == [10, 5, 2, 3, 5, 2, 3]


def test_one_order_whose_answer_does_not_fit_is_an_error() -> None:
    class Full(_SmallHub):
        def ask(self, request: HubRequest) -> HubAnswer:
            del request
            return HubAnswer(413, b'{"detail":"It does not fit"}')

    with pytest.raises(TooLargeError, match="It does not fit"):
        HubReads(Full()).reconcile([{"external_id": "A", "version": 1}])
