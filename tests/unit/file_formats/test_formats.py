"""What each format reads, guesses and rejects, in files made by hand."""

import io
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orders.domain.file_records import UNCHOSEN, FileOptions, Note, UnreadableFileError
from orders.domain.problems import NOTHING_REPORTED, Code
from orders.domain.settings import Rulebook, Settings
from orders.domain.submissions import Rejection
from orders.file_formats import bounds
from orders.file_formats.registry import Registry, format_named
from tests.support.files import CHARSETS, read_whole, result_file, trees

REGISTRY = Registry()
CSV = FileOptions(format="altcraft_csv")
LINES = FileOptions(format="json_lines")
ARRAY = FileOptions(format="json_array")
XML = FileOptions(format="altcraft_xml")
HEADER = "external_id,status,line.external_id,line.count\n"


def opened(data: bytes, options: FileOptions) -> tuple[list[tuple[int, str | None]], list[Any]]:
    frame, records = read_whole(data, options)
    return [(each.row, each.key) for each in records], trees(records, frame, options)


def refused(data: bytes, options: FileOptions) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as found:
        read_whole(data, options)
    return found.value


def faults(data: bytes, options: FileOptions) -> list[tuple[str, str, str]]:
    frame, records = read_whole(data, options)
    convert = format_named(options.format).convert
    return [
        (str(fault.code), fault.pointer, fault.message)
        for record in records
        for fault in convert(record, frame, options).faults
    ]


# CSV


def test_rows_of_an_order_become_its_lines() -> None:
    data = (
        b"external_id;email;total_price;tags;create_time;custom_fields.gift;"
        b"line.external_id;line.count;line.base_price_per_item;line.custom_fields.size\r\n"
        b"A;a@example.com;1 200,50;one|two;25.12.2025 10:30;yes;1;2;600,25;XL\r\n"
        b"A;;;;;;2;1;;\r\n"
        b";;;;;;;;;\r\n"
        b"B;b@example.com;3;;1.2.2026;;1;1;3;\r\n"
    )
    options = REGISTRY.detect("orders.csv", data)
    assert (options.delimiter, options.decimal_comma, options.date_form) == (";", True, "dmy")
    assert options.guessed == UNCHOSEN.guessed
    rows, found = opened(data, options)
    assert rows == [(2, "A"), (5, "B")]
    assert found[0] == {
        "external_id": "A",
        "email": "a@example.com",
        "total_price": "1200.50",
        "tags": ["one", "two"],
        "create_time": "2025-12-25T10:30:00Z",
        "custom_fields": {"gift": "yes"},
        "lines": [
            {
                "external_id": "1",
                "count": "2",
                "base_price_per_item": "600.25",
                "custom_fields": {"size": "XL"},
            },
            {"external_id": "2", "count": "1"},
        ],
    }
    assert found[1]["create_time"] == "2026-02-01T00:00:00Z"


def test_values_of_an_order_must_not_differ_in_its_rows() -> None:
    data = f"{HEADER}A,new,1,1\nA,new,2,1\nA,old,3,1\n".encode()
    message = (
        'status must be the same in all rows of an order; got "new" in row 2 and "old" in row 4'
    )
    assert faults(data, CSV) == [("invalid_value", "/status", message)]


@pytest.mark.parametrize(
    ("column", "cell", "options", "wanted"),
    [
        ("total_price", "12.50", {"decimal_comma": True}, "an amount with a decimal comma"),
        ("total_price", "12,50", {}, "an amount with a decimal point"),
        ("total_price", "5 %", {}, "an amount with a decimal point"),
        ("line.final_price_per_item", "free", {}, "an amount with a decimal point"),
        ("create_time", "01/02/2026", {}, "a time such as"),
        ("update_time", "31/31/2026", {"date_form": "dmy"}, "a time such as"),
    ],
)
def test_a_cell_that_is_no_amount_or_time_fails_its_order(
    column: str, cell: str, options: dict[str, Any], wanted: str
) -> None:
    data = f'external_id,line.external_id,{column}\nA,1,\nA,2,"{cell}"\n'.encode()
    [(code, path, message)] = faults(data, replace(CSV, **options))
    steps = column.split(".")
    assert (code, path) == (
        "invalid_value",
        f"/lines/1/{steps[1]}" if len(steps) > 1 else f"/{column}",
    )
    assert message.startswith(f'column "{column}" must be {wanted}')
    assert message.endswith(f'; got "{cell}" in row 3')


