"""A request has the same result in JSON and in XML."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orders.domain.custom_fields import EntityType, ValueType
from orders.domain.settings import StoredSettings, TotalCheck
from tests.support.altcraft import XML, Shop, read_json
from tests.support.samples import line, order, order_field, request, settings, to_xml

# Text that XML can hold.
texts = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"
    ),
    min_size=1,
    max_size=12,
)
amounts = st.one_of(st.decimals(0, 10**6, places=2).map(str), st.integers(0, 10**6))
fields = st.fixed_dictionaries(
    {},
    optional={
        "text": st.one_of(texts, st.integers(), st.booleans()),
        "number": st.integers(-(2**63), 2**63 - 1).flatmap(lambda n: st.sampled_from([n, str(n)])),
        "flag": st.sampled_from([True, False, "true", "0", 1]),
        "colour": st.sampled_from(["red", 2, "1", True]),
        "day": st.sampled_from(["2006-01-25", "2006-01-25 10:00:00"]),
    },
)


def _or_wrong(good: st.SearchStrategy[Any], *wrong: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401
    """Draw a valid value most of the time, because an invalid one hides other differences."""
    return st.integers(0, 30).flatmap(lambda n: st.sampled_from(wrong) if n == 30 else good)


lines = st.builds(
    line,
    external_id=texts,
    status=_or_wrong(st.sampled_from(["new", "0001", None]), "x"),
    sku=st.one_of(st.none(), texts),
    count=_or_wrong(st.sampled_from([1, 5, "7", " 7 ", 2.0, "2e0"]), 0, -1, "x", ""),
    final_price_per_item=_or_wrong(amounts, "", "x", "-1"),
)
orders = st.builds(
    order,
    external_id=texts,
    matching=_or_wrong(st.sampled_from(["email", None]), "phone", "custom", "x"),
    email=_or_wrong(texts, ""),
    phone=st.one_of(st.none(), texts),
    field_name=st.one_of(st.none(), texts),
    field_value=st.one_of(st.none(), texts, st.integers()),
    tags=st.lists(texts | st.sampled_from(["", " ", " a "]), max_size=3),
    status=_or_wrong(st.sampled_from(["new", "paid", " paid "]), "x"),
    delivery_cost=_or_wrong(amounts, "", "x"),
    total_price=_or_wrong(amounts, "", "x"),
    currency=_or_wrong(st.sampled_from(["USD"]), "XXX"),
    create_time=_or_wrong(
        st.sampled_from([None, "2022-01-02T15:04:05.141Z", " 2022-01-02", "2022-01-02 23:59:60"]),
        "x",
        20220102,
    ),
    skip_triggers=st.sampled_from([None, True, False]),
    custom_fields=_or_wrong(fields, {"unknown": 1}, {"number": "x"}, {"colour": "green"}),
    lines=st.lists(lines, max_size=3, min_size=1, unique_by=lambda each: each["external_id"]),
)


def _shop() -> Shop:
    shop = Shop()
    known = [
        order_field("text"),
        order_field("number", ValueType.INT, default_value=5),
        order_field("flag", ValueType.BOOL),
        order_field("colour", ValueType.ENUM, enum_values={"red": 1, "blue": 2, "true": 3}),
        order_field("day", ValueType.DATE),
    ]
    assert {field.entity_type for field in known} == {EntityType.ORDER}
    shop.settings.stored["demo"] = StoredSettings(settings(TotalCheck.WARN, *known), 1)
    return shop


def _without_lines(tree: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(tree, dict):
        return {name: _without_lines(value) for name, value in tree.items() if name != "line"}
    return [_without_lines(item) for item in tree] if isinstance(tree, list) else tree


def _comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """Remove what the formats do not share: the lines of XML and the types of JSON values."""
    tree: dict[str, Any] = _without_lines(answer)
    for entry in tree["result"]:
        for error in (*entry.get("errors", ()), *entry.get("warnings", ())):
            error["message"] = ""
        entry.pop("error_text", None)
    return tree


@given(st.lists(orders, max_size=3), st.booleans())
def test_one_request_in_json_and_in_xml_has_the_same_result(
    sent: list[dict[str, Any]],
    skip: bool,  # noqa: FBT001 - drawn
) -> None:
    by_json, by_xml = _shop(), _shop()
    tree = {**request(), "data": sent, "skip_triggers": skip, "result_details": True}
    as_json = by_json.post(json.dumps(tree, ensure_ascii=False))
    # XML cannot express an empty array, and a request without data is another request.
    as_xml = by_xml.post(
        to_xml(tree if sent else {**tree, "data": [""]}), XML, accept="application/json"
    )
    assert _comparable(read_json(as_xml)) == _comparable(read_json(as_json))
    assert by_xml.documents() == by_json.documents()
    assert [each.id for each in by_xml.publisher.sent] == [
        each.id for each in by_json.publisher.sent
    ]
