"""The compared files have the same orders, and each is of the format that its name says."""

import io
from pathlib import Path

import pytest

from orders.domain.file_records import OpenFile
from orders.file_formats.registry import NAMES, Registry, format_named
from tools.bench.files.exports import BY_FORMAT, LINES, REFERENCE, order, pieces, write

REGISTRY = Registry()


def test_every_format_with_columns_of_its_own_is_compared() -> None:
    assert set(BY_FORMAT) == set(NAMES) - {"mapped_csv"}
    assert next(iter(BY_FORMAT)) == REFERENCE


@pytest.mark.parametrize("name", BY_FORMAT)
def test_an_export_has_the_orders_without_faults(name: str) -> None:
    export = BY_FORMAT[name]
    data = b"".join(pieces(export, 3))
    options = REGISTRY.detect(export.name, data)
    assert options.format == name
    opened: OpenFile = REGISTRY.open(io.BytesIO(data), options)
    records = list(opened.records)
    frame = opened.whole_frame()
    converted = [format_named(name).convert(each, frame, options) for each in records]
    assert [each.key for each in records] == [export.id_of(number) for number in range(3)]
    for each in converted:
        assert not each.faults
        assert len(each.tree.get("lines") or each.tree["lineItems"]) >= LINES


def test_an_order_has_three_lines_and_their_sum() -> None:
    sold = order(98)
    assert [(line.count, str(line.price)) for line in sold.lines] == [
        (1, "98.95"),
        (2, "99.95"),
        (3, "0.95"),
    ]
    assert str(sold.total) == "306.60"


def test_a_file_is_written_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "below" / "orders.jsonl"
    size = write(BY_FORMAT["json_lines"], 2001, path)
    content = path.read_bytes()
    assert (len(content), content.count(b"\n")) == (size, 2001)
    assert len(list(pieces(BY_FORMAT["json_lines"], 2001))) == 5