def test_an_amount_that_cannot_be_read_is_not_also_missing() -> None:
    frame, records = read_whole(b"external_id,total_price,line.external_id\nA,12x,1\n", CSV)
    [order] = REGISTRY.sent_orders(records, frame, CSV, skip_triggers=True)
    checked = order.submit(Rulebook.of(Settings()), NOTHING_REPORTED)
    assert isinstance(checked, Rejection)
    [problem] = [each for each in checked.problems if each.pointer == "/data/0/total_price"]
    assert problem.message.endswith('got "12x" in row 2 (column total_price, row 2)')


def test_an_amount_in_another_currency_than_its_order_fails() -> None:
    data = b"external_id,currency,total_price,line.external_id\nA,USD,12.50 EUR,1\nB,USD,1 USD,1\n"
    message = (
        'column "total_price" must be an amount in the currency of the order, USD; '
        'got "12.50 EUR" in row 2'
    )
    assert faults(data, CSV) == [("invalid_value", "/total_price", message)]


def test_amounts_and_times_are_read_as_in_exports() -> None:
    data = (
        b"external_id,total_price,create_time,base_price_per_item,line.external_id\n"
        b'A,"$1,234.50",2026-01-31 10:00:00 +0300,any,1\n'
    )
    _, [tree] = opened(data, CSV)
    assert (tree["total_price"], tree["create_time"]) == ("1234.50", "2026-01-31T07:00:00Z")
    assert tree["base_price_per_item"] == "any"


def test_rows_without_an_external_id_are_orders_of_their_own() -> None:
    rows, _ = opened(f"{HEADER},new,1,1\n,new,2,1\nA,new,1,1".encode(), CSV)
    assert rows == [(2, None), (3, None), (4, "A")]


def test_a_key_that_comes_again_is_another_record() -> None:
    rows, _ = opened(f"{HEADER}A,n,1,1\nB,n,1,1\nA,n,2,1\n".encode(), CSV)
    assert rows == [(2, "A"), (3, "B"), (4, "A")]


def test_a_problem_of_the_import_names_its_column_and_row() -> None:
    data = f"{HEADER}A,new,1,1\nA,new,2,none\n".encode()
    frame, records = read_whole(data, CSV)
    [order] = REGISTRY.sent_orders(records, frame, CSV, skip_triggers=True)
    assert (order.position, order.external_id, order.skip_trigger) == (0, "A", True)
    checked = order.submit(Rulebook.of(Settings()), NOTHING_REPORTED)
    assert isinstance(checked, Rejection)
    shown = next(each for each in checked.problems if each.path[-1] == "count")
    assert shown.path == ("data", 0, "lines", 1, "count")
    assert shown.message.endswith('got "none" (column line.count, row 3)')


def test_unknown_columns_are_named_and_reach_the_policy_of_the_account() -> None:
    data = b"external_id,colour,line.external_id,line.x,_code\nA,red,1,y,failed\n"
    frame, records = read_whole(data, CSV)
    assert frame.ignored == ("colour", "line.x")
    assert trees(records, frame, CSV)[0] == {
        "external_id": "A",
        "colour": "red",
        "line.x": "y",
        "lines": [{"external_id": "1"}],
    }


def test_a_row_with_more_cells_than_the_header_is_a_failed_order() -> None:
    assert faults(f"{HEADER}A,new,1,1,x\nB,new,1,1,,\n".encode(), CSV) == [
        ("malformed", "/lines/0", "Row 2 must have 4 cells; got 5")
    ]


def test_nul_bytes_and_bytes_of_another_charset_fail_one_order() -> None:
    data = f"{HEADER}A,n\0w,1,1\n".encode() + b"B,\xe9,1,1\nC,new,1,1\n"
    found = faults(data, CSV)
    assert [(code, path) for code, path, _ in found] == [("illegal_character", "/status")] * 2


