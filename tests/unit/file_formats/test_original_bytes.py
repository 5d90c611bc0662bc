"""Each format splits a file to the same records for any reads, and keeps all of its bytes."""

import json
from enum import Enum
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.domain.file_records import FileOptions
from tests.support.files import read_whole, result_file, together, trees

FORMATS = ("json_lines", "json_array", "altcraft_csv", "altcraft_xml")
# No control characters, and no white space at the ends, which CSV and XML do not keep alike.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12
)
TRICKY = st.sampled_from(
    ['a"b', "a,b", "{", "]}", "<x>", "-->", "=1+1", "\\", '\\"', "é", "я", "a;b"]
)
VALUES = st.one_of(TEXTS, TRICKY)
LINES = st.lists(
    st.fixed_dictionaries({"external_id": VALUES, "product": VALUES}), min_size=1, max_size=3
)
ORDERS = st.lists(
    st.fixed_dictionaries({"external_id": VALUES, "status": VALUES, "lines": LINES}),
    max_size=5,
    unique_by=lambda order: str(order["external_id"]),
)
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=4)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


class Ended(Enum):
    """Whether the last line has a line end."""

    YES = "yes"
    NO = "no"


def cell(text: str, delimiter: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if any(each in text for each in f'{delimiter}"\r\n') else text


def written(name: str, orders: list[Any], end: str, *, is_ended: bool) -> bytes:
    last = end if is_ended else ""
    if name == "json_lines":
        text = end.join(json.dumps(order, ensure_ascii=False) for order in orders)
        return (text + (last if orders else "")).encode()
    if name == "json_array":
        inner = f" ,{end}".join(json.dumps(order, ensure_ascii=False) for order in orders)
        return f"[{end}{inner}{end}]{last}".encode()
    if name == "altcraft_csv":
        rows = [["external_id", "status", "line.external_id", "line.product"]]
        rows += [
            [order["external_id"], order["status"], line["external_id"], line["product"]]
            for order in orders
            for line in order["lines"]
        ]
        text = end.join(",".join(cell(each, ",") for each in row) for row in rows)
        return (text + last).encode()
    data = "".join(
        f"{end}<data><external_id>{escape(order['external_id'])}</external_id>"
        f"<status>{escape(order['status'])}</status>"
        + "".join(
            f"<lines><external_id>{escape(line['external_id'])}</external_id>"
            f"<product>{escape(line['product'])}</product></lines>"
            for line in order["lines"]
        )
        + "</data>"
        for order in orders
    )
    return f"<?xml version='1.0'?>{end}<xml>{data}{end}</xml>{last}".encode()


@pytest.mark.parametrize("name", FORMATS)
@settings(deadline=None, max_examples=60)
@given(orders=ORDERS, end=ENDS, last=st.sampled_from(Ended), sizes=SIZES)
def test_a_file_has_the_same_records_and_all_its_bytes_for_any_reads(
    name: str, orders: list[Any], end: str, last: Ended, sizes: list[int]
) -> None:
    data = written(name, orders, end, is_ended=last is Ended.YES)
    options = FileOptions(format=name)
    frame, records = read_whole(data, options, sizes)
    assert [each.key for each in records] == [order["external_id"] for order in orders]
    assert trees(records, frame, options) == orders
    assert together(frame, records) == data
    assert (frame, records) == read_whole(data, options)


@pytest.mark.parametrize("name", FORMATS)
@settings(deadline=None, max_examples=40)
@given(orders=ORDERS, end=ENDS, last=st.sampled_from(Ended), message=VALUES)
def test_a_result_file_has_the_same_orders_and_replaces_earlier_notes(
    name: str, orders: list[Any], end: str, last: Ended, message: str
) -> None:
    options = FileOptions(format=name)
    frame, records = read_whole(written(name, orders, end, is_ended=last is Ended.YES), options)
    results = result_file(frame, records, options, message)
    again, annotated = read_whole(results, options)
    assert [each.key for each in annotated] == [each.key for each in records]
    assert trees(annotated, again, options) == orders
    assert result_file(again, annotated, options, message) == results


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["altcraft_csv", "altcraft_xml"])
@settings(deadline=None, max_examples=20)
@given(orders=ORDERS, end=ENDS, sizes=SIZES)
def test_a_file_in_utf_16_keeps_its_bytes(
    name: str, codec: str, orders: list[Any], end: str, sizes: list[int]
) -> None:
    text = written(name, orders, end, is_ended=True).decode()
    data = f"\ufeff{text}".encode(codec)
    options = FileOptions(format=name, charset="utf-16")
    frame, records = read_whole(data, options, sizes)
    assert trees(records, frame, options) == orders
    assert together(frame, records) == data
    again, annotated = read_whole(result_file(frame, records, options), options)
    assert trees(annotated, again, options) == orders


EMPTY = {
    "json_lines": b'{}\n{"external_id":"A"}\n{ }\n[]\nnull\n{}',
    "json_array": b'[{}, {"external_id":"A"},{ } ,[],null, {}]',
    "altcraft_xml": (
        b"<xml><data><status/></data><data><external_id>A</external_id></data>"
        b"<data><status></status></data></xml>"
    ),
    "commerceml": (
        "<КоммерческаяИнформация><Документ><Ид/></Документ><Документ><Номер>A</Номер></Документ>"
        "<Документ><Ид></Ид></Документ></КоммерческаяИнформация>"
    ).encode(),
    "altcraft_csv": b'external_id,status,other\n"","",x\nA,new,\n,,"x"\n',
    "commercetools_drafts": b'{}\n{"orderNumber":"A"}\n{}\n',
}


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_a_record_without_values_is_in_each_result_that_is_sent_again(name: str) -> None:
    options = FileOptions(format=name)
    frame, records = read_whole(EMPTY[name], options)
    assert len(records) >= 3
    keys = [each.key for each in records]
    results = result_file(frame, records, options)
    for _ in range(2):
        again, annotated = read_whole(results, options)
        assert [each.key for each in annotated] == keys
        assert trees(annotated, again, options) == trees(records, frame, options)
        results = result_file(again, annotated, options)
