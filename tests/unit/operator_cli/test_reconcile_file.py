"""The file of a comparison is checked as a whole before the hub is asked."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operator_cli.errors import UsageError
from operator_cli.export_rows import csv_row, header, json_row
from operator_cli.reconcile_file import MAX_BATCH, FileFormat, read_shop_orders
from tests.support.hub_worlds import memory_world

DIGEST = "a" * 64


def _read(path: Path, text: str | bytes, given_format: FileFormat | None = None) -> list[object]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with read_shop_orders(str(path), given_format) as orders:
        return [entry for batch in orders.batches() for entry in batch]


def test_a_csv_file_names_its_columns(tmp_path: Path) -> None:
    text = (
        "\ufeffversion , total,external_id,digest,update_time\r\n"
        f'2,9,"A, ""1""\n2",{DIGEST},\r\n\r\n,9,B,, 2026-01-02 \r\n'
    )
    with pytest.raises(UsageError, match=r"orders.csv:2: external_id must have"):
        _read(tmp_path / "orders.csv", text)
    assert _read(tmp_path / "orders.csv", text.replace('1""\n2"', '1"" 2"')) == [
        {"external_id": 'A, "1" 2', "digest": DIGEST, "version": 2},
        {"external_id": "B", "update_time": "2026-01-02"},
    ]


def test_a_file_of_json_lines_has_the_members_of_the_api(tmp_path: Path) -> None:
    text = (
        f'{{"external_id": "A", "digest": "{DIGEST}", "other": 1.50}}\n\n'
        '{"external_id": 7, "version": 3, "update_time": null, "digest": ""}'
    )
    expected = [{"external_id": "A", "digest": DIGEST}, {"external_id": "7", "version": 3}]
    for name in ("orders.jsonl", "orders.ndjson", "ORDERS.JSONL"):
        assert _read(tmp_path / name, text) == expected
    assert _read(tmp_path / "orders.txt", text, FileFormat.JSONL) == expected


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("A", "the line must have 2 cells; got 1"),
        (f"A,{DIGEST},x", "the line must have 2 cells; got 3"),
        ("A,", "at least one of digest, version, update_time is required"),
        (f",{DIGEST}", "external_id must have"),
        (f"{'x' * 256},{DIGEST}", "external_id must have"),
        ("A,abc", 'digest must have 64 hexadecimal digits; got "abc"'),
        (f'"A"b,{DIGEST}', "the line is not CSV: "),
        (f'"A,{DIGEST}\nB,{DIGEST}', "the line is not CSV: unexpected end of data"),
    ],
)
def test_a_malformed_line_of_csv_is_named(tmp_path: Path, line: str, fault: str) -> None:
    with pytest.raises(UsageError) as raised:
        _read(tmp_path / "a.csv", f"external_id,digest\nfirst,{DIGEST}\n{line}\n")
    assert f"{tmp_path}/a.csv:3: {fault}" in str(raised.value)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("[]", "a line must be an object in JSON"),
        ("{", "the line is not valid JSON"),
        ('{"version": 1}', "external_id is required"),
        ('{"external_id": true, "version": 1}', "external_id must have"),
        ('{"external_id": "A", "version": 0}', "version must be a whole number from 1"),
        ('{"external_id": "A", "version": "1"}', "version must be a whole number from 1"),
        ('{"external_id": "A", "version": true}', "version must be a whole number from 1"),
        ('{"external_id": "A", "update_time": "soon"}', "update_time must be an RFC 3339 time"),
        ('{"external_id": "A", "digset": "x"}', "at least one of digest"),
        ('{"external_id": "A", "version": 1, "version": 2}', "Duplicate member"),
        ('{"external_id": "first", "version": 2}', 'external_id "first" is a duplicate; line 1'),
    ],
)
def test_a_malformed_line_of_json_is_named(tmp_path: Path, line: str, fault: str) -> None:
    with pytest.raises(UsageError) as raised:
        _read(tmp_path / "a.jsonl", f'{{"external_id": "first", "version": 1}}\n\n{line}\n')
    assert f"{tmp_path}/a.jsonl:3: {fault}" in str(raised.value)


def test_a_line_that_is_not_utf_8_or_too_long_is_named(tmp_path: Path) -> None:
    for name, head in (("a.csv", b"external_id,version\n"), ("a.jsonl", b"\n")):
        with pytest.raises(UsageError, match=r":2: the text must be UTF-8"):
            _read(tmp_path / name, head + b"x\xff,1\n")
        with pytest.raises(UsageError, match=r":2: a line must have at most 1048576 bytes"):
            _read(tmp_path / name, head + b'"' + b"x" * 3_000_000 + b'",1\n')


def test_a_quote_inside_of_a_cell_is_a_character(tmp_path: Path) -> None:
    text = 'external_id,version\n5" screen,1\nB,2\n'
    assert _read(tmp_path / "a.csv", text) == [
        {"external_id": '5" screen', "version": 1},
        {"external_id": "B", "version": 2},
    ]


def test_rows_after_a_faulty_one_keep_their_numbers(tmp_path: Path) -> None:
    text = 'external_id,version\n"A"b,1\n"B",0\n\n"C",0\n'
    with pytest.raises(UsageError) as raised:
        _read(tmp_path / "a.csv", text)
    places = [line.split(": ")[0].rpartition("/")[2] for line in str(raised.value).splitlines()[1:]]
    assert places == ["a.csv:2", "a.csv:3", "a.csv:5"]


def test_the_first_twenty_faults_are_listed(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        _read(tmp_path / "a.csv", "external_id,version\n" + "A,0\n" * 50)
    assert str(raised.value).count("version must be") == 20
    assert str(raised.value).endswith("The lines that follow were not checked.")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "must name the columns; the file has none"),
        ("external_id,total\n", "must name the column external_id and at least one of"),
        ("id;digest\n", "must name the column external_id"),
        ("external_id,digest,digest\n", "names a column twice"),
    ],
)
def test_a_csv_file_without_the_needed_columns_is_rejected(
    tmp_path: Path, text: str, fault: str
) -> None:
    with pytest.raises(UsageError, match=fault):
        _read(tmp_path / "a.csv", text)


def test_a_file_of_an_unknown_format_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="or --format is required"):
        _read(tmp_path / "a.txt", "")
    missing = read_shop_orders(str(tmp_path / "no" / "a.csv"), None)
    with pytest.raises(UsageError, match="cannot be read: No such file"), missing:
        pass


@pytest.mark.parametrize("external_id", ["=1", "'=1", "+7", "a,b", 'say "x"', "'a"])
def test_an_export_can_be_compared_as_it_was_written(tmp_path: Path, external_id: str) -> None:
    world = memory_world()
    world.create(external_id)
    order = world.reads.order_named(external_id)
    assert order is not None
    expected = [{"external_id": external_id, "digest": order["digest"], "version": 1}]
    assert _read(tmp_path / "a.csv", header() + csv_row(order)) == expected
    assert _read(tmp_path / "a.jsonl", json_row(order)) == expected


@pytest.mark.parametrize("length", [1, 255])
def test_a_batch_has_what_one_request_may_have(tmp_path: Path, length: int) -> None:
    ids = [f"{number}".rjust(length, "é") for number in range(MAX_BATCH + 1)]
    path = tmp_path / "a.jsonl"
    lines = (json.dumps({"external_id": each, "digest": DIGEST}) for each in ids)
    path.write_text("\n".join(lines))
    with read_shop_orders(str(path), None) as orders:
        batches = list(orders.batches())
        assert orders.count() == len(ids)
    assert [each["external_id"] for batch in batches for each in batch] == ids
    for batch in batches:
        assert len(batch) <= MAX_BATCH
        assert len(json.dumps({"orders": batch}, ensure_ascii=False).encode()) < 4 * 1024 * 1024
    assert len(batches[0]) == MAX_BATCH or length > 1


@given(text=st.binary(max_size=200), of=st.sampled_from(FileFormat))
def test_any_bytes_are_read_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, text: bytes, of: FileFormat
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    head = b"external_id,version\n" if of is FileFormat.CSV else b""
    with suppress(UsageError):
        _read(path, head + text, of)