@pytest.mark.parametrize(
    ("data", "code", "row"),
    [
        (b"", "empty_file", None),
        (b"\n\n", "empty_file", None),
        (b"id,status\n1,2\n", "missing_column", None),
        (b"external_id,status,status\n1,2,3\n", "duplicate_column", None),
        (HEADER.encode() + b'A,"new,1,1\nB,new,1,1\n', "malformed", 2),
        (HEADER.encode() + b"A," + b"x" * 1024**2 + b",1,1\n", "record_too_large", 2),
        (b"external_id" + b",a" * 10_000 + b"\n", "too_many_columns", 1),
        (HEADER.encode() + b"," * 20_000 + b"\n", "too_many_columns", 2),
    ],
    ids=["empty", "blank", "missing", "duplicate", "quote", "large", "columns", "cells"],
)
def test_a_table_that_cannot_be_read_names_its_row(data: bytes, code: str, row: int | None) -> None:
    error = refused(data, CSV)
    assert (error.code, error.row) == (code, row)


def test_an_unclosed_quote_in_a_long_file_is_found_early() -> None:
    data = HEADER.encode() + b'A,"new,1,1\n' + b"B,new,1,1\n" * 200_000
    error = refused(data, CSV)
    assert (error.code, error.row, "closing quote" in str(error)) == ("record_too_large", 2, True)


def test_nested_quotes_stay_in_their_row() -> None:
    data = f'{HEADER}A,say "hi" now,1,1\nB,"5"" pipe",1,1\n'.encode()
    _, found = opened(data, CSV)
    assert [each["status"] for each in found] == ['say "hi" now', '5" pipe']


def test_formulas_are_made_harmless_in_appended_cells_only() -> None:
    data = HEADER.encode() + b"=1+1,@new,-1,1\r\n"
    frame, records = read_whole(data, CSV)
    for begin in "=+-@\t\r":
        note = Note(2, "failed", "", f"{begin}cmd")
        line = REGISTRY.annotated(records[0], note, frame, CSV)
        assert line.startswith(b"=1+1,@new,-1,1,2,failed,,")
        assert f"'{begin}cmd".encode() in line


def test_short_rows_are_filled_so_that_notes_are_below_their_columns() -> None:
    frame, records = read_whole(HEADER.encode() + b"A,new", CSV)
    assert REGISTRY.annotated(records[0], Note(2, "ok"), frame, CSV) == b"A,new,,,2,ok,,\n"


def test_notes_that_a_spreadsheet_has_rewritten_are_replaced() -> None:
    data = (
        b'"external_id","line.external_id","_row","_code","_path","_message"\r\n'
        b'"A","a""b","2","x","/y","a, b"\r\n'
    )
    frame, records = read_whole(data, CSV)
    assert REGISTRY.head(frame, CSV) == (
        b'"external_id","line.external_id",_row,_code,_path,_message\r\n'
    )
    assert REGISTRY.annotated(records[0], Note(2, "ok"), frame, CSV) == b'"A","a""b",2,ok,,\r\n'


def test_a_line_that_names_the_delimiter_is_part_of_the_head() -> None:
    data = b"sep=;\r\nexternal_id;line.external_id\r\nA;1\r\n"
    options = REGISTRY.detect("a.csv", data)
    frame, records = read_whole(data, options)
    assert (options.delimiter, frame.columns) == (";", ("external_id", "line.external_id"))
    assert [each.row for each in records] == [3]
    assert REGISTRY.head(frame, options).startswith(b"sep=;\r\nexternal_id;line.external_id;_row")


@pytest.mark.parametrize("charset", ["windows-1251", "windows-1252"])
def test_charsets_of_one_byte_are_guessed_and_kept(charset: str) -> None:
    text = {"windows-1251": "Доставлен покупателю", "windows-1252": "Café à Orléans, déjà vu"}
    data = f"external_id;status;line.external_id\nA;{text[charset]};1\n".encode(charset)
    options = REGISTRY.detect("a.csv", data)
    assert options.charset == charset
    frame, records = read_whole(data, options)
    assert trees(records, frame, options)[0]["status"] == text[charset]
    assert text[charset].encode(charset) in result_file(frame, records, options, "\u2603 x")


def test_a_mark_is_in_the_head_only() -> None:
    data = b"\xef\xbb\xbfexternal_id,line.external_id\nA,1\n"
    options = REGISTRY.detect("a.csv", data)
    frame, _ = read_whole(data, options)
    assert frame.columns[0] == "external_id"
    assert REGISTRY.head(frame, options).startswith(b"\xef\xbb\xbfexternal_id,line")


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "cp037", "base64", "no-such"])
def test_an_unsupported_charset_is_rejected(charset: str) -> None:
    options = FileOptions(format="altcraft_csv", charset=charset)
    assert refused(HEADER.encode(), options).code == "unsupported_charset"


def test_utf_16_that_ends_within_a_character_is_rejected() -> None:
    data = f"\ufeff{HEADER}".encode("utf-16-le") + b"A"
    options = FileOptions(format="altcraft_csv", charset="utf-16")
    assert refused(data, options).code == "truncated"


# JSON


def test_blank_lines_are_no_orders_but_count_as_lines() -> None:
    rows, _ = opened(b'\n{"external_id":1}\n \r\n{"external_id":"b"}', LINES)
    assert rows == [(2, "1"), (4, "b")]


def test_amounts_keep_their_digits() -> None:
    _, [tree] = opened(b'{"external_id":"a","total_price":1.10}\n', LINES)
    assert tree["total_price"] == Decimal("1.10")


def test_a_line_without_an_order_fails_alone() -> None:
    data = b'{"a": 1\n[1]\nnull\n{"a":1,"a":2}\n{"external_id":"x"}'
    assert [(code, path) for code, path, _ in faults(data, LINES)] == [
        ("malformed", ""),
        ("wrong_type", ""),
        ("wrong_type", ""),
        ("duplicate_member", "/a"),
    ]


def test_a_long_line_fails_alone_and_keeps_its_bytes() -> None:
    line = b'{"external_id":"a","x":"' + b"x" * bounds.MAX_RECORD_BYTES + b'"}\n'
    frame, records = read_whole(line + b'{"external_id":"b"}\n', LINES)
    assert [len(each.raw) for each in records] == [len(line), 20]
    assert [code for code, _, _ in faults(line, LINES)] == [Code.ORDER_TOO_LARGE]
    assert line[:-2] in result_file(frame, records, LINES)


@pytest.mark.parametrize("options", [LINES, ARRAY, CSV, XML], ids=lambda each: str(each.format))
def test_a_file_without_an_end_of_a_record_is_rejected_in_flat_memory(options: FileOptions) -> None:
    begin = {
        "json_lines": b'{"x":"',
        "json_array": b'[{"x":"',
        "altcraft_csv": HEADER.encode(),
        "altcraft_xml": b"<xml><data><x>",
    }
    data = begin[options.format] + b"x" * (40 * 1024**2)
    source = io.BytesIO(data)
    with pytest.raises(UnreadableFileError) as found:
        list(REGISTRY.open(source, options).records)
    assert found.value.code == "record_too_large"
    assert source.tell() <= 3 * bounds.MAX_KEPT_BYTES


def test_a_malformed_line_has_its_note_in_a_line_before_it() -> None:
    frame, records = read_whole(b'{"a": \n{"external_id":"b"}\n', LINES)
    results = result_file(frame, records, LINES)
    first, second, _third = results.splitlines()
    assert json.loads(first)["_import"]["row"] == 1
    assert second == b'{"a": '
    again, _ = opened(results.replace(b'{"a": ', b'{"external_id":"a"}'), LINES)
    assert again == [(2, "a"), (3, "b")]


def test_root_members_are_in_the_frame_without_the_token() -> None:
    data = (
        b'\xef\xbb\xbf{"token": "a\\"b", "db_id": [{"x": "]"}], "data" : [\n'
        b'{"external_id":"a"} ], "skip_triggers": true, "token":"secret"}\n'
    )
    frame, records = read_whole(data, ARRAY)
    assert frame.head == b'\xef\xbb\xbf{"db_id": [{"x": "]"}], "data" : ['
    assert frame.tail == b'], "skip_triggers": true}\n'
    assert frame.ignored == ("db_id",)
    assert [each.key for each in records] == ["a"]
    assert json.loads(result_file(frame, records, ARRAY).decode("utf-8-sig"))["skip_triggers"]


def test_elements_of_any_type_are_records() -> None:
    data = b'[1, "a]", null, [{}], {"external_id":"x"}, {"a":[,]}, -1.5e3]'
    rows, _ = opened(data, ARRAY)
    assert [key for _, key in rows] == [None] * 4 + ["x", None, None]
    assert [row for row, _ in rows] == list(range(1, 8))
    assert len(faults(data, ARRAY)) == 6


@pytest.mark.parametrize(
    ("data", "code", "row"),
    [
        (b"", "truncated", None),
        (b"1", "malformed", None),
        (b"[", "truncated", 1),
        (b'[{"a":1}', "truncated", 1),
        (b'[{"a":1},', "truncated", 2),
        (b'[{"a":1}{"b":1}]', "malformed", 1),
        (b'[{"a":1},]', "malformed", 2),
        (b'[{"a":[1}]', "malformed", 1),
        (b"[] x", "malformed", None),
        (b'{"a": 1}', "malformed", None),
        (b'{"data": 1}', "malformed", None),
        (b'{"data": []', "malformed", None),
        ("\ufeff[]".encode("utf-16-le"), "unsupported_charset", None),
    ],
    ids=lambda each: repr(each)[:16].replace(" ", "") if isinstance(each, bytes) else None,
)
def test_an_array_that_cannot_be_read_names_its_element(
    data: bytes, code: str, row: int | None
) -> None:
    error = refused(data, ARRAY)
    assert (error.code, error.row) == (code, row)


def test_deep_nesting_fails_one_element() -> None:
    data = b'[{"a":' + b"[" * 100_000 + b"]" * 100_000 + b'},{"external_id":"x"}]'
    assert [code for code, _, _ in faults(data, ARRAY)] == ["malformed"]


# XML


def test_rows_of_one_element_are_orders() -> None:
    data = (
        b"<xml><format>xml</format><data>\n<row><external_id>1</external_id><tags>a</tags></row>\n"
        b"<row/><row><external_id>2</external_id></row></data></xml>"
    )
    rows, found = opened(data, XML)
    assert (rows, found[0]) == ([(1, "1"), (2, "2")], {"external_id": "1", "tags": ["a"]})
    frame, records = read_whole(data, XML)
    assert result_file(frame, records, XML).endswith(b"</row></data></xml>")


def test_rows_of_the_root_are_orders() -> None:
    rows, _ = opened(b"<xml><row><external_id>1</external_id></row></xml>", XML)
    assert rows == [(1, "1")]


def test_a_prefix_of_the_root_is_known_in_its_orders() -> None:
    data = (
        b'<xml xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><!-- > <data> -->'
        b'<data a="1>"><external_id>1</external_id><region xsi:nil="true"/></data></xml>'
    )
    frame, records = read_whole(data, XML)
    assert trees(records, frame, XML) == [{"external_id": "1", "region": None}]
    assert [path for _, path, _ in faults(data, XML)] == [""]


def test_the_token_of_a_document_is_not_in_its_results() -> None:
    data = (
        b"<xml><token>secret</token><db_id/><data><external_id>1</external_id></data>"
        b"<token>secret</token></xml>"
    )
    frame, records = read_whole(data, XML)
    assert frame.ignored == ("db_id",)
    assert b"secret" not in result_file(frame, records, XML)


def test_a_note_cannot_end_its_comment() -> None:
    frame, records = read_whole(b"<xml>\n <data><status>a--&gt;</status></data>\n</xml>", XML)
    line = REGISTRY.annotated(records[0], Note(1, "x", "/a", "--> <data/> ---\0"), frame, XML)
    assert line.startswith(b"\n <!-- row=1; code=x; path=/a; message=- -> <data/> - - -")
    assert line.count(b"--") == 3


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<xml>",
        b"<orders><data/></orders>",
        b"<xml><data></xml>",
        b"<!DOCTYPE xml [<!ENTITY a 'b'>]><xml><data><x>&a;</x></data></xml>",
        b"<xml><data><x>&a;</x></data></xml>",
        b"<xml><data><row><a/></row></data><data><a/></data></xml>",
        b"<xml><data><a/></data><data><row><a/></row></data></xml>",
        b"<xml><data><row><a/></row></data><data>a</data></xml>",
        b"<xml><data><a/></data><row><a/></row></xml>",
        b"<xml><row><a/></row><data><a/></data></xml>",
        b"<xml><data><row><a/></row><x/></data></xml>",
        b"<xml><data>" + b"<a>" * 1000,
        b"<xml><data><x>\xff</x></data></xml>",
    ],
    ids=[
        *("empty", "cut", "root", "tags", "doctype", "entity", "rows before", "rows after"),
        *("rows and text", "data before", "data after", "mixed", "deep", "charset"),
    ],
)
def test_a_document_that_cannot_be_read_is_rejected(data: bytes) -> None:
    assert refused(data, XML).code == "malformed"


def test_the_declared_charset_is_used_and_kept() -> None:
    data = (
        '<?xml version="1.0" encoding="windows-1251"?>\n<xml>'
        "<data><status>Доставлен</status></data></xml>"
    ).encode("windows-1251")
    options = REGISTRY.detect("a.xml", data)
    frame, records = read_whole(data, options)
    assert (options.charset, trees(records, frame, options)) == (
        "windows-1251",
        [{"status": "Доставлен"}],
    )
    results = result_file(frame, records, options, "Доставлен \u2603")
    assert "message=Доставлен &#9731; -->".encode("windows-1251") in results


# Detection


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b' {"external_id":"a"}\n{"external', "json_lines"),
        (b' [\n{"external_id":"a"}', "json_array"),
        (b'{"format":"json","data":[{"external_id":"a"', "json_array"),
        (b'{"external_id":"a","x":{"data":[]}}', "json_lines"),
        (b"<?xml version='1.0'?>\n<!-- a -->\n<xml>\n<data>", "altcraft_xml"),
        (HEADER.encode(), "altcraft_csv"),
        (f"\ufeff{HEADER}".replace(",", "\t").encode("utf-16-le"), "altcraft_csv"),
    ],
    ids=["lines", "array", "object", "nested", "xml", "csv", "unicode text"],
)
def test_a_format_is_detected_by_the_beginning(data: bytes, name: str) -> None:
    assert REGISTRY.detect("orders.dat", data).format == name


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"<html>", b"\x89PNG"], ids=len)
def test_a_file_of_no_known_format_is_rejected(data: bytes) -> None:
    with pytest.raises(UnreadableFileError) as found:
        REGISTRY.detect("x", data)
    assert found.value.code in {"unknown_format", "empty_file"}


def test_chosen_options_are_kept() -> None:
    chosen = FileOptions(
        format="altcraft_csv",
        charset="windows-1252",
        delimiter=";",
        guessed=("compression", "decimal_comma"),
    )
    found = REGISTRY.detect("x", b"external_id;line.external_id;x,y,z\n", chosen)
    assert found == chosen
    with pytest.raises(UnreadableFileError, match="format must be one of"):
        REGISTRY.detect("x", b"a", FileOptions(format="xls"))


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_charset_has_any_of_its_names(charset: str) -> None:
    options = FileOptions(format="altcraft_csv", charset=charset, guessed=())
    assert REGISTRY.detect("x", HEADER.encode(), options).charset == charset


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"date_form": "foo"}, 'date_form must be one of iso, mdy, dmy; got "foo"'),
        ({"delimiter": ";;"}, 'delimiter must be one character such as , or ; or a tab; got ";;"'),
        ({"delimiter": ""}, 'delimiter must be one character such as , or ; or a tab; got ""'),
        ({"compression": "rar"}, 'compression must be one of none, gzip, zip; got "rar"'),
        ({"charset": "utf-7"}, "another charset that includes ASCII; got"),
        ({"charset": "x" * 5000}, "another charset that includes ASCII; got"),
    ],
)
def test_an_option_that_no_file_can_have_is_rejected(chosen: dict[str, Any], message: str) -> None:
    """The API has the same rules."""
    with pytest.raises(UnreadableFileError) as found:
        REGISTRY.detect("x", HEADER.encode(), FileOptions("altcraft_csv", **chosen))
    assert message in str(found.value)


def test_the_whole_set_of_problems_is_reported_at_once() -> None:
    data = b'{"external_id":"a","status":"\\u0000","currency":1}\n'
    frame, records = read_whole(data, LINES)
    [order] = REGISTRY.sent_orders(records, frame, LINES, skip_triggers=False)
    found: Any = order
    assert {each.path for each in found.problems} >= {
        ("data", 0, "status"),
        ("data", 0, "currency"),
        ("data", 0, "lines"),
    }


def test_a_record_without_an_order_has_its_own_problem_only() -> None:
    frame, records = read_whole(b'{"external_id":"a"}\n[1]\n', LINES)
    orders = REGISTRY.sent_orders(records, frame, LINES, skip_triggers=False)
    rejected: Any = orders[1]
    assert [(each.code, each.path) for each in rejected.problems] == [("wrong_type", ("data", 1))]
    assert [each.position for each in orders] == [0, 1]
